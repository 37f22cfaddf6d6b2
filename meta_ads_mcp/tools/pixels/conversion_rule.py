"""Validate the rule of a custom conversion, which selects the events of a pixel that count.

A rule nests groups (`and`, `or`) of comparisons of an event field with a value:
`{"and": [{"event": {"eq": "PageView"}}, {"or": [{"URL": {"i_contains": "thanks"}}]}]}`.
Source: Meta docs, marketing-api/reference/custom-conversion.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from meta_ads_mcp.errors import InvalidArguments

GROUPS = ("and", "or")
COMPARISONS = (
    "eq",
    "neq",
    "lt",
    "lte",
    "gt",
    "gte",
    "contains",
    "not_contains",
    "i_contains",
    "i_not_contains",
    "starts_with",
    "i_starts_with",
    "is_any",
    "i_is_any",
    "is_not_any",
    "i_is_not_any",
    "regex_match",
)
_MAX_DEPTH = 5


def _check_rule(rule: dict[str, Any]) -> dict[str, Any]:
    _check(rule, 1)
    return rule


def _check(rule: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"a rule has at most {_MAX_DEPTH} levels")
    if not isinstance(rule, Mapping) or not rule:
        raise ValueError("each part of a rule is an object: a group (and, or), or a field with its comparison")
    for key, value in rule.items():
        if key in GROUPS:
            _check_group(key, value, depth)
        else:
            _check_comparison(key, value)


def _check_group(key: str, parts: Any, depth: int) -> None:
    if not isinstance(parts, list) or not parts:
        raise ValueError(f"{key} is a list of rules")
    for part in parts:
        _check(part, depth + 1)


def _check_comparison(field: str, comparison: Any) -> None:
    """Check the comparison only: the field may be any parameter that the advertiser sends."""
    if not isinstance(comparison, Mapping) or len(comparison) != 1:
        raise ValueError('a field has one comparison, such as {"URL": {"i_contains": "thanks"}}')
    (name,) = comparison
    if name not in COMPARISONS:
        raise InvalidArguments(
            f"{str(name)[:40]!r} is not a comparison of conversion rules.",
            "Use one of Meta's.",
            allowed=(*COMPARISONS, *GROUPS),
        )
    if not isinstance(comparison[name], str | int | float | list):
        raise ValueError(f"{field[:60]} is compared with a text, a number or a list of them")


def as_text(rule: Mapping[str, Any]) -> str:
    """Encode the rule as the compact JSON text that Graph takes."""
    return json.dumps(rule, ensure_ascii=False, separators=(",", ":"))


ConversionRule = Annotated[
    dict[str, Any],
    AfterValidator(_check_rule),
    Field(description='{"and": [{"event": {"eq": "Purchase"}}, {"URL": {"i_contains": "/thanks"}}]}'),
]
