"""The tool that diagnoses why an account, campaign, ad set or ad performs worse than in the window before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.analysis import anomalies
from meta_ads_mcp.analysis.cautions import date_note
from meta_ads_mcp.analysis.comparisons.meant import event_objects, meant_for
from meta_ads_mcp.analysis.query.selection import IDENTITY
from meta_ads_mcp.analysis.series import figures, result_measure, unit_notes
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
from meta_ads_mcp.tools.diagnosis.case import (
    CHILD,
    MAX_ADS,
    Case,
    Level,
    Subject,
    build_event_requests,
    build_pixel_requests,
    build_requests,
    build_weekly_requests,
)
from meta_ads_mcp.tools.diagnosis.checks import Diagnosis, diagnose, movers_of, readable_movers
from meta_ads_mcp.tools.diagnosis.comparison import METRICS, RATES, Comparison, windows_of
from meta_ads_mcp.tools.diagnosis.fatigue import fatigue_summary
from meta_ads_mcp.tools.diagnosis.finding import MAIN_CHECKS, count_by_severity, in_order
from meta_ads_mcp.tools.diagnosis.movers import mover_table

# Graph's error code for an invalid parameter, which includes a field that the object does not have.
INVALID_PARAMETER = 100


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
    """Find why an account, campaign, ad set or ad does worse than in the window before: cost drivers, unusual days,
    movers, fatigue, learning, rejections, pacing, pixel. Each finding has figures, a hypothesis and a next step."""

    level: Annotated[ViewLevel, Local(), Field(description="What object_id is")] = "campaign"
    date_preset: Annotated[Preset, Local()] = "last_7d"
    pixel_id: PixelId | None = None

    async def run(self, call: Call) -> Result:
        """Read eight parts for an account or campaign, six for an ad set, four for an ad, in one round trip.

        A second round trip reads the daily figures of the account's event, the weekly figures of the ads that spend
        most, and, unless `pixel_id` is given, the pixels for which the ad sets optimize, at most five.
        """
        account = await call.account(self.object_id)
        windows, partial = windows_of(self.date_preset, account.today(call.now()))
        level: Level = "account" if self.object_id.startswith("act_") else self.level
        subject = Subject(self.object_id, level, account, self.pixel_id, call.now())
        answers = await read_batch(call, build_requests(subject, windows))
        _require_readable(self.object_id, level, answers)
        case = _with_event_costs(Case(subject, answers, _compare(answers["windows"], windows, partial=partial)))
        more = build_event_requests(subject, windows, case.meant)
        if not partial:
            more |= build_weekly_requests(subject, windows, case.top_ads())
        if not self.pixel_id:
            more |= build_pixel_requests(case.known_pixels, account.id)
        case = replace(case, answers={**answers, **await read_batch(call, more)})
        return _report(case, diagnose(case))


def _require_readable(object_id: str, level: Level, answers: Mapping[str, Row | AdsError]) -> None:
    """Raise if nothing could be read, or if the object is of another level and so lacks the requested fields."""
    errors = [answer for answer in answers.values() if isinstance(answer, AdsError)]
    if len(errors) == len(answers):
        raise errors[0]
    error = answers.get("object")
    if isinstance(error, InvalidArguments) and error.graph is not None and error.graph.code == INVALID_PARAMETER:
        raise InvalidArguments(
            f"{object_id} cannot be read as {level.replace('_', ' ')}.",
            "Set level to what it is: campaign, ad_set or ad.",
        )


def _compare(answer: Row | AdsError, windows: anomalies.Windows, *, partial: bool) -> Comparison:
    """Compare the windows. If they could not be read, the figures are empty and the checks report the error."""
    rows: list[Row] = [] if isinstance(answer, AdsError) else answer.get("data") or []
    measure = result_measure(rows)
    by_start = {row.get("date_start"): row for row in rows}
    now, before = (figures(by_start.get(days.since, {}), measure) for days in (windows.recent, windows.previous))
    return Comparison(windows, now, before, measure.event, partial, RATES if partial else METRICS)


def _with_event_costs(case: Case) -> Case:
    """Compute the cost of the event only from the campaigns, ad sets or ads whose result it is.

    The event of an account is the one that its money is meant for, not one that happens by the way.
    """
    movers = readable_movers(case)
    if movers and case.subject.level == "account":
        meant = event_objects(case.rows("children"), IDENTITY["campaign"][0])
        if meant.event is not None:
            case = replace(case, meant=meant, comparison=replace(case.comparison, event=meant.event))
    each = [mover for mover in movers if mover.event == case.comparison.event]
    if not each:
        return case
    now = meant_for(case.comparison.now, [mover.now for mover in each])
    before = meant_for(case.comparison.before, [mover.before for mover in each])
    return replace(case, comparison=replace(case.comparison, now=now, before=before))


def _report(case: Case, diagnosis: Diagnosis) -> Result:
    comparison, subject = case.comparison, case.subject
    recent, previous = comparison.windows.recent, comparison.windows.previous
    names = (*METRICS, "reach", "frequency")
    data: Row = {
        "object": {"id": subject.id, "level": subject.level, **_name_and_status(case)},
        "window": anomalies.window_row(recent, comparison.now, names),
        "window_before": anomalies.window_row(previous, comparison.before, names),
        "result_event": comparison.event,
        **_fatigue(case),
        "findings": [finding.public() for finding in in_order(diagnosis.findings)],
        "checked": diagnosis.checked,
        "not_checked": diagnosis.not_checked,
        "not_applicable": diagnosis.not_applicable,
    }
    if subject.level in CHILD and not isinstance(case.answers["children"], AdsError):
        data["movers"] = Whole(mover_table(movers_of(case)).public())
    days = f"{recent.since} to {recent.until} compared with {previous.since} to {previous.until}"
    summary = f"{_verdict(subject.id, diagnosis)} {days} ({subject.account.timezone_name})."
    return Result(summary, Whole(data), notes=_cautions(case, subject.account.currency))


def _fatigue(case: Case) -> Row:
    try:
        return {"fatigue": fatigue_summary(case)}
    except AdsError:
        return {}


def _name_and_status(case: Case) -> Row:
    row = case.answers["account" if case.subject.level == "account" else "object"]
    return {} if isinstance(row, AdsError) else {name: row.get(name) for name in ("name", "effective_status")}


def _verdict(object_id: str, diagnosis: Diagnosis) -> str:
    """Summarize the findings. Say that nothing is notable only if every check ran."""
    open_checks = len(diagnosis.not_checked)
    rest = f" {open_checks:,} {plural('check', open_checks)} could not run: see not_checked." if open_checks else ""
    findings = diagnosis.findings
    if findings:
        counts = ", ".join(f"{count} {severity}" for severity, count in count_by_severity(findings).items())
        main = next((item.finding for item in in_order(findings) if item.check in MAIN_CHECKS), "")
        first = f" {main.rstrip('.')}." if main else ""
        return f"{len(findings):,} {plural('finding', len(findings))} for {object_id} ({counts}).{first}{rest}"
    if open_checks:
        return f"The {len(diagnosis.checked)} checks that ran found nothing for {object_id}.{rest}"
    return f"Nothing notable for {object_id}: all {len(diagnosis.checked)} checks ran."


def _cautions(case: Case, currency: str) -> list[str]:
    notes = [f"Money in {currency}; budgets are money objects.", "Hypotheses are not facts; check them."]
    if "rankings" in case.answers:
        notes.append(f"Rankings cover at most the {MAX_ADS} ads with the highest spend.")
    if case.comparison.now.result_spend not in (None, case.comparison.now.spend):
        notes.append(f"results and cost_per_result count only what is meant for {case.comparison.event}.")
    notes += unit_notes([case.comparison.event, *(mover.event for mover in readable_movers(case))])
    if case.comparison.partial:
        notes.append("Today is not over: amounts are not compared, only rates.")
    days = case.answers["days"]
    date_notes = date_note(days.get("data") or []) if isinstance(days, dict) else []
    return [*notes, *date_notes, "Conversions of the latest days are still being attributed."]
