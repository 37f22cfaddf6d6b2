"""Copies, and the swap of a running ad's link: several steps of which none may be lost."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, ApiError
from tests.support.desk import desk
from tests.support.fake_graph import FakeGraph
from tests.support.write_cases import (
    ACCOUNT,
    AD,
    AD_SET,
    CAMPAIGN,
    CREATIVE,
    OPEN,
    PAGE,
    Case,
    Refused,
    call,
    check,
    on_the_wire,
    shop,
)
from tests.support.write_examples import VALID

TOOL = "ads_duplicate_entity"
RENAMED = {"rename_strategy": "ONLY_TOP_LEVEL_RENAME", "rename_suffix": " - Copy"}
COPIED = {"status_option": "PAUSED", "rename_options": RENAMED, "deep_copy": "true"}


def copy(kind: str, source: str, sent: dict[str, Any], **arguments: Any) -> Case:
    return Case(TOOL, {"entity_type": kind, "entity_id": source, **arguments}, f"{source}/copies", sent)


CASES: dict[str, Case | Refused] = {
    "an ad set": copy("ad_set", AD_SET, COPIED),
    "a campaign": copy("campaign", CAMPAIGN, COPIED),
    "an ad has nothing below it": copy("ad", AD, {name: COPIED[name] for name in COPIED if name != "deep_copy"}),
    "the top alone": copy("ad_set", AD_SET, {**COPIED, "deep_copy": "false"}, deep_copy=False),
    "a suffix of any script": copy(
        "ad_set",
        AD_SET,
        {**COPIED, "rename_options": {**RENAMED, "rename_suffix": " · コピー 🙂"}},
        rename_suffix=" · コピー 🙂",
    ),
    "another campaign": copy("ad_set", AD_SET, {**COPIED, "campaign_id": OPEN}, target_parent_id=OPEN),
    "another ad set": copy(
        "ad",
        AD,
        {"status_option": "PAUSED", "rename_options": RENAMED, "adset_id": AD_SET},
        target_parent_id=AD_SET,
    ),
    "times": copy(
        "ad_set",
        AD_SET,
        {**COPIED, "start_time": "2027-01-04T00:00:00+0100"},
        start_time="2027-01-04T00:00:00+0100",
        end_time=None,
    ),
    "a campaign has no parent": Refused(
        TOOL, {"entity_type": "campaign", "entity_id": CAMPAIGN, "target_parent_id": OPEN}, ["target_parent_id"]
    ),
    "a pixel of a campaign": Refused(
        TOOL,
        {"entity_type": "campaign", "entity_id": CAMPAIGN, "promoted_object": {"page_id": PAGE}},
        ["promoted_object", "ad set"],
        nothing_read=True,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_is_sent_or_refused(case: Case | Refused) -> None:
    await check(case)


PROMOTED = {"entity_type": "ad_set", "entity_id": AD_SET, "promoted_object": {"pixel_id": "41"}}


async def test_a_copy_gets_its_pixel_while_it_is_a_draft() -> None:
    client = shop()
    answer = await call(client, TOOL, PROMOTED)
    first, second = client.writes
    assert (first.path, on_the_wire(first)["status_option"]) == (f"{AD_SET}/copies", "PAUSED")
    assert (second.path, on_the_wire(second)) == (
        answer.structured["data"]["id"],
        {"promoted_object": {"pixel_id": "41"}},
    )


async def test_a_copy_whose_pixel_is_refused_is_named() -> None:
    client = shop()

    def refuse(request: Request) -> AdsError | None:
        return ApiError("That pixel is not yours.") if "promoted_object" in request.params else None

    client.refuse = refuse
    answer = await call(client, TOOL, PROMOTED)
    made = next(key for key in client.edges[f"{AD_SET}/copies"])
    error = answer.structured["error"]
    assert made in error["message"]
    assert "ads_delete_ad_set" in error["next_step"]
    assert len([request for request in client.writes if request.path.endswith("/copies")]) == 1


LINK, NEW = "https://shop.example/old", "https://shop.example/new"
STORY = {
    "page_id": PAGE,
    "instagram_user_id": "17841400000000001",
    "link_data": {
        "link": LINK,
        "message": "m",
        "image_hash": "hash0001",
        "image_crops": {"100x100": [[0, 0], [600, 600]]},
        "call_to_action": {"type": "SHOP_NOW", "value": {"link": LINK}},
    },
}
FEED = {
    "images": [{"hash": "hash0001"}, {"hash": "hash0002"}],
    "link_urls": [{"website_url": LINK}],
    "ad_formats": ["SINGLE_IMAGE"],
}
FEATURES = {"creative_features_spec": {"image_touchups": {"enroll_status": "OPT_OUT"}}}


def moved(value: Any) -> Any:
    """The spec with the new link."""
    if isinstance(value, dict):
        return {key: moved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner) for inner in value]
    return NEW if value == LINK else value


def running(**creative: Any) -> FakeGraph:
    client = shop()
    client.answers[("GET", AD)] = lambda request: client.objects[AD]
    client.objects[CREATIVE] |= {"name": "Spring", "degrees_of_freedom_spec": FEATURES, "url_tags": "a=1", **creative}
    return client


FLEXIBLE = {"object_story_spec": {"page_id": PAGE}, "asset_feed_spec": FEED}


@pytest.mark.parametrize("creative", [{"object_story_spec": STORY}, FLEXIBLE])
async def test_another_link_is_a_faithful_copy_put_on_the_ad(creative: dict[str, Any]) -> None:
    client = running(**creative)
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    made, swap = client.writes
    assert made.path == f"{ACCOUNT}/adcreatives"
    assert on_the_wire(made) == {
        "name": "Spring",
        "degrees_of_freedom_spec": FEATURES,
        "url_tags": "a=1",
        **moved(creative),
    }
    new_id = answer.structured["data"]["creative_id"]
    assert (swap.path, on_the_wire(swap)) == (AD, {"creative": {"creative_id": new_id}})
    assert answer.structured["data"]["previous_creative_id"] == CREATIVE
    assert "review" in " ".join(answer.structured["notes"])
    order = [request.path for request in client.sent]
    assert order.index(new_id) < len(order) - 1 - order[::-1].index(AD)


async def test_other_tags_change_nothing_else() -> None:
    client = running(object_story_spec=STORY)
    await call(client, "ads_update_ad_link", {"ad_id": AD, "url_tags": "b=2"})
    sent = on_the_wire(client.writes[0])
    assert (sent["url_tags"], sent["object_story_spec"]) == ("b=2", STORY)


async def test_a_dry_run_shows_the_difference_and_writes_nothing() -> None:
    client = running(object_story_spec=STORY)
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW, "dry_run": True})
    assert [request for request in client.writes if "execution_options" not in request.params] == []
    difference = answer.structured["data"]["difference"]
    assert {(pair["before"], pair["after"]) for pair in difference.values()} == {(LINK, NEW)}
    assert len(difference) == 2


async def test_a_copy_that_is_not_faithful_stays_off_the_ad() -> None:
    client = running(object_story_spec=STORY)
    spoilt = {"id": "900", "name": "Spring", "object_story_spec": {**STORY, "link_data": {"link": NEW}}}
    client.objects["900"] = spoilt
    client.answers[("POST", f"{ACCOUNT}/adcreatives")] = lambda request: {"id": "900"}
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    assert "900" in answer.structured["error"]["message"]
    assert [request.path for request in client.writes] == [f"{ACCOUNT}/adcreatives"]


@pytest.mark.parametrize(("named", "told"), [({}, True), ({"dsa_beneficiary": "Shop", "dsa_payor": "Agency"}, False)])
async def test_a_bundle_that_moves_to_the_eu_needs_who_benefits_and_who_pays(named: dict[str, str], told: bool) -> None:
    made = desk()
    made.store.patch(made.ids["ad_set"], {"dsa_beneficiary": None, "dsa_payor": None})
    target = {"name": "Germany", "geo_override": {"countries": ["DE"]}, **named}
    bundle = {**VALID["ads_clone_ad_set_bundle"], "target_ad_set": target, "dry_run": True}
    answer = await made.call("ads_clone_ad_set_bundle", made.filled(bundle))
    assert any("dsa_beneficiary" in note for note in answer.structured["notes"]) is told


def bundled(refuse_the_swap: bool = False) -> FakeGraph:
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
