"""The link of a running ad is replaced by a copy of its creative."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scripted_graph import ScriptedGraph
from tests.support.write_cases import (
    ACCOUNT,
    AD,
    CREATIVE,
    PAGE,
    call,
    on_the_wire,
    shop,
)

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


def running(**creative: Any) -> ScriptedGraph:
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
