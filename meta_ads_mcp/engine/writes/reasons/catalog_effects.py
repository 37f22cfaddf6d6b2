"""Derive from a request what it does to a catalog: items that go or are hidden, and where ads with them lead.

The earlier values come from what was read before the change. One that nobody knows counts as the worst case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.catalog_kinds import MAX_UNASKED_ITEMS, leads_somewhere, new_addresses
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.write import Change

LEADS = "it changes where ads with these items lead"
OTHER_SOURCE = "the feed then takes its items from another website, with their texts, prices and links"
OVERRIDES = "the feed overrides items of other feeds, with their texts, prices and links"
SHOWN_ELSEWHERE = "it changes which items running ads show"
HIDES = "it hides the product, so that ads do not show it"
MISSING_GO = "items that are missing from a file are then deleted"
REPLACES = "the file replaces the feed: items that are missing from it can be removed"
STOPS = "retargeting by products stops for ads that rely on these sources"
MANY = f"it changes more than {MAX_UNASKED_ITEMS} items that running ads may show"
_SCHEDULES = ("schedule", "update_schedule")


def deletes_items(change: Change) -> bool:
    """Return whether items of a catalog are deleted: by a batch, or by a feed that deletes what its file lacks.

    Source: Meta docs, marketing-api/reference/product-catalog/items_batch and product-feed (update_only, schedule).
    """
    is_enabled = _values(change).get("deletion_enabled") is True
    return is_enabled or bool(_deleted_items(change)) or _replaces_feed(change) or _starts_deleting(change)


def catalog_reasons(change: Change) -> Iterator[str]:
    """Yield the reasons to ask a person about a change of a catalog, a product set, a feed or items."""
    edge = _edge(change)
    if edge == "items_batch":
        yield from _batch_reasons(change)
    if _replaces_feed(change):
        yield REPLACES
    if _starts_deleting(change):
        yield MISSING_GO
    if edge == "external_event_sources" and change.request.method == "DELETE":
        yield STOPS
    if edge in ("uploads", "") and _has_other_source(change):
        yield OTHER_SOURCE
    yield from _feed_reasons(change)
    yield from _value_reasons(change)


def _edge(change: Change) -> str:
    return change.request.path.partition("/")[2].rpartition("/")[2]


def _earlier(change: Change) -> Row:
    return {**change.context, **change.before}


def _values(change: Change) -> Row:
    return {**change.request.params, **change.after}


# ---- batches of items


def _deleted_items(change: Change) -> int:
    if _edge(change) != "items_batch":
        return 0
    return sum(request.get("method") == "DELETE" for request in change.request.params.get("requests") or ())


def _batch_reasons(change: Change) -> Iterator[str]:
    requests = change.request.params.get("requests") or ()
    if deletions := _deleted_items(change):
        yield f"it deletes {deletions} items, which cannot be undone"
    if len(requests) > MAX_UNASKED_ITEMS:
        yield MANY
    earlier = change.context.get("items")
    if any(new_addresses(request, earlier) for request in requests):
        yield LEADS


# ---- feeds


def _replaces_feed(change: Change) -> bool:
    return _edge(change) == "uploads" and not change.request.params.get("update_only")


def _starts_deleting(change: Change) -> bool:
    """Return whether a feed begins to delete what its file lacks, or does so by another file."""
    if change.node != "ProductFeed":
        return False
    values, earlier = _values(change), _earlier(change)
    if values.get("deletion_enabled") is True and earlier.get("deletion_enabled") is not True:
        return True
    # Graph enables deletions unless it is told otherwise.
    deletes = values.get("deletion_enabled", earlier.get("deletion_enabled")) is not False
    address = _address(values.get("schedule"))
    return deletes and address is not None and address != _address(earlier.get("schedule"))


def _has_other_source(change: Change) -> bool:
    """Return whether a feed that has items takes them from a host that none of its schedules names."""
    values, earlier = _values(change), _earlier(change)
    if change.node == "ProductFeedUpload":
        new = [values.get("url")]
    elif change.node == "ProductFeed" and change.object_id is not None:
        new = [_address(values.get(name)) for name in _SCHEDULES]
    else:
        return False
    is_empty = earlier.get("product_count") == 0
    hosts = {_host(_address(earlier.get(name))) for name in _SCHEDULES}
    return not is_empty and any(_host(address) not in hosts for address in new if address)


def _feed_reasons(change: Change) -> Iterator[str]:
    values = _values(change)
    is_new_feed = change.node == "ProductFeed" and change.object_id is None
    if is_new_feed and values.get("primary_feed_ids") and any(values.get(name) for name in _SCHEDULES):
        yield OVERRIDES
    if change.node == "ProductFeedRule" and change.request.method == "POST" and "params" in values:
        attribute = values.get("attribute", _earlier(change).get("attribute"))
        if attribute is None or leads_somewhere(str(attribute)):
            yield LEADS


def _address(schedule: Any) -> str | None:
    """Return the address of a schedule, given as an object or as JSON text; None if there is none."""
    if isinstance(schedule, str):
        try:
            schedule = json.loads(schedule)
        except ValueError:
            return str(schedule)
    return str(schedule.get("url")) if isinstance(schedule, Mapping) else None


def _host(address: Any) -> str | None:
    """Return the host of an address, empty if it has none; None without an address."""
    if not address:
        return None
    try:
        host: str | None = urlsplit(str(address)).hostname
    except ValueError:
        host = None
    return host or ""


# ---- product sets and single items


def _value_reasons(change: Change) -> Iterator[str]:
    if change.object_id is None or change.request.method != "POST" or _edge(change):
        return
    values, earlier = _values(change), _earlier(change)
    if change.node == "ProductSet":
        if "filter" in values:
            yield SHOWN_ELSEWHERE
        new, old = values.get("metadata"), earlier.get("metadata", earlier.get("latest_metadata"))
        if isinstance(new, Mapping) and _differs_in_addresses(new, old if isinstance(old, Mapping) else {}):
            yield LEADS
    if change.node == "ProductItem":
        if values.get("visibility") not in (None, "published", earlier.get("visibility")):
            yield HIDES
        if _differs_in_addresses(values, earlier):
            yield LEADS


def _differs_in_addresses(values: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    return any(leads_somewhere(name) and not same_value(earlier.get(name), item) for name, item in values.items())
