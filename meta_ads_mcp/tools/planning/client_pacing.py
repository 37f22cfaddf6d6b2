"""The tool that compares the spend of many clients with their monthly budgets, and forecasts the end of the month."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from meta_ads_mcp.analysis.numbers import amount
from meta_ads_mcp.analysis.planning.forecast import (
    MAX_DAYS,
    METHOD,
    HeldOutError,
    SumForecast,
    forecast_sum,
    held_out_error,
)
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import AccountId, CampaignId
from meta_ads_mcp.errors import AdsError, Denied, InvalidArguments, NotFound
from meta_ads_mcp.store.coverage import ONE_DAY, days_between
from meta_ads_mcp.tools.planning.clients_file import ClientBudget, overlap_notes, read_clients
from meta_ads_mcp.tools.planning.daily_figures import FiguresByDay, read_daily

# A forecast within so many percent of the budget needs no change.
TOLERANCE_PCT = 5.0
MAX_CHANGE_PCT = 500.0
HISTORY_DAYS = MAX_DAYS + 60


@tool(
    "ads_get_pacing",
    Effect.READ,
    toolset="planning",
    keywords="pacing monthly budget clients month end forecast projection overspend underspend on track agency",
)
class GetPacing(Params):
    """Compare spend with monthly budgets of many clients (clients.toml) or of one account: spent, expected by now,
    forecast for the end of the month with an 80 % interval, and the call that corrects the budget. Uses the local
    store where it is current, else one request per account.
    """

    clients: Annotated[
        list[str] | None, Local(), Field(min_length=1, description="Names in clients.toml; default: all")
    ] = None
    account_id: Annotated[AccountId | None, Local()] = None
    campaign_ids: Annotated[list[CampaignId] | None, Local(), Field(min_length=1, max_length=200)] = None
    monthly_budget: Annotated[
        float | None, Local(), Field(gt=0, description="In major units of the account's currency, with account_id")
    ] = None

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if bool(self.account_id) != bool(self.monthly_budget):
            raise ValueError("give account_id and monthly_budget together, or neither to use clients.toml")
        if self.account_id and self.clients:
            raise ValueError("give clients or account_id, not both")
        return self

    async def run(self, call: Call) -> Result:
        budgets = self._budgets(call)
        paces, errors = [], []
        for place, budget in enumerate(budgets):
            pace = await attempt(read_pace(call, budget))
            if isinstance(pace, AdsError):
                errors.append({"client": budget.key, "kind": pace.kind, "message": pace.message})
                if len(budgets) == 1:
                    raise pace
            else:
                paces.append(pace)
            await call.progress(place + 1, len(budgets), budget.name)
        paces.sort(key=lambda pace: -abs(pace.off_pct or 0))
        data = Whole(method=METHOD, clients=[pace.public() for pace in paces], errors=errors)
        return Result(_summary(paces, errors), data, notes=[*_notes(paces), *overlap_notes(budgets)])

    def _budgets(self, call: Call) -> list[ClientBudget]:
        if self.account_id and self.monthly_budget:
            campaigns = tuple(self.campaign_ids or ())
            return [ClientBudget(self.account_id, self.account_id, (self.account_id,), self.monthly_budget, campaigns)]
        each = read_clients(call)
        allowed = set(call.allowed_accounts())
        visible = [client for client in each if not allowed or set(client.accounts) <= allowed]
        if not visible:
            raise Denied("This server may not touch the accounts of any client in clients.toml.")
        names = {name.casefold() for name in self.clients or ()}
        selection = [
            client for client in visible if not names or names & {client.key.casefold(), client.name.casefold()}
        ]
        if not selection:
            raise NotFound("clients.toml has no such client.", f"It has {', '.join(client.key for client in visible)}.")
        return selection


@dataclass(frozen=True)
class ClientPace:
    """The pace of one client. Money is in major units of `currency`; days are those of the account's time zone."""

    budget: ClientBudget
    account_name: str
    currency: str
    first: date
    last: date
    today: date
    spent: float
    expected: float
    rest: SumForecast | None
    today_spent: float
    held_out: HeldOutError | None
    source: str

    @property
    def name(self) -> str:
        """Return the client's name; the account's where no client is named."""
        return self.account_name if self.budget.key.startswith("act_") else self.budget.name

    @property
    def forecast(self) -> SumForecast | None:
        """Return the forecast of the spend of the whole period."""
        if self.rest is None:
            return None
        floor = self.spent + self.today_spent
        return SumForecast(
            max(floor, self.spent + self.rest.value),
            max(floor, self.spent + self.rest.low),
            self.spent + self.rest.high,
        )

    @property
    def off_pct(self) -> float | None:
        """Return by how many percent the forecast is above (or below) the budget."""
        forecast = self.forecast
        return None if forecast is None else (forecast.value / self.budget.monthly_budget - 1) * 100

    @property
    def change_pct(self) -> float | None:
        """Return the change of daily budgets that brings the forecast to the budget; None if none is called for."""
        remaining = self.budget.monthly_budget - self.spent
        if self.status not in ("over", "under") or self.rest is None or self.rest.value <= 0 or remaining <= 0:
            return None
        return max(-99.0, min(MAX_CHANGE_PCT, (remaining / self.rest.value - 1) * 100))

    @property
    def status(self) -> str:
        off = self.off_pct
        if self.spent >= self.budget.monthly_budget:
            return "budget spent"
        if off is None:
            return "no forecast"
        return "on track" if abs(off) < TOLERANCE_PCT else "over" if off > 0 else "under"

    def public(self) -> Row:
        forecast = self.forecast
        row: Row = {
            "client": self.name,
            "accounts": list(self.budget.accounts),
            "currency": self.currency,
            "period": f"{self.first} to {self.last}",
            "status": self.status,
            "monthly_budget": self.budget.monthly_budget,
            "spent": round(self.spent, 2),
            "spent_today": round(self.today_spent, 2),
            "expected_by_now": round(self.expected, 2),
            "days_left": max(0, (self.last - max(self.first, self.today)).days + 1),
        }
        if forecast is not None:
            row["forecast"] = {
                "spend": round(forecast.value, 2),
                "low": round(forecast.low, 2),
                "high": round(forecast.high, 2),
                "of_budget_pct": round(forecast.value / self.budget.monthly_budget * 100, 1),
            }
        if self.held_out is not None:
            row["held_out"] = {
                "forecasts": self.held_out.forecasts,
                "median_error_pct": self.held_out.median_error_pct,
                "inside_interval_pct": self.held_out.inside_pct,
            }
        if self.budget.campaigns:
            row["campaigns"] = list(self.budget.campaigns)
        return (
            row | {"source": self.source} | ({"correction": self._correction()} if self.change_pct is not None else {})
        )

    def _correction(self) -> Row:
        """Return the change as a call for each account: of the given campaigns, or of those that run."""
        percent = round(self.change_pct or 0, 1)
        select: Row = {"level": "campaign", "status_filter": ["ACTIVE"]}
        if self.budget.campaigns:
            select = {"level": "campaign", "ids": list(self.budget.campaigns)}
        calls = [
            {
                "tool": "ads_bulk_update",
                "arguments": {
                    "account_id": account,
                    "select": select,
                    "set": {"budget_change_percent": percent},
                    "idempotency_key": f"pacing-{self.budget.key}-{account}-{self.today}",
                    "dry_run": True,
                },
            }
            for account in self.budget.accounts
        ]
        return {"budget_change_percent": percent, "calls": calls}


