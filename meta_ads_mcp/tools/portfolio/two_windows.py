"""Compare accounts between two windows: spend, and the results of each account with their cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meta_ads_mcp.analysis.comparisons.deltas import Delta, deltas
from meta_ads_mcp.analysis.comparisons.meant import EventObjects, event_objects
from meta_ads_mcp.analysis.comparisons.windows import WindowPair
from meta_ads_mcp.analysis.numbers import Number, amount, change_pct, round_number, total
from meta_ads_mcp.analysis.series import Figures, Measure, figures
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.tools.portfolio.totals import AccountFigures, Portfolio

WHOLE_FIELDS = ("spend", "impressions", "clicks", "actions", "action_values", "date_start", "date_stop")
CAMPAIGN_FIELDS = ("campaign_id", "spend", "impressions", "clicks", "results", "actions", "date_start", "date_stop")
MAX_CAMPAIGN_ROWS = 500
_SPEND = ["spend", "spend_before", "spend_change", "spend_change_pct"]
_PER_DAY = ["spend_per_day", "spend_per_day_before", "spend_change_per_day_pct"]
_RESULTS = "result_event results results_before results_change_pct".split()
_COSTS = "cost_per_result cost_per_result_before cost_per_result_change_pct purchase_roas purchase_roas_before".split()


def build_requests(account: str, pair: WindowPair) -> dict[str, Request]:
    """Return the requests of an account: its figures in both windows, and those of its campaigns."""
    ranges: dict[str, Any] = {"time_ranges": pair.ranges}
    campaigns = {"level": "campaign", "limit": MAX_CAMPAIGN_ROWS, "sort": ["spend_descending"]}
    path = f"{account}/insights"
    return {
        f"{account} whole": Request("GET", path, {**ranges, "fields": ",".join(WHOLE_FIELDS)}, account=account),
        f"{account} campaigns": Request(
            "GET", path, {**ranges, **campaigns, "fields": ",".join(CAMPAIGN_FIELDS)}, account=account
        ),
    }


@dataclass(frozen=True)
class AccountWindows:
    """An account's figures in both windows. Results and their cost are those of the campaigns meant for the event."""

    account: AccountFigures
    pair: WindowPair
    now: Figures
    before: Figures
    event: str | None

    @property
    def delivered(self) -> bool:
        """Return whether anything was delivered in a window."""
        return bool(self.now.impressions or self.before.impressions)

    @property
    def spend(self) -> Delta:
        """Return the spend of both windows."""
        return Delta(self.now.spend, self.before.spend, additive=True)

    def cells(self) -> list[Any]:
        """Return the values of the figures' columns."""
        each = deltas(self.now, self.before)
        none = Delta(None, None)
        results, cost = each.get("results", none), each.get("cost_per_result", none)
        roas = each.get("purchase_roas", none)
        return [
            *self.spend.cells(),
            *self.spend.per_day(self.pair),
            self.event,
            results.now,
            results.before,
            change_pct(results.now, results.before),
            cost.now,
            cost.before,
            change_pct(cost.now, cost.before),
            roas.now,
            roas.before,
        ]


def account_windows(
    account: AccountFigures, pair: WindowPair, wholes: Sequence[Row], campaigns: Sequence[Row]
) -> AccountWindows:
    """Return both windows of an account from Graph's rows of the account and of its campaigns."""
    meant = event_objects(campaigns, "campaign_id")
    now, before = (_window(wholes, campaigns, pair, meant, now=is_now) for is_now in (True, False))
    return AccountWindows(account, pair, now, before, meant.event)


def _window(
    wholes: Sequence[Row], campaigns: Sequence[Row], pair: WindowPair, meant: EventObjects, *, now: bool
) -> Figures:
    def rows(each: Sequence[Row]) -> list[Row]:
        return [row for row in each if pair.is_now(row.get("date_start"), row.get("date_stop")) == now]

    match = rows(wholes)
    whole = figures(match[0] if match else {}, Measure(None, from_meta=False))
    return meant.limit(whole, rows(campaigns), "campaign_id")


@dataclass(frozen=True)
class ComparedPortfolio:
    """The accounts that could be read."""

    accounts: Sequence[AccountWindows]

    @property
    def pair(self) -> WindowPair | None:
        """Return the windows, or None if they differ between accounts."""
        pairs = {(item.pair.now.since, item.pair.before.since): item.pair for item in self.accounts}
        return next(iter(pairs.values())) if len(pairs) == 1 else None

    def table(self, first: Sequence[str], labels: Mapping[int, str]) -> Table:
        """Build a table with a row per account: those with the ids in `first`, then the others by descending spend."""
        days = [] if self.pair else ["since", "until", "since_before", "until_before"]
        columns = ["account_id", "account_name", "currency", "account_status", *days]
        places = {account_id: place for place, account_id in enumerate(first)}
        each = [item for item in self.accounts if item.delivered or item.account.id in places]
        each.sort(key=lambda item: (places.get(item.account.id, len(places)), item.account.currency, -item.now.spend))
        rows = [
            [
                *item.account.identity().values(),
                labels.get(item.account.status or 0, "UNKNOWN"),
                *(_days(item.pair) if days else ()),
                *item.cells(),
            ]
            for item in each
        ]
        return Table([*columns, *_SPEND, *_PER_DAY, *_RESULTS, *_COSTS], rows)

    def totals(self) -> list[Row]:
        """Return the spend of each currency. Per day, each account counts with its own days."""
        return [_total(currency, each) for currency, each in self._by_currency().items()]

    def _by_currency(self) -> dict[str, list[AccountWindows]]:
        groups: dict[str, list[AccountWindows]] = {}
        for item in self.accounts:
            if item.delivered:
                groups.setdefault(item.account.currency, []).append(item)
        return dict(sorted(groups.items()))

    def latest(self) -> Portfolio:
        """Return the later window of the accounts that delivered in it, for a picture."""
        accounts = [
            replace(item.account, figures={"spend": item.now.spend}, days=(item.pair.now.since, item.pair.now.until))
            for item in self.accounts
            if item.now.impressions
        ]
        return Portfolio(accounts, {})

    def spend_text(self) -> str:
        """Return the spend of each currency with its changes."""
        return "; ".join(_spend_text(row) for row in self.totals())


def _days(pair: WindowPair) -> list[str]:
    return [pair.now.since, pair.now.until, pair.before.since, pair.before.until]


def _total(currency: str, each: Sequence[AccountWindows]) -> Row:
    now, before = total(item.now.spend for item in each), total(item.before.spend for item in each)
    per_day: list[float] = [
        sum(item.now.spend / item.pair.now.days for item in each),
        sum(item.before.spend / item.pair.before.days for item in each),
    ]
    spend = Delta(now, before, additive=True)
    values: list[Number | None] = [*spend.cells(), *map(round_number, per_day), change_pct(per_day[0], per_day[1])]
    return {"currency": currency, "accounts": len(each), **dict(zip([*_SPEND, *_PER_DAY], values, strict=True))}


def _spend_text(row: Row) -> str:
    change, per_day = row["spend_change_pct"], row["spend_change_per_day_pct"]
    daily = f", per day {per_day:+g} %" if per_day not in (None, change) else ""
    percent = "" if change is None else f" ({change:+g} %{daily})"
    return f"{amount(row['spend'], row['currency'])}, before {amount(row['spend_before'], row['currency'])}{percent}"
