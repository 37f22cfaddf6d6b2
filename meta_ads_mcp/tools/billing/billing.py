"""Read the balance, spend cap and payment method of an ad account. Graph's amounts are in minor units."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.core.listing import fields_for
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.accounts import label_account

NO_CAP = "This account has no spend cap (Meta shows it as 0)."


@tool(
    "ads_get_billing_info",
    Effect.READ,
    get("{account_id}"),
    node="AdAccount",
    fields="id name currency timezone_name spend_cap amount_spent balance funding_source_details owner business_name "
    "account_status disable_reason is_prepay_account",
    singular="ad account",
    keywords="payment method invoice balance owe card funding",
)
class GetBillingInfo(Params):
    """Read how an ad account pays: status, balance owed, amount spent, spend cap, payment method as Meta shows it."""

    account_id: AccountId

    async def run(self, call: Call) -> Result:
        row = await call.graph.get(self.account_id, fields=fields_for(self))
        if not row.get("funding_source_details"):
            call.note("Meta returned no payment method. Reading it requires the MANAGE task on the account.")
        if _minor(row.get("spend_cap")) == 0:
            call.note(NO_CAP)
        return Result(f"Billing of {self.account_id}.", label_account(row))


@tool(
    "ads_get_spend_limit",
    Effect.READ,
    get("{account_id}", "{account_id}/minimum_budgets"),
    node="AdAccount",
    fields="id name currency spend_cap amount_spent balance min_daily_budget",
    singular="ad account",
    keywords="spend cap remaining budget minimum",
)
class GetSpendLimit(Params):
    """Read an account's spend cap, what of it is spent and left, and the least daily budgets that Meta accepts."""

    account_id: AccountId

    async def run(self, call: Call) -> Result:
        account = await call.graph.get(self.account_id, fields=fields_for(self))
        minima = await attempt(call.graph.list(f"{self.account_id}/minimum_budgets", limit=100))
        data = {**account, **_limit(account)}
        if isinstance(minima, AdsError):
            call.note(unread("The minimum budgets", minima))
        else:
            data["minimum_budgets"] = _minimum(minima.rows, account.get("currency"))
        if not data["has_spend_cap"]:
            call.note(NO_CAP)
        return Result(_summary(self.account_id, data), data)


def _limit(account: Row) -> Row:
    """Return whether the account has a cap, what is left of it (0 or more) and the percentage used."""
    cap, spent = _minor(account.get("spend_cap")), _minor(account.get("amount_spent")) or 0
    if not cap:
        return {"has_spend_cap": False}
    return {
        "has_spend_cap": True,
        "remaining": money(max(0, cap - spent), str(account.get("currency"))),
        "percent_used": round(100 * spent / cap, 1),
    }


def _minimum(rows: list[Row], currency: Any) -> Row:
    """Return the minimum budgets in the account's currency; Meta lists every currency."""
    return next((row for row in rows if row.get("currency") == currency), {})


def _minor(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _summary(account_id: str, data: Row) -> str:
    if not data["has_spend_cap"]:
        return f"{account_id} has no spend cap."
    return f"{account_id} has {format_money(data['remaining'])} of its spend cap left ({data['percent_used']} % used)."
