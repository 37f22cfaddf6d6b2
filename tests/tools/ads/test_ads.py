from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give one of account_id, campaign_id or ad_set_id"),
        (
            {"account_id": "1", "ad_set_id": "5"},
            "give only one of account_id, campaign_id or ad_set_id, not account_id and",
        ),
        ({"ad_set_id": "act_5"}, "'ad_set_id': an id is digits only"),
        ({"adset_id": "5"}, "there is no argument 'adset_id' (did you mean 'ad_set_id'?)"),
        ({"account_id": "1", "fields": ["page{access_token}"]}, "fields that hold secrets"),
    ],
)
async def test_what_cannot_be_asked_is_refused_unsent(arguments: dict[str, Any], said: str) -> None:
    assert said in (await refused_unsent("ads_get_ads", **arguments))["message"]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [({"account_id": "1"}, "act_1/ads"), ({"campaign_id": "5"}, "5/ads"), ({"ad_set_id": "6"}, "6/ads")],
)
async def test_graphs_adset_id_is_ours_with_an_underscore(arguments: dict[str, Any], path: str) -> None:
    graph = ScriptedGraph({path: rows({"id": "7", "account_id": "1", "adset_id": "6"})})
    answer = await call(graph, "ads_get_ads", **arguments, fields=["ad_set_id"])
    assert graph.fields(path) == ["id", "account_id", "adset_id"]
    assert answer.structured["data"] == [{"id": "7", "ad_set_id": "6"}]


async def test_a_rejected_ad_says_why() -> None:
    reasons = {"global": {"PERSONAL_ATTRIBUTES": "Do not address personal attributes."}}
    ad = {"id": "7", "account_id": "1", "effective_status": "DISAPPROVED", "ad_review_feedback": reasons}
    graph = ScriptedGraph({"7": {**ad, "source_ad_id": "0", "bid_amount": 150}})
    data = (await call(graph, "ads_get_ad_details", ad_id="7")).structured["data"]
    assert data["ad_review_feedback"] == reasons
    assert data["bid_amount"] == {"minor": 150, "amount": "1.50", "currency": "EUR"}
    assert "source_ad_id" not in data, "0 stands for no source"
    assert {"issues_info", "failed_delivery_checks", "preview_shareable_link"} <= set(graph.fields("7"))


async def test_pages_join_to_the_whole(demo: SandboxEngine, small_account: str) -> None:
    """Following page.after gives each ad once, and all that one long list has."""
    whole = await demo.good("ads_get_ads", account_id=small_account, fields=["name"], max_items=5000)
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await demo.good("ads_get_ads", account_id=small_account, fields=["name"], limit=40, **after)
        seen += [row["id"] for row in page["data"]]
        if not page["page"]["has_more"]:
            break
        after = {"after": page["page"]["after"]}
    assert seen == [row["id"] for row in whole["data"]]
    assert len(seen) == len(set(seen)) > 40
    assert whole["page"] == {"count": len(seen), "has_more": False}


async def test_a_status_filter_gives_that_status_only(demo: SandboxEngine, account: str) -> None:
    data = await demo.data("ads_get_ads", account_id=account, status_filter=["DISAPPROVED"])
    assert {row["effective_status"] for row in data} == {"DISAPPROVED"}
