"""Read and check the items of a batch, from arguments or a file. A bad row is refused with its place and the reason.

Attributes are those of feeds and of items_batch (Meta docs, marketing-api/catalog/reference), not those of the edge
`products`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.prices import ACCEPTED, price_minor, to_feed_text

METHODS = ("CREATE", "UPDATE", "DELETE")
PRODUCT_TYPE = "PRODUCT_ITEM"
PRICES = ("price", "sale_price")
LINKS = ("link", "image_link", "mobile_link", "video", "checkout_url")
AVAILABILITIES = (
    "in stock",
    "out of stock",
    "preorder",
    "available for order",
    "discontinued",
    "pending",
    "mark_as_sold",
)
CONDITIONS = ("new", "refurbished", "used", "used_like_new", "used_good", "used_fair", "cpo", "open_box_new")
VISIBILITIES = ("published", "staging")
# Longest texts. Source: Meta docs, marketing-api/catalog/reference (products).
MAX_CHARS = {"title": 200, "description": 9999, "brand": 100, "id": 100, "product_type": 750}
REQUIRED = ("title", "description", "availability", "condition", "price", "link", "image_link")
ATTRIBUTES = frozenset(
    """
    additional_image_link age_group availability brand checkout_url color condition custom_label_0 custom_label_1
    custom_label_2 custom_label_3 custom_label_4 description disabled_capabilities expiration_date fb_product_category
    gender google_product_category gtin id image_link inventory item_group_id link material mobile_link mpn
    origin_country pattern price product_type quantity_to_sell_on_facebook rich_text_description sale_price
    sale_price_effective_date shipping short_description size status tax title video visibility
    """.split()
)
# Names of the edge `products`, which are others here.
OTHER_NAMES = {
    "name": "title",
    "url": "link",
    "image_url": "image_link",
    "retailer_id": "id",
    "sku": "id",
    "retailer_product_group_id": "item_group_id",
    "category": "google_product_category",
}
MAX_ROWS = 20_000
MAX_CELL_CHARS = 20_000


@dataclass(frozen=True)
class BadRow:
    """A row that is not sent: its line (or its position from 1), the id, the attribute, and the reason."""

    line: int
    item_id: str
    column: str
    reason: str

    def row(self) -> Row:
        """Return the row for an answer."""
        values = {"row": self.line, "id": self.item_id, "column": self.column, "reason": self.reason}
        return {name: value for name, value in values.items() if value != ""}


@dataclass(frozen=True)
class ItemRequest:
    """One request of a batch. `line` is its place in the file, or its position from 1."""

    line: int
    method: str
    data: Mapping[str, Any]

    @property
    def item_id(self) -> str:
        return str(self.data["id"])

    def to_graph(self) -> Row:
        """Return the request as items_batch takes it."""
        return {"method": self.method, "data": dict(self.data)}


@dataclass
class ItemRows:
    """The requests of a batch that can be sent, and the rows that cannot. `fingerprint` identifies the content."""

    requests: list[ItemRequest] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.requests) + len(self.bad)

    @property
    def fingerprint(self) -> str:
        text = json.dumps([request.to_graph() for request in self.requests], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def methods(self) -> dict[str, int]:
        """Return how many requests there are per method."""
        counts = Counter(request.method for request in self.requests)
        return {method: counts[method] for method in METHODS if counts[method]}


def check_rows(rows: Sequence[tuple[int, str, Mapping[str, Any]]], item_type: str, *, upsert: bool) -> ItemRows:
    """Check rows of (line, method, attributes). Two rows of one id are both refused: their order is not kept."""
    result = ItemRows()
    counts = Counter(str(data.get("id") or "") for _, _, data in rows)
    for line, method, data in rows:
        item_id = str(data.get("id") or "")
        problem = _problem(method, data, item_type, upsert=upsert)
        if problem is None and counts[item_id] > 1:
            problem = ("id", f"{counts[item_id]} rows have this id, and Meta does not keep their order")
        if problem is not None:
            result.bad.append(BadRow(line, item_id[:100], *problem))
        else:
            result.requests.append(ItemRequest(line, method, _clean(data, item_type)))
    return result


def _problem(method: str, data: Mapping[str, Any], item_type: str, *, upsert: bool) -> tuple[str, str] | None:
    """Return the attribute that cannot be sent and the reason, or None."""
    problem = _form_problem(method, data)
    if problem or method == "DELETE" or item_type != PRODUCT_TYPE:
        return problem
    if method == "CREATE" or (method == "UPDATE" and upsert and set(REQUIRED) <= data.keys()):
        missing = next((name for name in REQUIRED if data.get(name) in (None, "")), None)
        if missing:
            return missing, "a new item requires it"
    return next(((name, why) for name, value in data.items() if (why := _fault(name, value))), None) or _sale(data)


def _form_problem(method: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    if method not in METHODS:
        return "method", f"the method is one of {', '.join(METHODS)}"
    if not data.get("id") or not isinstance(data["id"], str):
        return "id", "the id of the shop (SKU) is missing"
    if len(data) == 1 and method != "DELETE":
        return "id", "there is nothing to change beside the id"
    return None


def _fault(name: str, value: Any) -> str | None:
    if name not in ATTRIBUTES or name in PRICES:
        return _price_fault(value) if name in PRICES else _unknown(name)
    if isinstance(value, str) and len(value) > MAX_CHARS.get(name, MAX_CELL_CHARS):
        return f"it has more than {MAX_CHARS.get(name, MAX_CELL_CHARS)} characters"
    choices = {"availability": AVAILABILITIES, "condition": CONDITIONS, "visibility": VISIBILITIES}.get(name)
    if choices and value not in choices:
        return f"it is one of {', '.join(choices)}"
    if name in LINKS and not _is_link(value):
        return "it is a complete address that starts with https:// or http://"
    if name in ("inventory", "quantity_to_sell_on_facebook") and not str(value).isdigit():
        return "it is a whole number"
    return None


def _unknown(name: str) -> str:
    near = OTHER_NAMES.get(name) or next(iter(get_close_matches(name, ATTRIBUTES, 1, 0.75)), None)
    return f"items_batch has no attribute of this name{f'; it is called {near} here' if near else ''}"


def _price_fault(value: Any) -> str | None:
    if isinstance(value, bool | int | float):
        return f"a number says no currency: {ACCEPTED}"
    try:
        price_minor(str(value))
    except ValueError as problem:
        return str(problem)
    return None


def _sale(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why a sale price does not fit the price beside it, or None."""
    if not data.get("price") or not data.get("sale_price"):
        return None
    price, currency = price_minor(data["price"])
    sale, other = price_minor(data["sale_price"])
    if currency != other:
        return "sale_price", f"it is in {other} and the price in {currency}"
    return ("sale_price", "it is not below the price") if sale >= price else None


