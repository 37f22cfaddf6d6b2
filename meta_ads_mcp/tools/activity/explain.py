"""Relate the break of a metric to the edits around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from meta_ads_mcp.analysis.breaks import Break, find_breaks
from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.series import (
    FIELDS,
    Measure,
    periods,
    result_measure,
)
from meta_ads_mcp.core.params import Local, Params, exactly_one
from meta_ads_mcp.core.partial import read_batch, unread
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import TimeRange, preset_range, require_within_lookback, time_range
from meta_ads_mcp.core.values.enums import Word
from meta_ads_mcp.core.values.ids import AccountId, AnyAdObject
from meta_ads_mcp.domain.insights_query import Preset
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.activity import events
from meta_ads_mcp.tools.activity.change_metric import ANY_FACTOR, ChangeMetric, read_metric
from meta_ads_mcp.tools.activity.change_story import ChangeStory, DailyFigures, nothing_found, report
from meta_ads_mcp.tools.activity.own_changes import change_of_event, own_changes
from meta_ads_mcp.tools.activity.suspects import (
    DAYS_AFTER,
    DAYS_BEFORE,
    Scene,
    SuspectedEdit,
    edit_of_change,
    edit_of_event,
)
from meta_ads_mcp.tools.insights.read_all import read_all

HISTORY_DAYS = 28
MAX_WINDOW_DAYS = 90
DEFAULT_PRESET = "last_14d"
# Of an account, the campaigns with the highest spend are looked at.
MAX_CAMPAIGNS = 50
# Objects whose log is read, and events of each.
MAX_OBJECTS = 8
MAX_EVENTS = 500
# The days before a break whose spend gives the shares of the objects below.
SHARE_DAYS = 7
# The levels of Graph from the top.
KINDS = ("campaign", "adset", "ad")
FAMILY_FIELDS = (*(f"{kind}_{name}" for kind in KINDS for name in ("id", "name")), "spend")


@tool(
    "ads_explain_change",
    Effect.READ,
    get("{object_id}/insights", "{account_id}/activities"),
    node="AdsInsights",
    singular="suspect",
    keywords="why did it change break cause edits suspects who drop rise",
)
class ExplainChange(Params):
    """Find which edit is behind a change of a metric: the day on which it changed, the factor (spend, cpm, ctr,
    conversion rate), and the edits around that day, the most likely first. For an account, its campaigns are
    compared."""

    account_id: AccountId | None = None
    object_id: Annotated[AnyAdObject | None, Field(description="Instead of account_id: a campaign, ad set or ad")] = (
        None
    )
    metric: Annotated[Word | None, Local(), Field(description="e.g. cost_per_purchase, spend, ctr, purchase_roas")] = (
        None
    )
    date_preset: Annotated[
        Preset | None, Local(), Field(description="Days in which the break is looked for; default last_14d")
    ] = None
    time_range: Annotated[TimeRange | None, Local(), Field(description="Such days, instead of a preset")] = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        if self.date_preset and self.time_range:
            raise ValueError("give date_preset or time_range, not both")
        return exactly_one(self, "account_id", "object_id")

    async def run(self, call: Call) -> Result:
        metric = read_metric(self.metric) if self.metric else ANY_FACTOR
        scope = str(self.object_id or self.account_id)
        account = await call.account(scope)
        window = self._window(account, call)
        rows = await _read_days(call, scope, window)
        subjects = _subjects(call, rows, scope, metric, window)
        breaks = _find_breaks(subjects, metric, window)
        if not breaks:
            return nothing_found(scope, metric, window, subjects, account)
        edits, scenes = await _investigate(call, account, scope, breaks)
        names = {scene.object_id: scene.name for scene in scenes}
        breaks = [(replace(subject, name=names.get(subject.id, subject.name)), shift) for subject, shift in breaks]
        return report(ChangeStory(scope, metric, window, account, subjects, breaks, scenes, edits), rows)

    def _window(self, account: Account, call: Call) -> TimeRange:
        """Return the days in which a break is looked for. Today is left out, because it is not over."""
        today = account.today(call.now())
        days = self.time_range or preset_range(self.date_preset or DEFAULT_PRESET, today)
        if days is None or days.days > MAX_WINDOW_DAYS:
            raise InvalidArguments(
                f"A break is looked for in at most {MAX_WINDOW_DAYS} days.", "Give a shorter time_range or date_preset."
            )
        last = min(days.last, today - timedelta(days=1))
        if last < days.first:
            raise InvalidArguments("These days are not over.", "Give days that end yesterday or before.")
        require_within_lookback(time_range(days.first - timedelta(days=HISTORY_DAYS), last), today)
        return time_range(days.first, last)


# ---- Figures ----


async def _read_days(call: Call, scope: str, window: TimeRange) -> list[Row]:
    """Return daily rows of the window and of the history before it: of an object, or of an account's campaigns."""
    days = time_range(window.first - timedelta(days=HISTORY_DAYS), window.last)
    params: Row = {"time_range": days.model_dump()}
    if not scope.startswith("act_"):
        return await read_all(call, scope, FIELDS, time_increment="1", **params)
    params["level"] = "campaign"
    top = await call.graph.list(
        f"{scope}/insights", fields=("campaign_id", "spend"), limit=MAX_CAMPAIGNS, sort=["spend_descending"], **params
    )
    ids = [str(row["campaign_id"]) for row in top.rows if row.get("campaign_id")]
    if not ids:
        return []
    if top.has_more:
        call.note(f"Only the {MAX_CAMPAIGNS} campaigns with the highest spend were looked at.")
        params["filtering"] = [{"field": "campaign.id", "operator": "IN", "value": ids}]
    return await read_all(call, scope, ("campaign_id", "campaign_name", *FIELDS), time_increment="1", **params)


