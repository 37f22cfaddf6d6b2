"""The tool that compares the ad accounts of the token over one period, per currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.analysis.cautions import preset_today_note, today_note
from meta_ads_mcp.analysis.charts.pictures import NO_PICTURE
from meta_ads_mcp.analysis.comparisons.windows import CompareTo, Earlier, pair_of_period
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import read_batch
from meta_ads_mcp.core.ports import Call, find_zone
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.domain.insights_query import Chart, Preset
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.accounts import ACCOUNT_STATUS
from meta_ads_mcp.tools.portfolio import totals, two_windows
from meta_ads_mcp.tools.portfolio.attention import RUNNING_STATUSES, Alert, alerts
from meta_ads_mcp.tools.portfolio.charts import comparison_picture, portfolio_picture
from meta_ads_mcp.tools.portfolio.totals import Portfolio

MAX_ACCOUNTS = 60
# The limit of the list request.
MAX_LISTED_ACCOUNTS = 500
RESULTS = (
    "results = each account's result_event in the campaigns meant for it; cost_per_result is their spend alone. "
    "_change_pct compares sums, _change_per_day_pct compares days."
)
Names = Mapping[str, object]


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

    Accounts that need attention come first. compare_to adds the earlier period. Without account_ids: every account.
    """

    account_ids: Annotated[list[AccountId] | None, Field(min_length=1, max_length=MAX_ACCOUNTS)] = None
    date_preset: Annotated[Preset, Local()] = "last_30d"
    time_range: Annotated[TimeRange | None, Local()] = None
    compare_to: CompareTo | None = None
    chart: Chart = False

    @model_validator(mode="after")
    def _check_one_period(self) -> Self:
        if self.time_range and "date_preset" in self.model_fields_set:
            raise ValueError("give date_preset or time_range, not both")
        return self

    @property
    def _period(self) -> Row:
        return {"time_range": self.time_range.model_dump()} if self.time_range else {"date_preset": self.date_preset}

    @property
    def _period_name(self) -> str:
        return f"{self.time_range.since} to {self.time_range.until}" if self.time_range else self.date_preset

    async def run(self, call: Call) -> Result:
        """Send one request per account, 50 in a round trip, or three to compare. Without ids, list the accounts before.

        The accounts that require action come first.
        """
        reachable = [{"id": item} for item in self.account_ids] if self.account_ids else await _list_accounts(call)
        unique = list({str(row["id"]): row for row in reachable}.values())
        accounts, rest = unique[:MAX_ACCOUNTS], unique[MAX_ACCOUNTS:]
        ids = [str(row["id"]) for row in accounts]
        names = {str(row["id"]): row.get("name") for row in accounts}
        if self.compare_to:
            result = await self._compare(call, ids, names, self.compare_to)
        else:
            result = await self._summarize(call, ids, names)
        if rest:
            missing = [{"account_id": row["id"], "account_name": row.get("name")} for row in rest]
            call.note(f"{len(rest)} more accounts were not read: name them in account_ids, {MAX_ACCOUNTS} at a time.")
            result = replace(result, data=Whole({**_object(result), "not_asked": missing}))
        return result

    async def _summarize(self, call: Call, ids: Sequence[str], names: Names) -> Result:
        portfolio = await _read(call, ids, self._period)
        each = alerts(portfolio.accounts, {})
        data: Row = {
            **self._period,
            **(dict(zip(("since", "until"), portfolio.days, strict=True)) if portfolio.days else {}),
            "attention": [alert.public() for alert in each],
            "by_account": Whole(portfolio.table(ACCOUNT_STATUS).public()),
            "totals": portfolio.totals(),
            "no_data": [account.identity() for account in portfolio.silent],
            "errors": [_failure(account, names.get(account), error) for account, error in portfolio.failed.items()],
        }
        picture = portfolio_picture(call, portfolio, self._period_name) if self.chart else NO_PICTURE
        notes = [
            *_notes(portfolio.delivered, portfolio.silent, portfolio.failed),
            *self._today_notes(call, portfolio.delivered),
        ]
        summary = f"{portfolio.summary(self._period_name)}{_attention_text(each)}"
        return Result(summary, Whole(data), notes=notes, images=list(picture.images), files=picture.files)

    async def _compare(self, call: Call, ids: Sequence[str], names: Names, compare_to: Earlier | TimeRange) -> Result:
        nodes = await _each(call, ids, "", {"fields": ",".join(totals.NODE_FIELDS)})
        failures = {account: node for account, node in nodes.items() if isinstance(node, AdsError)}
        if failures and len(failures) == len(ids):
            raise next(iter(failures.values()))
        each = [totals.account_figures(name, node) for name, node in nodes.items() if not isinstance(node, AdsError)]
        windows, errors = await _read_windows(call, each, self.date_preset, self.time_range, compare_to)
        failures |= errors
        comparison = two_windows.ComparedPortfolio(windows)
        figures = {item.account.id: (item.now, item.before, item.event) for item in windows}
        due = alerts([item.account for item in windows], figures)
        first = list(dict.fromkeys(alert.account.id for alert in due))
        silent = [item.account for item in windows if not item.delivered]
        data: Row = {
            **self._period,
            **_windows_of(comparison),
            "attention": [alert.public() for alert in due],
            "by_account": Whole(comparison.table(first, ACCOUNT_STATUS).public()),
            "totals": comparison.totals(),
            "no_data": [account.identity() for account in silent],
            "errors": [_failure(account, names.get(account), error) for account, error in failures.items()],
        }
        read = [item.account for item in windows]
        notes = [RESULTS, *_notes(read, silent, failures), *_length_notes(windows), *self._today_notes(call, read)]
        picture = comparison_picture(call, comparison) if self.chart else NO_PICTURE
        name = compare_to if isinstance(compare_to, str) else f"{compare_to.since} to {compare_to.until}"
        summary = (
            f"{len(windows) - len(silent)} of {len(ids)} accounts delivered in {self._period_name} or {name}. "
            f"Spend {comparison.spend_text()}.{_attention_text(due)}"
        )
        return Result(summary, Whole(data), notes=notes, images=list(picture.images), files=picture.files)

    def _today_notes(self, call: Call, accounts: Sequence[totals.AccountFigures]) -> list[str]:
        zones = sorted({account.timezone for account in accounts})
        if self.time_range:
            return [
                note
                for zone in zones
                for note in today_note(self.time_range, zone, call.now().astimezone(find_zone(zone) or UTC).date())
            ][:3]
        return [note for zone in zones for note in preset_today_note(self.date_preset, zone, call.now())][:3]


