from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from meta_ads_mcp.analysis.query.combinations import COMPANIONS, PLAIN, STARRED, combination_problem
from meta_ads_mcp.analysis.query.guardrails import check_arguments, check_dates
from meta_ads_mcp.core.values.dates import months_before
from meta_ads_mcp.domain.insights_query import NOT_BREAKDOWNS, InsightsParams
from meta_ads_mcp.errors import InvalidArguments

TODAY = date(2026, 10, 14)
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"


def query(object_id: str = "act_1", **arguments: Any) -> InsightsParams:
    return InsightsParams.model_validate({"object_id": object_id, **arguments})


def days(since: date | str, until: date | str) -> dict[str, str]:
    return {"since": str(since), "until": str(until)}


def refusal(asked: InsightsParams, *, synchronous: bool = True) -> InvalidArguments:
    with pytest.raises(InvalidArguments) as caught:
        passes(asked, synchronous=synchronous)
    return caught.value


def passes(asked: InsightsParams, *, synchronous: bool = True) -> None:
    check_arguments(asked, synchronous=synchronous)
    check_dates(asked, TODAY, synchronous=synchronous)


@pytest.mark.parametrize("level", [None, "account"])
@pytest.mark.parametrize(
    "split",
    [
        {"breakdowns": ["product_id"]},
        {"breakdowns": ["image_asset"]},
        {"breakdowns": ["body_asset"]},
        {"breakdowns": ["ad_format_asset"]},
        {"breakdowns": ["place_page_id"]},
        {"action_breakdowns": ["action_type", "action_target_id"]},
    ],
)
def test_an_account_is_not_split_by_what_its_ads_hold(level: str | None, split: dict[str, Any]) -> None:
    error = refusal(query(level=level, **split))
    assert "account level" in error.message
    assert "ad" in error.next_step
    passes(query(level="ad", **split))
    passes(query("123", **split))


@pytest.mark.parametrize("preset", ["maximum", "data_maximum", "last_year", "this_year"])
def test_long_presets_with_breakdowns_go_to_a_report(preset: str) -> None:
    asked = query(date_preset=preset, breakdowns=["age"])
    assert "ads_run_report_and_wait" in refusal(asked).next_step
    passes(asked, synchronous=False)
    passes(query(date_preset=preset))


@pytest.mark.parametrize(("length", "refused"), [(90, False), (91, True)])
def test_ninety_days_with_breakdowns_are_the_most(length: int, refused: bool) -> None:
    since = TODAY - timedelta(days=length)
    asked = query(time_range=days(since, TODAY - timedelta(days=1)), breakdowns=["age"])
    ranges = query(time_ranges=[days(since, TODAY - timedelta(days=1))], breakdowns=["age"])
    for one in (asked, ranges):
        if refused:
            assert "ads_run_report_and_wait" in refusal(one).next_step
            passes(one, synchronous=False)
        else:
            passes(one)


@pytest.mark.parametrize(
    ("first", "refused"), [(date(2023, 9, 14), False), (date(2023, 9, 13), True), (date(2020, 1, 1), True)]
)
def test_meta_keeps_thirty_seven_calendar_months(first: date, refused: bool) -> None:
    asked = query(time_range=days(first, first))
    if refused:
        assert "2023-09-14" in refusal(asked).next_step
    else:
        passes(asked)


@given(st.dates(date(2000, 2, 29), date(2100, 1, 1)), st.integers(0, 60))
def test_calendar_months_are_counted_and_never_days(day: date, months: int) -> None:
    before = months_before(day, months)
    assert (day.year - before.year) * 12 + day.month - before.month == months
    assert before.day == day.day or (before + timedelta(days=1)).day == 1


def test_a_range_in_the_future_is_refused_and_one_that_ends_there_is_not() -> None:
    assert "in the future" in refusal(query(time_range=days("2026-10-15", "2026-10-20"))).message
    passes(query(time_range=days("2026-10-01", "2026-10-31")))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"breakdowns": ["dma"]}, "comscore_market"),
        ({"breakdowns": ["mmm"], "level": "ad"}, "ads_run_report_and_wait"),
        ({"breakdowns": ["impression_device"]}, "publisher_platform"),
        ({"breakdowns": [HOURLY], "fields": ["unique_clicks"]}, "Leave these fields out"),
        ({"breakdowns": [HOURLY], "fields": ["video_p25_watched_actions"]}, "Leave these fields out"),
        ({"breakdowns": ["region"], "fields": ["video_avg_time_watched_actions"]}, "Leave these fields out"),
        ({"breakdowns": ["age"], "fields": ["relevance_score"]}, "Leave these fields out"),
        ({"breakdowns": ["frequency_value"], "fields": ["spend"]}, "reach"),
        ({"action_breakdowns": ["action_device"], "fields": ["spend"]}, "actions"),
    ],
)
def test_what_meta_does_not_give_is_refused_with_the_way_out(arguments: dict[str, Any], words: str) -> None:
    assert words in refusal(query(**arguments)).next_step


