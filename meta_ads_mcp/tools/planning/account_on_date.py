"""The tool that shows what an ad account looked like on an earlier day, and what changed since."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Table, Whole
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.dates import Day
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.planning.past_states import (
    States,
    differences,
    events_since,
    read_current,
    stored_snapshot,
    undo_events,
)

MAX_ROWS = 200
_COLUMNS = ("level", "id", "name", "field", "then", "now")


@tool(
    "ads_get_account_on_date",
    Effect.READ,
    toolset="planning",
    keywords="point in time history snapshot past state what changed since compare structure audit",
)
class GetAccountOnDate(Params):
    """Show what an ad account looked like at the end of a day, and what differs today.

    Uses the local store's snapshot of that day or the week before it, else today's state and the activity log, which
    knows edits of statuses, names and budgets.
    """

    account_id: Annotated[AccountId, Local()]
    date: Annotated[Day, Local(), Field(description="A day before today, in the account's time zone")]

    async def run(self, call: Call) -> Result:
        account = await call.account(self.account_id)
        day, today = date.fromisoformat(self.date), account.today(call.now())
        if day >= today:
            raise InvalidArguments("date is not before today.", f"Give an earlier day than {today}.")
        now = await read_current(call, account)
        events = await events_since(call, account, day)
        then = stored_snapshot(call, account, day) or undo_events(now, events, account, day)
        changes = list(differences(then.states, now.states))
        rows = [[row[name] for name in _COLUMNS] for row in changes[:MAX_ROWS]]
        data = Whole(
            account_id=account.id,
            account_name=account.name,
            date=self.date,
            seen_on=then.day.isoformat(),
            source=then.source,
            currency=account.currency,
            then=_overview(then.states),
            now=_overview(now.states),
            differences=Whole(Table(list(_COLUMNS), rows).public()),
            edits_since=len(events),
        )
        notes = [f"Budgets are in {account.currency}. Who changed it: ads_account_get_activity_logs."]
        if then.source.startswith("today"):
            notes.append("Without a snapshot, objects that were deleted since and unlogged values are missing.")
        if len(changes) > MAX_ROWS:
            notes.append(f"{len(changes) - MAX_ROWS} more differences are not shown.")
        fields = Counter(str(row["field"]) for row in changes)
        counts = ", ".join(f"{count} {field}" for field, count in fields.most_common(4)) or "none"
        summary = (
            f"{account.name or account.id} on {self.date}: {_sentence(then.states, account.currency)}. "
            f"Differences to today: {counts}."
        )
        return Result(summary, data, notes=notes)


def _overview(states: States) -> Row:
    """Return counts by level and the daily budgets of what was switched on, in major units."""
    rows: Row = {}
    for level in ("campaign", "ad_set", "ad"):
        each = [row for (kind, _), row in states.items() if kind == level]
        rows[f"{level}s"] = len(each)
        rows[f"active_{level}s"] = sum(row.get("status") == "ACTIVE" for row in each)
    active = {key for key, row in states.items() if row.get("status") == "ACTIVE"}
    rows["active_daily_budgets"] = round(
        sum(
            float(states[key].get("daily_budget") or 0)
            for key in active
            if key[0] == "campaign" or ("campaign", str(states[key].get("campaign_id"))) in active
        ),
        2,
    )
    return rows


def _sentence(states: States, currency: str) -> str:
    row = _overview(states)
    budgets = row["active_daily_budgets"]
    amount = f"{budgets:,.0f}" if offset(currency) == 1 else f"{budgets:,.2f}"
    return (
        f"{row['active_campaigns']} of {row['campaigns']} campaigns and {row['active_ads']:,} of {row['ads']:,} ads "
        f"active, daily budgets {amount} {currency}"
    )
