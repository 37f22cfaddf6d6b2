"""Compare all ad accounts of the token over one period, per currency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import read_batch
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.domain.insights_query import Chart, Preset
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.accounts import ACCOUNT_STATUS
from meta_ads_mcp.tools.portfolio import totals as portfolio
from meta_ads_mcp.tools.portfolio.charts import portfolio_pictures
from meta_ads_mcp.tools.portfolio.totals import Portfolio

MOST_ACCOUNTS = 60
# In one list request; nobody's business has more accounts than are looked at here.
MOST_REACHED = 500
# Graph's code for a field that the object does not have, among others.
UNKNOWN_FIELD = 100
RUNS = frozenset({1, 8, 9, 201})


@tool(
    "ads_portfolio_summary",
    Effect.READ,
    get("{account_ids}"),
    node="AdAccount",
    singular="ad account",
    keywords="clients agency overview all accounts compare spend total",
    toolset="macros",
)
class PortfolioSummary(Params):
    """Compare many ad accounts at once: spend, results and costs per account, totals per currency (never added across).

    Without account_ids, every account this server may touch or the token reaches. Accounts that fail or did not deliver
    are named. Days are each account's own.
    """

    account_ids: Annotated[list[AccountId] | None, Field(min_length=1, max_length=MOST_ACCOUNTS)] = None
    date_preset: Annotated[Preset, Local()] = "last_30d"
    chart: Chart = False

    async def run(self, call: Call) -> Result:
        """One request per account, 50 of them in a round trip; without ids, a list of the accounts before."""
        reached = [{"id": item} for item in self.account_ids] if self.account_ids else await _reached(call)
        unique = list({str(row["id"]): row for row in reached}.values())
        asked, beyond = unique[:MOST_ACCOUNTS], unique[MOST_ACCOUNTS:]
        found = await _read(call, [str(row["id"]) for row in asked], self.date_preset)
        names = {str(row["id"]): row.get("name") for row in asked}
        data: Row = {
            "date_preset": self.date_preset,
            **(dict(zip(("since", "until"), found.days, strict=True)) if found.days else {}),
            "by_account": Whole(found.table(ACCOUNT_STATUS).public()),
            "totals": found.totals(),
            "no_data": [one.place() for one in found.silent],
            "errors": [_failure(account, names.get(account), error) for account, error in found.failed.items()],
        }
        if beyond:
            data["not_asked"] = [{"account_id": row["id"], "account_name": row.get("name")} for row in beyond]
            call.note(
                f"{len(beyond)} more accounts are not in here: name them in account_ids, {MOST_ACCOUNTS} at a time."
            )
        drawn = portfolio_pictures(call, found, self.date_preset) if self.chart else []
        return Result(found.said(self.date_preset), Whole(data), notes=_notes(found), images=drawn)


async def _reached(call: Call) -> list[Row]:
    """The accounts of the allowlist, or those that the token (or its business) reaches, running ones first."""
    allowed = call.allowed_accounts()
    if allowed:
        return [{"id": account} for account in allowed]
    business = call.business_id()
    edges = ("owned_ad_accounts", "client_ad_accounts") if business else ("adaccounts",)
    rows: list[Row] = []
    for edge in edges:
        found = await call.graph.list(
            f"{business or 'me'}/{edge}", fields=["id", "account_id", "name", "account_status"], limit=MOST_REACHED
        )
        rows += found.rows
        if found.has_more:
            call.note(f"{edge} has more than {len(found.rows)} accounts; the others were not looked at.")
    return sorted(rows, key=lambda row: row.get("account_status") not in RUNS)


async def _read(call: Call, accounts: Sequence[str], preset: str) -> Portfolio:
    """Every account's figures or error. Raises the first error when there is nothing else."""
    nodes = await _each(call, accounts, "", {"fields": portfolio.node_fields(preset)})
    failed = {account: answer for account, answer in nodes.items() if isinstance(answer, AdsError)}
    if failed and len(failed) == len(accounts):
        raise next(iter(failed.values()))
    found = {account: node for account, node in nodes.items() if not isinstance(node, AdsError)}
    if not any("insights" in node for node in found.values()):
        # One account may stand still. That all do is believed only when the edge itself says so.
        edges = await _each(call, list(found), "/insights", portfolio.edge_params(preset))
        failed |= {account: answer for account, answer in edges.items() if isinstance(answer, AdsError)}
        found = {account: {**node, "insights": edges[account]} for account, node in found.items()}
    return Portfolio(
        [portfolio.account_line(account, node) for account, node in found.items() if account not in failed], failed
    )


async def _each(call: Call, accounts: Sequence[str], edge: str, params: Row) -> dict[str, Row | AdsError]:
    return await read_batch(
        call, {account: Request("GET", account + edge, params, account=account) for account in accounts}
    )


def _failure(account: str, name: object, error: AdsError) -> Row:
    where = {"account_id": account} | ({"account_name": name} if name else {})
    return {**where, "kind": error.kind, "message": error.message, "next_step": error.next_step} | (
        {"retry_after_seconds": error.retry_after_seconds} if error.retry_after_seconds is not None else {}
    )


def _notes(found: Portfolio) -> list[str]:
    notes = ["Money is in each account's currency and never added across currencies; reach is not added at all."]
    zones = sorted({one.timezone for one in found.delivered})
    if len(zones) > 1:
        notes.append(
            f"Days are those of each account's time zone ({', '.join(zones[:6])}{', …' if zones[6:] else ''})."
        )
    if found.silent:
        notes.append("no_data: Meta gives no row where nothing was delivered.")
    if found.failed:
        notes.append("Accounts in errors are in no figure and no total.")
    return notes
