"""Arrange the figures of ad accounts: a row per account, and totals per currency.

Money is in major units of each account's currency, as in insights. Nothing is added across currencies. Reach is never
added, because one person may see the ads of several accounts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.analysis import context
from meta_ads_mcp.analysis.actions import CONVERSIONS
from meta_ads_mcp.analysis.numbers import Number, amount, ratio, round_number, total, whole
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.errors import AdsError

NODE_FIELDS = tuple(
    "id account_id name currency timezone_name account_status disable_reason spend_cap amount_spent".split()
)
FIELDS = ("spend", "impressions", "reach", "clicks", "actions", "action_values")
_FIGURES = ("spend", "impressions", "reach", "clicks", "ctr", "cpc", "cpm")
# The last events of funnels. Earlier ones (carts, product views) would widen every row.
EVENTS = CONVERSIONS[: CONVERSIONS.index("initiate_checkout")]
_MONEY = ("purchase_value", "purchase_roas")
_SUMMABLE = ("spend", "impressions", "clicks", *EVENTS, "purchase_value")


def node_fields(period: Row) -> str:
    """Return the `fields` that read an account's name, currency, time zone and figures in one request.

    `period` is Graph's `date_preset` or `time_range`. Source: Meta docs, graph-api/guides/field-expansion.
    """
    (name, value), *_ = period.items()
    argument = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return f"{','.join(NODE_FIELDS)},insights.{name}({argument}){{{','.join(FIELDS)}}}"


def edge_params(period: Row) -> Row:
    """Return the parameters that read the same figures from the insights edge of an account."""
    return {"fields": ",".join(FIELDS), **period}


@dataclass(frozen=True)
class AccountFigures:
    """An account and its figures. `figures` is empty if Meta returns no row, which means no delivery.

    `status` is Graph's `account_status`; `days` are the first and last day of the figures. `spend_cap` and
    `amount_spent` are in minor units, as Graph gives them.
    """

    id: str
    name: str
    currency: str
    timezone: str
    status: int | None
    figures: Row
    days: tuple[str, str] | None
    disable_reason: int | None = None
    spend_cap: Any = None
    amount_spent: Any = None

    def identity(self) -> Row:
        """Return the id, name and currency."""
        return {"account_id": self.id, "account_name": self.name, "currency": self.currency}


def account_figures(account_id: str, node: Row) -> AccountFigures:
    """Read an account from Graph's object with its nested insights."""
    rows = (node.get("insights") or {}).get("data") or []
    row: Row = rows[0] if rows else {}
    days = (str(row["date_start"]), str(row["date_stop"])) if row.get("date_start") else None
    status = node.get("account_status")
    return AccountFigures(
        account_id,
        str(node.get("name") or ""),
        str(node.get("currency") or "unknown"),
        str(node.get("timezone_name") or "unknown"),
        status if isinstance(status, int) else None,
        context.totals(row) if row else {},
        days,
        node.get("disable_reason") if isinstance(node.get("disable_reason"), int) else None,
        node.get("spend_cap"),
        node.get("amount_spent"),
    )


@dataclass(frozen=True)
class Portfolio:
    """The accounts that could be read, and the errors of the others by account id."""

    accounts: Sequence[AccountFigures]
    failed: Mapping[str, AdsError]

    @property
    def delivered(self) -> list[AccountFigures]:
        """Return the accounts with delivery, sorted by currency and descending spend."""
        accounts = [account for account in self.accounts if account.figures]
        return sorted(accounts, key=lambda account: (account.currency, -account.figures["spend"]))

    @property
    def silent(self) -> list[AccountFigures]:
        """Return the accounts without delivery."""
        return [account for account in self.accounts if not account.figures]

    @property
    def days(self) -> tuple[str, str] | None:
        """Return the first and last day, or None if they differ between accounts."""
        days = {account.days for account in self.delivered}
        return days.pop() if len(days) == 1 else None

    def by_currency(self) -> dict[str, list[AccountFigures]]:
        """Group the accounts with delivery by currency."""
        groups: dict[str, list[AccountFigures]] = {}
        for account in self.delivered:
            groups.setdefault(account.currency, []).append(account)
        return groups

    def table(self, labels: Mapping[int, str]) -> Table:
        """Build a table with a row per account with delivery. `labels` are the names of `account_status`."""
        events = [name for name in EVENTS if any(name in account.figures for account in self.delivered)]
        money = [name for name in _MONEY if any(name in account.figures for account in self.delivered)]
        days = [] if self.days else ["since", "until"]
        figures = [*_FIGURES, *events, *money]
        columns = ["account_id", "account_name", "currency", "timezone_name", "account_status", *days]
        spend = {currency: _spend(accounts) for currency, accounts in self.by_currency().items()}
        rows = [
            [
                *account.identity().values(),
                account.timezone,
                labels.get(account.status or 0, "UNKNOWN"),
                *((account.days or ("", "")) if days else ()),
                *(account.figures.get(name, 0 if name in _SUMMABLE else None) for name in figures),
                _share(account, spend[account.currency]),
            ]
            for account in self.delivered
        ]
        return Table([*columns, *figures, "share_of_currency_spend_pct"], rows)

    def totals(self) -> list[Row]:
        """Return the sums of each currency, with rates computed from the sums."""
        return [_total(currency, accounts) for currency, accounts in self.by_currency().items()]

    def summary(self, preset: str) -> str:
        """Describe the portfolio in a sentence."""
        count = len(self.accounts) + len(self.failed)
        spend = [
            f"{amount(_spend(accounts), currency)} ({len(accounts)})"
            for currency, accounts in self.by_currency().items()
        ]
        missing = [
            f"{len(group)} {label}"
            for group, label in ((self.silent, "without delivery"), (self.failed, "could not be read"))
            if group
        ]
        money = f": spend {', '.join(spend)}" if spend else ""
        rest = f"; {', '.join(missing)}" if missing else ""
        return f"{len(self.delivered)} of {count} accounts delivered in {preset}{money}{rest}."


def _spend(accounts: Sequence[AccountFigures]) -> Number:
    return total(account.figures["spend"] for account in accounts)


def _share(account: AccountFigures, spend: Number) -> Number | None:
    share = ratio(account.figures["spend"], spend, 100)
    return None if share is None else whole(round(share, 1))


def _total(currency: str, accounts: Sequence[AccountFigures]) -> Row:
    sums: dict[str, Any] = {
        name: total(account.figures.get(name) for account in accounts)
        for name in _SUMMABLE
        if any(name in account.figures for account in accounts)
    }
    rates = {
        "ctr": ratio(sums["clicks"], sums["impressions"], 100),
        "cpc": ratio(sums["spend"], sums["clicks"]),
        "cpm": ratio(sums["spend"], sums["impressions"], 1000),
        "purchase_roas": ratio(sums.get("purchase_value"), sums["spend"]),
    }
    figures = {name: round_number(value) for name, value in rates.items() if value is not None}
    return {"currency": currency, "accounts": len(accounts), **sums, **figures}
