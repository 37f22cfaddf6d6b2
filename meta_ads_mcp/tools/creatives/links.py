"""Give the copy of a creative another link or other URL tags, and say what that leaves unchanged."""

from __future__ import annotations

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.destinations import (
    Destination,
    distinct_links,
    list_destinations,
    replace_links,
    web_destinations,
)
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.creatives.copies import MAX_FIELD_NAMES


def apply_link(copy: Row, link_url: str | None, url_tags: str | None) -> Row:
    """Return the parameters of the new creative. Raises InvalidArguments when no link of it can change."""
    new = dict(copy)
    if url_tags is not None:
        new["url_tags"] = url_tags
    if link_url is None:
        return new
    if not web_destinations(copy):
        raise InvalidArguments(*_why_unchangeable(copy))
    return replace_links(new, link_url)


def _why_unchangeable(copy: Row) -> tuple[str, str]:
    if "object_story_id" in copy or "source_instagram_media_id" in copy:
        return (
            "The link of this ad belongs to the post that it promotes.",
            "Change url_tags alone, or make a new ad with ads_create_ad_creative.",
        )
    kinds = " and ".join(dict.fromkeys(place.kind.value for place in list_destinations(copy)))
    leads = f"leads to {kinds}, not to a web page" if kinds else "has no web address"
    return f"The creative of this ad {leads}.", "Make a new creative with ads_create_ad_creative."


def note_links(copy: Row, link: str) -> list[str]:
    """Name the addresses when several different ones become the same."""
    links = [url for url in distinct_links(copy) if url != link]
    if len(links) < 2:
        return []
    text = ", ".join(links[:MAX_FIELD_NAMES]) + (
        f" and {len(links) - MAX_FIELD_NAMES} more" if len(links) > MAX_FIELD_NAMES else ""
    )
    return [f"The creative had {len(links)} different addresses, and all of them become {link}: {text}."]


def note_remaining(remaining: list[Destination]) -> list[str]:
    """Name the destinations that keep their value."""
    if not remaining:
        return []
    labels = [f"{place.name} ({place.kind.value})" for place in remaining]
    text = ", ".join(labels[:MAX_FIELD_NAMES]) + (
        f" and {len(labels) - MAX_FIELD_NAMES} more" if len(labels) > MAX_FIELD_NAMES else ""
    )
    return [f"Not changed, because link_url cannot replace it: {text}."]
