"""Saved audiences in words, and what uses an audience."""

from __future__ import annotations

from meta_ads_mcp.errors import InvalidArguments
from tests.support.sandbox_engine import build_reader
from tests.support.scripted_graph import ScriptedGraph, refused_unsent, rows


async def test_saved_audiences_say_their_targeting_in_words() -> None:
    reader = build_reader()
    answer = await reader.good("ads_get_custom_audiences", account_id=reader.account, kind="saved")
    assert answer["data"]
    assert all(row["targeting_summary"] for row in answer["data"])
    assert "copy the targeting" in str(answer["notes"])


async def test_saved_audiences_are_an_edge_of_their_own() -> None:
    graph = ScriptedGraph({"act_1/saved_audiences": rows({"id": "6", "targeting": {"age_min": 20}}, after="n")})
    answer = await graph.call("ads_get_custom_audiences", account_id="1", kind="saved", limit=1)
    assert graph.paths == ["act_1/saved_audiences"]
    assert graph.complaints(_act_1="AdAccount") == []
    assert answer.structured["page"]["after"] == "n"


async def test_usage_names_ads_and_ad_sets_once() -> None:
    ads = rows({"id": "40", "adset_id": "30"}, {"id": "41", "adset_id": "30"}, {"id": "42", "adset_id": "31"})
    graph = ScriptedGraph({"7": {"id": "7", "name": "V"}, "7/ads": ads, "7/health": rows({"health": [{"x": 1}]})})
    data = await graph.data("ads_get_audience_details", audience_id="7", include=["usage", "health"])
    assert data["usage"]["ad_set_ids"] == ["30", "31"]
    assert [ad["id"] for ad in data["usage"]["ads"]] == ["40", "41", "42"]
    assert data["health"] == {"rows": [{"health": [{"x": 1}]}]}


async def test_a_part_that_cannot_be_read_is_a_note() -> None:
    graph = ScriptedGraph({"7": {"id": "7", "name": "V"}, "7/health": InvalidArguments("(#100) no"), "7/ads": rows()})
    answer = await graph.call("ads_get_audience_details", audience_id="7", include=["health", "usage"])
    assert answer.structured["data"]["name"] == "V"
    assert "health of the audience could not be read" in str(answer.structured["notes"])
    assert "No ad uses" in str(answer.structured["notes"])


async def test_nothing_more_is_read_unless_asked_for() -> None:
    graph = ScriptedGraph({"7": {"id": "7"}})
    await graph.data("ads_get_audience_details", audience_id="7")
    assert graph.paths == ["7"]
    await refused_unsent("ads_get_audience_details", audience_id="7", include=["usage", "usage"])
