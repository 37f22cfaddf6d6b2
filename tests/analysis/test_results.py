"""Results: Meta's default figure, one column per attribution window, and one per event where a row counts several."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from meta_ads_mcp.analysis.report import report
from meta_ads_mcp.analysis.results import EVENT_COLUMNS
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Listing, Table
from meta_ads_mcp.domain.insights_query import InsightsParams

ACCOUNT = Account("act_1", "Shop", "EUR", "Europe/Berlin")
PURCHASE = "actions:offsite_conversion.fb_pixel_purchase"
WINDOWS = ["1d_view", "7d_click"]


def entry(indicator: str, *values: tuple[Any, list[str] | None]) -> dict[str, Any]:
    """An entry of Graph: values with their attribution windows."""
    items = [{"value": value, **({"attribution_windows": windows} if windows else {})} for value, windows in values]
    return {"indicator": indicator, **({"values": items} if items else {})}


def read(*rows: dict[str, Any], windows: list[str] | None = None) -> tuple[list[dict[str, Any]], str]:
    """The rows of the answer, and its notes as one text."""
    fields = list(dict.fromkeys(name for row in rows for name in row))
    query = {"object_id": "act_1", "level": "campaign", "fields": [*fields, "result_event", "objective_result_event"]}
    asked = InsightsParams.model_validate({**query, "action_attribution_windows": windows})
    result = report(asked, Listing(list(rows)), ACCOUNT, date(2026, 10, 14))
    assert isinstance(result.data, Table)
    table = [dict(zip(result.data.columns, row, strict=True)) for row in result.data.rows]
    return table, " ".join(result.notes)


DEFAULT_LAST = [("1", ["1d_view"]), ("9", ["7d_click"]), ("10", ["default"])]


@pytest.mark.parametrize(
    ("values", "windows", "columns"),
    [
        (DEFAULT_LAST, WINDOWS, {"results": 10, "results_1d_view": 1, "results_7d_click": 9}),
        (DEFAULT_LAST, None, {"results": 10, "results_1d_view": 1, "results_7d_click": 9}),
        ([("33", ["1d_click"]), ("50", ["7d_click"])], WINDOWS, {"results_1d_click": 33, "results_7d_click": 50}),
        ([("33", ["1d_click"])], ["1d_click"], {"results_1d_click": 33}),
        ([("33", ["7d_click", "1d_view"])], None, {"results": 33}),
        ([("33", None)], WINDOWS, {"results": 33}),
        ([("33", ["default"])], None, {"results": 33}),
        ([("0", ["default"])], None, {"results": 0}),
        ([], None, {"results": 0}),
        ([("3", ["default"]), ("5", ["7d_click", "1d_view"])], WINDOWS, {"results": 3, "results_7d_click_1d_view": 5}),
    ],
)
def test_results_are_the_default_figure_and_one_column_per_window(
    values: list[tuple[Any, list[str] | None]], windows: list[str] | None, columns: dict[str, Any]
) -> None:
    (row,), notes = read({"results": [entry(PURCHASE, *values)]}, windows=windows)
    assert row == {"result_event": "purchase", **columns}
    assert ("no default figure of results" in notes) == ("results" not in columns)


def test_costs_have_the_same_columns_as_results() -> None:
    costs = [("50", ["1d_view"]), ("5.5", ["7d_click"]), ("5", ["default"])]
    (row,), _ = read(
        {"results": [entry(PURCHASE, *DEFAULT_LAST)], "cost_per_result": [entry(PURCHASE, *costs)]}, windows=WINDOWS
    )
    assert row["cost_per_result"], row["cost_per_result_1d_view"] == (5, 50)
    assert row["cost_per_result_7d_click"] == 5.5


def test_results_of_several_events_are_shown_by_event() -> None:
    values = [("4", ["default"])], [("6", ["default"])]
    row = {
        "results": [entry("actions:omni_purchase", *values[0]), entry("actions:lead", *values[1])],
        "cost_per_result": [entry("actions:omni_purchase", ("25", None)), entry("actions:lead", ("10", None))],
    }
    (shown,), notes = read(row)
    assert shown == {
        "result_event": "purchase, lead",
        "results_purchase": 4,
        "results_lead": 6,
        "cost_per_result_purchase": 25,
        "cost_per_result_lead": 10,
    }
    assert "column for each event" in notes


def test_results_of_link_clicks_and_reach_are_both_kept() -> None:
    (row,), _ = read({"results": [entry("actions:link_click", ("33", None)), entry("reach", ("44", None))]})
    assert row == {"result_event": "link_click, reach", "results_link_click": 33, "results_reach": 44}


def test_two_indicators_of_one_event_stay_apart() -> None:
    (row,), _ = read({"results": [entry("actions:lead", ("3", None)), entry("conversions:lead", ("4", None))]})
    assert [value for name, value in row.items() if name.startswith("results_")] == [3, 4]


def test_objective_results_have_an_event_of_their_own() -> None:
    row = {
        "results": [entry(PURCHASE, ("3", None))],
        "objective_results": [entry("actions:link_click", ("90", None))],
        "cost_per_objective_result": [entry("actions:link_click", ("0.5", None))],
    }
    (shown,), notes = read(row)
    assert shown == {
        "result_event": "purchase",
        "objective_result_event": "link_click",
        "results": 3,
        "objective_results": 90,
        "cost_per_objective_result": 0.5,
    }
    assert "results count purchase" in notes
    assert "objective_results count link_click" in notes


def test_cost_of_another_event_than_the_result_is_named_for_it() -> None:
    row = {"results": [entry("actions:lead", ("3", None))], "cost_per_result": [entry(PURCHASE, ("25", None))]}
    (shown,), _ = read(row)
    assert shown == {"result_event": "lead, purchase", "results_lead": 3, "cost_per_result_purchase": 25}


def test_rows_with_different_events_name_theirs() -> None:
    shown, _ = read(
        {"results": [entry("actions:lead", ("3", None))]}, {"results": [entry("reach", ("9", None))]}, {"spend": "1"}
    )
    assert [(row["result_event"], row["results"]) for row in shown] == [("lead", 3), ("reach", 9), (None, None)]


@pytest.mark.parametrize(("event", "noted"), [("reach", True), ("impressions", True), ("actions:lead", False)])
def test_cost_of_a_thousand_is_named(event: str, *, noted: bool) -> None:
    _, notes = read({"results": [entry(event, ("900", None))], "cost_per_result": [entry(event, ("12.34", None))]})
    assert ("per 1,000" in notes) is noted


@pytest.mark.parametrize("name", sorted(EVENT_COLUMNS))
def test_every_field_of_results_is_read_alike(name: str) -> None:
    (row,), _ = read({name: [entry("actions:lead", *DEFAULT_LAST)]}, windows=WINDOWS)
    assert (row[name], row[f"{name}_1d_view"], row[f"{name}_7d_click"]) == (10, 1, 9)
