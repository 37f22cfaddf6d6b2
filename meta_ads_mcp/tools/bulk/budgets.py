"""Compute budgets exactly, in minor units, and say why a budget cannot be changed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor

BudgetField = Literal["daily_budget", "lifetime_budget"]
BUDGETS: tuple[BudgetField, ...] = ("daily_budget", "lifetime_budget")
# Budgets below this, in minor units, are held against the account's minimum, which then is read.
MAX_CHECKED_MINOR = 2000


def budget_of(row: Mapping[str, Any]) -> tuple[BudgetField, int] | None:
    """Return the budget that an object has itself, in minor units, or None. An unreadable amount counts as none."""
    for name in BUDGETS:
        try:
            amount = parse_minor(row.get(name))
        except UnreadableAmount:
            return None
        if amount:
            return name, amount
    return None


def without_budget(row: Mapping[str, Any], level: str) -> str:
    """Return why an object without a budget of its own is refused."""
    if level == "campaign":
        return f"Campaign {row['id']} has no budget of its own; its ad sets have the budgets"
    return f"Ad set {row['id']} has no budget of its own; the budget is on campaign {row.get('campaign_id')}"


def change_by_percent(minor: int, percent: float) -> int:
    """Return an amount changed by a percentage, rounded half up to the minor unit."""
    exact = Decimal(minor) * (100 + Decimal(str(percent))) / 100
    return int(exact.to_integral_value(ROUND_HALF_UP))


async def read_minimum(call: Call, account_id: str) -> int:
    """Return the account's least daily budget in minor units, or 0 if Meta does not show it."""
    row = await call.graph.get(account_id, fields=["id", "min_daily_budget"])
    try:
        return parse_minor(row.get("min_daily_budget")) or 0
    except UnreadableAmount:
        return 0


def below_minimum(minor: int, minimum: int, currency: str) -> str | None:
    """Return why a daily budget is too small, or None."""
    if minor >= minimum:
        return None
    return (
        f"{format_money(money(minor, currency))} is below the account's minimum of "
        f"{format_money(money(minimum, currency))} a day"
    )
