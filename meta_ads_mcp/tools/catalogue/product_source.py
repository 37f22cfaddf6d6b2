"""Follow a catalog ad to where its items come from: its product set, the catalog, and the feeds with their last upload.

It answers why an ad shows old prices: the feed behind its items could not be read, or refused rows.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.catalogue.feeds import FIELDS as FEED_FIELDS
from meta_ads_mcp.tools.catalogue.feeds import feed_row
from meta_ads_mcp.tools.catalogue.product_filter import describe_filter

# Items of the set that are read to find their feeds.
MAX_ITEMS = 500
KEPT = ("id", "name", "items", "schedule", "update_schedule", "last_upload", "deletion_enabled")
SET_FIELDS = ["id", "name", "filter", "product_count", "product_catalog{id,name}"]


async def product_source(call: Call, set_id: str) -> Row | None:
    """Return the product set of an ad with its catalog and feeds, or None with a note if it cannot be read."""
    product_set = await attempt(call.graph.get(set_id, fields=SET_FIELDS))
    if isinstance(product_set, AdsError):
        call.note(unread(f"Product set {set_id}", product_set))
        return None
    catalog = product_set.get("product_catalog")
    source: Row = {
        "product_set": {
            "id": set_id,
            "name": product_set.get("name"),
            "items": product_set.get("product_count"),
            "filter": describe_filter(product_set.get("filter")),
        },
        "catalog": catalog,
    }
    if isinstance(catalog, dict):
        source["feeds"] = await _feeds(call, set_id, str(catalog["id"]))
        source["next_step"] = _next_step(source, str(catalog["id"]))
    return source


async def _feeds(call: Call, set_id: str, catalog: str) -> list[Row]:
    """Return the feeds of the set's items, those whose last upload went wrong first."""
    counts = await attempt(_count_items(call, set_id))
    feeds = await attempt(call.graph.list(f"{catalog}/product_feeds", fields=["id", *FEED_FIELDS.split()], limit=100))
    if isinstance(feeds, AdsError):
        call.note(unread("The feeds of the catalog", feeds))
        return []
    numbers: Counter[str] = Counter() if isinstance(counts, AdsError) else counts
    rows = []
    for feed in feeds.rows:
        row = {name: value for name, value in feed_row(feed).items() if name in KEPT}
        if numbers[str(row.get("id"))] or not numbers:
            rows.append({**row, "items_of_the_set": numbers[str(row.get("id"))] or None})
    return sorted(rows, key=urgency, reverse=True)


async def _count_items(call: Call, set_id: str) -> Counter[str]:
    items = await call.graph.list(f"{set_id}/products", fields=["id", "product_feed{id}"], limit=MAX_ITEMS)
    feeds: list[Any] = [row.get("product_feed") for row in items.rows]
    return Counter(str(feed.get("id")) for feed in feeds if isinstance(feed, dict))


def urgency(feed: Row) -> int:
    """Return how wrong the last upload of a feed went: 3 if nothing was read, 2 with errors, 1 if items vanished."""
    upload = feed.get("last_upload") or {}
    if upload.get("state") == "nothing could be read":
        return 3
    return 2 if upload.get("errors") else int(bool(upload.get("items_deleted")))


_PROBLEMS = {
    3: "nothing of the last upload could be read, so its items keep old prices and stock",
    2: "the last upload had errors",
    1: "the last upload deleted items",
}


def _next_step(source: Row, catalog: str) -> str:
    if not source["product_set"]["items"]:
        return "The set has no items, so the ad does not show: change its filter with ads_catalog_update_entity."
    worst: Row = next(iter(source["feeds"]), {})
    if urgency(worst):
        return (
            f"{worst.get('name')}: {_PROBLEMS[urgency(worst)]}. ads_catalog_get_product_feed_upload_sessions "
            f"product_feed_id={worst.get('id')} shows since when and why."
        )
    return f"The uploads are fine. ads_catalog_get_diagnostics catalog_id={catalog} shows faults of the items."
