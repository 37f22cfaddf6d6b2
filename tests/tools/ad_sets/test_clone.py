"""The clone of an ad set with its ads: every step, and what is left when one of them fails."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import ApiError
from tests.support.sandbox_engine import build_writer
from tests.support.scripted_graph import ScriptedGraph
from tests.support.write_cases import (
    ACCOUNT,
    AD,
    AD_SET,
    CREATIVE,
    call,
    on_the_wire,
)
from tests.support.write_examples import VALID
from tests.tools.ads.test_link import NEW, STORY, running


@pytest.mark.parametrize(("named", "told"), [({}, True), ({"dsa_beneficiary": "Shop", "dsa_payor": "Agency"}, False)])
async def test_a_bundle_that_moves_to_the_eu_needs_who_benefits_and_who_pays(named: dict[str, str], told: bool) -> None:
    made = build_writer()
    made.store.patch(made.ids["ad_set"], {"dsa_beneficiary": None, "dsa_payor": None})
    target = {"name": "Germany", "geo_override": {"countries": ["DE"]}, **named}
    bundle = {**VALID["ads_clone_ad_set_bundle"], "target_ad_set": target, "dry_run": True}
    answer = await made.call("ads_clone_ad_set_bundle", made.filled(bundle))
    assert any("dsa_beneficiary" in note for note in answer.structured["notes"]) is told


def bundled(refuse_the_swap: bool = False) -> ScriptedGraph:
    """A list of ads that shows no more of a creative than its id."""
    client = running(object_story_spec=STORY)
    client.edges[f"{AD_SET}/ads"] = [AD]
    client.answers[("POST", f"{AD}/copies")] = lambda request: {"copied_ad_id": "777"}
    client.objects["777"] = {**client.objects[AD], "id": "777"}
    refused = ApiError("Meta refused the creative.")
    client.refuse = lambda request: refused if refuse_the_swap and request.path == "777" else None
    return client


BUNDLE: dict[str, Any] = {
    "account_id": ACCOUNT,
    "source_ad_set_id": AD_SET,
    "target_ad_set": {"name": "Germany"},
    "creative_overrides": [{"source_ad_id": AD, "name": "Neu", "link_url": NEW}],
    "idempotency_key": "bundle",
}


async def test_an_ad_of_a_bundle_is_copied_and_the_copy_gets_the_changed_creative() -> None:
    client = bundled()
    answer = await call(client, "ads_clone_ad_set_bundle", BUNDLE)
    ad_set, creative, copied, swap = client.writes
    assert [ad_set.path, creative.path] == [f"{ACCOUNT}/adsets", f"{ACCOUNT}/adcreatives"]
    assert on_the_wire(creative)["object_story_spec"]["link_data"]["link"] == NEW
    data = answer.structured["data"]
    assert (copied.path, on_the_wire(copied)["adset_id"]) == (f"{AD}/copies", data["id"])
    made = data["created_creatives"]
    assert (swap.path, on_the_wire(swap)) == ("777", {"creative": {"creative_id": made[0]}, "name": "Neu"})
    assert data["created_ads"] == [{"source_ad_id": AD, "id": "777", "ad_set_id": data["id"]}]


async def test_a_copy_that_keeps_its_earlier_creative_is_named() -> None:
    answer = await call(bundled(refuse_the_swap=True), "ads_clone_ad_set_bundle", BUNDLE)
    assert "777" in answer.structured["error"]["message"]
    assert "777" in answer.structured["error"]["skipped"][0]["reason"]


@pytest.mark.parametrize("status", ["PAUSED", "ACTIVE"])
async def test_an_ad_set_that_got_no_ad_is_told_with_its_true_status(status: str) -> None:
    bundle = {**BUNDLE, "target_ad_set": {"name": "Germany", "status": status}}
    answer = await call(bundled(refuse_the_swap=True), "ads_clone_ad_set_bundle", bundle)
    assert f"was created {status}, but none of its ads" in answer.structured["error"]["message"]


async def test_value_rules_and_attribution_come_along() -> None:
    client = bundled()
    settings = {"is_incremental_attribution_enabled": True, "value_rule_set_id": "999", "value_rules_applied": True}
    client.objects[AD_SET] |= {
        **settings,
        "optimization_sub_event": "TRAVEL_INTENT",
        "max_budget_spend_percentage": "60",
    }
    await call(client, "ads_clone_ad_set_bundle", BUNDLE)
    sent = on_the_wire(client.writes[0])
    assert (sent["value_rule_set_id"], sent["is_incremental_attribution_enabled"]) == ("999", "true")
    assert (sent["optimization_sub_event"], sent["max_budget_spend_percentage"]) == ("TRAVEL_INTENT", "60")


async def test_a_reservation_is_refused_before_anything_is_made() -> None:
    client = bundled()
    client.objects[AD_SET]["rf_prediction_id"] = "77"
    answer = await call(client, "ads_clone_ad_set_bundle", BUNDLE)
    assert "rf_prediction_id" in answer.structured["error"]["message"]
    assert client.writes == []


FEED = {
    "object_story_spec": {"page_id": "1"},
    "asset_feed_spec": {
        "bodies": [{"text": "b"}],
        "link_urls": [{"website_url": "https://old.example.com/1"}, {"website_url": "https://old.example.com/2"}],
        "call_to_action_types": ["SHOP_NOW"],
    },
}
POST = {"object_story_id": "1_2", "call_to_action": {"type": "SHOP_NOW", "value": {"link": "https://old.example.com/"}}}


@pytest.mark.parametrize("creative", [FEED, POST])
async def test_link_and_button_of_an_override_reach_creatives_of_other_shapes(creative: dict[str, Any]) -> None:
    client = bundled()
    client.objects[CREATIVE] = {"id": CREATIVE, "account_id": "1", "name": "Spring", **creative}
    override = {"source_ad_id": AD, "link_url": NEW, "call_to_action_type": "LEARN_MORE"}
    await call(client, "ads_clone_ad_set_bundle", {**BUNDLE, "creative_overrides": [override]})
    sent = str(on_the_wire(client.writes[1]))
    assert "old.example.com" not in sent
    assert NEW in sent
    assert "LEARN_MORE" in sent


@pytest.mark.parametrize(
    ("creative", "override", "said"),
    [
        (FEED, {"headline": "Neu"}, "headline"),
        (POST, {"message": "Neu"}, "message"),
        ({"object_story_id": "1_2"}, {"link_url": NEW}, "link_url"),
        ({"object_story_id": "1_2"}, {"call_to_action_type": "LEARN_MORE"}, "call_to_action_type"),
        (
            {"object_story_spec": {"link_data": {"link": NEW, "child_attachments": [{"link": NEW}]}}},
            {"headline": "Neu"},
            "headline",
        ),
    ],
)
async def test_an_override_without_a_place_is_refused_by_name(
    creative: dict[str, Any], override: dict[str, Any], said: str
) -> None:
    client = bundled()
    client.objects[CREATIVE] = {"id": CREATIVE, "account_id": "1", "name": "Spring", **creative}
    bundle = {**BUNDLE, "creative_overrides": [{"source_ad_id": AD, **override}]}
    answer = await call(client, "ads_clone_ad_set_bundle", bundle)
    assert said in answer.structured["error"]["message"]
    assert client.writes == []


async def test_an_override_of_another_ad_is_refused() -> None:
    client = bundled()
    bundle = {**BUNDLE, "creative_overrides": [{"source_ad_id": "31337", "headline": "Neu"}]}
    answer = await call(client, "ads_clone_ad_set_bundle", bundle)
    assert "31337" in answer.structured["error"]["message"]
    assert client.writes == []