def _subjects(
    call: Call, rows: Sequence[Row], scope: str, metric: ChangeMetric, window: TimeRange
) -> list[DailyFigures]:
    """Return the objects of the rows that are about the metric's event, or all if none is."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get("campaign_id") or scope), []).append(row)
    subjects = [_subject(object_id, group, result_measure(group), window) for object_id, group in groups.items()]
    if metric.event is None:
        return subjects
    matches = [subject for subject in subjects if subject.measure.event == metric.event]
    if not matches:
        call.note(f"Nothing here is meant for {metric.event}: all spend counts.")
    measure = Measure(metric.event, from_meta=False)
    return matches or [_subject(object_id, group, measure, window) for object_id, group in groups.items()]


def _subject(object_id: str, rows: Sequence[Row], measure: Measure, window: TimeRange) -> DailyFigures:
    name = next((str(row["campaign_name"]) for row in reversed(rows) if row.get("campaign_name")), "")
    return DailyFigures(object_id, name, measure, periods(rows, measure, window.last, "daily"))


def _find_breaks(
    subjects: Sequence[DailyFigures], metric: ChangeMetric, window: TimeRange
) -> list[tuple[DailyFigures, Break]]:
    """Return the breaks of all objects, those that move most money first."""
    pairs = [
        (subject, shift)
        for subject in subjects
        for shift in find_breaks(subject.series, window, _factors(subject, metric))
    ]
    return sorted(pairs, key=lambda pair: -_weight(*pair))


def _factors(subject: DailyFigures, metric: ChangeMetric) -> Sequence[str]:
    """Leave out the factors of conversions for an object whose results are people or clicks."""
    if subject.measure.additive and subject.measure.event != "link_click":
        return metric.factors
    return [name for name in metric.factors if name not in ("conversion_rate", "value_per_result")]


def _weight(subject: DailyFigures, shift: Break) -> float:
    spend = sum(day.figures.spend for day in subject.series[-HISTORY_DAYS:])
    return float(spend) * abs(shift.log_change)


# ---- Edits ----


async def _investigate(
    call: Call, account: Account, scope: str, breaks: Sequence[tuple[DailyFigures, Break]]
) -> tuple[list[SuspectedEdit], list[Scene]]:
    """Read the edits around the breaks, and the shares of the objects below those that broke."""
    ids = list(dict.fromkeys(subject.id for subject, _ in breaks))[:MAX_OBJECTS]
    main = [(subject, shift) for subject, shift in breaks if subject.id in ids]
    requests = _requests(account, main)
    answers = await read_batch(call, requests)
    families = {object_id: _rows(answers[f"family {object_id}"]) for object_id in ids}
    parents = _parents(families, ids, scope)
    if parents:
        params = {**requests["account"].params, "oid": parents[0], "extra_oids": parents[1:]}
        params.pop("category")
        answers |= await read_batch(call, {"parents": replace(requests["account"], params=params)})
    failures = [unread(name, answer) for name, answer in answers.items() if isinstance(answer, AdsError)]
    for text in failures[:2]:
        call.note(text)
    log = [row for name, answer in answers.items() if not name.startswith("family") for row in _rows(answer)]
    if any(_is_cut(answer) for answer in answers.values()):
        call.note(f"Only the newest {MAX_EVENTS} events of an object were read; give a shorter time_range.")
    entries = await own_changes(call, account.id, float(str(requests["account"].params["since"])))
    scenes = [
        Scene(
            subject.id,
            subject.name or _name_in(families[subject.id], subject.id),
            shift,
            _shares(families[subject.id], subject.id, [account.id, *parents]),
        )
        for subject, shift in main
    ]
    return _edits(log, entries, account), scenes


def _requests(account: Account, breaks: Sequence[tuple[DailyFigures, Break]]) -> dict[str, Request]:
    """Return the requests by name: the account's own events, and for each object its events and its family."""
    first, last = (pick(shift.day for _, shift in breaks) for pick in (min, max))
    since, until = (
        int(datetime.combine(day, time(0), account.timezone).timestamp())
        for day in (first - timedelta(days=DAYS_BEFORE), last + timedelta(days=DAYS_AFTER + 1))
    )
    log: Row = {"since": since, "until": until, "limit": MAX_EVENTS, "fields": ",".join(events.FIELDS)}
    path = f"{account.id}/activities"
    requests = {"account": Request("GET", path, {**log, "category": "ACCOUNT"}, account=account.id)}
    for object_id in dict.fromkeys(subject.id for subject, _ in breaks):
        day = min(shift.day for subject, shift in breaks if subject.id == object_id)
        span = time_range(day - timedelta(days=SHARE_DAYS), day - timedelta(days=1))
        family: Row = {
            "level": "ad",
            "time_range": span.model_dump(),
            "limit": MAX_EVENTS,
            "sort": ["spend_descending"],
        }
        requests[f"log {object_id}"] = Request(
            "GET", path, {**log, "oid": object_id, "add_children": True}, account=account.id
        )
        requests[f"family {object_id}"] = Request(
            "GET", f"{object_id}/insights", {**family, "fields": ",".join(FAMILY_FIELDS)}, account=account.id
        )
    return requests


