"""Read values as people and models spell them, where only one value can be meant."""

from __future__ import annotations

import re

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TWO_DAYS = re.compile(rf"({_DAY.pattern})\s*(?:,|\.\.\.?|/|:|-|to|until)\s*({_DAY.pattern})")
_LAST_DAYS = re.compile(r"last[ _-]?([0-9]{1,3})[ _-]?d(?:ays?)?")
OPERATOR_SIGNS = {
    "=": "EQUAL",
    "==": "EQUAL",
    "!=": "NOT_EQUAL",
    ">": "GREATER_THAN",
    ">=": "GREATER_THAN_OR_EQUAL",
    "<": "LESS_THAN",
    "<=": "LESS_THAN_OR_EQUAL",
    "CONTAINS": "CONTAIN",
    "NOT_CONTAINS": "NOT_CONTAIN",
}
_DIRECTIONS = {"asc": "ascending", "ascending": "ascending", "desc": "descending", "descending": "descending"}
_SORT = re.compile(r"([a-z0-9_.:]+?)[ _:](asc|ascending|desc|descending)", re.IGNORECASE)


def two_days(text: str) -> tuple[str, str] | None:
    """Return the two days of a range such as `2026-11-01 to 2026-11-10`, or None for any other text."""
    match = _TWO_DAYS.fullmatch(text.strip())
    return (match[1], match[2]) if match else None


def preset_name(text: str) -> str:
    """Return a date preset as Meta spells it: "last 7 days" and "LAST_7_DAYS" are `last_7d`."""
    match = _LAST_DAYS.fullmatch(text.strip().casefold())
    return f"last_{match[1]}d" if match else text


def sort_key(text: str) -> str:
    """Return a sort key as Meta spells it: `spend_desc`, "spend desc" and `spend:desc` are `spend_descending`."""
    match = _SORT.fullmatch(text.strip())
    return f"{match[1]}_{_DIRECTIONS[match[2].casefold()]}" if match else text
