"""Collect the images and videos of a creative from all places that can hold them.

Sources: AdCreative, AdCreativeLinkData, AdCreativeVideoData and AdAssetFeedSpec of the SDK.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meta_ads_mcp.core.result import Row

# The creative fields that the functions below read.
FIELDS = "id image_hash image_url thumbnail_url video_id object_story_spec asset_feed_spec".split()


def image_hashes(creative: Row) -> list[str]:
    """Return the distinct library hashes of the creative's images."""
    link = _at(creative, "object_story_spec", "link_data")
    values = [
        creative.get("image_hash"),
        link.get("image_hash"),
        *(card.get("image_hash") for card in _rows(link.get("child_attachments"))),
        _at(creative, "object_story_spec", "photo_data").get("image_hash"),
        *(image.get("hash") for image in _rows(_at(creative, "asset_feed_spec").get("images"))),
    ]
    return _distinct(values)


def image_urls(creative: Row) -> list[str]:
    """Return the distinct image URLs of the creative, largest first; the small thumbnail is last.

    `image_urls_for_viewing` only appears in answers for old creatives. Graph does not accept it in `fields`.
    """
    link = _at(creative, "object_story_spec", "link_data")
    viewing = creative.get("image_urls_for_viewing")
    values = [
        *(viewing if isinstance(viewing, list) else [viewing]),
        creative.get("image_url"),
        link.get("picture"),
        *(card.get("picture") for card in _rows(link.get("child_attachments"))),
        _at(creative, "object_story_spec", "video_data").get("image_url"),
        creative.get("thumbnail_url"),
    ]
    return [url for url in _distinct(values) if url.startswith("https://")]


def video_ids(creative: Row) -> list[str]:
    """Return the distinct ids of the creative's videos."""
    link = _at(creative, "object_story_spec", "link_data")
    values = [
        _at(creative, "object_story_spec", "video_data").get("video_id"),
        *(video.get("video_id") for video in _rows(_at(creative, "asset_feed_spec").get("videos"))),
        *(card.get("video_id") for card in _rows(link.get("child_attachments"))),
        creative.get("video_id"),
    ]
    return [item for item in _distinct(values) if item.isascii() and item.isdigit()]


def _at(creative: Row, *path: str) -> Mapping[str, Any]:
    """Return the object at a path, or an empty one."""
    value: Any = creative
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _rows(value: Any) -> Iterator[Mapping[str, Any]]:
    return (item for item in (value if isinstance(value, list) else []) if isinstance(item, Mapping))


def _distinct(values: Iterable[Any]) -> list[str]:
    """Return the distinct non-empty texts. A video id may be a number."""
    return list(dict.fromkeys(str(item) for item in values if item and isinstance(item, str | int)))
