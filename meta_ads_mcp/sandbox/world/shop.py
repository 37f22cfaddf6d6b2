"""The shops of the demo's clients: their items, and which of them have a planted fault.

Items depend on the shop alone, so they are made once per process and shared by all worlds; a change of an item
replaces its node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world import ids

Json = Any
ITEM_DEFAULTS = ("id", "name", "retailer_id")
SYMBOLS = {"USD": "$", "EUR": "€", "JPY": "¥", "BRL": "R$"}
WITHOUT_SUBUNIT = frozenset({"JPY"})


@dataclass(frozen=True)
class Shop:
    """What a client sells. `kinds` are (product type, category, lowest price in hundredths)."""

    number: int
    name: str
    prefix: str
    currency: str
    site: str
    brands: tuple[str, ...]
    kinds: tuple[tuple[str, str, int], ...]
    variants: tuple[str, ...]
    size: int
    is_shared: bool = False
    feeds: tuple[str, ...] = ("Main feed",)


SHOPS = (
    Shop(
        0, "Harbor & Pine shop", "HP", "USD", "harborandpine.example", ("Harbor & Pine", "Northbank", "Fjellrev"),
        (
            ("Jackets > Trail Shell", "Apparel & Accessories > Clothing > Outerwear", 8900),
            ("Tents > Basecamp", "Sporting Goods > Outdoor Recreation > Camping & Hiking > Tents", 24900),
            ("Base layers > Merino", "Apparel & Accessories > Clothing > Underwear", 4900),
            ("Boots > River", "Apparel & Accessories > Shoes", 12900),
            ("Packs > Daypack", "Luggage & Bags > Backpacks", 5900),
        ),
        ("Moss", "Slate", "Rust", "Sand", "Ink"), 5_000, feeds=("Main feed", "Outlet feed"),
    ),
    Shop(
        1, "Kornblume Onlineshop", "KN", "EUR", "kornblume-natur.example", ("Kornblume",),
        (
            ("Gesicht > Creme", "Health & Beauty > Personal Care > Cosmetics > Skin Care", 1490),
            ("Gesicht > Serum", "Health & Beauty > Personal Care > Cosmetics > Skin Care", 2990),
            ("Bad > Badeöl", "Health & Beauty > Personal Care > Cosmetics > Bath & Body", 1290),
        ),
        ("Hafer", "Rose", "Lavendel", "Ringelblume"), 240,
    ),
    Shop(
        2, "湖のみやげ", "MZ", "JPY", "mizuumi-onsen.example", ("みずうみ",),
        (
            ("菓子", "Food, Beverages & Tobacco > Food Items", 120000),
            ("湯の花", "Health & Beauty > Personal Care", 88000),
        ),
        ("小", "中", "大"), 40,
    ),
    Shop(
        3, "Vale Verde Dermo", "VV", "BRL", "clinicavaleverde.example", ("Vale Verde",),
        (("Protetor solar", "Health & Beauty > Personal Care > Cosmetics > Skin Care", 7990),),
        ("FPS 30", "FPS 50", "FPS 70"), 80, is_shared=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class ItemFault:
    """A kind of fault that items have, as diagnostics report it. Types: SDK classes ProductItem, DiagnosticGroup."""

    error_type: str
    kind: str
    severity: str
    title: str
    count: int


# The faults that are planted in the items of the first shop. `_with_fault` makes them.
ITEM_FAULTS = (
    ItemFault("IMAGE_FETCH_FAILED", "IMAGE_QUALITY", "MUST_FIX", "Images could not be downloaded", 37),
    ItemFault("EMPTY_DESCRIPTION", "ATTRIBUTES_MISSING", "MUST_FIX", "Description is missing", 21),
    ItemFault("QUALITY_ITEM_LINK_BROKEN", "ATTRIBUTES_INVALID", "MUST_FIX", "Website links are broken", 14),
    ItemFault("DA_POLICY_VIOLATION", "POLICY_VIOLATION", "MUST_FIX", "Items violate the commerce policy", 6),
    ItemFault("INVALID_SALE_PRICE", "ATTRIBUTES_INVALID", "MUST_FIX", "Sale price is not below the price", 9),
    ItemFault("EMPTY_BRAND", "ATTRIBUTES_MISSING", "OPPORTUNITY", "Brand is missing", 52),
    ItemFault(
        "PROPERTY_VALUE_STRING_TOO_SHORT",
        "LOW_QUALITY_TITLE_AND_DESCRIPTION",
        "OPPORTUNITY",
        "Titles are too short",
        8,
    ),
)
HIDDEN_ITEMS = 25  # with visibility staging: nothing reports them, they are just not shown
FAULT_STEP = 23  # items between two faulty ones
MIN_TITLE_CHARS = 4


def money_text(hundredths: int, currency: str) -> str:
    """Return a price as Graph shows it: `$1,299.00`, `¥3,800`."""
    whole, rest = divmod(hundredths, 100)
    decimals = "" if currency in WITHOUT_SUBUNIT else f".{rest:02d}"
    return f"{SYMBOLS.get(currency, currency + ' ')}{whole:,}{decimals}"


def hundredths_of(text: Json, currency: Json) -> int | None:
    """Return the hundredths of a price as Graph shows it."""
    digits = "".join(char for char in str(text or "") if char.isdigit())
    if not digits:
        return None
    return int(digits) * (100 if currency in WITHOUT_SUBUNIT else 1)


@cache
def items_of(shop: Shop, seed: int, catalog_id: str, feed_ids: tuple[str, ...]) -> tuple[GraphNode, ...]:
    """Return the items of a shop, each with what is wrong with it."""
    first = int(ids.make(seed, "product", shop.number)) // 100_000 * 100_000
    faults = _places_of_faults() if shop.number == 0 else {}
    nodes = []
    for place in range(shop.size):
        fields = _item(shop, place, str(first + place), catalog_id, feed_ids)
        if place in faults:
            fields |= _with_fault(faults[place], fields)
        fields["errors"] = errors_of(fields)
        present = {name: value for name, value in fields.items() if value not in (None, [])}
        nodes.append(GraphNode(str(first + place), "ProductItem", present, default_fields=ITEM_DEFAULTS))
    return tuple(nodes)


def _places_of_faults() -> dict[int, str]:
    names = [fault.error_type for fault in ITEM_FAULTS for _ in range(fault.count)] + ["hidden"] * HIDDEN_ITEMS
    return {FAULT_STEP * number + 5: name for number, name in enumerate(names)}


def _item(shop: Shop, place: int, item_id: str, catalog_id: str, feed_ids: Sequence[str]) -> dict[str, Json]:
    kind, category, lowest = shop.kinds[place % len(shop.kinds)]
    variant = shop.variants[place // len(shop.kinds) % len(shop.variants)]
    price = lowest + place * 37 % 60 * 100
    retailer_id = f"{shop.prefix}-{place + 1:05d}"
    title = f"{kind.rpartition('> ')[2]} {variant} {place // 25 + 1}"
    return {
        "id": item_id,
        "retailer_id": retailer_id,
        "retailer_product_group_id": f"{shop.prefix}-G{place // 5 + 1:04d}",
        "name": title,
        "description": f"{title} by {shop.brands[place % len(shop.brands)]}.",
        "brand": shop.brands[place % len(shop.brands)],
        "availability": "out of stock" if place % 40 == 39 else "in stock",
        "condition": "new",
        "price": money_text(price, shop.currency),
        "sale_price": money_text(price * 4 // 5 // 100 * 100, shop.currency) if place % 10 == 3 else None,
        "currency": shop.currency,
        "url": f"https://{shop.site}/p/{retailer_id}",
        "image_url": f"https://{shop.site}/img/{retailer_id}.jpg",
        "product_type": kind,
        "category": category,
        "color": variant,
        "inventory": 0 if place % 40 == 39 else 3 + place % 17,
        "review_status": "approved",
        "visibility": "published",
        "image_fetch_status": "FETCHED",
        "custom_label_0": ("spring", "summer", "fall", "winter")[place % 4],
        "product_catalog": {"id": catalog_id},
        # The last tenth comes from the last feed.
        "product_feed": {"id": feed_ids[-1 if place >= shop.size * 9 // 10 else 0]},
    }


def _with_fault(name: str, item: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields that give an item a fault."""
    changes: dict[str, dict[str, Json]] = {
        "IMAGE_FETCH_FAILED": {"image_url": str(item["image_url"]).replace("/img/", "/broken/")},
        "EMPTY_DESCRIPTION": {"description": None},
        "QUALITY_ITEM_LINK_BROKEN": {"url": str(item["url"]).replace("/p/", "/gone/")},
        "DA_POLICY_VIOLATION": {"name": f"Bear spray {item['color']}"},
        "INVALID_SALE_PRICE": {"sale_price": _plus_one(item)},
        "EMPTY_BRAND": {"brand": None},
        "PROPERTY_VALUE_STRING_TOO_SHORT": {"name": "Set"},
        "hidden": {"visibility": "staging"},
    }
    return changes[name] | review_of({**item, **changes[name]})


