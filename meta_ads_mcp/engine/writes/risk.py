"""What a change means: the policy's word for it, and why a person has to agree first."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect

_EDITS = {
    "edit_targeting": {"targeting"},
    "edit_creative": {"creative"},
    "edit_status": {"status"},
    "edit_budget": {
        "daily_budget",
        "lifetime_budget",
        "spend_cap",
        "adset_budgets",
        "budget_value",
        "budget_schedule_specs",
        "spend_cap_action",
        "lifetime_spend_cap",
        "daily_spend_cap",
    },
}
_CAPS = ("spend_cap", "daily_spend_cap", "lifetime_spend_cap")
_BUDGETS = ("daily_budget", "lifetime_budget", *_CAPS)
_GONE = ("DELETED", "ARCHIVED")


def policy_actions(effect: Effect, node: str, after: Row) -> frozenset[str]:
    """The policy's words for a change."""
    found = {word for word, fields in _EDITS.items() if not fields.isdisjoint(after)}
    if effect is Effect.DELETE or after.get("status") in _GONE:
        found.add("delete")
    if effect is Effect.CREATE:
        # A new campaign comes with its budget; a budget schedule changes the budget of what is there.
        create_action = node_kind(node).create_action
        found -= {"edit_status", "edit_targeting", "edit_creative", *(["edit_budget"] if create_action else [])}
        found |= {create_action} if create_action else set()
    return frozenset(found)


def confirmation_reasons(effect: Effect, before: Row, after: Row) -> tuple[str, ...]:
    """Why a person has to agree: activating, deleting, raising a budget or a spend cap. Empty where none applies."""
    found = []
    if effect is Effect.DELETE:
        found.append("it deletes the object, which cannot be undone")
    elif after.get("status") in _GONE and before.get("status") != after.get("status"):
        found.append(f"it sets the status to {after['status']}, which cannot be undone")
    if after.get("status") == "ACTIVE" and before.get("status") != "ACTIVE":
        found.append("it starts delivery, which spends money")
    if effect is not Effect.CREATE:
        found += [_raised(name) for name in _BUDGETS if _is_raise(name, before.get(name), after.get(name))]
    return tuple(found)


def _raised(name: str) -> str:
    return f"it raises {name.replace('_', ' ')}"


def _is_raise(name: str, old: Any, new: Any) -> bool:
    """A cap of 0 means no cap: from none to some lowers it, from some to none raises it."""
    if not isinstance(new, int):
        return False
    was = int(old) if isinstance(old, int) or (isinstance(old, str) and old.isdigit()) else 0
    if name in _CAPS:
        return (was > 0 and new > was) or (was > 0 and new == 0)
    return new > was
