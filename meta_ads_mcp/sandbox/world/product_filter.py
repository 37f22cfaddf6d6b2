"""The filter language of product sets and of `products?filter=`.

`{"product_type": {"i_contains": "shirt"}}`, with `and`, `or` and `not` around conditions. Source: Meta docs,
marketing-api/reference/product-set (filter). No page lists all operators and fields; these are the ones in use. Money
is in hundredths. A text operator matches whole words (Meta docs, graph-api/changelog/non-versioned-changes/mar-3-2022).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from meta_ads_mcp.sandbox.refusal import Refusal, invalid
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.shop import hundredths_of

Json = Any
MONEY = frozenset({"price", "sale_price", "current_price"})
FIELDS = MONEY | frozenset(
    """
    age_group availability brand category color condition custom_label_0 custom_label_1 custom_label_2 custom_label_3
    custom_label_4 description fb_product_category gender google_product_category gtin inventory item_group_id material
    name pattern product_item_id product_type retailer_id retailer_product_group_id size title url visibility
    """.split()
)
OTHER_NAMES = {
    "title": "name",
    "item_group_id": "retailer_product_group_id",
    "google_product_category": "category",
    "product_item_id": "id",
}
_WORD = re.compile(r"\w+")


def _words(value: Json, needle: Json) -> bool:
    """Tell whether the words of `needle` stand in the text one after the other."""
    text, part = (_WORD.findall(str(item or "")) for item in (value, needle))
    return bool(part) and any(text[at : at + len(part)] == part for at in range(len(text) - len(part) + 1))


def _fold(value: Json) -> str:
    return str(value or "").casefold()


def _number(value: Json) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _compare(test: Callable[[float, float], bool]) -> Callable[[Json, Json], bool]:
    def holds(value: Json, limit: Json) -> bool:
        number, other = _number(value), _number(limit)
        return number is not None and other is not None and test(number, other)

    return holds


def _equal(value: Json, other: Json) -> bool:
    return str(value) == str(other) if value is not None else other is None


OPERATORS: dict[str, Callable[[Json, Json], bool]] = {
    "eq": _equal,
    "neq": lambda value, other: not _equal(value, other),
    "lt": _compare(lambda a, b: a < b),
    "lte": _compare(lambda a, b: a <= b),
    "gt": _compare(lambda a, b: a > b),
    "gte": _compare(lambda a, b: a >= b),
    "contains": _words,
    "not_contains": lambda value, part: not _words(value, part),
    "i_contains": lambda value, part: _words(_fold(value), _fold(part)),
    "i_not_contains": lambda value, part: not _words(_fold(value), _fold(part)),
    "starts_with": lambda value, part: str(value or "").startswith(str(part)),
    "i_starts_with": lambda value, part: _fold(value).startswith(_fold(part)),
    "is_any": lambda value, options: str(value) in options,
    "is_not_any": lambda value, options: str(value) not in options,
}
LIST_OPERATORS = frozenset({"is_any", "is_not_any"})


def check_filter(rule: Json) -> None:
    """Refuse a filter that Graph cannot read."""
    if not isinstance(rule, Mapping):
        raise invalid(None, "The filter has to be an object", "filter")
    for name, condition in rule.items():
        if name in ("and", "or"):
            if not isinstance(condition, list) or not condition:
                raise invalid(None, f"{name} takes a list of conditions", "filter")
            for part in condition:
                check_filter(part)
        elif name == "not":
            check_filter(condition)
        else:
            _check_condition(name, condition)


def _check_condition(name: str, condition: Json) -> None:
    if name not in FIELDS:
        raise Refusal(f"(#100) Invalid parameter: {name} is not a field of product filters", blame=(("filter",),))
    if not isinstance(condition, Mapping) or not condition:
        raise invalid(None, f"{name} takes an object with an operator", "filter")
    for operator, value in condition.items():
        if operator not in OPERATORS:
            raise Refusal(f"(#100) Invalid parameter: {operator} is not an operator", blame=(("filter",),))
        if isinstance(value, list) != (operator in LIST_OPERATORS):
            raise invalid(None, f"{operator} takes {'a list' if operator in LIST_OPERATORS else 'one value'}", "filter")


Test = Callable[[GraphNode], bool]


def build_test(rule: Mapping[str, Json]) -> Test:
    """Return a function that tells whether an item fits a filter."""
    tests = [_build_part(name, condition) for name, condition in rule.items()]
    return lambda item: all(test(item) for test in tests)


def _build_part(name: str, condition: Json) -> Test:
    if name in ("and", "or"):
        join, parts = all if name == "and" else any, [build_test(part) for part in condition]
        return lambda item: join(part(item) for part in parts)
    if name == "not":
        inner = build_test(condition)
        return lambda item: not inner(item)
    operators = [(OPERATORS[word], _prepare(word, other)) for word, other in condition.items()]
    return lambda item: all(operator(_value(item, name), other) for operator, other in operators)


def _prepare(operator: str, other: Json) -> Json:
    return frozenset(str(item) for item in other) if operator in LIST_OPERATORS else other


def _value(item: GraphNode, name: str) -> Json:
    name = OTHER_NAMES.get(name, name)
    if name == "current_price":
        return hundredths_of(item.fields.get("sale_price") or item.fields.get("price"), item.fields.get("currency"))
    if name in MONEY:
        return hundredths_of(item.fields.get(name), item.fields.get("currency"))
    return item.fields.get(name)


def select(items: Sequence[GraphNode], rule: Json) -> list[GraphNode]:
    """Return the items that fit a filter, which may be JSON text. Without conditions all fit."""
    conditions = _parse(rule) if isinstance(rule, str) else rule or {}
    return list(filter(build_test(conditions), items)) if conditions else list(items)


@lru_cache(256)
def _parse(text: str) -> Json:
    return json.loads(text)
