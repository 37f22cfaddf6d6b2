"""Compare the items of a batch with what the catalog has: what changes, and what a resumed call need not send again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.catalog_kinds import new_addresses
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.catalogue.batches.item_rows import PRICES, BadRow, ItemRequest
from meta_ads_mcp.tools.catalogue.prices import price_minor, shown_minor

# Attributes of a batch -> readable fields of SDK class ProductItem. What is not here cannot be read back.
FIELDS = {
    "title": "name",
    "link": "url",
    "image_link": "image_url",
    "item_group_id": "retailer_product_group_id",
    "google_product_category": "category",
    **{
        name: name
        for name in (
            "price", "sale_price", "availability", "visibility", "brand", "condition", "description", "color", "size",
            "gender", "age_group", "material", "pattern", "product_type", "gtin", "inventory", "custom_label_0",
            "custom_label_1", "custom_label_2", "custom_label_3", "custom_label_4", "mobile_link",
            "quantity_to_sell_on_facebook", "short_description", "rich_text_description", "fb_product_category",
        )
    },
}  # fmt: skip
IDS_PER_READ = 100
READS_PER_BATCH = 50
MAX_SAMPLES = 5
# Links that the question names. It names all hosts.
MAX_LINKS = 50


async def read_items(call: Call, catalog: str, requests: Sequence[ItemRequest]) -> dict[str, Row]:
    """Return the items of the requests that the catalog has, by the id of the shop."""
    ids = [request.item_id for request in requests]
    names = dict.fromkeys(FIELDS[name] for request in requests for name in request.data if name in FIELDS)
    fields = ["id", "retailer_id", "name", "currency", *names]
    chunks = [ids[start : start + IDS_PER_READ] for start in range(0, len(ids), IDS_PER_READ)]
    if len(chunks) == 1:
        rows = (
            await call.graph.list(f"{catalog}/products", fields=fields, limit=IDS_PER_READ, filter=_any_of(chunks[0]))
        ).rows
    else:
        rows = await _read_chunks(call, catalog, fields, chunks)
    return {str(row["retailer_id"]): row for row in rows if row.get("retailer_id")}


async def _read_chunks(call: Call, catalog: str, fields: Sequence[str], chunks: Sequence[list[str]]) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(chunks), READS_PER_BATCH):
        part = chunks[start : start + READS_PER_BATCH]
        params = {"fields": ",".join(dict.fromkeys(fields)), "limit": IDS_PER_READ}
        requests = [Request("GET", f"{catalog}/products", {**params, "filter": _any_of(ids)}) for ids in part]
        for answer in await call.graph.batch(requests):
            if isinstance(answer, AdsError):
                raise answer
            rows += answer.get("data", ())
        await call.progress(start + len(part), len(chunks), f"{len(rows)} items read")
    return rows


def _any_of(ids: Sequence[str]) -> Row:
    return {"retailer_id": {"is_any": list(ids)}}


def currency_faults(requests: Sequence[ItemRequest], items: Mapping[str, Row]) -> Iterator[BadRow]:
    """Yield a bad row for each price in another currency than its item has."""
    for request in requests:
        present = items.get(request.item_id, {}).get("currency")
        for name in PRICES:
            text = request.data.get(name)
            if text and present and price_minor(text)[1] != present:
                yield BadRow(request.line, request.item_id, name, f"the item is priced in {present}")
                break


@dataclass
class Differences:
    """What a batch changes: counts, samples, and the largest changes of prices."""

    new: int = 0
    missing: list[str] = field(default_factory=list)
    unchanged: int = 0
    changed: int = 0
    samples: list[Row] = field(default_factory=list)
    price_changes: list[float] = field(default_factory=list)

    def text(self) -> str:
        """Return the differences in words, without samples."""
        parts = {name: value for name, value in self.row().items() if name not in ("samples", "not_in_catalog_ids")}
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in parts.items())

    def row(self) -> Row:
        """Return the differences for an answer."""
        counts = {"changed": self.changed, "new": self.new, "unchanged": self.unchanged}
        row: Row = {name: count for name, count in counts.items() if count}
        if self.missing:
            row |= {"not_in_catalog": len(self.missing), "not_in_catalog_ids": self.missing[:MAX_SAMPLES]}
        if self.price_changes:
            low, high = min(self.price_changes), max(self.price_changes)
            count = len(self.price_changes)
            span = f"{low:+.0%}" if round(low, 2) == round(high, 2) else f"from {low:+.0%} to {high:+.0%}"
            row["price_changes"] = f"{count:,} {plural('price', count)}, {span}"
        return row | ({"samples": self.samples} if self.samples else {})


def compare(requests: Sequence[ItemRequest], items: Mapping[str, Row]) -> Differences:
    """Return what the requests change of the items."""
    result = Differences()
    for request in requests:
        item = items.get(request.item_id)
        if item is None and request.method == "CREATE":
            result.new += 1
        elif item is None:
            result.missing.append(request.item_id)
        elif request.method == "DELETE":
            result.changed += 1
        else:
            _compare_item(request, item, result)
    return result


def _compare_item(request: ItemRequest, item: Row, result: Differences) -> None:
    changes = {
        name: value for name, value in request.data.items() if name in FIELDS and not _is_same(name, value, item)
    }
    unreadable = [name for name in request.data if name not in FIELDS and name != "id"]
    if not changes and not unreadable:
        result.unchanged += 1
        return
    result.changed += 1
    old, new = shown_minor(item.get("price"), item.get("currency")), changes.get("price")
    if old and new:
        result.price_changes.append(price_minor(new)[0] / old - 1)
    if len(result.samples) < MAX_SAMPLES and changes:
        pairs = {name: f"{_old_text(name, item)} → {value}" for name, value in changes.items()}
        result.samples.append({"id": request.item_id, **pairs})


def _is_same(name: str, value: Any, item: Row) -> bool:
    now = item.get(FIELDS[name])
    if name in PRICES:
        return shown_minor(now, item.get("currency")) == price_minor(value)[0]
    return str(now if now is not None else "") == str(value)


def _old_text(name: str, item: Row) -> str:
    now = item.get(FIELDS[name])
    minor = shown_minor(now, item.get("currency")) if name in PRICES else None
    if minor is not None:
        return format_money(money(minor, str(item["currency"])))
    return str(now) if now not in (None, "") else "none"


def is_done(request: ItemRequest, item: Row | None) -> bool:
    """Return whether the catalog shows what the request asks for, as far as its attributes can be read."""
    if request.method == "DELETE":
        return item is None
    names = [name for name in request.data if name in FIELDS]
    return item is not None and bool(names) and all(_is_same(name, request.data[name], item) for name in names)


def old_values(requests: Sequence[ItemRequest], items: Mapping[str, Row]) -> dict[str, dict[str, str]]:
    """Return what the requests replace, in the form of a batch: the old attributes of each item."""
    values = {}
    for request in requests:
        item = items.get(request.item_id)
        if item is not None and request.method != "DELETE":
            names = [name for name in request.data if name in FIELDS and item.get(FIELDS[name]) not in (None, "")]
            values[request.item_id] = {name: _old_text(name, item) for name in names}
    return values


def reversed_request(request: ItemRequest, old: Mapping[str, str] | None) -> Row | None:
    """Return the request that takes one back, or None for a deletion and for an item without earlier values."""
    if request.method == "CREATE" and old is None:
        return {"method": "DELETE", "data": {"id": request.item_id}}
    if request.method == "DELETE" or not old:
        return None
    return {"method": "UPDATE", "data": {"id": request.item_id, **old}}


def link_notes(requests: Sequence[ItemRequest], old: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return to which hosts the items that change their links lead afterwards, and the first of these links."""
    rows = {request.item_id: new_addresses(request.to_graph(), old) for request in requests}
    links = [f"{item} {name} {address}" for item, new in rows.items() for name, address in new.items()]
    if not links:
        return []
    hosts = Counter(_host(address) for new in rows.values() for address in new.values())
    targets = ", ".join(f"{host} ({count})" for host, count in hosts.most_common())
    more = f" and {len(links) - MAX_LINKS} more" if len(links) > MAX_LINKS else ""
    return [f"New links lead to {targets}: {'; '.join(links[:MAX_LINKS])}{more}."]


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address