async def read_pace(call: Call, budget: ClientBudget) -> ClientPace:
    """Return the pace of a client. Raises AdsError; InvalidArguments for accounts of different currencies."""
    accounts = [await call.account(account) for account in budget.accounts]
    if len({account.currency for account in accounts}) > 1:
        raise InvalidArguments(
            f"The accounts of {budget.key} have different currencies, so they have no common budget.",
            "Make a client for each currency in clients.toml.",
        )
    if budget.currency and budget.currency != accounts[0].currency:
        raise InvalidArguments(
            f"The budget of {budget.key} is in {budget.currency}, and its accounts spend {accounts[0].currency}.",
            "Correct currency and monthly_budget in clients.toml.",
        )
    # Where time zones differ, a day is over once it is over for all accounts.
    today = min(account.today(call.now()) for account in accounts)
    first, last = _period(budget, today)
    start = min(first, today - timedelta(days=HISTORY_DAYS))
    each = [await read_daily(call, account, start, today, budget.campaigns) for account in accounts]
    return _pace(budget, accounts[0], (first, last, today), each, start)


def _period(budget: ClientBudget, today: date) -> tuple[date, date]:
    first, last = today.replace(day=1), today.replace(day=monthrange(today.year, today.month)[1])
    first, last = max(first, budget.start or first), min(last, budget.end or last)
    if first > last:
        raise InvalidArguments(f"The dates of {budget.key} lie outside this month.", "Correct them in clients.toml.")
    return first, last


