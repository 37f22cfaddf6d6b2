"""The link of a running ad is replaced by a copy of its creative."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import InvalidArguments
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


@pytest.mark.parametrize("arguments", [{"link_url": LINK}, {"url_tags": "a=1"}, {"link_url": LINK, "url_tags": "a=1"}])
async def test_what_the_ad_has_already_costs_no_new_creative(arguments: dict[str, Any]) -> None:
    client = running(object_story_spec=STORY)
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, **arguments})
    assert client.writes == []
    assert answer.structured["data"]["status"] == "success"
    assert "nothing was changed" in " ".join(answer.structured["notes"])


async def test_a_creative_without_a_web_page_says_where_it_leads() -> None:
    story = {"page_id": PAGE, "link_data": {"link": "https://fb.com/canvas_doc/12", "message": "m"}}
    answer = await call(running(object_story_spec=story), "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    assert "leads to an Instant Experience" in answer.structured["error"]["message"]


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


H = "hash0001"
OLD = "https://old.example.com/a"
BUTTON = {"type": "SHOP_NOW", "value": {"link": f"{OLD}?utm_source=fb"}}
# Creatives of other shapes → the places that link_url changes.
SHAPES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a button with tags of its own": (
        {"object_story_spec": {"page_id": PAGE, "link_data": {"link": OLD, "image_hash": H, "call_to_action": BUTTON}}},
        {"object_story_spec.link_data.link", "object_story_spec.link_data.call_to_action.value.link"},
    ),
    "cards": (
        {
            "object_story_spec": {
                "page_id": PAGE,
                "link_data": {
                    "link": "https://old.example.com/",
                    "child_attachments": [
                        {"link": f"{OLD}1", "name": "A", "image_hash": H},
                        {"link": f"{OLD}2", "name": "B", "image_hash": H},
                    ],
                },
            }
        },
        {
            "object_story_spec.link_data.link",
            "object_story_spec.link_data.child_attachments[0].link",
            "object_story_spec.link_data.child_attachments[1].link",
        },
    ),
    "a catalog": (
        {
            "object_story_spec": {
                "page_id": PAGE,
                "template_data": {"link": OLD, "message": "m", "name": "{{product.name}}"},
            },
            "product_set_id": "123450000000001",
        },
        {"object_story_spec.template_data.link"},
    ),
    "a boosted post with a button": (
        {"object_story_id": f"{PAGE}_88", "call_to_action": BUTTON},
        {"call_to_action.value.link"},
    ),
    "a feed of several links": (
        {
            "object_story_spec": {"page_id": PAGE},
            "asset_feed_spec": {
                "images": [{"hash": H}],
                "link_urls": [
                    {"website_url": OLD, "adlabels": [{"name": "a", "id": "1"}]},
                    {"website_url": f"{OLD}2", "adlabels": [{"name": "b", "id": "2"}]},
                ],
            },
        },
        {"asset_feed_spec.link_urls[0].website_url", "asset_feed_spec.link_urls[1].website_url"},
    ),
}


@pytest.mark.parametrize(("creative", "places"), SHAPES.values(), ids=SHAPES)
async def test_every_place_of_the_link_changes_and_is_shown(creative: dict[str, Any], places: set[str]) -> None:
    client = running(**creative)
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    assert not answer.is_error, answer.text
    assert "old.example.com" not in str(client.writes[0].params)
    data = answer.structured["data"]
    assert {path for path, row in data["difference"].items() if row["after"] == NEW} == places
    assert data["difference"].keys() == places


async def test_a_post_keeps_its_button_and_everything_else() -> None:
    more = {
        "call_to_action": BUTTON,
        "page_welcome_message": "hello",
        "instagram_branded_content": {"sponsor_id": "6"},
        "destination_spec": {"destination_type": "WEBSITE"},
        "use_page_actor_override": True,
    }
    client = running(object_story_id=f"{PAGE}_88", url_tags=None, **more)
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "url_tags": "utm_source=meta"})
    sent = on_the_wire(client.writes[0])
    assert {name: sent[name] for name in more if name != "use_page_actor_override"} == {
        name: value for name, value in more.items() if name != "use_page_actor_override"
    }
    assert sent["use_page_actor_override"] == "true"
    difference = answer.structured["data"]["difference"]
    assert difference == {"url_tags": {"before": None, "after": "utm_source=meta"}}


async def test_what_the_link_cannot_replace_is_named() -> None:
    client = running(object_story_id=f"{PAGE}_88", call_to_action=BUTTON)
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    (row,) = answer.structured["data"]["remaining_destinations"]
    assert (row["place"], row["value"]) == ("object_story_id", f"{PAGE}_88")
    assert any("object_story_id" in note for note in answer.structured["notes"])


async def test_different_addresses_that_become_one_are_named() -> None:
    client = running(**SHAPES["cards"][0])
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    assert any(f"{OLD}1" in note and f"{OLD}2" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(
    ("creative", "said"),
    [
        ({"object_story_id": f"{PAGE}_88"}, "post"),
        ({"object_story_spec": {"page_id": PAGE, "photo_data": {"image_hash": H}}}, "no web address"),
        ({"object_story_spec": STORY, "messenger_sponsored_message": "{}"}, "messenger_sponsored_message"),
    ],
)
async def test_a_link_that_cannot_change_is_refused_unsent(creative: dict[str, Any], said: str) -> None:
    client = running(**creative)
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    assert said in answer.structured["error"]["message"]
    assert client.writes == []


async def test_a_copy_with_an_added_setting_stays_off_the_ad() -> None:
    client = running(object_story_spec=STORY)
    client.objects["900"] = {"id": "900", "name": "Spring", "degrees_of_freedom_spec": FEATURES, "url_tags": "a=1"}
    client.objects["900"] |= {"object_story_spec": moved(STORY), "applink_treatment": "deeplink_with_web_fallback"}
    client.answers[("POST", f"{ACCOUNT}/adcreatives")] = lambda request: {"id": "900"}
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    assert "applink_treatment" in answer.structured["error"]["message"]
    assert [request.path for request in client.writes] == [f"{ACCOUNT}/adcreatives"]


async def test_a_field_that_graph_does_not_have_is_left_out_and_named() -> None:
    client = running(object_story_spec=STORY)
    unknown = InvalidArguments(
        "(#100) Tried accessing nonexisting field (existing_post_title) on node type (AdCreative)"
    )
    client.refuse = lambda request: unknown if "existing_post_title" in str(request.params.get("fields")) else None
    answer = await call(client, "ads_update_ad_link", {"ad_id": AD, "link_url": NEW})
    assert not answer.is_error, answer.text
    assert any("existing_post_title" in note for note in answer.structured["notes"])
