"""Making creatives, and the little that can change of one. Source: docs marketing-api/reference/ad-creative."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, check_name, make, readable
from meta_ads_mcp.sandbox.refusal import invalid, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp
from meta_ads_mcp.sandbox.world.media import CDN

Json = Any
# What a creative can be made of; `object_url` and `link_url` with an image are the old form.
SOURCES = (
    "object_story_spec",
    "object_story_id",
    "source_instagram_media_id",
    "asset_feed_spec",
    "product_set_id",
    "object_id",
    "object_url",
    "link_url",
)
STORY_PARTS = ("link_data", "video_data", "photo_data", "template_data", "text_data")
MAX_ASSETS = 10
NO_STANDARD_ENHANCEMENTS, NO_INSTAGRAM, BAD_CAROUSEL = 3858504, 1815199, 1885553


@serves("POST", "AdAccount/adcreatives")
def create(ask: Ask) -> Json:
    """Make a creative."""
    check_creative(ask, ask.params)
    return {"id": make_creative(ask, ask.params).id}


@serves("POST", "AdCreative")
def update(ask: Ask) -> Json:
    """The name, labels and status; anything else is a new creative (the spec refuses other params)."""
    check_name(ask.params)
    change(ask, ask.node, readable(ask, "AdCreative", {k: v for k, v in ask.params.items() if k != "account_id"}))
    return SUCCESS


@serves("DELETE", "AdCreative")
def delete(ask: Ask) -> Json:
    """Delete a creative; it stays readable by its id."""
    change(ask, ask.node, {"status": "DELETED"})
    return SUCCESS


def check_creative(ask: Ask, spec: Mapping[str, Json]) -> None:
    """Refuse a creative whose parts are missing, belong to another account, or do not fit together."""
    check_name(spec)
    if not any(spec.get(name) for name in SOURCES):
        raise invalid(None, "A creative needs an object_story_spec, an object_story_id or a source post")
    features = (spec.get("degrees_of_freedom_spec") or {}).get("creative_features_spec") or {}
    if "standard_enhancements" in features:
        raise invalid(NO_STANDARD_ENHANCEMENTS, "standard_enhancements is no longer taken", "degrees_of_freedom_spec")
    _check_story(ask, spec)
    _check_feed(spec.get("asset_feed_spec") or {})
    _check_polls(spec)
    _check_buttons(ask, spec)
    check_product_set(ask, spec.get("product_set_id"))
    for name, value in leaves(spec):
        _check_leaf(ask, name, value)


def _check_buttons(ask: Ask, spec: Json) -> None:
    """Refuse a button that Meta does not have, wherever the spec has a call to action."""
    if isinstance(spec, list):
        for item in spec:
            _check_buttons(ask, item)
    elif isinstance(spec, Mapping):
        for name, value in spec.items():
            kind = value.get("type") if name == "call_to_action" and isinstance(value, Mapping) else None
            if kind is not None and kind not in ask.graph.spec.enum("AdCreative.CallToActionType"):
                raise invalid(None, f"{kind} is not a type of call_to_action", "call_to_action")
            _check_buttons(ask, value)


def _check_polls(spec: Mapping[str, Json]) -> None:
    """Refuse polls. Meta blog, 2026-07-29, Graph API v26.0: poll and survey creatives are rejected."""
    components = (spec.get("interactive_components_spec") or {}).get("components") or ()
    if "poll_spec" in json.dumps(spec) or any(str(item.get("type")).upper() == "POLL" for item in components):
        raise invalid(None, "Poll creatives are no longer available", "interactive_components_spec")


def _check_story(ask: Ask, spec: Mapping[str, Json]) -> None:
    story = spec.get("object_story_spec")
    if story is not None:
        page = story.get("page_id")
        pages = ask.graph.world.store.links.get((f"act_{ask.node.account}", "promote_pages"), ())
        if page is None:
            raise invalid(None, "object_story_spec needs a page_id", "object_story_spec")
        if page not in pages:
            raise unknown_node(str(page), ask.call.method)
        if not any(story.get(part) for part in STORY_PARTS) and not spec.get("asset_feed_spec"):
            raise invalid(None, f"object_story_spec needs one of {', '.join(STORY_PARTS)}", "object_story_spec")
        _check_cards((story.get("link_data") or {}).get("child_attachments"))
    post = spec.get("object_story_id")
    if post is not None and ask.graph.find(str(post)) is None:
        raise unknown_node(str(post), ask.call.method)


def check_product_set(ask: Ask, set_id: Json) -> None:
    """Refuse an id that is not one of a product set."""
    node = ask.graph.find(str(set_id)) if set_id else None
    if set_id and (node is None or node.type != "ProductSet"):
        raise unknown_node(str(set_id), ask.call.method)


def _check_cards(cards: Json) -> None:
    if cards is None:
        return
    complete = all(isinstance(card, dict) and card.get("link") for card in cards)
    if not 2 <= len(cards) <= MAX_ASSETS or not complete:
        raise invalid(BAD_CAROUSEL, "A carousel has 2 to 10 cards, each with a link", "child_attachments")


def _check_feed(feed: Mapping[str, Json]) -> None:
    for kind in ("images", "videos", "bodies", "titles", "descriptions"):
        if len(feed.get(kind) or []) > MAX_ASSETS:
            raise invalid(None, f"asset_feed_spec has more than {MAX_ASSETS} {kind}", "asset_feed_spec")


def leaves(spec: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    """Every scalar of a spec with the name of its key, at any depth."""
    if isinstance(spec, Mapping):
        for key, value in spec.items():
            yield from leaves(value, str(key))
    elif isinstance(spec, list):
        for value in spec:
            yield from leaves(value, name)
    else:
        yield name, spec


def _check_leaf(ask: Ask, name: str, value: Json) -> None:
    """Pictures, films and profiles are known; a call is a link, not a number."""
    account, store = ask.node.account, ask.graph.world.store
    if name == "phone_number":
        raise invalid(None, "call_to_action.value has no key phone_number", "call_to_action")
    if name in ("link", "website_url") and not re.match(
        r"(?i)[a-z][a-z0-9+.-]*:|\{\{|([\w-]+\.)+[a-z]{2,}", str(value)
    ):
        raise invalid(None, f"The link {value} is not a URL", name)
    if name in ("image_hash", "hash") and f"{account}:{value}" not in store.nodes:
        raise invalid(None, f"The image hash {value} is not one of this account", "image_hash")
    if name == "video_id":
        _check_video(ask, str(value))
    if name == "instagram_user_id":
        node = store.nodes.get(str(value))
        if node is None or node.type != "IGUser":
            raise invalid(NO_INSTAGRAM, "The Instagram account cannot be used by this ad account", name)


def _check_video(ask: Ask, video_id: str) -> None:
    video = ask.graph.find(video_id)
    if video is None or video.type != "AdVideo":
        raise unknown_node(video_id, ask.call.method)
    status = video.get("status") or {}
    if status.get("video_status") != "ready":
        raise invalid(None, f"The video {video_id} is not ready for use in an ad", "video_id")


def make_creative(ask: Ask, spec: Mapping[str, Json]) -> GraphNode:
    """The new creative, with the post that Graph makes of it."""
    settings = readable(ask, "AdCreative", spec)
    new_id = ask.graph.world.store.new_id()
    fields = {
        "id": new_id,
        "account_id": ask.node.account,
        "name": f"Creative {new_id}",
        "status": "ACTIVE",
        "thumbnail_url": f"{CDN}/{new_id}_64.jpg",
        "contextual_multi_ads": {"enroll_status": "OPT_IN"},
        **_derive_fields(ask, spec),
        **settings,
    }
    return make(ask, "AdCreative", fields, [(f"act_{ask.node.account}", "adcreatives")])


def _derive_fields(ask: Ask, spec: Mapping[str, Json]) -> dict[str, Json]:
    """Return what Graph shows of a story beside the story itself."""
    story = spec.get("object_story_spec") or {}
    if not story:
        post = spec.get("object_story_id")
        return {"effective_object_story_id": post, "actor_id": str(post).partition("_")[0]} if post else {}
    page = str(story["page_id"])
    link, video = story.get("link_data") or {}, story.get("video_data") or {}
    button = (link or video).get("call_to_action") or {}
    fields = {
        "actor_id": page,
        "body": link.get("message") or video.get("message"),
        "title": link.get("name") or video.get("title"),
        "image_hash": link.get("image_hash"),
        "link_url": link.get("link"),
        "video_id": video.get("video_id"),
        "call_to_action_type": button.get("type"),
        "instagram_user_id": story.get("instagram_user_id"),
        "object_type": "VIDEO" if video else "SHARE",
        "effective_object_story_id": _post(ask, page, link.get("message") or video.get("message")),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _post(ask: Ask, page: str, message: Json) -> str:
    """The unpublished post of a creative."""
    store = ask.graph.world.store
    post_id = f"{page}_{store.new_id('122')}"
    fields = {"id": post_id, "created_time": stamp(ask.graph.clock()), "message": message}
    store.add(GraphNode(post_id, "PagePost", {name: value for name, value in fields.items() if value is not None}))
    return post_id
