"""`filtering` as Graph reads it: a list of `{field, operator, value}`, all of which have to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from meta_ads_mcp.sandbox.refusal import Refusal, not_in_enum

Json = Any
Test = Callable[[Json, Json], bool]
Condition = tuple[str, str, Json]  # field, operator, value


def number(value: Json) -> float | None:
    """A value as a number; times count in Unix seconds."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return timestamp(str(value))


def timestamp(text: str) -> float | None:
    """Return an ISO 8601 text as Unix seconds; None for anything else."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def words(value: Json) -> list[str]:
    """Return a value as a list of texts."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def held(value: Json) -> list[str]:
    """The values an object has for a field: none, one, or several."""
    return [] if value is None else words(value)


def ordered(compare: Callable[[float, float], bool]) -> Test:
    """Return a test that compares numbers or times."""

    def test(value: Json, operand: Json) -> bool:
        actual, limit = number(value), number(operand[0] if isinstance(operand, list) and operand else operand)
        return actual is not None and limit is not None and compare(actual, limit)

    return test


def in_range(value: Json, operand: Json) -> bool:
    """Tell whether a value lies between two bounds, both included."""
    actual = number(value)
    low, high = (number(item) for item in operand)
    return actual is not None and low is not None and high is not None and low <= actual <= high


def equal(value: Json, operand: Json) -> bool:
    """Tell whether a value is the wanted one, as a number where both are numbers."""
    actual, limit = number(value), number(operand)
    if actual is not None and limit is not None:
        return actual == limit
    return str(value) in words(operand)


def any_text(check: Callable[[str, str], bool]) -> Test:
    """Some wanted text fits some held text, whatever the case."""

    def test(value: Json, operand: Json) -> bool:
        return any(check(item.lower(), text.lower()) for item in held(value) for text in words(operand))

    return test


def contains_all(value: Json, operand: Json) -> bool:
    """Tell whether every wanted text is in a text of the value, whatever the case."""
    return all(any(text.lower() in item.lower() for item in held(value)) for text in words(operand))


def is_in(value: Json, operand: Json) -> bool:
    """Tell whether a value is one of the wanted ones."""
    return any(item in words(operand) for item in held(value))


def negate(test: Test) -> Test:
    """Return the opposite of a test."""
    return lambda value, operand: not test(value, operand)


CONTAIN = any_text(lambda item, text: text in item)

# Operators: docs marketing-api/insights/parameters and marketing-api/ad-rules
OPERATORS: dict[str, Test] = {
    "EQUAL": equal,
    "NOT_EQUAL": negate(equal),
    "GREATER_THAN": ordered(lambda a, b: a > b),
    "GREATER_THAN_OR_EQUAL": ordered(lambda a, b: a >= b),
    "LESS_THAN": ordered(lambda a, b: a < b),
    "LESS_THAN_OR_EQUAL": ordered(lambda a, b: a <= b),
    "AFTER": ordered(lambda a, b: a > b),
    "BEFORE": ordered(lambda a, b: a < b),
    "ON_OR_AFTER": ordered(lambda a, b: a >= b),
    "ON_OR_BEFORE": ordered(lambda a, b: a <= b),
    "IN_RANGE": in_range,
    "NOT_IN_RANGE": negate(in_range),
    "CONTAIN": CONTAIN,
    "NOT_CONTAIN": negate(CONTAIN),
    "CONTAINS_ANY": CONTAIN,
    "NOT_CONTAINS_ANY": negate(CONTAIN),
    "CONTAINS_ALL": contains_all,
    "STEM_MATCH": CONTAIN,
    "STARTS_WITH": any_text(str.startswith),
    "ENDS_WITH": any_text(str.endswith),
    "IN": is_in,
    "NOT_IN": negate(is_in),
    "ANY": is_in,
    "ALL": lambda value, operand: set(words(operand)) <= set(held(value)),
    "NONE": negate(is_in),
    "TOP": lambda _value, _operand: True,  # a limit by rank, which `limit` and `sort` do here
}

NEEDS_LIST = frozenset({"IN", "NOT_IN", "IN_RANGE", "NOT_IN_RANGE", "ANY", "ALL", "NONE"})


def check(filtering: Sequence[Json]) -> list[Condition]:
    """The filters as (field, operator, value), or the refusal of a malformed one."""
    return [check_one(item) for item in filtering]


def check_one(item: Json) -> Condition:
    """Return one filter as (field, operator, value). Refusal where it is malformed."""
    if not isinstance(item, Mapping) or not {"field", "operator", "value"} >= set(item) or "field" not in item:
        raise Refusal("(#100) filtering must be an array of {field, operator, value}", blame=(("filtering",),))
    operator, value = str(item.get("operator")), item.get("value")
    if operator not in OPERATORS:
        raise not_in_enum("filtering[0]['operator']", OPERATORS)
    if operator in NEEDS_LIST and not isinstance(value, list):
        raise Refusal(f"(#100) filtering: operator {operator} needs a list as value", blame=(("filtering",),))
    if (
        operator.endswith("IN_RANGE")
        and isinstance(value, list)
        and (len(value) != 2 or any(number(part) is None for part in value))
    ):
        raise Refusal(f"(#100) filtering: operator {operator} needs two numbers", blame=(("filtering",),))
    return str(item["field"]), operator, value


def holds(value: Json, operator: str, operand: Json) -> bool:
    """Tell whether a value fits an operator and what is wanted."""
    return OPERATORS[operator](value, operand)