def _pace(
    budget: ClientBudget,
    account: Account,
    days: tuple[date, date, date],
    each: Sequence[FiguresByDay],
    start: date,
) -> ClientPace:
    first, last, today = days
    yesterday = today - ONE_DAY
    whole = [figures.series("spend", start, today) for figures in each]
    spend = dict(zip(days_between(start, today), (sum(parts) for parts in zip(*whole, strict=True)), strict=True))
    spent = sum(value for day, value in spend.items() if first <= day <= min(yesterday, last))
    history = _since_first_spend([spend[day] for day in days_between(start, yesterday)])
    ahead, skip = (last - today).days + 1, max(0, (first - today).days)
    elapsed_days = max(0, min((today - first).days, (last - first).days + 1))
    return ClientPace(
        budget,
        account.name or account.id,
        account.currency,
        first,
        last,
        today,
        spent,
        budget.monthly_budget * elapsed_days / ((last - first).days + 1),
        forecast_sum(history, yesterday, ahead, skip) if ahead > 0 else SumForecast(0.0, 0.0, 0.0),
        spend[today] if first <= today <= last else 0.0,
        held_out_error(history, yesterday, ahead - skip) if ahead > 0 else None,
        "+".join(sorted({figures.source for figures in each})),
    )


def _since_first_spend(values: Sequence[float]) -> list[float]:
    """Return the values from the first day with spend on: days before the first campaign say nothing."""
    start = next((place for place, value in enumerate(values) if value > 0), len(values))
    return list(values[start:])


def _summary(paces: Sequence[ClientPace], errors: Sequence[Any]) -> str:
    off = [pace for pace in paces if pace.status != "on track"]
    parts = [f"On track for the month: {len(paces) - len(off)} of {len(paces)}"]
    for pace in off[:3]:
        forecast = pace.forecast
        value = amount(round(forecast.value, 2), pace.currency) if forecast else ""
        parts.append(
            f"{pace.name} ({pace.status}): forecast {value or 'unknown'} of "
            f"{amount(pace.budget.monthly_budget, pace.currency)}"
        )
    failures = f" {len(errors)} could not be read." if errors else ""
    return f"{'; '.join(parts)}.{failures}"


def _notes(paces: Sequence[ClientPace]) -> list[str]:
    notes = ["spent is through yesterday; expected_by_now spreads the budget evenly over the days of the period."]
    if any(pace.rest is None for pace in paces):
        notes.append("A forecast requires 21 days with data.")
    if any(pace.status == "budget spent" for pace in paces):
        notes.append("budget spent: the budget of the month is used up; ads_set_status pauses campaigns.")
    if any(pace.change_pct is not None for pace in paces):
        notes.append("Corrections are proposals: each call shows its plan first (dry_run) and asks before it changes.")
    if any(pace.budget.campaigns == () and len(pace.budget.accounts) == 1 and pace.change_pct for pace in paces):
        notes.append("Campaigns whose budgets are on ad sets are refused by the plan: change level to ad_set for them.")
    return notes
