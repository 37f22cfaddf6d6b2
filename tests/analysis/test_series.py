from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.analysis.robust import MAX_ALL_PAIRS, slope, usual_range
from meta_ads_mcp.analysis.series import (
    Figures,
    Measure,
    Period,
    figures,
    good_or_bad,
    periods,
    result_measure,
    sum_figures,
)
from meta_ads_mcp.analysis.trend import direction_of, trend
from meta_ads_mcp.core.result import Row

LEADS = Measure("lead", from_meta=False)
START = date(2026, 8, 3)


def result(indicator: str, value: int) -> list[dict[str, Any]]:
    return [{"indicator": indicator, "values": [{"value": str(value)}]}]


def actions(**counts: int) -> list[dict[str, str]]:
    return [{"action_type": name, "value": str(value)} for name, value in counts.items()]


def row(day: date, **figures: Any) -> Row:
    return {"date_start": day.isoformat(), "date_stop": day.isoformat(), "impressions": "1000", **figures}


def table(data: Row) -> list[dict[str, Any]]:
    return [dict(zip(data["columns"], cells, strict=True)) for cells in data["rows"]]


def test_metas_own_result_is_taken_where_all_rows_name_one() -> None:
    rows = [{"results": result("actions:offsite_conversion.fb_pixel_purchase", 3), "actions": actions(purchase=9)}, {}]
    what = result_measure(rows)
    assert (what.event, [what.result_of(one) for one in rows]) == ("purchase", [3, 0])


def test_of_mixed_results_the_first_event_that_is_there_counts() -> None:
    rows = [
        {"results": result("actions:lead", 3), "actions": actions(lead=3, link_click=50)},
        {"results": result("actions:purchase", 2), "actions": actions(omni_purchase=2, purchase=2)},
    ]
    what = result_measure(rows)
    assert (what.event, what.from_meta, [what.result_of(one) for one in rows]) == ("purchase", False, [0, 2])


@pytest.mark.parametrize(
    ("indicator", "cost", "additive"),
    [
        ("reach", 100, False),
        ("mixed", 0.1, False),
        ("estimated_ad_recallers", 0.1, False),
        ("impressions", 100, True),
        ("video_thruplay_watched_actions", 0.1, True),
        ("profile_visit_view", 0.1, True),
    ],
)
def test_result_that_is_not_an_action_is_counted_and_people_are_not_added(
    indicator: str, cost: float, *, additive: bool
) -> None:
    rows = [{"spend": "90", "results": result(indicator, 900), "actions": actions(link_click=5)}]
    measure = result_measure(rows)
    each = figures(rows[0], measure)
    assert (measure.event, each.results, each.metric("cost_per_result")) == (indicator, 900, pytest.approx(cost))
    both = sum_figures([each, each])
    assert (both.results, both.metric("cost_per_result")) == ((1800, pytest.approx(cost)) if additive else (None, None))
    assert indicator in measure.note()


def test_results_by_window_without_a_default_figure_are_not_taken_for_the_result() -> None:
    values = [{"value": "1", "attribution_windows": ["1d_view"]}, {"value": "9", "attribution_windows": ["7d_click"]}]
    rows = [{"results": [{"indicator": "actions:lead", "values": values}], "actions": actions(lead=10)}]
    measure = result_measure(rows)
    assert (measure.event, measure.from_meta, measure.result_of(rows[0])) == ("lead", False, 10)


@pytest.mark.parametrize(
    ("row", "clicks"),
    [
        ({"clicks": "25", "ctr": "9", "impressions": "1000"}, 25),
        ({"ctr": "2.51", "impressions": "1000"}, 25),
        ({"ctr": "2.5"}, 0),
        ({"impressions": "1000"}, 0),
        ({"clicks": "0", "ctr": "2.5", "impressions": "1000"}, 0),
    ],
)
def test_clicks_of_a_row_that_has_only_their_rate(row: Row, clicks: int) -> None:
    assert figures(row, LEADS).clicks == clicks


def test_without_any_action_there_are_no_results() -> None:
    assert result_measure([{"spend": "1"}]).event is None
    assert "no results" in result_measure([]).note()


@pytest.mark.parametrize(
    "results",
    [
        [[*result("actions:lead", 2), *result("actions:omni_purchase", 1)]],
        [result("actions:lead", 2), result("actions:omni_purchase", 1)],
    ],
)
def test_several_results_without_actions_are_named(results: list[Any]) -> None:
    measure = result_measure([{"results": value, "clicks": "9"} for value in results])
    assert measure.event is None
    assert "lead, purchase" in measure.note()
    assert "no conversions" not in measure.note()


def test_days_without_a_row_are_zero_and_marked() -> None:
    found = periods([row(START), row(START + timedelta(days=3))], LEADS, START + timedelta(days=4), "daily")
    assert [(period.start.day, period.delivered, period.figures.impressions) for period in found] == [
        (3, True, 1000), (4, False, 0), (5, False, 0), (6, True, 1000), (7, False, 0),
    ]  # fmt: skip
    assert found[1].figures.results == 0


