"""Check the filters of product sets before anything is sent, and tell them in words.

Source: Meta docs, marketing-api/reference/product-set (filter) and product-catalog/product_sets. No page lists all
operators and fields, so an unknown one goes to Graph with a note; the shape and the values are checked here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.params import opaque_object
from meta_ads_mcp.core.values.catalog_kinds import ITEM_FIELDS
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.prices import price_minor, to_hundredths

MONEY_FIELDS = frozenset({"price", "sale_price", "current_price"})
FIELDS = ITEM_FIELDS | {"product_item_id"}
ORDER = {"lt": "below", "lte": "at most", "gt": "above", "gte": "at least"}
WORDS = {
    **ORDER,
    "eq": "is",
    "neq": "is not",
    # Meta compares whole words (Meta docs, graph-api/changelog/non-versioned-changes/mar-3-2022).
    "contains": "contains the word",
    "i_contains": "contains the word",
    "not_contains": "does not contain the word",
    "i_not_contains": "does not contain the word",
    "starts_with": "starts with",
    "i_starts_with": "starts with",
    "is_any": "is one of",
    "is_not_any": "is none of",
}
LIST_OPERATORS = frozenset({"is_any", "is_not_any"})
JOINS = ("and", "or")
MAX_CHARS = 500 * 1024  # Meta docs, product-catalog/product_sets: "max length: 500 KiB"
MAX_DEPTH = 10
MAX_LIST = 5_000
EXAMPLE = '{"and": [{"product_type": {"i_contains": "shirt"}}, {"price": {"lt": 5000}}]}'

ProductFilter = Annotated[
    dict[str, Any],
    Field(json_schema_extra=opaque_object(f'{EXAMPLE}; prices in hundredths or "50.00 USD"')),
]


@dataclass
class FilterCheck:
    """Collect the notes of a check: unknown fields and operators, which go to Graph as they are."""

    notes: list[str] = field(default_factory=list)

    def convert(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        """Return the filter as Graph takes it. Raises InvalidArguments for one that Meta refuses."""
        if len(json.dumps(rule)) > MAX_CHARS:
            raise _refuse("it is longer than 500 KiB")
        return self._rule(rule, 0)

    def _rule(self, rule: Any, depth: int) -> dict[str, Any]:
        if not isinstance(rule, Mapping) or not rule:
            raise _refuse("every part of it is an object with at least one condition")
        if depth > MAX_DEPTH:
            raise _refuse(f"it is nested more than {MAX_DEPTH} times")
        return {name: self._part(name, value, depth) for name, value in rule.items()}

    def _part(self, name: str, value: Any, depth: int) -> Any:
        if name in JOINS:
            if not isinstance(value, list) or not value:
                raise _refuse(f'"{name}" takes a list of conditions')
            return [self._rule(part, depth + 1) for part in value]
        if name == "not":
            return self._rule(value, depth + 1)
        if not isinstance(value, Mapping) or not value:
            names = () if name in FIELDS else (*JOINS, "not", *sorted(FIELDS))
            raise _refuse(f'"{name}" takes an object with an operator, such as {{"eq": "x"}}', names)
        self._note_unknown("field", name, FIELDS)
        return {operator: self._value(name, operator, item) for operator, item in value.items()}

    def _value(self, name: str, operator: str, value: Any) -> Any:
        self._note_unknown("operator", operator, WORDS)
        if isinstance(value, Mapping) or value is None:
            raise _refuse(f'the value of "{name}" {operator} is a text, a number or a list')
        if operator in WORDS and isinstance(value, list) != (operator in LIST_OPERATORS):
            raise _refuse(f'"{operator}" takes {"a list" if operator in LIST_OPERATORS else "one value"}')
        if isinstance(value, list):
            if not 0 < len(value) <= MAX_LIST:
                raise _refuse(f'"{operator}" takes 1 to {MAX_LIST} values')
            return [self._scalar(name, operator, item) for item in value]
        return self._scalar(name, operator, value)

    def _scalar(self, name: str, operator: str, value: Any) -> Any:
        if isinstance(value, Mapping | list) or value is None:
            raise _refuse(f'the values of "{name}" are texts or numbers')
        if name in MONEY_FIELDS:
            return _hundredths(name, value)
        if operator in ORDER and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise _refuse(f'"{operator}" compares numbers, and the value of "{name}" is not a number')
        return value

    def _note_unknown(self, noun: str, name: str, names: frozenset[str] | dict[str, str]) -> None:
        if name in names:
            return
        near = get_close_matches(name, names, 1, 0.75)
        hint = f" Perhaps {near[0]} is meant." if near else ""
        self.notes.append(f'"{name}" is not a known {noun} of product filters; it was passed on to Graph.{hint}')


def _hundredths(name: str, value: Any) -> int:
    """Return a price of a filter in hundredths. A decimal number is refused, because it may be either."""
    if isinstance(value, str) and not value.isdigit():
        try:
            return to_hundredths(value)[0]
        except ValueError:
            raise _refuse(f'"{name}" takes hundredths (5000) or an amount with its currency ("50.00 USD")') from None
    if isinstance(value, bool | float) or int(value) < 0:
        raise _refuse(f'"{name}" takes whole hundredths (5000 is 50.00) or an amount like "50.00 USD"')
    return int(value)


def _refuse(why: str, names: tuple[str, ...] = ()) -> InvalidArguments:
    return InvalidArguments(f"The product filter is not valid: {why}.", f"Write it like {EXAMPLE}.", allowed=names)


def describe_filter(rule: Any, currency: str | None = None) -> str:
    """Return a filter in words: `product type contains "shirt" and price below 50.00 USD`. Without one: all items."""
    if isinstance(rule, str):
        try:
            rule = json.loads(rule)
        except ValueError:
            return "a filter that this server cannot read"
    if not isinstance(rule, Mapping) or not rule:
        return "all items"
    return " and ".join(_describe_parts(rule, currency))


def _describe_parts(rule: Mapping[str, Any], currency: str | None) -> Iterator[str]:
    for name, value in rule.items():
        if name in JOINS and isinstance(value, list):
            parts = [describe_filter(part, currency) for part in value]
            yield f" {name} ".join(f"({part})" if " or " in part and name == "and" else part for part in parts)
        elif name == "not":
            yield f"not ({describe_filter(value, currency)})"
        elif isinstance(value, Mapping):
            for operator, item in value.items():
                yield f"{name.replace('_', ' ')} {WORDS.get(operator, operator)} {_shown(name, item, currency)}"
        else:
            yield f"{name}: {value}"


def _shown(name: str, value: Any, currency: str | None) -> str:
    if name in MONEY_FIELDS and currency and str(value).isdigit():
        minor = price_minor(f"{int(value) // 100} {currency}")[0] + (int(value) % 100 if _has_cents(currency) else 0)
        return format_money(money(minor, currency))
    return json.dumps(value, ensure_ascii=False)


def _has_cents(currency: str) -> bool:
    return price_minor(f"1 {currency}")[0] > 1


def check_filter(rule: Mapping[str, Any] | None, note: Callable[[str], None]) -> dict[str, Any] | None:
    """Return a filter as Graph takes it, and report what is unknown. Raises InvalidArguments."""
    if rule is None:
        return None
    check = FilterCheck()
    result = check.convert(rule)
    for text in check.notes:
        note(text)
    return result
