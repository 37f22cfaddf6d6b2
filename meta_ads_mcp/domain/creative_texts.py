"""Change the texts and the button of an existing creative, wherever its shape holds them.

Sources: the SDK classes AdCreativeLinkData, AdCreativeVideoData, AdCreativePhotoData, AdCreativeTextData and
AdAssetFeedSpec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.core.result import Row

# Part of object_story_spec → text → its key. A text without a key has no place in that part.
_TEXT_KEYS: Mapping[str, Mapping[str, str]] = {
    "link_data": {"message": "message", "headline": "name", "description": "description"},
    "template_data": {"message": "message", "headline": "name", "description": "description"},
    "video_data": {"message": "message", "headline": "title", "description": "link_description"},
    "photo_data": {"message": "caption"},
    "text_data": {"message": "message"},
}
# Texts that each card of a carousel has for itself.
_CARD_TEXTS = ("headline", "description")


def change_texts(creative: Row, texts: Mapping[str, str]) -> tuple[Row, list[str]]:
    """Return the creative with other texts (message, headline, description), and the texts without a place in it."""
    story = creative.get("object_story_spec")
    part = next((name for name in _TEXT_KEYS if isinstance(story, Mapping) and name in story), None)
    if part is None or not isinstance(story, Mapping) or "asset_feed_spec" in creative:
        return creative, list(texts)
    data = dict(story[part])
    keys = {text: key for text, key in _TEXT_KEYS[part].items() if not (text in _CARD_TEXTS and _has_cards(data))}
    data |= {keys[text]: value for text, value in texts.items() if text in keys}
    result = {**creative, "object_story_spec": {**story, part: data}}
    return result, [text for text in texts if text not in keys]


def _has_cards(data: Mapping[str, Any]) -> bool:
    return bool(data.get("child_attachments"))


def change_button(creative: Row, button: str, link: str | None) -> tuple[Row, bool]:
    """Return the creative with another button, and whether it has a place for one.

    `link` is the destination of a button that an existing post gets for the first time.
    """
    feed, story = creative.get("asset_feed_spec"), creative.get("object_story_spec")
    if isinstance(feed, Mapping):
        return {**creative, "asset_feed_spec": _change_feed_button(feed, button)}, True
    if isinstance(story, Mapping):
        part = next((name for name in ("link_data", "template_data", "video_data") if name in story), None)
        if part is None:
            return creative, False
        data = {**story[part], "call_to_action": {**(story[part].get("call_to_action") or {}), "type": button}}
        return {**creative, "object_story_spec": {**story, part: data}}, True
    value = {"value": {"link": link}} if link else {}
    earlier = creative.get("call_to_action")
    if not isinstance(earlier, Mapping) and not link:
        return creative, False
    return {**creative, "call_to_action": {**(earlier or value), "type": button}}, True


def _change_feed_button(feed: Mapping[str, Any], button: str) -> Row:
    actions = feed.get("call_to_actions")
    if not isinstance(actions, list):
        return {**feed, "call_to_action_types": [button]}
    return {
        **feed,
        "call_to_actions": [{**action, "type": button} for action in actions if isinstance(action, Mapping)],
    }
