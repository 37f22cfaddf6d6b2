"""The tool that compares the ad accounts of the token over one period, per currency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.analysis.cautions import preset_today_note
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
from meta_ads_mcp.tools.portfolio import totals
from meta_ads_mcp.tools.portfolio.charts import portfolio_pictures
from meta_ads_mcp.tools.portfolio.totals import Portfolio

MAX_ACCOUNTS = 60
# The limit of the list request.
MAX_LISTED_ACCOUNTS = 500
# Values of account_status with which ads can run. Source: Meta docs, marketing-api/reference/ad-account.
RUNNING_STATUSES = frozenset({1, 8, 9, 201})


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

    account_ids: Annotated[list[AccountId] | None, Field(min_length=1, max_length=MAX_ACCOUNTS)] = None
    date_preset: Annotated[Preset, Local()] = "last_30d"
    chart: Chart = False

    async def run(self, call: Call) -> Result:
        """Send one request per account, 50 in a round trip. Without ids, list the accounts before."""
        reachable = [{"id": item} for item in self.account_ids] if self.account_ids else await _list_accounts(call)
        unique = list({str(row["id"]): row for row in reachable}.values())
        accounts, rest = unique[:MAX_ACCOUNTS], unique[MAX_ACCOUNTS:]
        portfolio = await _read(call, [str(row["id"]) for row in accounts], self.date_preset)
        names = {str(row["id"]): row.get("name") for row in accounts}
        data: Row = {
            "date_preset": self.date_preset,
            **(dict(zip(("since", "until"), portfolio.days, strict=True)) if portfolio.days else {}),
            "by_account": Whole(portfolio.table(ACCOUNT_STATUS).public()),
            "totals": portfolio.totals(),
            "no_data": [account.identity() for account in portfolio.silent],
            "errors": [_failure(account, names.get(account), error) for account, error in portfolio.failed.items()],
        }
        if rest:
            data["not_asked"] = [{"account_id": row["id"], "account_name": row.get("name")} for row in rest]
            call.note(f"{len(rest)} more accounts were not read: name them in account_ids, {MAX_ACCOUNTS} at a time.")
        images = portfolio_pictures(call, portfolio, self.date_preset) if self.chart else []
        zones = sorted({account.timezone for account in portfolio.delivered})
        growing = [note for zone in zones for note in preset_today_note(self.date_preset, zone, call.now())]
        notes = [*_notes(portfolio), *growing[:3]]
        return Result(portfolio.summary(self.date_preset), Whole(data), notes=notes, images=images)


async def _list_accounts(call: Call) -> list[Row]:
    """List the accounts of the allowlist, or those of the token or its business, running ones first."""
    accounts = call.allowed_accounts()
    if accounts:
        return [{"id": account} for account in accounts]
    business = call.business_id()
    edges = ("owned_ad_accounts", "client_ad_accounts") if business else ("adaccounts",)
    rows: list[Row] = []
    for edge in edges:
        listing = await call.graph.list(
            f"{business or 'me'}/{edge}",
            fields=["id", "account_id", "name", "account_status"],
            limit=MAX_LISTED_ACCOUNTS,
        )
        rows += listing.rows
        if listing.has_more:
            call.note(f"{edge} has more than {len(listing.rows)} accounts; the others were not read.")
    return sorted(rows, key=lambda row: row.get("account_status") not in RUNNING_STATUSES)


async def _read(call: Call, accounts: Sequence[str], preset: str) -> Portfolio:
    """Read every account's figures or error. Raises the first error if no account could be read."""
    nodes = await _each(call, accounts, "", {"fields": totals.node_fields(preset)})
    errors = {account: answer for account, answer in nodes.items() if isinstance(answer, AdsError)}
    if errors and len(errors) == len(accounts):
        raise next(iter(errors.values()))
    readable = {account: node for account, node in nodes.items() if not isinstance(node, AdsError)}
    if not any("insights" in node for node in readable.values()):
        # If no account has figures, confirm it on the insights edge of each: the nested field may have been dropped.
        edges = await _each(call, list(readable), "/insights", totals.edge_params(preset))
        errors |= {account: answer for account, answer in edges.items() if isinstance(answer, AdsError)}
        readable = {account: {**node, "insights": edges[account]} for account, node in readable.items()}
    return Portfolio(
        [totals.account_figures(account, node) for account, node in readable.items() if account not in errors], errors
    )


async def _each(call: Call, accounts: Sequence[str], edge: str, params: Row) -> dict[str, Row | AdsError]:
    return await read_batch(
        call, {account: Request("GET", account + edge, params, account=account) for account in accounts}
    )


def _failure(account: str, name: object, error: AdsError) -> Row:
    identity = {"account_id": account} | ({"account_name": name} if name else {})
    return {**identity, "kind": error.kind, "message": error.message, "next_step": error.next_step} | (
        {"retry_after_seconds": error.retry_after_seconds} if error.retry_after_seconds is not None else {}
    )


def _notes(portfolio: Portfolio) -> list[str]:
    notes = ["Money is in each account's currency and never added across currencies; reach is not added at all."]
    zones = sorted({account.timezone for account in portfolio.delivered})
    if len(zones) > 1:
        notes.append(
            f"Days are those of each account's time zone ({', '.join(zones[:6])}{', …' if zones[6:] else ''})."
        )
    if portfolio.silent:
        notes.append("no_data: Meta returns no row for an account if nothing was delivered.")
    if portfolio.failed:
        notes.append("Accounts in errors are not included in any figure or total.")
    return notes
