"""Say for which values an agreement holds: what the user saw in the plan and what cannot differ from call to call.

The arguments of a call are bound anyway. What a new object gets can also come from a file, or from an object that is
copied, and both can change between the plan and the agreement. Some of it is new at each planning, such as signed
addresses of pictures, so only the fields that decide about money, audience and delivery are bound.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.writes.units.unit_text import UnitText, describe_differences
from meta_ads_mcp.errors import ConfirmationRequired

_BOUND_FIELDS = frozenset(
    {
        *SPEND_FIELDS,
        *("name", "status", "objective", "optimization_goal", "billing_event", "bid_strategy", "targeting"),
        *("promoted_object", "special_ad_categories", "is_adset_budget_sharing_enabled"),
    }
)


def agreed_values(change: Change) -> Row:
    """Return the bound ones of the values that an object is to have."""
    return {name: value for name, value in change.after.items() if name in _BOUND_FIELDS}


def is_same_plan(before: Sequence[Row], now: Sequence[Row]) -> bool:
    """Return whether two plans have the same bound values."""
    return _text(before) == _text(now)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def different_plan_error(before: Sequence[Change], now: Sequence[Change], text: UnitText) -> ConfirmationRequired:
    """Return the error for a plan that became another one while its user was asked."""
    parts = [_describe(old, new, text) for old, new in zip(before, now, strict=False)]
    what = " ".join(["The user agreed to other values than there are now; nothing was sent.", *filter(None, parts)])
    return ConfirmationRequired(
        what,
        "Call again: the user is then asked about the values of now.",
    )


def _describe(old: Change, new: Change, text: UnitText) -> str:
    names = [name for name in old.before if _text(old.before[name]) != _text(new.before.get(name))]
    if not names or old.private:
        return ""
    return f"{old.object_id}: {describe_differences(text.differences(old.before, new.before, old.after, names))}"
