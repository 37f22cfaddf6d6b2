"""Build the answer of the anomaly check, for one object or for each of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.analysis import anomalies
from meta_ads_mcp.analysis.anomalies import DAY_COLUMNS, METHOD, WINDOW_COLUMNS, Limits, Windows, figures_in
from meta_ads_mcp.analysis.cautions import date_note
from meta_ads_mcp.analysis.series import Measure, Period, periods, result_measure, unit_notes
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Result, Row, Table, Whole

MAX_LISTED = 50
LATE = "Conversions of the latest days are still being attributed: results may grow, cost_per_result may fall."


@dataclass(frozen=True)
class Signal:
    """The anomalies of one object. `label` holds its id and name; it is empty for the object of the call itself.

    `days` holds rows of `anomalies.DAY_COLUMNS`, `changes` rows of `anomalies.WINDOW_COLUMNS`.
    """

    label: tuple[Any, ...]
    series: list[Period]
    measure: Measure
    days: list[list[Any]]
    changes: list[list[Any]]
    shortages: list[str]


@dataclass(frozen=True)
class SignalCheck:
    """What to check. `identity` holds the id and name fields of the objects; it is empty for `object_id` itself."""

    object_id: str
    identity: Sequence[str]
    windows: Windows
    metrics: Sequence[str]
    limits: Limits


def signals(rows: Sequence[Row], check: SignalCheck) -> list[Signal]:
    """Check each object that has rows. `rows` are daily rows of Graph."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(check.identity[0], "")) if check.identity else "", []).append(row)
    return [_signal(group, check) for group in groups.values()]


def _signal(rows: Sequence[Row], check: SignalCheck) -> Signal:
    measure = result_measure(rows)
    windows, metrics, limits = check.windows, check.metrics, check.limits
    series = periods(rows, measure, windows.recent.last, "daily")
    current, previous = figures_in(series, windows.recent), figures_in(series, windows.previous)
    return Signal(
        tuple(rows[-1].get(name) for name in check.identity),
        series,
        measure,
        anomalies.unusual_days(series, windows, metrics, limits),
        anomalies.compare_windows(current, previous, metrics, limits),
        list(anomalies.shortages(series, windows, limits)),
    )


def anomaly_result(check: SignalCheck, rows: Sequence[Row], account: Account) -> Result:
    """Build the answer: both windows, the anomalies and the unusual days, the largest deviation first."""
    each = signals(rows, check)
    days = _table(check.identity, DAY_COLUMNS, [[*signal.label, *row] for signal in each for row in signal.days])
    changes = _table(
        check.identity, WINDOW_COLUMNS, [[*signal.label, *row] for signal in each for row in signal.changes]
    )
    subject = f"{len(each)} objects of {check.object_id}" if check.identity else check.object_id
    recent = check.windows.recent
    summary = (
        f"{subject}, {recent.since} to {recent.until} ({account.timezone_name}): {len(changes.rows)} anomalies "
        f"compared with the window before, {len(days.rows)} unusual days."
    )
    data = {**_windows(each, check), "anomalies": _largest(changes), "unusual_days": _largest(days)}
    return Result(summary, Whole(data), notes=[*_notes(each, days, changes, account), *date_note(rows)])


def _table(identity: Sequence[str], columns: Sequence[str], rows: list[list[Any]]) -> Table:
    place = len(identity) + (
        columns.index("deviation_pct") if "deviation_pct" in columns else columns.index("delta_pct")
    )
    by_size = sorted(rows, key=lambda row: -abs(row[place]) if row[place] is not None else float("-inf"))
    # The engine renames the columns of a table, but not of a table inside an object.
    labels = [name.replace("adset_", "ad_set_") for name in identity]
    return Table([*labels, *columns], by_size)


def _largest(table: Table) -> Whole:
    return Whole(Table(table.columns, table.rows[:MAX_LISTED]).public())


def _windows(each: Sequence[Signal], check: SignalCheck) -> Row:
    """Return both windows, with figures if the check is of one object."""
    names = () if check.identity else check.metrics
    return {
        name: anomalies.window_row(days, figures_in(each[0].series, days), names)
        for name, days in (("recent_window", check.windows.recent), ("previous_window", check.windows.previous))
    }


def _notes(each: Sequence[Signal], days: Table, changes: Table, account: Account) -> list[str]:
    notes = [f"Money in {account.currency}.", METHOD, LATE]
    short = [signal for signal in each if signal.shortages]
    if len(each) == 1 and not each[0].label:
        notes.append(each[0].measure.note())
    else:
        events = sorted({signal.measure.event for signal in each if signal.measure.event})
        notes += unit_notes(events)
        notes.append(f"results depend on the object: {', '.join(events) or 'none'}.")
    if short:
        names = ", ".join(str(signal.label[-1]) for signal in short[:5] if signal.label)
        reasons = "; ".join(dict.fromkeys(text for signal in short[:3] for text in signal.shortages))
        scope = f" for {len(short)} of {len(each)} ({names}{', …' if len(short) > 5 else ''})" if names else ""
        notes.append(f"Too little data{scope}: {reasons}.")
    if len(days.rows) > MAX_LISTED or len(changes.rows) > MAX_LISTED:
        notes.append(f"Only the {MAX_LISTED} largest of each are shown; raise threshold_pct or check one object.")
    return notes
