"""What Meta finds wrong with a catalog: diagnostics, checks for dynamic ads, events and how many match an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.catalogs import items_under, serves_catalog
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.catalogs import HIGH_MATCH, catalog_of
from meta_ads_mcp.sandbox.world.shop import ITEM_FAULTS

Json = Any
GOOD_MATCH = 0.9  # a lower share is an issue
DAYS = 28  # docs: marketing-api/reference/product-catalog/event_stats
EVENTS = {"ViewContent": 4200, "AddToCart": 610, "Purchase": 140}
DEVICES = (("mobile_iphone", 0.5), ("mobile_android_phone", 0.3), ("desktop", 0.2))
MAX_SAMPLES = 3
TYPES = {"AdsPixel": "PIXEL", "Application": "APP"}


@serves_catalog("GET", "ProductCatalog/diagnostics")
def diagnostics(ask: Ask) -> EdgeListing:
    """Return groups of what is wrong, as far as the params select them."""
    selectors: dict[str, Callable[[dict[str, Json]], set[Json]]] = {
        "severities": lambda row: {row["severity"]},
        "types": lambda row: {row["type"]},
        "affected_channels": lambda row: set(row["affected_channels"]),
        "affected_entities": lambda row: {row["affected_entity"]},
        "affected_features": lambda row: set(row.get("affected_features", ())),
    }
    rows = [
        row
        for row in _groups(ask)
        if all(not ask.params.get(name) or values(row) & set(ask.params[name]) for name, values in selectors.items())
    ]
    return EdgeListing(rows)


def _groups(ask: Ask) -> Iterator[dict[str, Json]]:
    items = items_under(ask)
    for number, fault in enumerate(ITEM_FAULTS):
        hits = [
            item for item in items if any(row["error_type"] == fault.error_type for row in item.get("errors") or ())
        ]
        if hits:
            samples = [{"id": item.id, "retailer_id": item.get("retailer_id")} for item in hits[:MAX_SAMPLES]]
            yield {
                "title": fault.title,
                "subtitle": f"{len(hits)} items are affected.",
                "severity": fault.severity,
                "type": fault.kind,
                "error_code": 3_300_100 + number,
                "affected_entity": "product_item",
                "affected_channels": ["da", "shops"],
                "number_of_affected_items": len(hits),
                "number_of_affected_entities": len(hits),
                "diagnostics": [{"error_type": fault.error_type, "sample_affected_items": samples}],
            }
    if _match_rate(ask, ask.node.id) < GOOD_MATCH and _sources(ask):
        yield {
            "title": "Events do not match items of the catalog",
            "subtitle": "Many content ids of your events are not in this catalog.",
            "severity": "MUST_FIX",
            "type": "EVENT_SOURCE_ISSUES",
            "error_code": 3_300_190,
            "affected_entity": "product_event",
            "affected_channels": ["da"],
            "number_of_affected_items": 0,
            "number_of_affected_entities": len(_sources(ask)),
            "diagnostics": [{"error_type": "UNMATCHED_EVENTS"}],
        }


def _match_rate(ask: Ask, catalog: str) -> float:
    return float(ask.graph.world.store.memory.get(("match_rate", catalog), HIGH_MATCH))


def _sources(ask: Ask) -> list[GraphNode]:
    return ask.graph.world.store.children(ask.node.id, "external_event_sources")


@serves_catalog("GET", "ProductCatalog/external_event_sources")
def event_sources(ask: Ask) -> EdgeListing:
    """Return the connected pixels and apps. Shape: SDK class ExternalEventSource."""
    rows = [
        {"id": source.id, "name": source.get("name"), "source_type": TYPES.get(source.type, source.type)}
        for source in _sources(ask)
    ]
    return EdgeListing(rows)


@serves_catalog("GET", "ProductCatalog/event_stats")
def event_stats(ask: Ask) -> EdgeListing:
    """Return per day, source and event how many content ids are those of items. The newest day is first."""
    today = ask.graph.clock().date()
    parts = DEVICES if ask.params.get("breakdowns") else (("", 1.0),)
    rows = []
    for back in range(1, DAYS + 1):
        day = (today - timedelta(days=back)).isoformat()
        for source in _sources(ask):
            for event, count in EVENTS.items():
                rows += [
                    _stat(source, event, device, round(count * share), _match_rate(ask, ask.node.id), day)
                    for device, share in parts
                ]
    return EdgeListing(rows)


def _stat(source: GraphNode, event: str, device: str, count: int, rate: float, day: str) -> dict[str, Json]:
    hits, unique = round(count * rate), max(1, count // 5)
    row = {
        "date_start": day,
        "date_stop": day,
        "event": event,
        "event_source": {"id": source.id, "name": source.get("name"), "source_type": "PIXEL"},
        "total_matched_content_ids": hits,
        "total_unmatched_content_ids": count - hits,
        "unique_matched_content_ids": round(unique * rate),
        "unique_unmatched_content_ids": unique - round(unique * rate),
        "total_content_ids_matched_other_catalogs": 0,
        "unique_content_ids_matched_other_catalogs": 0,
    }
    return row | ({"device_type": device} if device else {})


@serves_catalog("GET", "ProductSet/da_checks")
def set_checks(ask: Ask) -> Json:
    """Return the checks of a product set. Shape of a row: SDK class DACheck."""
    store = ask.graph.world.store
    catalog = catalog_of(store, ask.node) or ""
    has_items = bool(items_under(ask))
    has_source = bool(store.links.get((catalog, "external_event_sources")))
    matches_items = _match_rate(ask, catalog) >= GOOD_MATCH
    rows = [
        _check("product_set_not_empty", "The product set has items", has_items, "Change the filter of the set."),
        _check("event_source_connected", "An event source is connected", has_source, "Connect a pixel or an app."),
        _check("match_rate", "Events match items", matches_items, "Send the ids of the catalog as content_ids."),
    ]
    keys = ask.params.get("checks")
    return {
        "data": [
            row
            for row in rows
            if (not keys or row["key"] in keys) and (not ask.params.get("with_issue_only") or row["result"] == "failed")
        ]
    }


def _check(key: str, title: str, passes: bool, message: str) -> dict[str, str]:
    more = {} if passes else {"user_message": message, "action_uri": f"https://business.facebook.com/{key}?ref=x"}
    return {"key": key, "title": title, "description": f"{title}.", "result": "passed" if passes else "failed", **more}
