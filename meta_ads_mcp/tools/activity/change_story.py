"""Tell which edits explain a break: the answer of ads_explain_change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from meta_ads_mcp.analysis.breaks import Break
from meta_ads_mcp.analysis.cautions import date_note
from meta_ads_mcp.analysis.numbers import change_pct, round_number
from meta_ads_mcp.analysis.series import BASE, Figures, Measure, Period, sum_figures
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Result, Row, Table, Whole
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.tools.activity.change_metric import ANY_FACTOR, ChangeMetric
from meta_ads_mcp.tools.activity.suspects import Scene, Suspect, SuspectedEdit, rank
from meta_ads_mcp.tools.diagnosis.movers import Mover, contributions

MAX_BREAKS, MAX_SUSPECTS, MAX_OTHERS = 12, 5, 5
# The days before a break whose figures are compared with those after it.
DAYS_BEFORE_BREAK = 14
BREAK_COLUMNS: list[str] = [*"id name factor day before after change_pct".split()]


@dataclass(frozen=True)
class DailyFigures:
    """An object with its daily figures. `measure` says what its results are."""

    id: str
    name: str
    measure: Measure
    series: list[Period]


@dataclass(frozen=True)
class ChangeStory:
    """All that an answer tells."""

    scope: str
    metric: ChangeMetric
    window: TimeRange
    account: Account
    subjects: Sequence[DailyFigures]
    breaks: Sequence[tuple[DailyFigures, Break]]
    scenes: Sequence[Scene]
    edits: Sequence[SuspectedEdit]


def nothing_found(
    scope: str, metric: ChangeMetric, window: TimeRange, subjects: Sequence[DailyFigures], account: Account
) -> Result:
    """Return the answer for figures without a break: no edit is a suspect."""
    what = "No metric" if metric is ANY_FACTOR else f"{metric.name} did not break: no factor of it"
    count = f"{len(subjects):,} {plural('campaign', len(subjects))} of {scope}" if scope.startswith("act_") else scope
    data: Row = {"metric": metric.name, "window": window.model_dump(), "breaks": [], "suspects": []}
    summary = f"{what} changed its level for good from {window.since} to {window.until} in {count}."
    steps = [
        "A slow drift is not a break: ads_insights_performance_trend shows it.",
        "Every edit of these days: ads_account_get_activity_logs.",
    ]
    return Result(summary, Whole(data), notes=[f"Money in {account.currency}.", *steps])


def report(story: ChangeStory, rows: Sequence[Row]) -> Result:
    shares = _contributions(story)
    suspects = rank(story.edits, story.scenes, shares)
    shown = suspects[:MAX_SUSPECTS]
    data: Row = {
        "metric": story.metric.name,
        "window": {**story.window.model_dump(), "timezone": story.account.timezone_name},
        "breaks": Whole(_break_table(story, shares).public()),
        "suspects": [_public(number, suspect, story) for number, suspect in enumerate(shown, 1)],
    }
    change = _change(story)
    if change:
        data["change"] = change
    others = _others(story, suspects)
    data["other_edits"] = {"count": len(others), "newest": [_line(edit) for edit in others[:MAX_OTHERS]]}
    return Result(_summarize(story, shown, change), Whole(data), notes=_notes(story, shown, rows))


def _break_table(story: ChangeStory, shares: Mapping[str, int]) -> Table:
    rows = [
        [
            subject.id,
            subject.name,
            shift.factor,
            shift.day.isoformat(),
            round_number(shift.before),
            round_number(shift.after),
            shift.change_pct,
        ]
        for subject, shift in story.breaks[:MAX_BREAKS]
    ]
    if not shares:
        return Table(BREAK_COLUMNS, rows)
    return Table([*BREAK_COLUMNS, "share_of_change_pct"], [[*row, shares.get(str(row[0]))] for row in rows])


def _split(story: ChangeStory) -> tuple[list[Mover], Figures, Figures]:
    """Divide the figures at the first day of the largest break: each object, and all of them after and before."""
    day = story.breaks[0][1].day
    start = day - timedelta(days=DAYS_BEFORE_BREAK)
    movers = []
    for subject in story.subjects:
        before = [item.figures for item in subject.series if start <= item.start < day]
        after = [item.figures for item in subject.series if day <= item.start <= story.window.last]
        movers.append(Mover(subject.id, subject.name, subject.measure.event, sum_figures(after), sum_figures(before)))
    now, earlier = sum_figures([mover.now for mover in movers]), sum_figures([mover.before for mover in movers])
    return movers, now, earlier


def _contributions(story: ChangeStory) -> dict[str, int]:
    """Return how much of the change of the cost each object explains in percent, the mix included."""
    if not story.metric.is_cost or len(story.subjects) < 2:
        return {}
    each = contributions(_split(story)[0], story.subjects[0].measure.event)
    return {item.mover.id: round(item.share_pct) for item in each}


def _change(story: ChangeStory) -> Row:
    """Return a ratio of the whole object before and after the largest break; nothing for another metric."""
    figure = story.metric.figure
    if figure not in BASE or figure is None or len({subject.measure.event for subject in story.subjects}) > 1:
        return {}
    _, now, before = _split(story)
    values = [item.display(figure) for item in (before, now)]
    if None in values:
        return {}
    return {
        "metric": story.metric.name,
        "since": story.breaks[0][1].day.isoformat(),
        "before": values[0],
        "after": values[1],
        "change_pct": change_pct(values[1], values[0]),
    }


def _public(place: int, suspect: Suspect, story: ChangeStory) -> Row:
    explains = [
        scene.text
        for scene in story.scenes
        if scene.object_id == suspect.scene.object_id and scene.shift.day == suspect.scene.shift.day
    ]
    return {
        "rank": place,
        "likelihood": suspect.likelihood,
        **suspect.edit.public,
        "explains": explains[:3],
        "reasons": list(suspect.reasons),
    }


def _others(story: ChangeStory, suspects: Sequence[Suspect]) -> list[SuspectedEdit]:
    """Return the edits of the objects that broke which are not suspects, newest first."""
    keys = {suspect.edit.key for suspect in suspects}
    family = {object_id for scene in story.scenes for object_id in scene.family}
    others = [edit for edit in story.edits if edit.key not in keys and edit.object_id in family]
    return sorted(others, key=lambda edit: edit.moment.astimezone(UTC), reverse=True)


def _line(edit: SuspectedEdit) -> str:
    subject = edit.public.get("object", {})
    name = subject.get("name") or subject.get("id", "")
    return f"{edit.moment:%Y-%m-%d %H:%M} {_actor(edit)}: {edit.title} ({name})"


def _summarize(story: ChangeStory, suspects: Sequence[Suspect], change: Row) -> str:
    subject, shift = story.breaks[0]
    name = subject.name or subject.id
    if suspects:
        scene = suspects[0].scene
        name, shift = scene.name or scene.object_id, scene.shift
    direction = "rose" if shift.log_change > 0 else "fell"
    percent = f" by {abs(shift.change_pct):g} %" if shift.change_pct is not None else ""
    text = f"From {shift.day.isoformat()} on, {shift.factor} of {name} {direction}{percent}."
    if change:
        text = f"{change['metric']}: {change['before']} before, {change['after']} after. {text}"
    if not suspects:
        return f"{text} No edit around that day explains it."
    edit = suspects[0].edit
    what = edit.public.get("text", "")
    where = edit.public.get("object", {}).get("name") or edit.object_id
    when = f"{edit.moment:%Y-%m-%d %H:%M}, {_actor(edit)}"
    return f"{text} First suspect ({suspects[0].likelihood}): {when}: {what} ({where})."


def _actor(edit: SuspectedEdit) -> str:
    return str(edit.public.get("actor") or "unknown")


def _notes(story: ChangeStory, suspects: Sequence[Suspect], rows: Sequence[Row]) -> list[str]:
    notes = [f"Money in {story.account.currency}; spend is per day; ctr and conversion_rate in percent."]
    notes.append("A suspect is not a proof: look at the object, then undo or edit.")
    if any("change_id" in suspect.edit.public for suspect in suspects):
        notes.append("change_id: this server made that change, ads_undo_change puts it back.")
    if not suspects:
        notes.append("Other causes: worn creatives, the auction, the website or tracking (ads_get_pixel_events).")
    if len(story.breaks) > MAX_BREAKS:
        notes.append(f"{len(story.breaks)} breaks; the {MAX_BREAKS} that move most money are shown.")
    return [*notes, *date_note(rows)]
