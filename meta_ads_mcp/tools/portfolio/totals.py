"""Ad accounts side by side: a row each, totals per currency, and who is missing from them.

Money is in major units of each account's currency, as insights have it. Nothing is added across currencies; people
(reach) are not added at all, because one person may see the ads of several accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.analysis import context
from meta_ads_mcp.analysis.actions import CONVERSIONS
from meta_ads_mcp.analysis.numbers import Number, amount, ratio, round_number, total, whole
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.errors import AdsError

NODE_FIELDS = ("id", "account_id", "name", "currency", "timezone_name", "account_status")
FIELDS = ("spend", "impressions", "reach", "clicks", "actions", "action_values")
_FIGURES = ("spend", "impressions", "reach", "clicks", "ctr", "cpc", "cpm")
# The ends of funnels; what leads there (carts, views of a product) would widen every row.
EVENTS = CONVERSIONS[: CONVERSIONS.index("initiate_checkout")]
_MONEY = ("purchase_value", "purchase_roas")
_ADDED = ("spend", "impressions", "clicks", *EVENTS, "purchase_value")


def node_fields(date_preset: str) -> str:
    """The `fields` of an account that bring its name, currency, time zone and figures in one request.

    Source: Meta docs, graph-api/guides/field-expansion.
    """
    return f"{','.join(NODE_FIELDS)},insights.date_preset({date_preset}){{{','.join(FIELDS)}}}"


def edge_params(date_preset: str) -> Row:
    """The same figures from an account's own insights edge."""
    return {"fields": ",".join(FIELDS), "date_preset": date_preset}


@dataclass(frozen=True)
class AccountLine:
    """An account with its figures; `figures` is empty where Meta gives no row, which means no delivery."""

    id: str
    name: str
    currency: str
    timezone: str
    status: int | None
    figures: Row
    days: tuple[str, str] | None

    def place(self) -> Row:
        return {"account_id": self.id, "account_name": self.name, "currency": self.currency}


def account_line(account_id: str, node: Row) -> AccountLine:
    """An account as Graph gave it with its nested insights."""
    rows = (node.get("insights") or {}).get("data") or []
    row: Row = rows[0] if rows else {}
    days = (str(row["date_start"]), str(row["date_stop"])) if row.get("date_start") else None
    status = node.get("account_status")
    return AccountLine(
        account_id,
        str(node.get("name") or ""),
        str(node.get("currency") or "unknown"),
        str(node.get("timezone_name") or "unknown"),
        status if isinstance(status, int) else None,
        context.totals(row) if row else {},
        days,
    )


@dataclass(frozen=True)
class Portfolio:
    """The accounts that answered and those that could not be read, by id."""

    lines: Sequence[AccountLine]
    failed: Mapping[str, AdsError]

    @property
    def delivered(self) -> list[AccountLine]:
        """By currency, the largest spend first."""
        found = [one for one in self.lines if one.figures]
        return sorted(found, key=lambda one: (one.currency, -one.figures["spend"]))

    @property
    def silent(self) -> list[AccountLine]:
        return [one for one in self.lines if not one.figures]

    @property
    def days(self) -> tuple[str, str] | None:
        """The days of all accounts, where they are the same for all."""
        found = {one.days for one in self.delivered}
        return found.pop() if len(found) == 1 else None

    def by_currency(self) -> dict[str, list[AccountLine]]:
        groups: dict[str, list[AccountLine]] = {}
        for one in self.delivered:
            groups.setdefault(one.currency, []).append(one)
        return groups

    def table(self, labels: Mapping[int, str]) -> Table:
        """A row per account that delivered; `labels` are the words of `account_status`."""
        events = [name for name in EVENTS if any(name in one.figures for one in self.delivered)]
        money = [name for name in _MONEY if any(name in one.figures for one in self.delivered)]
        days = [] if self.days else ["since", "until"]
        figures = [*_FIGURES, *events, *money]
        columns = ["account_id", "account_name", "currency", "timezone_name", "account_status", *days]
        spent = {currency: _spend(lines) for currency, lines in self.by_currency().items()}
        rows = [
            [
                *one.place().values(),
                one.timezone,
                labels.get(one.status or 0, "UNKNOWN"),
                *((one.days or ("", "")) if days else ()),
                *(one.figures.get(name, 0 if name in _ADDED else None) for name in figures),
                _share(one, spent[one.currency]),
            ]
            for one in self.delivered
        ]
        return Table([*columns, *figures, "share_of_currency_spend_pct"], rows)

    def totals(self) -> list[Row]:
        """The sums of each currency, with the rates of the sums."""
        return [_total(currency, lines) for currency, lines in self.by_currency().items()]

    def said(self, preset: str) -> str:
        """The portfolio in a sentence."""
        asked = len(self.lines) + len(self.failed)
        spent = [f"{amount(_spend(lines), currency)} ({len(lines)})" for currency, lines in self.by_currency().items()]
        missing = [
            f"{len(found)} {what}"
            for found, what in ((self.silent, "without delivery"), (self.failed, "could not be read"))
            if found
        ]
        money = f": spend {', '.join(spent)}" if spent else ""
        rest = f"; {', '.join(missing)}" if missing else ""
        return f"{len(self.delivered)} of {asked} accounts delivered in {preset}{money}{rest}."


def _spend(lines: Sequence[AccountLine]) -> Number:
    return total(one.figures["spend"] for one in lines)


def _share(one: AccountLine, spent: Number) -> Number | None:
    share = ratio(one.figures["spend"], spent, 100)
    return None if share is None else whole(round(share, 1))


def _total(currency: str, lines: Sequence[AccountLine]) -> Row:
    sums: dict[str, Any] = {
        name: total(one.figures.get(name) for one in lines)
        for name in _ADDED
        if any(name in one.figures for one in lines)
    }
    rates = {
        "ctr": ratio(sums["clicks"], sums["impressions"], 100),
        "cpc": ratio(sums["spend"], sums["clicks"]),
        "cpm": ratio(sums["spend"], sums["impressions"], 1000),
        "purchase_roas": ratio(sums.get("purchase_value"), sums["spend"]),
    }
    shown = {name: round_number(value) for name, value in rates.items() if value is not None}
    return {"currency": currency, "accounts": len(lines), **sums, **shown}
