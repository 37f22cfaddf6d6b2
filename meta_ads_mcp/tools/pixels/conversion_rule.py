"""The rule of a custom conversion: which of a pixel's events count.

`{"and": [{"event": {"eq": "PageView"}}, {"or": [{"URL": {"i_contains": "thanks"}}]}]}`: groups (`and`, `or`), and in
them a field of the event with one comparison. Source: Meta docs, marketing-api/reference/custom-conversion.
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
_DEEPEST = 5


def _rule(given: dict[str, Any]) -> dict[str, Any]:
    _check(given, 1)
    return given


def _check(rule: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError(f"a rule has at most {_DEEPEST} levels")
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
    """The field may be a parameter of the advertiser's own, the comparison is one of Meta's."""
    if not isinstance(comparison, Mapping) or len(comparison) != 1:
        raise ValueError('a field has one comparison, such as {"URL": {"i_contains": "thanks"}}')
    (name,) = comparison
    if name not in COMPARISONS:
        raise InvalidArguments(
            f"A rule has no comparison {str(name)[:40]!r}.", "Use one of Meta's.", allowed=(*COMPARISONS, *GROUPS)
        )
    if not isinstance(comparison[name], str | int | float | list):
        raise ValueError(f"{field[:60]} is compared with a text, a number or a list of them")


def as_text(rule: Mapping[str, Any]) -> str:
    """The rule as Graph takes it."""
    return json.dumps(rule, ensure_ascii=False, separators=(",", ":"))


ConversionRule = Annotated[
    dict[str, Any],
    AfterValidator(_rule),
    Field(description='{"and": [{"event": {"eq": "Purchase"}}, {"URL": {"i_contains": "/thanks"}}]}'),
]
