"""Rows of every shape that Graph may send, by the field types of the SDK: no requested figure disappears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from facebook_business.adobjects.adsactionstats import AdsActionStats
from facebook_business.adobjects.adshistogramstats import AdsHistogramStats
from facebook_business.adobjects.adsinsights import AdsInsights
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meta_ads_mcp.analysis.actions import event_of
from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.report import report
from meta_ads_mcp.analysis.results import EVENT_COLUMNS
from meta_ads_mcp.analysis.table import is_dimension
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Listing, Result, Table
from meta_ads_mcp.domain.insights_query import InsightsParams

ACCOUNT = Account("act_1", "Shop", "EUR", "Europe/Berlin")
TODAY = date(2026, 10, 14)
TYPES: dict[str, str] = AdsInsights._field_types
HISTOGRAMS = sorted(name for name, kind in TYPES.items() if kind == "list<AdsHistogramStats>")
# `list<Object>` in the SDK; those of `EVENT_COLUMNS` and `link_clicks_per_results` have the shape of AdsInsightsResult.
RESULTS = [*sorted(EVENT_COLUMNS), "link_clicks_per_results"]
OBJECTS = sorted(name for name, kind in TYPES.items() if kind == "list<Object>" and name not in RESULTS)
# The keys of an action that are texts in a histogram say where it happened; the others are figures.
PLACES = sorted(key for key, kind in AdsHistogramStats._field_types.items() if kind == "string")
FIGURES = sorted(AdsActionStats._field_types.keys() - set(PLACES))
EVENTS = [
    "omni_purchase",
    "purchase",
    "offsite_conversion.fb_pixel_purchase",
    "lead",
    "link_click",
    "video_view",
    "x.y",
]

numbers = st.integers(0, 10**6).map(str) | st.decimals(0, 10**6, places=2).map(str)
counts = st.integers(1, 10**6).map(str)


def actions(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Entries of any events, places and windows, each place once."""
    windows = st.dictionaries(st.sampled_from(FIGURES), values, min_size=1, max_size=3)
    places = st.dictionaries(st.sampled_from(sorted(set(PLACES) - {"action_type"})), st.sampled_from("ab"), max_size=2)
    names = st.fixed_dictionaries({"action_type": st.sampled_from(EVENTS)}) | st.just({})
    entries = st.builds(lambda name, place, window: {**name, **place, **window}, names, places, windows)
    return st.lists(entries, min_size=1, max_size=4, unique_by=lambda entry: str([entry.get(key) for key in PLACES]))


def results() -> st.SearchStrategy[list[dict[str, Any]]]:
    indicators = st.sampled_from(
        ["actions:omni_purchase", "actions:lead", "conversions:lead", "reach", "impressions", "profile_visit_view"]
    )
    windows = st.sampled_from([["default"], ["7d_click"], ["1d_view"], ["7d_click", "1d_view"]])
    items = st.lists(st.fixed_dictionaries({"value": counts, "attribution_windows": windows}), max_size=3)
    entries = st.fixed_dictionaries({"indicator": indicators, "values": items})
    return st.lists(entries, min_size=1, max_size=3, unique_by=lambda entry: entry["indicator"])


def values_of(name: str) -> st.SearchStrategy[Any]:
    if name in RESULTS:
        return results()
    if TYPES[name] == "list<AdsHistogramStats>":
        return actions(st.lists(st.integers(0, 100), min_size=1, max_size=4))
    if TYPES[name] == "list<AdsActionStats>":
        return actions(numbers)
    if TYPES[name] == "list<Object>":
        return st.lists(st.dictionaries(st.sampled_from("ab"), numbers, min_size=1), min_size=1, max_size=2)
    return numbers | st.sampled_from(["", "text"])


@st.composite
def graph_rows(draw: st.DrawFn) -> tuple[list[str], list[dict[str, Any]]]:
    """Requested fields, and one to three rows, each with some of them."""
    metrics = [name for name in TYPES if not is_dimension(name)]
    fields = draw(st.lists(st.sampled_from(sorted(metrics)), min_size=1, max_size=6, unique=True))
    rows = draw(
        st.lists(st.fixed_dictionaries({}, optional={name: values_of(name) for name in fields}), min_size=1, max_size=3)
    )
    return fields, rows


def answer(fields: list[str], rows: list[dict[str, Any]], **arguments: Any) -> Result:
    query = InsightsParams.model_validate({"object_id": "act_1", "fields": fields, **arguments})
    return report(query, Listing(rows), ACCOUNT, TODAY)


def flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from flat(item)
    elif value is not None:
        yield value


def expected(name: str, value: Any) -> list[Any]:
    """The figures of a value that must be shown: of each event those of the action type that is preferred."""
    if not isinstance(value, list):
        return [] if value == "" else [value]
    if name in RESULTS:
        return [item["value"] for entry in value for item in entry["values"]]
    if TYPES[name] == "list<Object>":
        return []
    best: dict[str, tuple[int, str]] = {}
    for entry in value:
        event, rank = event_of(str(entry.get("action_type", "")))
        best[event] = min(best.get(event, (rank, "~")), (rank, str(entry.get("action_type", ""))))
    preferred = {action_type for _, action_type in best.values()}
    entries = [entry for entry in value if str(entry.get("action_type", "")) in preferred]
    return [figure for entry in entries for key, figure in entry.items() if key not in PLACES]


def shown(figure: Any) -> str:
    """A figure to two significant digits, as ratios are rounded."""
    parsed = number(figure)
    return str(figure) if parsed is None else f"{float(parsed):.2g}"


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph_rows())
def test_each_requested_figure_is_in_the_table_or_named_in_a_note(case: tuple[list[str], list[dict[str, Any]]]) -> None:
    fields, rows = case
    result = answer(fields, rows)
    table, notes = result.data, " ".join(result.notes)
    assert isinstance(table, Table)
    assert len(set(table.columns)) == len(table.columns)
    assert all(len(row) == len(table.columns) for row in table.rows)
    present = Counter(shown(cell) for row in table.rows for cell in flat(row))
    wanted = Counter(shown(item) for row in rows for name in row for item in flat(expected(name, row[name])))
    assert not wanted - present
    for name in fields:
        values = [item for row in rows for item in flat(expected(name, row.get(name, "")))]
        objects = any(row.get(name) for row in rows if TYPES[name] == "list<Object>")
        assert values or objects or name in notes


@pytest.mark.parametrize("name", HISTOGRAMS)
@pytest.mark.parametrize("curve", [["100", "61", "43"], [100, 61, 43]])
def test_histogram_is_a_list_in_a_cell(name: str, curve: list[Any]) -> None:
    row = {"spend": "1", name: [{"action_type": "video_view", "value": curve, "7d_click": [1, 2]}]}
    table = answer(["spend", name], [row]).data
    assert isinstance(table, Table)
    cells = dict(zip(table.columns, table.rows[0], strict=True))
    assert (cells[name], cells[f"{name}_7d_click"]) == ([100, 61, 43], [1, 2])


@pytest.mark.parametrize("key", FIGURES)
def test_each_window_of_an_action_has_a_column(key: str) -> None:
    table = answer(["actions"], [{"actions": [{"action_type": "lead", key: "3"}]}]).data
    assert table == Table(["lead" if key == "value" else f"lead_{key}"], [[3]])


@pytest.mark.parametrize("key", sorted(set(PLACES) - {"action_type"}))
def test_each_place_of_an_action_is_a_row(key: str) -> None:
    entries = [{"action_type": "lead", key: place, "value": value} for place, value in (("a", "3"), ("b", "4"))]
    table = answer(["spend", "actions"], [{"spend": "9", "actions": entries}]).data
    assert table == Table([key, "spend", "lead"], [[None, 9, None], ["a", None, 3], ["b", None, 4]])


def test_actions_without_a_type_keep_their_places() -> None:
    """With action_breakdowns that lack action_type, Graph names no type."""
    entries = [{"action_device": "iphone", "value": "3"}, {"action_device": "desktop", "value": "4"}]
    table = answer(["actions"], [{"actions": entries}]).data
    assert table == Table(["action_device", "actions"], [["iphone", 3], ["desktop", 4]])


def test_same_place_twice_is_added_up_for_counts_and_listed_for_costs() -> None:
    entries = [{"action_type": "lead", "value": "3"}, {"action_type": "lead", "value": "4"}]
    table = answer(["actions", "cost_per_action_type"], [{"actions": entries, "cost_per_action_type": entries}]).data
    assert table == Table(["lead", "cost_per_lead"], [[7, [3, 4]]])


def test_requested_field_with_only_empty_values_is_named() -> None:
    result = answer(["spend", "reach", "results"], [{"spend": "1", "reach": "", "results": []}])
    assert isinstance(result.data, Table)
    assert result.data.columns == ["spend"]
    assert any("reach, results" in note for note in result.notes)
