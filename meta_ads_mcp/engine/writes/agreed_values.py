"""Say for which values an agreement holds: what the user saw in the plan and what cannot differ from call to call.

The arguments of a call are bound anyway. What a new object gets can also come from a file, or from an object that is
copied, and both can change between the plan and the agreement. Some of it is new at each planning, such as signed
addresses of pictures, so only the fields that decide about money, audience and delivery are bound.
"""

from __future__ import annotations

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS
from meta_ads_mcp.core.write import Change

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
