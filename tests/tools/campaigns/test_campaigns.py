"""Campaigns as an analyst reads them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, rows

CAMPAIGN = {"id": "6", "account_id": "1", "name": "Spring"}


@pytest.mark.parametrize(("given", "shown"), [("0", None), ("5", "5")])
async def test_a_campaign_that_was_copied_from_none_has_no_source(given: str, shown: str | None) -> None:
    graph = ScriptedGraph({"6": {**CAMPAIGN, "source_campaign_id": given}})
    data = (await call(graph, "ads_get_campaign_details", campaign_id="6")).structured["data"]
    assert data.get("source_campaign_id") == shown


async def test_the_status_filter_is_graphs_own_parameter() -> None:
    graph = ScriptedGraph({"act_1/campaigns": rows(CAMPAIGN)})
    await call(graph, "ads_get_campaigns", account_id=1, status_filter="PAUSED", is_completed="false")
    assert {"effective_status": ["PAUSED"], "is_completed": False}.items() <= graph.params("act_1/campaigns").items()
    assert "filtering" not in graph.params("act_1/campaigns")


STATES = {"advantage_state": "DISABLED", "advantage_budget_state": "DISABLED", "advantage_audience_state": "ENABLED"}


@pytest.mark.parametrize("states", [{}, {"advantage_state_info": {**STATES, "advantage_placement_state": "DISABLED"}}])
async def test_gaps_of_advantage_name_the_ad_sets_and_what_turns_it_on(states: dict[str, Any]) -> None:
    by_hand = {"publisher_platforms": ["facebook"], "facebook_positions": ["feed"]}
    on = {"targeting_automation": {"advantage_audience": 1}}
    ad_sets = rows({"id": "7", "name": "Hand", "targeting": by_hand}, {"id": "8", "name": "Plus", "targeting": on})
    graph = ScriptedGraph({"6": {**CAMPAIGN, **states}, "6/adsets": ad_sets})
    answer = await call(graph, "ads_get_campaign_details", campaign_id="6", advantage_gaps=True)
    gaps = answer.structured["data"]["advantage"]
    assert {part: gaps[part]["on"] for part in ("budget", "audience", "placement")} == {
        "budget": False,
        "audience": True,
        "placement": False,
    }
    (hand,) = gaps["placement"]["ad_sets"]
    assert (hand["id"], hand["placements"]) == ("7", ["publisher_platforms", "facebook_positions"])
    assert "ads_update_campaign" in gaps["budget"]["turn_on"]
    assert "budget, placement" in answer.text


async def test_a_campaign_without_the_question_is_one_request() -> None:
    graph = ScriptedGraph({"6": CAMPAIGN})
    await call(graph, "ads_get_campaign_details", campaign_id="6")
    assert graph.paths == ["6"]


async def test_the_demo_says_what_follows_from_its_settings(demo: SandboxEngine, account: str) -> None:
    for campaign in await demo.data("ads_get_campaigns", account_id=account, limit=20):
        data = await demo.data("ads_get_campaign_details", campaign_id=campaign["id"], advantage_gaps=True)
        assert data["advantage"]["budget"]["on"] is ("daily_budget" in campaign)
