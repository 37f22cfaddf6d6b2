from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.analysis.anomalies import Limits, compare_windows, recent_windows, shortages, unusual_days
from meta_ads_mcp.analysis.series import Figures, Period
from meta_ads_mcp.analysis.signals import SignalCheck, anomaly_result
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.tools.insights.insights import Metric

TODAY = date(2026, 10, 14)
AT = recent_windows(TODAY, 7)
METRICS = get_args(Metric)
USUAL = Figures(spend=200, impressions=20_000, clicks=400, results=40, value=800)
ACCOUNT = Account("act_1", "A", "EUR", "Europe/Berlin")


def days(count: int = 63, usual: Figures = USUAL) -> list[Period]:
    """Daily figures that end yesterday."""
    return [Period(day, day, usual) for day in (TODAY - timedelta(days=count - i) for i in range(count))]


def changed(series: Sequence[Period], back: int, **figures: Any) -> list[Period]:
    """The series with the day that lies `back` days before today changed."""
    day = TODAY - timedelta(days=back)
    return [replace(one, figures=replace(one.figures, **figures)) if one.start == day else one for one in series]


def found(series: Sequence[Period], **limits: Any) -> list[tuple[str, str, str]]:
    return [(row[0], row[1], row[6]) for row in unusual_days(series, AT, METRICS, Limits(**limits))]


def test_the_windows_end_yesterday_and_follow_each_other() -> None:
    assert (AT.recent.since, AT.recent.until) == ("2026-10-07", "2026-10-13")
    assert (AT.previous.since, AT.previous.until) == ("2026-09-30", "2026-10-06")
    assert (AT.history.since, AT.history.until) == ("2026-08-12", "2026-10-06")


@given(
    st.builds(
        Figures,
        spend=st.integers(0, 10**8).map(lambda cents: cents / 100),
        impressions=st.integers(0, 10**7),
        clicks=st.integers(0, 10**5),
        results=st.none() | st.integers(0, 10**4),
        value=st.integers(0, 10**8).map(lambda cents: cents / 100),
    )
)
def test_what_never_changes_is_never_unusual(usual: Figures) -> None:
    series = days(usual=usual)
    assert found(series) == []
    assert compare_windows(usual, usual, METRICS, Limits()) == []


@given(st.integers(1, 7), st.floats(3, 50))
def test_a_planted_spike_is_found_on_its_day(back: int, factor: float) -> None:
    series = changed(days(), back, spend=200 * factor)
    day = (TODAY - timedelta(days=back)).isoformat()
    assert ("spend", day, "up") in found(series)
    assert {one[1] for one in found(series)} == {day}


def test_weekends_are_compared_with_weekends() -> None:
    series = [
        replace(one, figures=Figures(spend=20, impressions=2000, clicks=40)) if one.start.weekday() >= 5 else one
        for one in days()
    ]
    assert found(series) == []


def test_a_stop_is_told_once_a_day_and_not_as_bad_clicks() -> None:
    series = changed(days(), 1, spend=0, impressions=0, clicks=0, results=0, value=0)
    assert found(series) == [("spend", "2026-10-13", "down")]


def test_a_window_without_delivery_shows_between_the_windows_only() -> None:
    series = [one if one.start < AT.recent.first else replace(one, figures=Figures(results=0)) for one in days()]
    assert found(series) == []
    assert [row[:5] for row in compare_windows(Figures(results=0), USUAL, METRICS, Limits())] == [
        ["spend", 0, 200, -100, "down"]
    ]


def test_small_deviations_are_under_the_threshold() -> None:
    series = changed(days(), 2, spend=250)
    assert found(series) == []
    assert ("spend", "2026-10-12", "up") in found(series, threshold_pct=20)


def test_a_ratio_of_a_handful_of_events_is_not_judged() -> None:
    few = Figures(spend=200, impressions=20_000, clicks=400, results=4)
    series = changed(days(usual=few), 1, results=1)
    assert found(series) == []


def test_little_delivery_is_no_signal() -> None:
    tiny = Figures(spend=2, impressions=200, clicks=4)
    series = changed(days(usual=tiny), 1, spend=20)
    assert found(series) == []
    assert ("spend", "2026-10-13", "up") in found(series, min_impressions=100)


def test_too_short_a_history_is_said() -> None:
    series = changed(days(20), 1, spend=9000)
    assert found(series) == []
    assert any("13 days of history" in text for text in shortages(series, AT, Limits()))
    assert list(shortages(days(), AT, Limits())) == []


def test_from_nothing_to_something_is_new_and_has_no_percentage() -> None:
    rows = compare_windows(USUAL, Figures(results=0), METRICS, Limits())
    assert ["results", 40, 0, None, "new", "neutral"] in rows
    assert all(row[3] is None for row in rows)
    assert {row[0] for row in rows} == {"spend", "impressions", "clicks", "results"}


@pytest.mark.parametrize(
    ("metric", "change", "row"),
    [
        ("cpc", {"clicks": 200}, ["cpc", 1, 0.5, 100, "up", "bad"]),
        ("results", {"results": 20}, ["results", 20, 40, -50, "down", "bad"]),
        ("cost_per_result", {"results": 80}, ["cost_per_result", 2.5, 5, -50, "down", "good"]),
        ("purchase_roas", {"value": 1600}, ["purchase_roas", 8, 4, 100, "up", "good"]),
        ("spend", {"spend": 300}, ["spend", 300, 200, 50, "up", "neutral"]),
    ],
)
def test_a_window_that_moved_is_told_with_its_meaning(metric: str, change: dict[str, Any], row: list[Any]) -> None:
    assert row in compare_windows(replace(USUAL, **change), USUAL, [metric], Limits())


def graph_rows(campaign: str, factor: float = 1) -> list[dict[str, Any]]:
    return [
        {
            "campaign_id": campaign,
            "campaign_name": f"Campaign {campaign}",
            "date_start": str(one.start),
            "date_stop": str(one.start),
            "spend": str(200 * (factor if one.start >= AT.recent.first else 1)),
            "impressions": "20000",
            "clicks": "400",
        }
        for one in days()
    ]


def test_of_many_objects_each_has_its_own_history() -> None:
    check = SignalCheck("act_1", ("campaign_id", "campaign_name"), AT, METRICS, Limits())
    answer = anomaly_result(check, [*graph_rows("1"), *graph_rows("2", 3)], ACCOUNT)
    assert isinstance(answer.data, dict)
    rows = [
        dict(zip(answer.data["anomalies"]["columns"], row, strict=True)) for row in answer.data["anomalies"]["rows"]
    ]
    assert {(row["campaign_id"], row["metric"]) for row in rows} == {("2", "spend"), ("2", "cpc"), ("2", "cpm")}
    assert answer.data["recent_window"] == {"since": "2026-10-07", "until": "2026-10-13"}
    assert len(answer.data["unusual_days"]["rows"]) == 21


def test_of_one_object_both_windows_are_shown() -> None:
    answer = anomaly_result(SignalCheck("1", (), AT, METRICS, Limits()), graph_rows("1"), ACCOUNT)
    assert isinstance(answer.data, dict)
    assert answer.data["recent_window"]["spend"] == 1400
    assert answer.data["anomalies"]["rows"] == []
