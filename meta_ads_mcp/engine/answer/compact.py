"""Rows of campaigns, ad sets and ads without what goes without saying, because every row of a list is paid by the user.

A field that the caller names in `fields` is always shown, whole.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from meta_ads_mcp.core.result import Row

# What nearly every object has; another value is shown.
USUAL: dict[str, Any] = {
    "buying_type": "AUCTION",
    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
    "billing_event": "IMPRESSIONS",
    "is_adset_budget_sharing_enabled": False,
    "is_dynamic_creative": False,
}
# Of use to few, in every row.
_NEVER = frozenset({"updated_time"})
_SECONDS = re.compile(r"(T[0-9]{2}:[0-9]{2}):[0-9]{2}(?=[+-][0-9]{4}$)")


def drop_defaults(data: Any, asked: Set[str]) -> Any:
    """The rows of a list, shorter where they are campaigns, ad sets or ads, which alone have an effective status."""
    if not isinstance(data, list):
        return data
    return [_brief(row, asked) if "effective_status" in row else row for row in data]


def _brief(row: Row, asked: Set[str]) -> Row:
    return {
        key: value if key in asked else _to_the_minute(value)
        for key, value in row.items()
        if key in asked or not _goes_without_saying(key, value, row)
    }


def _goes_without_saying(key: str, value: Any, row: Row) -> bool:
    """A budget by the day says what remains of it within a day; one for the whole run does not."""
    return (
        key in _NEVER
        or (key in USUAL and value == USUAL[key])
        or (key == "configured_status" and value == row.get("status"))
        or (key == "budget_remaining" and "lifetime_budget" not in row)
        or (key == "created_time" and "start_time" in row)
    )


def _to_the_minute(value: Any) -> Any:
    """A moment as Graph writes it, without its seconds."""
    return _SECONDS.sub(r"\1", value) if isinstance(value, str) and len(value) == 24 else value
