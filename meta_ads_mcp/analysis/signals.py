"""The anomaly check of one object, or of many side by side, as an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.analysis import anomalies
from meta_ads_mcp.analysis.anomalies import DAY_COLUMNS, METHOD, WINDOW_COLUMNS, Limits, Windows, figures_in
from meta_ads_mcp.analysis.series import Measure, Period, periods, result_measure
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Result, Row, Table, Whole

MOST_TOLD = 50
LATE = "Conversions of the latest days are still being attributed: results may grow, cost_per_result may fall."


@dataclass(frozen=True)
class Signal:
    """What was found for one object. `label` are its id and name, empty for the object that was asked."""

    label: tuple[Any, ...]
    series: list[Period]
    what: Measure
    days: list[list[Any]]
    moved: list[list[Any]]
    shortages: list[str]


@dataclass(frozen=True)
class SignalCheck:
    """What was checked: the object that was asked, the fields that name the objects of its rows, when, and what."""

    object_id: str
    identity: Sequence[str]
    at: Windows
    metrics: Sequence[str]
    limits: Limits


def signals(rows: Sequence[Row], check: SignalCheck) -> list[Signal]:
    """A check per object whose rows are there."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(check.identity[0], "")) if check.identity else "", []).append(row)
    return [_signal(group, check) for group in groups.values()]


def _signal(rows: Sequence[Row], check: SignalCheck) -> Signal:
    what = result_measure(rows)
    at, metrics, limits = check.at, check.metrics, check.limits
    series = periods(rows, what, at.recent.last, "daily")
    current, previous = figures_in(series, at.recent), figures_in(series, at.previous)
    return Signal(
        tuple(rows[-1].get(name) for name in check.identity),
        series,
        what,
        anomalies.unusual_days(series, at, metrics, limits),
        anomalies.compare_windows(current, previous, metrics, limits),
        list(anomalies.shortages(series, at, limits)),
    )


def anomaly_result(check: SignalCheck, rows: Sequence[Row], account: Account) -> Result:
    """The checks as an answer: both windows, the anomalies and the unusual days, the largest first."""
    found = signals(rows, check)
    days = _table(check.identity, DAY_COLUMNS, [[*signal.label, *row] for signal in found for row in signal.days])
    moved = _table(check.identity, WINDOW_COLUMNS, [[*signal.label, *row] for signal in found for row in signal.moved])
    checked = f"{len(found)} objects of {check.object_id}" if check.identity else check.object_id
    recent = check.at.recent
    summary = (
        f"{checked}, {recent.since} to {recent.until} ({account.timezone_name}): {len(moved.rows)} anomalies "
        f"against the window before, {len(days.rows)} unusual days."
    )
    data = {**_windows(found, check), "anomalies": _most(moved), "unusual_days": _most(days)}
    return Result(summary, Whole(data), notes=_notes(found, days, moved, account))


def _table(identity: Sequence[str], columns: Sequence[str], rows: list[list[Any]]) -> Table:
    place = len(identity) + (
        columns.index("deviation_pct") if "deviation_pct" in columns else columns.index("delta_pct")
    )
    ordered = sorted(rows, key=lambda row: -abs(row[place]) if row[place] is not None else float("-inf"))
    # The engine spells the columns of a whole table; these stand inside an object.
    ours = [name.replace("adset_", "ad_set_") for name in identity]
    return Table([*ours, *columns], ordered)


def _most(table: Table) -> Whole:
    return Whole(Table(table.columns, table.rows[:MOST_TOLD]).public())


def _windows(found: Sequence[Signal], check: SignalCheck) -> Row:
    """The figures of both windows where one object was asked; of many only the days."""
    names = () if check.identity else check.metrics
    return {
        name: anomalies.window_row(wanted, figures_in(found[0].series, wanted), names)
        for name, wanted in (("recent_window", check.at.recent), ("previous_window", check.at.previous))
    }


def _notes(found: Sequence[Signal], days: Table, moved: Table, account: Account) -> list[str]:
    notes = [f"Money in {account.currency}.", METHOD, LATE]
    short = [signal for signal in found if signal.shortages]
    if len(found) == 1 and not found[0].label:
        notes.append(found[0].what.note())
    else:
        events = sorted({signal.what.event for signal in found if signal.what.event})
        notes.append(f"results are each object's own: {', '.join(events) or 'none'}.")
    if short:
        names = ", ".join(str(signal.label[-1]) for signal in short[:5] if signal.label)
        reasons = "; ".join(dict.fromkeys(text for signal in short[:3] for text in signal.shortages))
        whose = f" for {len(short)} of {len(found)} ({names}{', …' if len(short) > 5 else ''})" if names else ""
        notes.append(f"Too little data{whose}: {reasons}.")
    if len(days.rows) > MOST_TOLD or len(moved.rows) > MOST_TOLD:
        notes.append(f"Only the {MOST_TOLD} largest of each are shown; raise threshold_pct or ask for one object.")
    return notes