def test_months_and_weeks_are_filled_in_their_own_step() -> None:
    monthly = [
        {"date_start": "2026-01-15", "date_stop": "2026-01-31"},
        {"date_start": "2026-04-01", "date_stop": "2026-04-09"},
    ]
    found = periods(monthly, LEADS, date(2026, 4, 9), "monthly")
    assert [period.start.isoformat() for period in found] == ["2026-01-15", "2026-02-01", "2026-03-01", "2026-04-01"]
    assert [period.stop.isoformat() for period in found][1:3] == ["2026-02-28", "2026-03-31"]
    weekly = [{"date_start": "2026-01-01", "date_stop": "2026-01-07"}]
    assert [period.days for period in periods(weekly, LEADS, date(2026, 1, 17), "weekly")] == [7, 7, 3]


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(0, 70), st.sampled_from(["daily", "weekly"]))
def test_periods_cover_every_day_once_and_lose_no_row(offsets: set[int], more: int, step: str) -> None:
    length = 7 if step == "weekly" else 1
    starts = [START + timedelta(days=length * offset) for offset in sorted(offsets)]
    rows = [{"date_start": str(day), "date_stop": str(day + timedelta(days=length - 1))} for day in starts]
    last = starts[-1] + timedelta(days=more)
    found = periods(rows, LEADS, last, step)
    assert [period.start for period in found if period.delivered] == starts
    for before, after in pairwise(found):
        assert after.start == before.stop + timedelta(days=1)
    assert found[-1].stop >= min(last, starts[-1])


def test_people_are_not_added_and_ratios_are_those_of_the_sums() -> None:
    both = sum_figures(
        [
            Figures(spend=10, impressions=1000, clicks=10, reach=500),
            Figures(spend=30, impressions=1000, clicks=0, reach=5),
        ]
    )
    assert (both.reach, both.metric("ctr"), both.metric("cpc"), both.metric("cpm")) == (None, 0.5, 4, 20)
    assert both.results is None


@pytest.mark.parametrize(
    ("metric", "direction", "judged"),
    [
        ("cpc", "up", "bad"),
        ("cpc", "down", "good"),
        ("ctr", "up", "good"),
        ("spend", "up", "neutral"),
        ("ctr", None, "neutral"),
    ],
)
def test_a_rise_is_good_or_bad_by_metric(metric: str, direction: str | None, judged: str) -> None:
    assert good_or_bad(metric, direction) == judged


# -- trends ----------------------------------------------------------------------------------------------------------


def series(spends: Sequence[float]) -> list[Period]:
    return [
        Period(START + timedelta(days=i), START + timedelta(days=i), Figures(spend=spend, impressions=1000, clicks=20))
        for i, spend in enumerate(spends)
    ]


def trend_of(spends: Sequence[float], metric: str = "spend") -> dict[str, Any]:
    data, _ = trend(series(spends), START + timedelta(days=400))
    return next(found for found in table(data["trends"]) if found["metric"] == metric)


@given(st.floats(1, 1e6), st.integers(6, 40))
def test_what_stays_the_same_is_flat(value: float, count: int) -> None:
    assert trend_of([value] * count)["direction"] == "flat"


@given(st.integers(50, 1000), st.integers(8, 40), st.sampled_from([1, -1]))
def test_a_steady_climb_rises_and_its_mirror_falls(step: int, count: int, sign: int) -> None:
    climb = [1000 + step * i for i in range(count)][::sign]
    found = trend_of(climb)
    assert found["direction"] == ("rising" if sign > 0 else "falling")
    assert (found["change_pct"] > 0) == (sign > 0)


def test_one_wild_day_makes_no_trend() -> None:
    assert trend_of([100.0] * 14 + [9000] + [100.0] * 6)["direction"] == "flat"


def test_where_slope_and_thirds_disagree_it_is_unclear() -> None:
    assert direction_of(2.0, 20, -5) == "unclear"
    assert direction_of(None, 20, 5) is None
    assert direction_of(2.0, 20, None) is None


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=60), st.integers(-50, 50))
def test_the_slope_of_a_line_with_few_outliers_is_that_of_the_line(noise: list[int], step: int) -> None:
    assert slope([step * i for i in range(len(noise))]) == step
    assert slope([step * i + 7 for i in range(MAX_ALL_PAIRS + 50)]) == step


def test_from_zero_there_is_no_change() -> None:
    data, notes = trend(series([0, 5, 10]), START + timedelta(days=400))
    assert [found["spend_change_pct"] for found in table(data["periods"])] == [None, None, 100]
    assert data["trends"]["rows"] == []
    assert any("fewer than 6" in note for note in notes)


def test_today_and_parts_of_weeks_are_not_compared() -> None:
    data, notes = trend(series([100.0] * 7 + [1.0]), START + timedelta(days=7))
    assert table(data["periods"])[-1]["spend_change_pct"] is None
    assert any("2026-08-10" in note and "Incomplete" in note for note in notes)
    assert next(found for found in table(data["trends"]) if found["metric"] == "spend")["last_third"] == 100


def test_a_long_table_keeps_the_latest_and_says_so() -> None:
    data, notes = trend(series([float(i) for i in range(1, 400)]), START + timedelta(days=1000))
    assert len(data["periods"]["rows"]) == 250
    assert data["periods"]["rows"][-1][1] == 399
    assert any("latest 250 of 399" in note for note in notes)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_a_usual_value_is_within_its_own_range(history: list[float]) -> None:
    known = usual_range(history, min_sigma=0.01)
    low, high = known.range(3.5)
    assert low <= known.middle <= high
    assert known.z(known.middle) == 0
