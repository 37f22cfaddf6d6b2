"""Campaigns as an analyst reads them."""

from __future__ import annotations

import pytest

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
