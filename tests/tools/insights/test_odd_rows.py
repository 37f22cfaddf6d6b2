"""Rows that Graph may send and that break a careless calculation: zeros, gaps, odd dates and odd numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from tests.support.scripted_graph import ScriptedGraph, engine, rows

USUAL = {
    "campaign_id": "1",
    "campaign_name": "A",
    "adset_id": "2",
    "ad_id": "3",
    "impressions": "1000",
    "clicks": "10",
    "spend": "5",
    "reach": "800",
    "actions": [{"action_type": "omni_purchase", "value": "2"}],
    "date_start": "2026-11-16",
    "date_stop": "2026-11-22",
}
ODD: dict[str, dict[str, Any]] = {
    "late impressions without spend": {"spend": "0", "impressions": "12", "clicks": "0", "actions": None},
    "no figures": {"spend": None, "impressions": None, "clicks": None, "reach": None, "actions": None},
    "zeros": {"spend": "0", "impressions": "0", "clicks": "0", "reach": "0", "actions": []},
    "results without spend": {"spend": "0", "results": [{"indicator": "actions:lead", "values": [{"value": "3"}]}]},
    "spend without results": {"results": [{"indicator": "actions:lead"}]},
    "several results": {"results": [{"indicator": "reach", "values": []}, {"indicator": "actions:lead"}]},
    "odd results": {"results": [{"indicator": None, "values": None}]},
    "a refund": {"spend": "-3.20"},
    "a day that does not exist": {"date_start": "2026-11-31", "date_stop": "2026-11-31"},
    "no day": {"date_start": None, "date_stop": None},
    "a far day": {"date_start": "0001-01-01", "date_stop": "9999-12-31"},
    "an end before its start": {"date_stop": "2026-01-01"},
    "exponents": {"spend": "1.5E+3", "impressions": "1E6"},
    "texts": {"spend": "n/a", "impressions": "many", "actions": "none"},
    "huge figures": {"spend": "1e58", "impressions": "9" * 59},
    "infinite figures": {"spend": "1e999", "cpm": "Infinity"},
    "odd names": {"campaign_name": None, "campaign_id": 7},
}
TOOLS: list[tuple[str, dict[str, Any]]] = [
    ("ads_get_insights", {"object_id": "act_1", "level": "campaign"}),
    ("ads_insights_performance_trend", {"object_id": "act_1", "date_preset": "last_30d"}),
    ("ads_insights_anomaly_signal", {"object_id": "act_1"}),
    ("ads_insights_auction_ranking_benchmarks", {"object_id": "act_1"}),
    ("ads_insights_industry_benchmark", {"object_id": "act_1", "level": "account"}),
    ("ads_insights_advertiser_context", {"account_id": "act_1"}),
    ("ads_portfolio_summary", {"account_ids": ["1"]}),
    ("ads_diagnose_underperformance", {"object_id": "act_1", "level": "account"}),
    ("ads_diagnose_underperformance", {"object_id": "5", "level": "campaign"}),
    ("ads_diagnose_underperformance", {"object_id": "6", "level": "ad_set"}),
]
ACCOUNT = {
    "id": "act_1",
    "account_id": "1",
    "name": "Shop",
    "currency": "EUR",
    "timezone_name": "Europe/Berlin",
    "account_status": 1,
}


def graph_of(*answer: dict[str, Any]) -> ScriptedGraph:
    """Answer insights with these rows in each requested window, and other requests with an account or no rows."""

    def respond(request: Request) -> Any:
        if request.path.endswith("/insights"):
            windows = request.params.get("time_ranges")
            ranges = json.loads(windows) if isinstance(windows, str) else windows
            return rows(*[_in_window(row, window) for window in ranges or [None] for row in answer])
        if "/" in request.path:
            return rows()
        return {**ACCOUNT, "id": request.path, "insights": rows(*answer)}

    return ScriptedGraph(answer=respond)


def _in_window(row: dict[str, Any], window: dict[str, str] | None) -> dict[str, Any]:
    """The row with the days of the window, unless its days are odd."""
    if window and row["date_start"] == USUAL["date_start"]:
        row = {**row, "date_start": window["since"], "date_stop": window["until"]}
    return {key: value for key, value in row.items() if value is not None}


@pytest.mark.parametrize(("tool", "arguments"), TOOLS)
@pytest.mark.parametrize("name", ODD)
async def test_odd_row_is_answered(name: str, tool: str, arguments: dict[str, Any]) -> None:
    for answer in ([{**USUAL, **ODD[name]}], [USUAL, {**USUAL, **ODD[name], "campaign_id": "9"}]):
        outcome = await engine(graph_of(*answer)).call(tool, arguments)
        assert not outcome.is_error, outcome.text
        text = json.dumps(outcome.structured)
        assert "Infinity" not in text.replace('"Infinity"', "")
        assert "NaN" not in text


@pytest.mark.parametrize("tool", ["ads_insights_performance_trend", "ads_insights_anomaly_signal"])
async def test_rows_without_a_valid_day_are_counted(tool: str) -> None:
    graph = graph_of(USUAL, {**USUAL, "date_start": "2026-11-31"})
    outcome = await engine(graph).call(tool, {"object_id": "act_1", "level": "account"})
    assert any("1 of 2 rows have no valid date_start" in note for note in outcome.structured["notes"])


async def test_same_account_is_counted_once() -> None:
    outcome = await engine(graph_of(USUAL)).call("ads_portfolio_summary", {"account_ids": ["1", "act_1"]})
    assert len(outcome.structured["data"]["by_account"]["rows"]) == 1


@pytest.mark.parametrize("spend", ["0", "5"])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("tool", "arguments"), [item for item in TOOLS if item[0].endswith("underperformance")])
async def test_object_that_delivered_in_one_window_only_is_diagnosed(
    tool: str, arguments: dict[str, Any], side: int, spend: str
) -> None:
    """Late impressions of an ended campaign have no spend, so that no share of the spend exists."""

    def respond(request: Request) -> Any:
        windows = request.params.get("time_ranges")
        if windows is None:
            return ({**ACCOUNT, "id": request.path}) if "/" not in request.path else rows()
        window = (json.loads(windows) if isinstance(windows, str) else windows)[side]
        return rows(_in_window({**USUAL, "spend": spend}, window))

    outcome = await engine(ScriptedGraph(answer=respond)).call(tool, arguments)
    assert not outcome.is_error, outcome.text