def _object(result: Result) -> Row:
    return result.data if isinstance(result.data, dict) else {}


def _attention_text(each: Sequence[Alert]) -> str:
    texts = [f"{alert.account.name or alert.account.id} ({alert.reason.rstrip('.')})" for alert in each[:3]]
    rest = f" and {len(each) - 3} more" if len(each) > 3 else ""
    return f" Needs attention: {'; '.join(texts)}{rest}." if texts else ""


def _windows_of(comparison: two_windows.ComparedPortfolio) -> Row:
    pair = comparison.pair
    return {"window": pair.now.model_dump(), "window_before": pair.before.model_dump()} if pair else {}


def _length_notes(windows: Sequence[two_windows.AccountWindows]) -> list[str]:
    lengths = {(item.pair.now.days, item.pair.before.days) for item in windows if not item.pair.same_length}
    texts = ", ".join(f"{now} and {before} days" for now, before in sorted(lengths))
    uneven = [f"The windows differ in length ({texts}): compare the figures per day."] if lengths else []
    return [*uneven, *dict.fromkeys(note for item in windows for note in item.pair.overlap_notes())]


async def _read_windows(
    call: Call,
    accounts: Sequence[totals.AccountFigures],
    preset: str,
    days: TimeRange | None,
    compare_to: Earlier | TimeRange,
) -> tuple[list[two_windows.AccountWindows], dict[str, AdsError]]:
    """Read both windows of each account, in days of its own time zone. Also the errors by account id."""
    pairs = {
        account.id: pair_of_period(
            preset, days, compare_to, call.now().astimezone(find_zone(account.timezone) or UTC).date()
        )
        for account in accounts
    }
    requests: dict[str, Request] = {}
    for account_id, pair in pairs.items():
        requests |= two_windows.build_requests(account_id, pair)
    answers = await read_batch(call, requests)
    windows, errors = [], {}
    for account in accounts:
        parts = [answers[f"{account.id} {part}"] for part in ("whole", "campaigns")]
        error = next((part for part in parts if isinstance(part, AdsError)), None)
        if error is not None:
            errors[account.id] = error
            continue
        wholes, campaigns = (part.get("data") or [] for part in parts if not isinstance(part, AdsError))
        windows.append(two_windows.account_windows(account, pairs[account.id], wholes, campaigns))
        if len(campaigns) >= two_windows.MAX_CAMPAIGN_ROWS:
            call.note(f"{account.name or account.id} has many campaigns: its results are those with the most spend.")
    return windows, errors


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


async def _read(call: Call, accounts: Sequence[str], period: Row) -> Portfolio:
    """Read every account's figures or error. Raises the first error if no account could be read."""
    nodes = await _each(call, accounts, "", {"fields": totals.node_fields(period)})
    errors = {account: answer for account, answer in nodes.items() if isinstance(answer, AdsError)}
    if errors and len(errors) == len(accounts):
        raise next(iter(errors.values()))
    readable = {account: node for account, node in nodes.items() if not isinstance(node, AdsError)}
    if not any("insights" in node for node in readable.values()):
        # If no account has figures, confirm it on the insights edge of each: the nested field may have been dropped.
        edges = await _each(call, list(readable), "/insights", totals.edge_params(period))
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


def _notes(
    delivered: Sequence[totals.AccountFigures],
    silent: Sequence[totals.AccountFigures],
    failures: Mapping[str, AdsError],
) -> list[str]:
    notes = ["Money is in each account's currency and never added across currencies; reach is not added at all."]
    zones = sorted({account.timezone for account in delivered})
    if len(zones) > 1:
        notes.append(
            f"Days are those of each account's time zone ({', '.join(zones[:6])}{', …' if zones[6:] else ''})."
        )
    if silent:
        notes.append("no_data: Meta returns no row for an account if nothing was delivered.")
    if failures:
        notes.append("Accounts in errors are not included in any figure or total.")
    return notes
