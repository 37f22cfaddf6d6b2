"""Compare spend with the budgets.

Budgets are in minor units of the account's currency, spend is in major units. A daily budget is an average: Meta may
spend more on one day and less on another, and keeps to seven times the budget per week
(source: Meta Business Help, "About daily budgets").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, number, round_number
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.tools.diagnosis.finding import MAX_EXAMPLES, Finding, InsufficientData

UNDER, OVER = 0.7, 1.2
# A lifetime budget is judged once this share of its time has passed.
MIN_ELAPSED_SHARE = 0.1


@dataclass(frozen=True)
class Budget:
    """The budget of a campaign or ad set in minor units, and when it runs. `parts` counts the budgets it adds up."""

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
    """Return the budget of a campaign or ad set, or None if the budget is on another level."""
    daily, lifetime = (int(number(row.get(name)) or 0) for name in ("daily_budget", "lifetime_budget"))
    if not daily and not lifetime:
        return None
    remaining_units = number(row.get("budget_remaining"))
    stop = _parse_time(row.get("stop_time") or row.get("end_time"))
    start = _parse_time(row.get("start_time"))
    remaining = None if remaining_units is None else int(remaining_units)
    return Budget(kind, str(row.get("id")), str(row.get("name") or ""), daily, lifetime, remaining, start, stop)


def combined_budget(campaign: Row, ad_sets: Sequence[Row]) -> Budget | None:
    """Add the daily budgets of a campaign's ad sets. Return None unless all of them have a daily budget."""
    budgets = [budget_of("ad_set", row) for row in ad_sets if row.get("campaign_id") == campaign.get("id")]
    daily_budgets = [budget for budget in budgets if budget is not None and budget.daily]
    if not daily_budgets or len(daily_budgets) < len(budgets):
        return None
    starts = [budget.start for budget in daily_budgets if budget.start]
    daily = sum(budget.daily for budget in daily_budgets)
    latest = max(starts) if len(starts) == len(daily_budgets) else None
    return Budget(
        "campaign", str(campaign["id"]), str(campaign.get("name") or ""), daily, start=latest, parts=len(daily_budgets)
    )


def _parse_time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Pace:
    """A budget, what was spent of it, and what was planned. Both amounts are in major units."""

    budget: Budget
    spent: float
    planned: float

    @property
    def share(self) -> float:
        """Return the share of the planned amount that was spent."""
        return self.spent / self.planned

    def row(self) -> Row:
        """Return the pace as answers show it."""
        budget = self.budget
        amounts = {"daily_budget": budget.daily} if budget.daily else {"lifetime_budget": budget.lifetime}
        return {
            "type": budget.kind,
            "id": budget.id,
            "name": budget.name,
            **amounts,
            "spend": round(self.spent, 2),
            "planned_spend": round(self.planned, 2),
            "spent_of_planned_pct": round_number(self.share * 100),
            **({"ad_sets": budget.parts} if budget.parts > 1 else {}),
        }


def paces(
    budgets: Sequence[Budget], spend: Mapping[str, Number], window: TimeRange, account: Account, now: datetime
) -> list[Pace]:
    """Return the pace of each budget that can be judged.

    `spend` is the spend in the window by object id, in major units. Raises InsufficientData if the minor unit of the
    currency is unknown.
    """
    units = offset(account.currency)
    if units is None:
        raise InsufficientData(f"Meta's minor unit of {account.currency} is not known to this server")
    states = [
        _daily_pace(budget, spend[budget.id], window, account, units)
        if budget.daily
        else _lifetime_pace(budget, now, units)
        for budget in budgets
        if not budget.daily or budget.id in spend
    ]
    return [pace for pace in states if pace is not None]


def _daily_pace(budget: Budget, spent: Number, window: TimeRange, account: Account, units: int) -> Pace | None:
    """Judge a daily budget that ran on all days of the window; otherwise its spend is of fewer days."""
    zone = account.timezone
    first = max(window.first, _first_full_day(budget.start, zone)) if budget.start else window.first
    last = min(window.last, _last_full_day(budget.stop, zone)) if budget.stop else window.last
    days = (last - first).days + 1
    if days < window.days:
        return None
    return Pace(budget, float(spent), budget.daily / units * days)


def _first_full_day(start: datetime, zone: tzinfo) -> date:
    """Return the first day on which it ran from midnight on."""
    local = start.astimezone(zone)
    return local.date() if (local.hour, local.minute) == (0, 0) else date.fromordinal(local.date().toordinal() + 1)


def _last_full_day(stop: datetime, zone: tzinfo) -> date:
    return date.fromordinal(stop.astimezone(zone).date().toordinal() - 1)


def _lifetime_pace(budget: Budget, now: datetime, units: int) -> Pace | None:
    """Compare the spent share of a lifetime budget with the share of its time that has passed."""
    if budget.remaining is None or budget.start is None or budget.stop is None or budget.stop <= budget.start:
        return None
    progress = min(1.0, (now - budget.start) / (budget.stop - budget.start))
    if progress < MIN_ELAPSED_SHARE:
        return None
    return Pace(budget, (budget.lifetime - budget.remaining) / units, budget.lifetime / units * progress)


def pacing_findings(each: Sequence[Pace]) -> Iterator[Finding]:
    """Report budgets that are not used, and budgets that are exceeded."""
    under = sorted((pace for pace in each if pace.share < UNDER), key=lambda pace: pace.spent - pace.planned)
    over = sorted((pace for pace in each if pace.share > OVER), key=lambda pace: pace.planned - pace.spent)
    if under:
        yield Finding(
            "pacing",
            f"{_count(under)} used less than {UNDER:.0%} of what was planned.",
            "warning",
            {"budgets": [pace.row() for pace in under[:MAX_EXAMPLES]], "checked": len(each)},
            "A bid or cost cap that is too tight, a small audience, limited ads, pauses, or a budget raised lately.",
            "Check bid strategy and audience size (ads_get_ad_set_details, ads_estimate_audience_size), and statuses.",
        )
    if over:
        yield Finding(
            "pacing",
            f"{_count(over)} spent more than {OVER:.0%} of what the budget plans.",
            "info",
            {"budgets": [pace.row() for pace in over[:MAX_EXAMPLES]], "checked": len(each)},
            "A budget schedule, a budget that was lowered lately, or ad sets that were paused meanwhile.",
            "Compare with ads_get_budget_schedules and earlier budgets (ads_explain_change) before you judge.",
        )


def _count(each: Sequence[Pace]) -> str:
    return f"{len(each)} budget{'' if len(each) == 1 else 's'}"
