"""Drop fields that hold their usual value from list rows: every token of a list costs the user.

A field that the caller names in `fields` is always shown in full.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from meta_ads_mcp.core.result import Row

# The value that nearly every object has. Any other value is shown.
USUAL: dict[str, Any] = {
    "buying_type": "AUCTION",
    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
    "billing_event": "IMPRESSIONS",
    "is_adset_budget_sharing_enabled": False,
    "is_dynamic_creative": False,
}
# Rarely useful, and in every row.
_NEVER = frozenset({"updated_time"})
_SECONDS = re.compile(r"(T[0-9]{2}:[0-9]{2}):[0-9]{2}(?=[+-][0-9]{4}$)")


def drop_defaults(data: Any, requests: Set[str]) -> Any:
    """Return the rows of a list, with fewer fields for campaigns, ad sets and ads.

    Only these have an effective status. `requests` are the fields that the caller named.
    """
    if not isinstance(data, list):
        return data
    return [_compact(row, requests) if "effective_status" in row else row for row in data]


def _compact(row: Row, requests: Set[str]) -> Row:
    return {
        key: value if key in requests else _to_the_minute(value)
        for key, value in row.items()
        if key in requests or not _is_redundant(key, value, row)
    }


def _is_redundant(key: str, value: Any, row: Row) -> bool:
    """Return whether a field tells nothing new.

    `budget_remaining` is informative for lifetime budgets only; a daily budget resets every day.
    """
    return (
        key in _NEVER
        or (key in USUAL and value == USUAL[key])
        or (key == "configured_status" and value == row.get("status"))
        or (key == "budget_remaining" and "lifetime_budget" not in row)
        or (key == "created_time" and "start_time" in row)
    )


def _to_the_minute(value: Any) -> Any:
    """Return a time of Graph without its seconds; anything else as it is."""
    return _SECONDS.sub(r"\1", value) if isinstance(value, str) and len(value) == 24 else value