def _rows(answer: Row | AdsError) -> list[Row]:
    body = None if isinstance(answer, AdsError) else answer.get("data")
    return [row for row in body if isinstance(row, dict)] if isinstance(body, list) else []


def _is_cut(answer: Row | AdsError) -> bool:
    return not isinstance(answer, AdsError) and bool((answer.get("paging") or {}).get("next"))


def _parents(families: Mapping[str, Sequence[Row]], ids: Sequence[str], scope: str) -> list[str]:
    """Return the ad set and campaign above an object that is not an account or one of its campaigns."""
    if scope.startswith("act_"):
        return []
    row: Row = next((row for rows in families.values() for row in rows), {})
    chain = [str(row.get(f"{kind}_id") or "") for kind in KINDS]
    above = chain[: chain.index(ids[0])] if ids[0] in chain else []
    return [object_id for object_id in above if object_id]


def _name_in(family: Sequence[Row], object_id: str) -> str:
    """Return the name of an object by its family's rows, or nothing."""
    names = (
        str(row.get(f"{kind}_name") or "") for row in family for kind in KINDS if row.get(f"{kind}_id") == object_id
    )
    return next(names, "")


def _shares(family: Sequence[Row], object_id: str, above: Sequence[str]) -> dict[str, float]:
    """Return each object's share of the spend: 1 for the object itself and those above it."""
    total = sum(float(number(row.get("spend")) or 0) for row in family)
    shares: dict[str, float] = {}
    for row in family:
        share = float(number(row.get("spend")) or 0) / total if total else 0.0
        for object_id_below in (str(row.get(f"{kind}_id")) for kind in KINDS):
            shares[object_id_below] = shares.get(object_id_below, 0.0) + share
    return {**shares, **dict.fromkeys((object_id, *above), 1.0)}


def _edits(log: Sequence[Row], entries: Sequence[Any], account: Account) -> list[SuspectedEdit]:
    """Return the edits of the log and those of the journal that the log does not show."""
    log_events = [events.read_event(row, account) for row in log]
    changes = [change_of_event(event, entries) for event in log_events]
    edits = [edit_of_event(event, change) for event, change in zip(log_events, changes, strict=True)]
    seen = {change.change_id for change in changes if change}
    edits += [edit_of_change(entry, account.timezone) for entry in entries if entry.change_id not in seen]
    return list({edit.key: edit for edit in edits if edit is not None}.values())
