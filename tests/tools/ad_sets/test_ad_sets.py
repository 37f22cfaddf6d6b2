from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows

TARGETING = {"geo_locations": {"countries": ["DE"]}, "age_min": 25, "age_max": 54}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give one of account_id or campaign_id"),
        ({"account_id": "1", "campaign_id": "5"}, "give only one of account_id or campaign_id"),
        ({"campaign_id": "5", "updated_since": 1790000000}, "updated_since works with account_id only"),
        ({"account_id": "1", "limit": 101}, "'limit' must be at most 100"),
        ({"account_id": "1", "status_filter": ["RUNNING"]}, "'status_filter.0' is not one of the accepted values"),
    ],
)
async def test_what_cannot_be_asked_is_refused_unsent(arguments: dict[str, Any], said: str) -> None:
    assert said in (await refused_unsent("ads_get_ad_sets", **arguments))["message"]


@pytest.mark.parametrize(
    ("arguments", "path", "node", "sent"),
    [
        ({"account_id": "1"}, "act_1/adsets", "AdAccount", {"limit": 25}),
        ({"campaign_id": 5, "limit": 3}, "5/adsets", "Campaign", {"limit": 3}),
        (
            {"account_id": "act_1", "status_filter": "PAUSED", "updated_since": 1790000000, "after": "abc"},
            "act_1/adsets",
            "AdAccount",
            {"effective_status": ["PAUSED"], "updated_since": 1790000000, "after": "abc", "limit": 25},
        ),
    ],
)
async def test_one_request_with_what_was_given(
    arguments: dict[str, Any], path: str, node: str, sent: dict[str, Any]
) -> None:
    graph = ScriptedGraph({path: rows()})
    await call(graph, "ads_get_ad_sets", **arguments)
    assert graph.paths == [path]
    assert graph.params(path) == sent
    assert graph.complaints(**{f"_{path.split('/', 1)[0]}": node}) == []


@pytest.mark.parametrize(
    ("tool", "arguments", "path", "one"),
    [
        ("ads_get_ad_sets", {"account_id": "1"}, "act_1/adsets", False),
        ("ads_get_ad_set_details", {"ad_set_id": "9"}, "9", True),
    ],
)
async def test_targeting_comes_as_it_is_and_in_one_line(
    tool: str, arguments: dict[str, Any], path: str, one: bool
) -> None:
    row = {"id": "9", "account_id": "1", "daily_budget": "2500", "targeting": TARGETING}
    data = (await call(ScriptedGraph({path: row if one else rows(row)}), tool, **arguments)).structured["data"]
    found = data if one else data[0]
    assert found["targeting"] == TARGETING
    assert found["targeting_summary"] == "DE; 25-54 years"
    assert found["daily_budget"] == {"minor": 2500, "amount": "25.00", "currency": "EUR"}


async def test_no_summary_of_targeting_that_was_not_asked_for() -> None:
    graph = ScriptedGraph({"act_1/adsets": rows({"id": "9", "name": "A"})})
    answer = await call(graph, "ads_get_ad_sets", account_id="1", fields=["name"])
    assert graph.fields("act_1/adsets") == ["id", "account_id", "name"]
    assert answer.structured["data"] == [{"id": "9", "name": "A"}]


async def test_chosen_fields_of_one_ad_set_keep_what_identifies_it() -> None:
    graph = ScriptedGraph({"9": {"id": "9"}})
    await call(graph, "ads_get_ad_set_details", ad_set_id="9", fields=["bid_amount"])
    assert set(graph.fields("9")) == {
        "id", "account_id", "name", "campaign_id", "status", "effective_status", "bid_amount",
    }  # fmt: skip


async def test_the_ad_sets_of_a_campaign_are_those_of_the_account_that_name_it(
    demo: SandboxEngine, small_account: str
) -> None:
    every = await demo.good("ads_get_ad_sets", account_id=small_account, fields=["campaign_id"], max_items=1000)
    campaign = every["data"][0]["campaign_id"]
    found = await demo.data("ads_get_ad_sets", campaign_id=campaign, fields=["name"], max_items=1000)
    assert {row["id"] for row in found} == {row["id"] for row in every["data"] if row["campaign_id"] == campaign}
    assert not every["page"]["has_more"]