def _plus_one(item: Mapping[str, Json]) -> str:
    return money_text((hundredths_of(item["price"], item["currency"]) or 0) + 100, str(item["currency"]))


def review_of(item: Mapping[str, Json]) -> dict[str, Json]:
    """Return what Meta finds when it looks at an item: its picture, and its content."""
    is_broken = "/broken/" in str(item.get("image_url"))
    is_rejected = str(item.get("name")).startswith("Bear spray")
    return {
        "image_fetch_status": "FETCH_FAILED" if is_broken else "FETCHED",
        "review_status": "rejected" if is_rejected else "approved",
        "review_rejection_reasons": ["WEAPONS"] if is_rejected else [],
    }


def error_types_of(item: Mapping[str, Json]) -> Iterator[str]:
    """Yield the faults of an item, by what its fields hold."""
    if item.get("image_fetch_status") == "FETCH_FAILED":
        yield "IMAGE_FETCH_FAILED"
    if not item.get("description"):
        yield "EMPTY_DESCRIPTION"
    if "/gone/" in str(item.get("url")):
        yield "QUALITY_ITEM_LINK_BROKEN"
    if item.get("review_status") == "rejected":
        yield "DA_POLICY_VIOLATION"
    price, sale = (hundredths_of(item.get(name), item.get("currency")) for name in ("price", "sale_price"))
    if sale is not None and sale >= (price or 0):
        yield "INVALID_SALE_PRICE"
    if not item.get("brand"):
        yield "EMPTY_BRAND"
    if len(str(item.get("name") or "")) < MIN_TITLE_CHARS:
        yield "PROPERTY_VALUE_STRING_TOO_SHORT"


def errors_of(item: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return the `errors` of an item. Shape: SDK class ProductItemError."""
    facts = {fault.error_type: fault for fault in ITEM_FAULTS}
    return [
        {
            "error_type": name,
            "error_priority": "HIGH" if facts[name].severity == "MUST_FIX" else "LOW",
            "title": facts[name].title,
            "description": f"{facts[name].title}.",
        }
        for name in error_types_of(item)
    ]
