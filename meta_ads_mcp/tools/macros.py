"""Questions that take several reads, answered in as few round trips as they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.analysis import anomalies, charts, movers, portfolio
from meta_ads_mcp.analysis.findings import METRICS, RATES, Compared, by_severity, counted, windows_of
from meta_ads_mcp.analysis.portfolio import Portfolio
from meta_ads_mcp.analysis.series import figures, measure
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments
from meta_ads_mcp.spec.ids import AccountId, PixelId
from meta_ads_mcp.spec.insights import Chart, ObjectParams, Preset
from meta_ads_mcp.spec.listing import plural
from meta_ads_mcp.spec.params import Local, Params
from meta_ads_mcp.spec.ports import Call
from meta_ads_mcp.spec.request import Request
from meta_ads_mcp.spec.result import Result, Row, Whole
from meta_ads_mcp.spec.tool import Effect, get, tool
from meta_ads_mcp.spec.vocabulary import ViewLevel
from meta_ads_mcp.tools._case import CHILD, MOST_ADS, Case, Level, Subject, parts, pixel_parts
from meta_ads_mcp.tools._checks import Diagnosis, diagnose, movers_of
from meta_ads_mcp.tools.accounts import ACCOUNT_STATUS

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
    noun="ad account",
    words="clients agency overview all accounts compare spend total",
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
        drawn = charts.portfolio_pictures(call, found, self.date_preset) if self.chart else []
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
        [portfolio.line(account, node) for account, node in found.items() if account not in failed], failed
    )


async def _each(call: Call, accounts: Sequence[str], edge: str, params: Row) -> dict[str, Row | AdsError]:
    return await _batch(
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


@tool(
    "ads_diagnose_underperformance",
    Effect.READ,
    get("{object_id}/insights", "{pixel_id}"),
    node="AdsInsights",
    noun="finding",
    words="why worse problem bad results cost rose drop analyse audit root cause",
)
class DiagnoseUnderperformance(ObjectParams):
    """Find out why an account, campaign, ad set or ad does worse than in the window before: cost drivers, unusual days,
    movers, fatigue, rankings, learning, rejections at every level, pacing, pixel.

    Each finding has figures, a hypothesis and a next step. Checks that could not be made are listed with their reason.
    """

    level: Annotated[ViewLevel, Local(), Field(description="What object_id is")] = "campaign"
    date_preset: Annotated[Preset, Local()] = "last_7d"
    pixel_id: PixelId | None = None

    async def run(self, call: Call) -> Result:
        """One round trip of eight requests for an account or campaign, six for an ad set, four for an ad.

        A second one reads the pixels that the ad sets optimise for (at most five), unless `pixel_id` is given. The
        account's time zone is looked up once per process before.
        """
        account = await call.account(self.object_id)
        at, partial = windows_of(self.date_preset, account.today(call.now()))
        level: Level = "account" if self.object_id.startswith("act_") else self.level
        subject = Subject(self.object_id, level, account, self.pixel_id, call.now())
        answers = await _batch(call, parts(subject, at))
        _require_readable(self.object_id, level, answers)
        case = Case(subject, answers, _compared(answers["windows"], at, partial=partial))
        if not self.pixel_id and case.pixels_known:
            more = await _batch(call, pixel_parts(case.pixels_known, account.id))
            case = Case(subject, {**answers, **more}, case.found)
        return _report(case, diagnose(case))


def _require_readable(object_id: str, level: Level, answers: Mapping[str, Row | AdsError]) -> None:
    """Raises where nothing could be read, and where the object is of another level: its fields are then unknown."""
    errors = [answer for answer in answers.values() if isinstance(answer, AdsError)]
    if len(errors) == len(answers):
        raise errors[0]
    own = answers.get("object")
    if isinstance(own, InvalidArguments) and own.graph is not None and own.graph.code == UNKNOWN_FIELD:
        raise InvalidArguments(
            f"{object_id} cannot be read as {level.replace('_', ' ')}.",
            "Set level to what it is: campaign, ad_set or ad.",
        )


async def _batch(call: Call, requests: Mapping[str, Request]) -> dict[str, Row | AdsError]:
    answers = await call.graph.batch(list(requests.values())) if requests else []
    return {name: _understood(answer) for name, answer in zip(requests, answers, strict=True)}


def _understood(answer: Any) -> Row | AdsError:
    """An object of Graph, with its rows and its nested insights as lists of objects; anything else is an error."""
    if isinstance(answer, AdsError):
        return answer
    if not isinstance(answer, dict):
        return ApiError("Graph's answer is not an object.")
    own = _holds_rows(answer) or "data" not in answer
    nested = _holds_rows(answer.get("insights")) or "insights" not in answer
    return answer if own and nested else ApiError("Graph's answer holds something else than rows.")


def _holds_rows(found: Any) -> bool:
    rows = found.get("data") if isinstance(found, dict) else None
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def _compared(answer: Row | AdsError, at: anomalies.Windows, *, partial: bool) -> Compared:
    """The figures of both windows; without an answer none, and the checks that need them say so."""
    rows: list[Row] = [] if isinstance(answer, AdsError) else answer.get("data") or []
    what = measure(rows)
    by_start = {row.get("date_start"): row for row in rows}
    now, before = (figures(by_start.get(window.since, {}), what) for window in (at.recent, at.previous))
    return Compared(at, now, before, what.event, partial, RATES if partial else METRICS)


def _report(case: Case, made: Diagnosis) -> Result:
    found, at, subject = by_severity(made.findings), case.found.at, case.subject
    names = (*METRICS, "reach", "frequency")
    data: Row = {
        "object": {"id": subject.id, "level": subject.level, **_named(case)},
        "window": anomalies.window_row(at.recent, case.found.now, names),
        "window_before": anomalies.window_row(at.previous, case.found.before, names),
        "result_event": case.found.event,
        "findings": [one.public() for one in found],
        "checked": made.checked,
        "not_checked": made.not_checked,
        "not_applicable": made.not_applicable,
    }
    if subject.level in CHILD and not isinstance(case.answers["children"], AdsError):
        data["movers"] = Whole(movers.table(movers_of(case)).public())
    days = f"{at.recent.since} to {at.recent.until} against {at.previous.since} to {at.previous.until}"
    summary = f"{_verdict(subject.id, made)} {days} ({subject.account.timezone_name})."
    return Result(summary, Whole(data), notes=_cautions(case, subject.account.currency))


def _named(case: Case) -> Row:
    row = case.answers["account" if case.subject.level == "account" else "object"]
    return {} if isinstance(row, AdsError) else {name: row.get(name) for name in ("name", "effective_status")}


def _verdict(object_id: str, made: Diagnosis) -> str:
    """Only when every check was made is there nothing to find."""
    open_checks = len(made.not_checked)
    rest = f" {open_checks} {plural('check', open_checks)} could not be made: see not_checked." if open_checks else ""
    if made.findings:
        counts = ", ".join(f"{count} {severity}" for severity, count in counted(made.findings).items())
        return f"{len(made.findings)} {plural('finding', len(made.findings))} for {object_id} ({counts}).{rest}"
    if open_checks:
        return f"Nothing was found for {object_id} by the {len(made.checked)} checks that were made.{rest}"
    return f"Nothing notable for {object_id}: all {len(made.checked)} checks were made."


def _cautions(case: Case, currency: str) -> list[str]:
    notes = [f"Money in {currency}; budgets are money objects.", "Hypotheses are to be checked, not facts."]
    if "rankings" in case.answers:
        notes.append(f"Rankings are of the {MOST_ADS} ads that spent most, at most.")
    if case.found.partial:
        notes.append("Today is not over: amounts are not compared, only rates.")
    return [*notes, "Conversions of the latest days are still being attributed."]
