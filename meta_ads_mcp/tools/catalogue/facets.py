"""Count what the items of a catalog are, with a filter for each count. Meta's suggested filter is not on Graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.values.money import format_money, money, offset
from meta_ads_mcp.tools.catalogue.prices import HUNDREDTHS, shown_minor

MAX_FACET_ITEMS = 1_000
PAGE_ITEMS = 250
MAX_VALUES = 12
BANDS = 5
FIELDS = ("brand", "product_type", "category", "availability", "price", "sale_price", "currency")
COUNTED = FIELDS[:4]


async def count_facets(call: Call, entity_id: str, entity_type: str, params: Mapping[str, Any], most: int) -> Result:
    """Return counts over up to `most` items by brand, type, category, stock and price."""
    items: list[Row] = []
    async for page in call.graph.each_page(
        f"{entity_id}/products", fields=["id", *FIELDS], limit=min(PAGE_ITEMS, most), **params
    ):
        items += page
        if len(items) >= most:
            break
    items = items[:most]
    total = None if params else (await call.graph.get(entity_id, fields=["product_count"])).get("product_count")
    data: Row = {name: _values(items, name) for name in COUNTED}
    data["price"] = _bands(items)
    data["on_sale"] = {
        "items": sum(bool(item.get("sale_price")) for item in items),
        "filter": {"sale_price": {"gt": 0}},
    }
    data["items_counted"] = len(items)
    if isinstance(total, int) and total > len(items):
        data["items_not_counted"] = total - len(items)
        call.note(f"{len(items)} of {total} items were counted; max_items={min(total, 5000)} counts more.")
    of = entity_type.replace("_", " ")
    return Result(f"Counts over {len(items)} items of {of} {entity_id}.", data)


def _values(items: list[Row], name: str) -> list[Row]:
    counts = Counter(str(item[name]) for item in items if item.get(name))
    rows: list[Row] = [
        {"value": value, "items": count, "filter": {name: {"eq": value}}}
        for value, count in counts.most_common(MAX_VALUES)
    ]
    rest = len(items) - sum(row["items"] for row in rows)
    return rows + ([{"value": "others or none", "items": rest}] if rest else [])


def _bands(items: list[Row]) -> list[Row]:
    """Return price bands with about the same number of items each. Items of a second currency are counted apart."""
    prices = [
        (minor, str(item["currency"]))
        for item in items
        if (minor := shown_minor(item.get("price"), item.get("currency"))) is not None
    ]
    if not prices:
        return []
    currency = Counter(name for _, name in prices).most_common(1)[0][0]
    amounts = sorted(minor for minor, name in prices if name == currency)
    edges = sorted({amounts[len(amounts) * place // BANDS] for place in range(BANDS)})
    rows: list[Row] = []
    for place, low in enumerate(edges):
        high = edges[place + 1] if place + 1 < len(edges) else None
        count = sum(low <= amount and (high is None or amount < high) for amount in amounts)
        upper = {"lt": _hundredths(high, currency)} if high is not None else {}
        text = f"from {_text(low, currency)}" + (f" to below {_text(high, currency)}" if high is not None else "")
        rows.append({"value": text, "items": count, "filter": {"price": {"gte": _hundredths(low, currency), **upper}}})
    others = len(prices) - len(amounts)
    return rows + ([{"value": "in other currencies", "items": others}] if others else [])


def _hundredths(minor: int, currency: str) -> int:
    return minor * HUNDREDTHS // (offset(currency) or 1)


def _text(minor: int, currency: str) -> str:
    return format_money(money(minor, currency))
