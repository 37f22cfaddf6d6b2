"""Diagnose why an ad account, campaign, ad set or ad performs worse than in the period before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.analysis import anomalies
from meta_ads_mcp.analysis.series import figures, result_measure
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.partial import read_batch
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.enums import ViewLevel
from meta_ads_mcp.core.values.ids import PixelId
from meta_ads_mcp.domain.insights_query import ObjectParams, Preset
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.diagnosis import movers
from meta_ads_mcp.tools.diagnosis.case import CHILD, MOST_ADS, Case, Level, Subject, parts, pixel_parts
from meta_ads_mcp.tools.diagnosis.checks import Diagnosis, diagnose, movers_of
from meta_ads_mcp.tools.diagnosis.findings import METRICS, RATES, Compared, by_severity, count_by_severity, windows_of

MOST_ACCOUNTS = 60
# In one list request; nobody's business has more accounts than are looked at here.
MOST_REACHED = 500
# Graph's code for a field that the object does not have, among others.
UNKNOWN_FIELD = 100
RUNS = frozenset({1, 8, 9, 201})


@tool(
    "ads_diagnose_underperformance",
    Effect.READ,
    get("{object_id}/insights", "{pixel_id}"),
    node="AdsInsights",
    singular="finding",
    keywords="why worse problem bad results cost rose drop analyse audit root cause",
    toolset="macros",
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
        answers = await read_batch(call, parts(subject, at))
        _require_readable(self.object_id, level, answers)
        case = Case(subject, answers, _compared(answers["windows"], at, partial=partial))
        if not self.pixel_id and case.pixels_known:
            more = await read_batch(call, pixel_parts(case.pixels_known, account.id))
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


def _compared(answer: Row | AdsError, at: anomalies.Windows, *, partial: bool) -> Compared:
    """The figures of both windows; without an answer none, and the checks that need them say so."""
    rows: list[Row] = [] if isinstance(answer, AdsError) else answer.get("data") or []
    what = result_measure(rows)
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
        counts = ", ".join(f"{count} {severity}" for severity, count in count_by_severity(made.findings).items())
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
