"""Insights requests: the parameters that Graph gets, and what is refused before a request is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows

WEEK = {"since": "2026-10-01", "until": "2026-10-07"}


@pytest.mark.parametrize(
    ("arguments", "sent", "absent"),
    [
        ({}, {"limit": 100, "date_preset": "last_30d"}, ["after", "level", "time_range"]),
        ({"limit": 50, "after": ""}, {"limit": 50}, ["after"]),
        ({"after": "abc"}, {"after": "abc"}, []),
        (
            {"level": "campaign", "date_preset": "last_7d"},
            {"level": "campaign", "date_preset": "last_7d"},
            ["time_range"],
        ),
        ({"time_range": WEEK}, {"time_range": WEEK}, ["date_preset"]),
        ({"time_range": json.dumps(WEEK)}, {"time_range": WEEK}, ["date_preset"]),
        ({"breakdowns": ["media_type"]}, {"breakdowns": ["media_type"], "action_breakdowns": []}, []),
        ({"action_attribution_windows": ["1d_click"]}, {"action_attribution_windows": ["1d_click"]}, []),
        ({"fields": ["spend"]}, {}, []),
    ],
)
async def test_insights_are_asked_for_with_what_was_given(
    arguments: dict[str, Any], sent: dict[str, Any], absent: list[str]
) -> None:
    scripted = ScriptedGraph({"act_1/insights": rows({"spend": "1"}, after="next")})
    answer = await call(scripted, "ads_get_insights", object_id="act_1", **arguments)
    params = scripted.params("act_1/insights")
    assert {name: params.get(name) for name in sent} == sent
    assert [name for name in absent if name in params] == []
    assert answer.structured["page"] == {"count": 1, "has_more": True, "after": "next"}


@pytest.mark.parametrize(("window", "dead"), [("7d_view", True), ("28d_view", True), ("1d_view", False)])
async def test_a_window_that_gives_nothing_any_more_is_asked_for_and_told(window: str, dead: bool) -> None:
    scripted = ScriptedGraph({"act_1/insights": rows({"spend": "1"})})
    answer = await call(scripted, "ads_get_insights", object_id="act_1", action_attribution_windows=[window])
    assert scripted.params("act_1/insights")["action_attribution_windows"] == [window]
    assert any(window in note and "2026-01-12" in note for note in answer.structured.get("notes", ())) is dead


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ads_get_insights", {"level": "campaign"}),
        ("ads_insights_performance_trend", {}),
        ("ads_insights_anomaly_signal", {}),
    ],
)
async def test_the_days_and_the_rates_are_asked_for_by_name(tool: str, arguments: dict[str, Any]) -> None:
    """A Graph that gives no more than it is asked for still gives a complete row."""
    account = {"id": "act_1", "account_id": "1", "currency": "EUR", "timezone_name": "UTC"}
    scripted = ScriptedGraph({"act_1": account, "act_1/insights": rows()})
    await call(scripted, tool, object_id="act_1", **arguments)
    wanted = {"date_start", "date_stop", "account_currency", "ctr", "cpc", "cpm", "frequency"}
    assert wanted <= set(scripted.fields("act_1/insights"))


@pytest.mark.parametrize("tool", ["ads_get_insights", "ads_create_async_report"])
async def test_a_period_longer_than_meta_keeps_is_refused_unsent(tool: str) -> None:
    error = await refused_unsent(tool, object_id="act_1", time_range={"since": "2021-01-01", "until": "2026-06-30"})
    assert "37 months" in error["message"]


@pytest.mark.parametrize("missing", ["since", "until"])
async def test_half_a_period_is_refused_unsent(missing: str) -> None:
    half = {name: day for name, day in WEEK.items() if name != missing}
    error = await refused_unsent("ads_get_insights", object_id="act_1", time_range=half)
    assert f"time_range.{missing}" in error["message"]


@pytest.mark.parametrize(("count", "offered", "cut"), [(99, False, False), (100, True, False), (1000, True, True)])
async def test_many_rows_are_capped_with_a_note_and_a_report_is_offered(count: int, offered: bool, cut: bool) -> None:
    found = [{"campaign_id": str(number), "campaign_name": "n" * 80, "spend": "1"} for number in range(count)]
    scripted = ScriptedGraph({"act_1/insights": rows(*found)})
    answer = await call(scripted, "ads_get_insights", object_id="act_1", level="campaign", limit=1000)
    notes = " ".join(answer.structured["notes"])
    assert ("ads_run_report_and_wait" in notes) is offered
    assert ("so only the first" in notes) is cut
    assert len(answer.blocks[1]) <= 40_000
