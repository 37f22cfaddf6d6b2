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
    assert f"was made, {status}, but none of its ads" in answer.structured["error"]["message"]
