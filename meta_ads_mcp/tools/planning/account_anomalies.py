"""The tool that looks for unusual days in all ad accounts at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.analysis.anomalies import DAY_COLUMNS, HISTORY_DAYS, METHOD, Limits, recent_windows
from meta_ads_mcp.analysis.signals import Signal, SignalCheck, signals
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row, Table, Whole
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.errors import AdsError, NotFound
from meta_ads_mcp.tools.planning.daily_figures import FiguresByDay, read_daily
from meta_ads_mcp.tools.store.account_list import find_accounts, store_folder, stored_account, visible_accounts

MAX_ACCOUNTS = 60
MAX_ROWS = 200
_METRICS = ("spend", "impressions", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas")


@tool(
    "ads_get_anomalies",
    Effect.READ,
    toolset="planning",
    keywords="unusual day all accounts clients spike drop alert morning check monitor",
)
class GetAnomalies(Params):
    """Find unusual days in many ad accounts at once: spend, delivery, costs and results that differ from the same
    weekdays of the eight weeks before. Without account_ids, the accounts of the local store, else
    every account this server may touch. Uses the store where it is current, else one request per account.
    """

    account_ids: Annotated[list[AccountId] | None, Local(), Field(min_length=1, max_length=MAX_ACCOUNTS)] = None
    days: Annotated[int, Local(), Field(ge=1, le=14, description="Days to check; they end yesterday")] = 1
    threshold_pct: Annotated[float, Local(), Field(ge=5, le=500, description="Smallest deviation to report")] = 30

    async def run(self, call: Call) -> Result:
        accounts = await _accounts(call, self.account_ids)
        rows: list[list[object]] = []
        errors: list[Row] = []
        for place, account in enumerate(accounts[:MAX_ACCOUNTS]):
            signal = await attempt(self._check(call, account))
            if isinstance(signal, AdsError):
                errors.append({"account_id": account.id, "kind": signal.kind, "message": signal.message})
            elif signal is not None:
                rows += [[account.id, account.name, account.currency, *row] for row in signal.days]
            await call.progress(place + 1, len(accounts), account.name or account.id)
        if errors and len(errors) == len(accounts):
            raise NotFound(f"No account could be read: {errors[0]['message']}", "Check the accounts and the token.")
        if len(accounts) > MAX_ACCOUNTS:
            call.note(f"{len(accounts) - MAX_ACCOUNTS} more accounts were not checked: name them in account_ids.")
        rows.sort(key=lambda row: (row[-1] != "bad", -abs(float(str(row[-3] or 0)))))
        table = Table(["account_id", "account_name", "currency", *DAY_COLUMNS], rows[:MAX_ROWS])
        bad = {str(row[0]) for row in rows if row[-1] == "bad"}
        period = "yesterday" if self.days == 1 else f"in the last {self.days} days"
        summary = (
            f"{len({str(row[0]) for row in rows})} of {len(accounts)} accounts had unusual figures {period}, "
            f"{len(bad)} of them bad."
        )
        data = Whole(method=METHOD, unusual_days=Whole(table.public()), errors=errors)
        notes = ["Look at the cause with ads_explain_change.", "Money is in each account's currency."]
        return Result(summary, data, notes=notes)

    async def _check(self, call: Call, account: Account) -> Signal | None:
        today = account.today(call.now())
        first = today - timedelta(days=self.days + HISTORY_DAYS)
        figures: FiguresByDay = await read_daily(call, account, first, today - timedelta(days=1))
        rows = figures.insights_rows()
        windows = recent_windows(today, self.days)
        check = SignalCheck(account.id, (), windows, _METRICS, Limits(threshold_pct=self.threshold_pct))
        return signals(rows, check)[0] if rows else None


async def _accounts(call: Call, account_ids: list[str] | None) -> list[Account]:
    if account_ids:
        return [await call.account(account) for account in dict.fromkeys(account_ids)]
    if call.store_dir is not None:
        folder = store_folder(call)
        known = [stored_account(folder, account) for account in visible_accounts(call, folder)]
        if any(known):
            return [account for account in known if account is not None]
        return [entry.account for entry in await find_accounts(call, folder, None, all_accounts=True)]
    raise NotFound("No accounts are named.", "Give account_ids.")
