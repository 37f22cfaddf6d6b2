"""The images and videos that a creative shows, from whichever of its places holds them.

Sources: AdCreative, AdCreativeLinkData, AdCreativeVideoData and AdAssetFeedSpec of the SDK.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meta_ads_mcp.core.result import Row

# What has to be read of a creative for the functions below.
FIELDS = "id image_hash image_url thumbnail_url video_id object_story_spec asset_feed_spec".split()


def image_hashes(creative: Row) -> list[str]:
    """The hashes of its images in the account's library, each once."""
    link = _at(creative, "object_story_spec", "link_data")
    found = [
        creative.get("image_hash"),
        link.get("image_hash"),
        *(card.get("image_hash") for card in _rows(link.get("child_attachments"))),
        _at(creative, "object_story_spec", "photo_data").get("image_hash"),
        *(image.get("hash") for image in _rows(_at(creative, "asset_feed_spec").get("images"))),
    ]
    return _texts(found)


def image_urls(creative: Row) -> list[str]:
    """Addresses of its image, the best first, each once; the thumbnail, which is small, comes last.

    `image_urls_for_viewing` is in answers of old creatives alone; Graph knows no such field to ask for.
    """
    link = _at(creative, "object_story_spec", "link_data")
    viewing = creative.get("image_urls_for_viewing")
    found = [
        *(viewing if isinstance(viewing, list) else [viewing]),
        creative.get("image_url"),
        link.get("picture"),
        *(card.get("picture") for card in _rows(link.get("child_attachments"))),
        _at(creative, "object_story_spec", "video_data").get("image_url"),
        creative.get("thumbnail_url"),
    ]
    return [url for url in _texts(found) if url.startswith("https://")]


def video_ids(creative: Row) -> list[str]:
    """The ids of its videos, each once."""
    link = _at(creative, "object_story_spec", "link_data")
    found = [
        _at(creative, "object_story_spec", "video_data").get("video_id"),
        *(video.get("video_id") for video in _rows(_at(creative, "asset_feed_spec").get("videos"))),
        *(card.get("video_id") for card in _rows(link.get("child_attachments"))),
        creative.get("video_id"),
    ]
    return [item for item in _texts(found) if item.isascii() and item.isdigit()]


def _at(creative: Row, *path: str) -> Mapping[str, Any]:
    """The object at that place; empty where there is none."""
    value: Any = creative
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _rows(value: Any) -> Iterator[Mapping[str, Any]]:
    return (item for item in (value if isinstance(value, list) else []) if isinstance(item, Mapping))


def _texts(found: Iterable[Any]) -> list[str]:
    """Texts that are there, each once. A video's id may come as a number."""
    return list(dict.fromkeys(str(item) for item in found if item and isinstance(item, str | int)))