@pytest.mark.parametrize(
    ("arguments", "months"),
    [
        ({"breakdowns": ["age"], "fields": ["unique_clicks"]}, 13),
        ({"breakdowns": ["age"], "fields": ["reach"]}, 13),
        ({"breakdowns": [HOURLY]}, 13),
        ({"breakdowns": ["frequency_value"], "fields": ["reach"]}, 6),
    ],
)
def test_some_figures_are_kept_for_fewer_months(arguments: dict[str, Any], months: int) -> None:
    edge = months_before(TODAY, months)
    passes(query(**arguments, time_range=days(edge, edge)))
    early = edge - timedelta(days=1)
    assert str(months) in refusal(query(**arguments, time_range=days(early, early))).message


def test_old_reach_with_a_breakdown_is_for_reports() -> None:
    passes(query(breakdowns=["age"], fields=["reach"], date_preset="maximum"), synchronous=False)


@pytest.mark.parametrize("text", [*STARRED, *PLAIN])
def test_every_combination_of_metas_table_passes(text: str) -> None:
    parts = text.split()
    actions = [part for part in parts if part.startswith("action_")]
    rest = [part for part in parts if not part.startswith("action_")]
    assert combination_problem(rest, actions) is None
    assert combination_problem(rest, [*actions, "action_type"]) is None


@pytest.mark.parametrize("text", STARRED)
def test_starred_ones_join_the_target_and_the_destination(text: str) -> None:
    assert combination_problem(text.split(), ["action_target_id"]) is None


@pytest.mark.parametrize(
    ("breakdowns", "actions"),
    [
        (["age", "country"], []),
        (["gender", "publisher_platform"], []),
        (["country", "region"], []),
        (["age"], ["action_device"]),
        (["age"], ["action_reaction"]),
        ([], ["action_reaction", "action_target_id"]),
        (["product_id", "age"], []),
        ([HOURLY, "age"], []),
    ],
)
def test_other_combinations_are_refused_with_what_joins(breakdowns: list[str], actions: list[str]) -> None:
    found = combination_problem(breakdowns, actions)
    assert found is not None
    assert "can be combined with" in found[1]


@pytest.mark.parametrize("breakdowns", [["age", "brand_new"], ["device_platform", "publisher_platform"], ["a", "b"]])
def test_what_the_table_does_not_know_is_left_to_graph(breakdowns: list[str]) -> None:
    assert combination_problem(breakdowns, []) is None


@pytest.mark.parametrize(
    ("words", "breakdowns"),
    [
        (["placement"], ["publisher_platform", "platform_position"]),
        (["platform_position"], ["publisher_platform", "platform_position"]),
        (["position", "impression_device"], ["publisher_platform", "platform_position", "impression_device"]),
        (["platform_position", "publisher_platform"], ["platform_position", "publisher_platform"]),
        (["hour"], [HOURLY]),
        (["os"], ["publisher_platform", "impression_device"]),
        (["Device"], ["device_platform"]),
        (["age", "age"], ["age"]),
        (["brand_new"], ["brand_new"]),
    ],
)
def test_everyday_names_of_breakdowns_are_understood(words: Any, breakdowns: list[str]) -> None:
    asked = query(breakdowns=words)
    assert asked.breakdowns == breakdowns
    passes(asked)


@pytest.mark.parametrize(("name", "companion"), sorted(COMPANIONS.items()))
def test_breakdown_without_its_companion_is_refused_with_its_name(name: str, companion: str) -> None:
    problem = combination_problem([name], [])
    assert problem is not None
    assert companion in problem[1]
    assert combination_problem([name, companion], []) is None
    problem = combination_problem([name, "age"], [])
    assert problem is not None
    assert companion in problem[1]


@pytest.mark.parametrize(("name", "hint"), sorted(NOT_BREAKDOWNS.items()))
def test_what_is_not_a_breakdown_names_what_splits_the_rows(name: str, hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        query(breakdowns=["age", name])