def _is_link(value: Any) -> bool:
    parts = urlsplit(str(value))
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _clean(data: Mapping[str, Any], item_type: str) -> dict[str, Any]:
    """Return the attributes as they are sent; a price always has the decimals of its currency."""
    if item_type != PRODUCT_TYPE:
        return dict(data)
    return {name: to_feed_text(*price_minor(value)) if name in PRICES else value for name, value in data.items()}


def read_rows(name: str, content: bytes) -> list[tuple[int, str, dict[str, Any]]]:
    """Return the rows of a CSV or JSONL file: line, method (UPDATE without the column), attributes.

    Empty cells are left out. Raises InvalidArguments for a file that cannot be read.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArguments("The file is not UTF-8.", "Save it as CSV in UTF-8.") from None
    rows = list(_json_rows(text) if name.lower().endswith((".jsonl", ".ndjson")) else _csv_rows(text))
    if not 0 < len(rows) <= MAX_ROWS:
        raise InvalidArguments(
            f"The file has {len(rows)} rows; a call takes 1 to {MAX_ROWS}.", "Split it, or upload it as a feed."
        )
    return rows


def _csv_rows(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [cell.strip().lower() for cell in next(reader, [])]
    _check_header(header)
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        method = (values.pop("method", "") or "UPDATE").upper()
        yield reader.line_num, method, {key: value for key, value in values.items() if value}


def _check_header(header: Sequence[str]) -> None:
    if "id" not in header:
        raise InvalidArguments(
            "The first row of the file has no column id.", "It names the columns: id, price, availability and others."
        )
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise InvalidArguments(f"The file has several columns named {twice[0] or '(empty)'}.", "Rename or remove one.")
    unknown = [name for name in header if name not in ATTRIBUTES | {"method"}]
    if unknown:
        raise InvalidArguments(
            f"Column {unknown[0]} of the file cannot be sent: {_unknown(unknown[0])}.",
            "Rename the column, or remove it.",
            allowed=tuple(sorted(ATTRIBUTES)),
        )


def _json_rows(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise InvalidArguments(f"Line {number} of the file is not a JSON object.", "Write one item per line.")
        nested = row.get("data") if isinstance(row.get("data"), dict) else None
        data = dict(nested or {key: value for key, value in row.items() if key != "method"})
        yield number, str(row.get("method") or "UPDATE").upper(), data
