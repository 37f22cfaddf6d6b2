"""`POST ProductCatalog/items_batch`: checked now, carried out later, with an outcome per item.

Source: Meta docs, marketing-api/catalog-batch and marketing-api/reference/product-catalog/items_batch.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from meta_ads_mcp.sandbox.edges.feed_rules import apply_rules
from meta_ads_mcp.sandbox.edges.registry import Ask
from meta_ads_mcp.sandbox.edges.writing import allow
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, is_required
from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world.build import stamp
from meta_ads_mcp.sandbox.world.shop import (
    ITEM_DEFAULTS,
    WITHOUT_SUBUNIT,
    errors_of,
    money_text,
    review_of,
)

Json = Any
MAX_REQUESTS = 5_000
MAX_BYTES = 28 * 1024 * 1024
MAX_BATCHES = 8  # per catalog and minute; Meta's allowance grows with the number of visitors
DUE_SECONDS = 30
REQUIRED = ("title", "description", "availability", "condition", "price", "link", "image_link")
# Attributes of feeds and of the Batch API -> fields of an item.
FIELDS = {
    "title": "name",
    "link": "url",
    "image_link": "image_url",
    "item_group_id": "retailer_product_group_id",
    "google_product_category": "category",
    **{
        name: name
        for name in (
            "description", "availability", "condition", "brand", "product_type", "color", "size", "gender", "age_group",
            "material", "pattern", "gtin", "inventory", "visibility", "custom_label_0", "custom_label_1",
            "custom_label_2", "custom_label_3", "custom_label_4", "fb_product_category", "mobile_link",
            "short_description", "rich_text_description", "sale_price_effective_date", "additional_image_link",
            "quantity_to_sell_on_facebook", "status", "video", "origin_country", "expiration_date",
        )
    },
}  # fmt: skip
NOT_READABLE = frozenset({"sale_price_effective_date", "additional_image_link", "status", "video", "expiration_date"})
PRICE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{2}))? ([A-Z]{3})")


@dataclass
class Batch:
    """A batch that was accepted. `errors` are those of Graph's answer, one per refused item."""

    handle: str
    requests: list[Mapping[str, Json]]
    allow_upsert: bool
    start: float
    looks: int = 0
    is_done: bool = False
    errors: list[dict[str, Json]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def too_many_batches() -> Refusal:
    """Return the refusal of a batch beyond the quota of a catalog, 80014."""
    text = "(#80014) There have been too many calls for the batch uploads to this catalog account. Wait a bit."
    return Refusal(text, code=80014)


def accept(ask: Ask) -> Json:
    """Check the form of a batch and store it. What is wrong with an item shows in `check_batch_request_status`."""
    requests = ask.params.get("requests")
    if not ask.params.get("item_type"):
        raise is_required("item_type")
    if not isinstance(requests, list) or not requests:
        raise is_required("requests")
    if len(requests) > MAX_REQUESTS:
        raise invalid(None, f"A batch has at most {MAX_REQUESTS} requests", "requests")
    if len(ask.call.params.get("requests", "").encode()) > MAX_BYTES:
        raise invalid(None, "The payload is larger than 28 MB", "requests")
    for request in requests:
        if not isinstance(request, dict) or request.get("method") not in ("CREATE", "UPDATE", "DELETE"):
            raise invalid(None, "Each request has a method: CREATE, UPDATE or DELETE", "requests")
    allow(ask, "items_batch", ask.node.id, most=MAX_BATCHES, within=timedelta(minutes=1), refusal=too_many_batches())
    batches = _batches(ask.graph.world.store, ask.node.id)
    handle = f"Ac{sha256(f'{ask.node.id}/{len(batches)}'.encode()).hexdigest()[:40]}"
    upsert = bool(ask.params.get("allow_upsert", True))
    batches[handle] = Batch(handle, requests, upsert, ask.graph.clock().timestamp())
    invalid_rows = [_status_of(request) for request in requests]
    return {"handles": [handle], "validation_status": [row for row in invalid_rows if row]}


def _status_of(request: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return what is wrong with the form of a request at once, without looking at the item."""
    data = request.get("data")
    if isinstance(data, dict) and data.get("id"):
        return None
    return {"retailer_id": None, "errors": [{"message": "The field 'id' is required"}], "warnings": []}


def _batches(store: Store, catalog: str) -> dict[str, Batch]:
    batches: dict[str, Batch] = store.memory.setdefault(("batches", catalog), {})
    return batches


def status(ask: Ask) -> dict[str, Json]:
    """Return the state of a batch: started at the first look, finished from the second one on."""
    handle = ask.params.get("handle")
    if not handle:
        raise is_required("handle")
    batch = _batches(ask.graph.world.store, ask.node.id).get(str(handle))
    if batch is None:
        raise invalid(None, "The handle is not one of this catalog", "handle")
    batch.looks += 1
    if batch.looks > 1:
        carry_out(ask, ask.node.id, batch)
    loads_ids = bool(ask.params.get("load_ids_of_invalid_requests"))
    return {
        "handle": batch.handle,
        "status": "finished" if batch.is_done else "started",
        "errors": batch.errors[:100],
        "errors_total_count": len(batch.errors),
        "warnings": [],
        "warnings_total_count": 0,
        "ids_of_invalid_requests": batch.refusals if loads_ids else [],
    }


def carry_out_due(ask: Ask, catalog: str) -> None:
    """Carry out the batches of a catalog that were accepted some time ago."""
    now = ask.graph.clock().timestamp()
    for batch in ask.graph.world.store.memory.get(("batches", catalog), {}).values():
        if now - batch.start >= DUE_SECONDS:
            carry_out(ask, catalog, batch)


def carry_out(ask: Ask, catalog: str, batch: Batch) -> None:
    """Do what a batch asks for, item by item. Whatever is wrong with one does not stop the others."""
    if batch.is_done:
        return
    batch.is_done = True
    shelf = Shelf(ask.graph.world.store, catalog)
    for line, request in enumerate(batch.requests):
        problem = shelf.apply(request, upsert=batch.allow_upsert)
        if problem is not None:
            item_id = str((request.get("data") or {}).get("id") or "")
            batch.errors.append({"line": line, "id": item_id, "message": problem})
            batch.refusals.append(item_id)
    shelf.save()


class Shelf:
    """The items of a catalog by retailer id, while they are changed."""

    def __init__(self, store: Store, catalog: str, feed_id: str | None = None) -> None:
        self._store = store
        self._catalog = catalog
        self._feed_id = feed_id
        self._items = {str(item.get("retailer_id")): item for item in store.children(catalog, "products")}

    @property
    def retailer_ids(self) -> set[str]:
        return set(self._items)

    def apply(self, request: Mapping[str, Json], *, upsert: bool) -> str | None:
        """Carry out one request. Return what is wrong with it, or None."""
        data = request.get("data")
        if not isinstance(data, Mapping) or not data.get("id"):
            return "The field 'id' is required"
        retailer_id, method = str(data["id"]), str(request["method"])
        if method == "DELETE":
            return self.delete(retailer_id)
        item = self._items.get(retailer_id)
        fields = self._refuse(retailer_id, method, upsert=upsert) or read_attributes(data)
        if isinstance(fields, str):
            return fields
        if item is not None:
            self._replace(item, fields)
            return None
        missing = next((name for name in REQUIRED if not data.get(name)), None)
        if missing is None:
            self.create(retailer_id, fields)
        return f"Invalid value: You cannot create an item without required field {missing}" if missing else None

    def _refuse(self, retailer_id: str, method: str, *, upsert: bool) -> str | None:
        is_known = retailer_id in self._items
        if not is_known and method == "UPDATE" and not upsert:
            return f"Invalid value: the item {retailer_id} does not exist in this catalog"
        if is_known and method == "CREATE" and not upsert:
            return f"Invalid value: an item {retailer_id} exists already"
        return None

    def create(self, retailer_id: str, fields: Mapping[str, Json]) -> GraphNode:
        item_id = self._store.new_id("259")
        values = {"id": item_id, "retailer_id": retailer_id, "visibility": "published", **fields}
        values |= {"product_catalog": {"id": self._catalog}}
        if self._feed_id:
            values["product_feed"] = {"id": self._feed_id}
        node = GraphNode(item_id, "ProductItem", reviewed(values), default_fields=ITEM_DEFAULTS)
        self._store.add(node)
        self._items[retailer_id] = node
        return node

    def delete(self, retailer_id: str) -> str | None:
        item = self._items.pop(retailer_id, None)
        if item is None:
            return f"Invalid value: the item {retailer_id} does not exist in this catalog"
        self._store.remove(item.id)
        return None

    def _replace(self, item: GraphNode, fields: Mapping[str, Json]) -> None:
        node = GraphNode(item.id, item.type, reviewed({**item.fields, **fields}), item.account, item.default_fields)
        self._items[str(item.get("retailer_id"))] = self._store.add(node)

    def save(self) -> None:
        self._store.links[self._catalog, "products"] = tuple(item.id for item in self._items.values())


def reviewed(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of an item after Meta has looked at it."""
    values = {**fields, **review_of(fields)}
    values["errors"] = errors_of(values)
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def read_attributes(data: Mapping[str, Json]) -> dict[str, Json] | str:
    """Return the fields of an item for the attributes of a request, or what is wrong with them."""
    fields: dict[str, Json] = {}
    for name, value in data.items():
        if name == "id":
            continue
        if name in ("price", "sale_price"):
            amount = PRICE.fullmatch(str(value)) if value else None
            if value and (amount is None or (amount[3] in WITHOUT_SUBUNIT and amount[2])):
                return f"Invalid value: {name} has to look like 9.99 USD"
            fields[name] = money_text(int(amount[1]) * 100 + int(amount[2] or 0), amount[3]) if amount else None
            fields |= {"currency": amount[3]} if amount and name == "price" else {}
        elif name not in FIELDS:
            return f"Invalid value: {name} is not an attribute of products"
        elif name == "availability" and value not in AVAILABILITIES:
            return "Invalid value: availability has to be in stock, out of stock, preorder or available for order"
        elif name not in NOT_READABLE:
            fields[FIELDS[name]] = value
    return fields


AVAILABILITIES = frozenset(
    {"in stock", "out of stock", "preorder", "available for order", "discontinued", "pending", "mark_as_sold"}
)


# -- uploads of feeds -------------------------------------------------------------------------------------------------


def finish_upload(ask: Ask, node: GraphNode) -> None:
    """End an upload that was started by a call: take over the rows of its file, or fetch the feed again."""
    store = ask.graph.world.store
    plan = store.memory.get(("upload", node.id), {})
    feed, catalog = plan["feed"], store.memory["catalog", node.id]
    figures = _take_over(ask, plan, catalog) if plan.get("text") is not None else _fetch_again(store, feed)
    if figures.pop("is_missing", False):
        _add_error(store, node.id)
    store.patch(node.id, {"end_time": stamp(ask.graph.clock()), **figures})


def _fetch_again(store: Store, feed: str) -> dict[str, Json]:
    """The address gives what it gave at the last upload: the same items, or nothing."""
    before = [upload for upload in store.children(feed, "uploads") if upload.get("end_time")]
    fails = bool(before) and not before[0].get("num_detected_items")
    if not fails:
        _apply_rules_to_items(store, feed)
    count = 0 if fails else store.nodes[feed].get("product_count")
    return {
        "num_detected_items": count,
        "num_persisted_items": count,
        "num_invalid_items": 0,
        "num_deleted_items": 0,
        "error_count": int(fails),
        "warning_count": 0,
        "is_missing": fails,
    }


def _apply_rules_to_items(store: Store, feed: str) -> None:
    """Change the items of a feed as its rules change the rows that are fetched."""
    if not store.children(feed, "rules"):
        return
    attributes = {field_name: name for name, field_name in FIELDS.items()}
    for item in store.children(store.memory["catalog", feed], "products"):
        if (item.get("product_feed") or {}).get("id") == feed:
            row = {attributes[name]: value for name, value in item.fields.items() if name in attributes}
            new_row = apply_rules(store, feed, row)
            if new_row != row:
                fields = reviewed(
                    {**item.fields, **{FIELDS[name]: new_row[name] for name in new_row if name in FIELDS}}
                )
                store.add(GraphNode(item.id, item.type, fields, default_fields=item.default_fields))


def _add_error(store: Store, upload_id: str) -> None:
    error_id = store.new_id("27")
    fields = {
        "id": error_id,
        "summary": "The file could not be downloaded",
        "description": "The server answered 404 Not Found for the address of the feed.",
        "severity": "fatal",
        "error_type": "FETCH_FILE_NOT_FOUND",
        "total_count": 1,
        "affected_surfaces": ["Dynamic Ads"],
    }
    store.add(GraphNode(error_id, "ProductFeedUploadError", fields))
    store.link(upload_id, "errors", [error_id])


def _take_over(ask: Ask, plan: Mapping[str, Json], catalog: str) -> dict[str, Json]:
    store = ask.graph.world.store
    rows = list(csv.DictReader(io.StringIO(plan["text"])))
    shelf = Shelf(store, catalog, plan["feed"])
    bad: list[tuple[int, str, str]] = []
    for number, row in enumerate(rows, 2):
        data = apply_rules(store, plan["feed"], {name: value for name, value in row.items() if name and value})
        problem = shelf.apply({"method": "UPDATE", "data": data}, upsert=True)
        if problem:
            bad.append((number, str(data.get("id") or ""), problem))
    deletions = 0
    if not plan["update_only"]:
        ids_in_file = {row.get("id") for row in rows}
        ids_of_feed = {
            str(item.get("retailer_id"))
            for item in store.children(catalog, "products")
            if (item.get("product_feed") or {}).get("id") == plan["feed"]
        }
        missing = ids_of_feed - ids_in_file
        deletions = sum(shelf.delete(retailer_id) is None for retailer_id in missing)
    shelf.save()
    _add_row_errors(store, str(plan["id"]), bad)
    return {
        "num_detected_items": len(rows),
        "num_persisted_items": len(rows) - len(bad),
        "num_invalid_items": len(bad),
        "num_deleted_items": deletions,
        "error_count": len(bad),
        "warning_count": 0,
    }


def _add_row_errors(store: Store, upload_id: str, bad: list[tuple[int, str, str]]) -> None:
    for problem in dict.fromkeys(text for _, _, text in bad):
        rows = [(number, item) for number, item, text in bad if text == problem]
        error_id = store.new_id("27")
        fields = {
            "id": error_id,
            "summary": problem,
            "description": problem,
            "severity": "fatal",
            "error_type": "PROPERTY_VALUE_FORMAT",
            "total_count": len(rows),
            "affected_surfaces": ["Dynamic Ads"],
        }
        store.add(GraphNode(error_id, "ProductFeedUploadError", fields))
        store.link(upload_id, "errors", [error_id])
        store.memory["samples", error_id] = [
            {"id": f"{error_id}{number}", "retailer_id": item, "row_number": number} for number, item in rows[:10]
        ]
