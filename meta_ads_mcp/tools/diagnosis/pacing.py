"""Spend beside the budgets: too little spent, or more than planned.

Budgets are minor units of the account's currency; spend is major units. A daily budget is an average: Meta may spend
more on one day and less on another, and keeps to seven times the budget per week
(Meta Business Help, "About daily budgets").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from meta_ads_mcp.analysis.numbers import Number, number, round_number
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.tools.diagnosis.findings import Finding, TooLittle

UNDER, OVER = 0.7, 1.2
# So much of a lifetime has to be over before its pace says something.
LEAST_ELAPSED = 0.1
MOST_SHOWN = 5


@dataclass(frozen=True)
class Budget:
    """The budget of a campaign or ad set, in minor units, and when it runs. `parts` are budgets added to this one."""

    kind: str
    id: str
    name: str
    daily: int = 0
    lifetime: int = 0
    remaining: int | None = None
    start: datetime | None = None
    stop: datetime | None = None
    parts: int = field(default=1)


def budget_of(kind: str, row: Row) -> Budget | None:
    """The budget that a campaign or ad set has itself; None where another level has it."""
    daily, lifetime = (int(number(row.get(name)) or 0) for name in ("daily_budget", "lifetime_budget"))
    if not daily and not lifetime:
        return None
    left = number(row.get("budget_remaining"))
    stop = _moment(row.get("stop_time") or row.get("end_time"))
    start = _moment(row.get("start_time"))
    remaining = None if left is None else int(left)
    return Budget(kind, str(row.get("id")), str(row.get("name") or ""), daily, lifetime, remaining, start, stop)


def combined_budget(campaign: Row, ad_sets: Sequence[Row]) -> Budget | None:
    """The daily budgets of a campaign's ad sets as one; None unless all of them have a daily one."""
    found = [budget_of("ad_set", row) for row in ad_sets if row.get("campaign_id") == campaign.get("id")]
    known = [one for one in found if one is not None and one.daily]
    if not known or len(known) < len(found):
        return None
    starts = [one.start for one in known if one.start]
    daily = sum(one.daily for one in known)
    latest = max(starts) if len(starts) == len(known) else None
    return Budget(
        "campaign", str(campaign["id"]), str(campaign.get("name") or ""), daily, start=latest, parts=len(known)
    )


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


@dataclass(frozen=True)
class Pace:
    """A budget with what was spent of it and what should have been; both in major units."""

    budget: Budget
    spent: float
    planned: float

    @property
    def share(self) -> float:
        return self.spent / self.planned

    def row(self) -> Row:
        one = self.budget
        amounts = {"daily_budget": one.daily} if one.daily else {"lifetime_budget": one.lifetime}
        return {
            "type": one.kind,
            "id": one.id,
            "name": one.name,
            **amounts,
            "spend": round(self.spent, 2),
            "planned_spend": round(self.planned, 2),
            "spent_of_planned_pct": round_number(self.share * 100),
            **({"ad_sets": one.parts} if one.parts > 1 else {}),
        }


def paces(
    budgets: Sequence[Budget], spend: Mapping[str, Number], window: TimeRange, account: Account, now: datetime
) -> list[Pace]:
    """The pace of each budget that can be judged: `spend` is the window's, by id. Raises TooLittle."""
    units = offset(account.currency)
    if units is None:
        raise TooLittle(f"Meta's minor unit of {account.currency} is not known to this server")
    found = [
        _daily(one, spend[one.id], window, account, units) if one.daily else _lifetime(one, now, units)
        for one in budgets
        if not one.daily or one.id in spend
    ]
    return [pace for pace in found if pace is not None]


def _daily(one: Budget, spent: Number, window: TimeRange, account: Account, units: int) -> Pace | None:
    """Over the days of the window on which it ran as a whole."""
    zone = ZoneInfo(account.timezone_name)
    first = max(window.first, _day_after(one.start, zone)) if one.start else window.first
    last = min(window.last, _day_before(one.stop, zone)) if one.stop else window.last
    days = (last - first).days + 1
    if days < window.days:  # its spend in the window is then not that of these days
        return None
    return Pace(one, float(spent), one.daily / units * days)


def _day_after(start: datetime, zone: ZoneInfo) -> date:
    """The first day on which it ran from midnight on."""
    local = start.astimezone(zone)
    return local.date() if (local.hour, local.minute) == (0, 0) else date.fromordinal(local.date().toordinal() + 1)


def _day_before(stop: datetime, zone: ZoneInfo) -> date:
    return date.fromordinal(stop.astimezone(zone).date().toordinal() - 1)


def _lifetime(one: Budget, now: datetime, units: int) -> Pace | None:
    """Over its whole life: the share that is spent beside the share that has passed."""
    if one.remaining is None or one.start is None or one.stop is None or one.stop <= one.start:
        return None
    elapsed = min(1.0, (now - one.start) / (one.stop - one.start))
    if elapsed < LEAST_ELAPSED:
        return None
    return Pace(one, (one.lifetime - one.remaining) / units, one.lifetime / units * elapsed)


def findings(found: Sequence[Pace]) -> Iterator[Finding]:
    """Budgets that are not used, and those that are exceeded."""
    under = sorted((one for one in found if one.share < UNDER), key=lambda one: one.spent - one.planned)
    over = sorted((one for one in found if one.share > OVER), key=lambda one: one.planned - one.spent)
    if under:
        yield Finding(
            "pacing",
            f"{_budgets(under)} used less than {UNDER:.0%} of what was planned.",
            "warning",
            {"budgets": [one.row() for one in under[:MOST_SHOWN]], "checked": len(found)},
            "A bid or cost cap that is too tight, a small audience, limited ads, pauses, or a budget raised lately.",
            "Check bid strategy and audience size (ads_get_ad_set_details, ads_estimate_audience_size), and statuses.",
        )
    if over:
        yield Finding(
            "pacing",
            f"{_budgets(over)} spent more than {OVER:.0%} of what the budget plans.",
            "info",
            {"budgets": [one.row() for one in over[:MOST_SHOWN]], "checked": len(found)},
            "A budget schedule, a budget that was lowered lately, or ad sets that were paused meanwhile.",
            "Compare with budget schedules and earlier budgets before calling it overspending.",
        )


def _budgets(found: Sequence[Pace]) -> str:
    return f"{len(found)} budget{'' if len(found) == 1 else 's'}"
