"""Show how an object's figures change from period to period, and whether they rise or fall.

The direction of a metric is the Theil-Sen slope over all complete periods, as a share of the median. A metric rises or
falls if the slope makes at least 10 % over the complete span and the last third differs from the first in the same
direction. If the two disagree, the direction is `unclear`.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date
from statistics import median
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, change_pct, round_number
from meta_ads_mcp.analysis.robust import slope
from meta_ads_mcp.analysis.series import BASE, METRICS, Period, good_or_bad, sum_figures
from meta_ads_mcp.core.result import Row, Table, Whole

COLUMNS = (
    "spend",
    "impressions",
    "reach",
    "clicks",
    "ctr",
    "cpc",
    "cpm",
    "results",
    "cost_per_result",
    "purchase_roas",
)
MIN_PERIODS = 6
FLAT_UNDER_PCT = 10
MAX_PERIODS_SHOWN = 250
# Longer tables have no columns of changes, which would double their size.
MAX_PERIODS_WITH_CHANGES = 62
METHOD = (
    "trends compare the first with the last third of the complete periods; the direction is the Theil-Sen slope, "
    f"flat if under {FLAT_UNDER_PCT} % over the span."
)


def trend(series: Sequence[Period], today: date) -> tuple[Row, list[str]]:
    """Return `{"periods": table, "trends": table}` and the notes.

    `series` must be in order and not empty. `today` is the date in the account's time zone.
    """
    complete = [period for period in series if is_complete(period, series, today)]
    metrics = [name for name in COLUMNS if any(period.figures.metric(name) for period in series)] or ["spend"]
    latest = list(series)[-MAX_PERIODS_SHOWN:]
    table = period_table(
        latest, metrics, {period.start for period in complete}, changes=len(series) <= MAX_PERIODS_WITH_CHANGES
    )
    data: Row = {"periods": Whole(table.public()), "trends": Whole(trends(complete, metrics).public())}
    return data, _notes(series, complete, len(latest))


def is_complete(period: Period, series: Sequence[Period], today: date) -> bool:
    """Return whether a period is over and as long as the others. Parts of a month or week cannot be compared."""
    longest = max(other.days for other in series)
    full_length = 28 if longest >= 28 else longest
    return period.stop < today and period.days >= full_length


def period_table(series: Sequence[Period], metrics: Sequence[str], complete: Set[date], *, changes: bool) -> Table:
    """Build a table with a row per period: its days, its metrics, and each metric's change in percent.

    `complete` holds the first days of the complete periods. Incomplete periods have no change.
    """
    daily = all(period.days == 1 for period in series)
    days = ["date_start"] if daily else ["date_start", "date_stop"]
    change_columns = [f"{name}_change_pct" for name in metrics] if changes else []
    rows = []
    before: Period | None = None
    for period in series:
        row: list[Any] = [period.start.isoformat()] if daily else [period.start.isoformat(), period.stop.isoformat()]
        row += [period.figures.display(name) for name in metrics]
        if changes:
            comparable = before if before and {period.start, before.start} <= complete else None
            row += [_change(name, period, comparable) if comparable else None for name in metrics]
        rows.append(row)
        before = period
    return Table([*days, *metrics, *change_columns], rows)


def _change(name: str, period: Period, before: Period) -> Number | None:
    return change_pct(period.figures.metric(name), before.figures.metric(name))


def trends(complete: Sequence[Period], metrics: Sequence[str]) -> Table:
    """Build a table with a row per metric: the first and last third, their change, the slope, and the direction."""
    columns = ["metric", "first_third", "last_third", "change_pct", "slope_pct_per_period", "direction", "good_or_bad"]
    if len(complete) < MIN_PERIODS:
        return Table(columns, [])
    return Table(columns, [_trend_row(name, complete) for name in metrics])


def _trend_row(name: str, complete: Sequence[Period]) -> list[Any]:
    third = len(complete) // 3
    first, last = _average(name, complete[:third]), _average(name, complete[-third:])
    change = change_pct(last, first)
    values = [value for period in complete if (value := period.figures.metric(name)) is not None]
    steepness = _relative_slope(values) if len(values) >= MIN_PERIODS else None
    direction = direction_of(steepness, len(values), change)
    side = {"rising": "up", "falling": "down"}.get(direction or "")
    return [
        name,
        round_number(first),
        round_number(last),
        change,
        round_number(steepness),
        direction,
        good_or_bad(name, side),
    ]


def _average(name: str, part: Sequence[Period]) -> Number | None:
    """Return the ratio of the sums for a ratio, and the average per period for an amount."""
    if name in BASE:
        return sum_figures([period.figures for period in part]).metric(name)
    values = [value for period in part if (value := METRICS[name](period.figures)) is not None]
    return sum(values) / len(values) if values else None


def _relative_slope(values: Sequence[Number]) -> float | None:
    middle = median(values)
    return slope(values) / abs(middle) * 100 if middle else None


def direction_of(steepness: float | None, count: int, change: Number | None) -> str | None:
    """Return `rising`, `falling`, `flat` or `unclear`, or None if there is too little data.

    `steepness` is the slope per period in percent of the median, `change` the change between the thirds in percent.
    """
    if steepness is None or change is None:
        return None
    span = steepness * (count - 1)
    if abs(span) < FLAT_UNDER_PCT:
        return "flat"
    if (span > 0) != (change > 0):
        return "unclear"
    return "rising" if span > 0 else "falling"


def _notes(series: Sequence[Period], complete: Sequence[Period], count: int) -> list[str]:
    notes = [
        METHOD
        if len(complete) >= MIN_PERIODS
        else f"No direction: there are fewer than {MIN_PERIODS} complete periods."
    ]
    gaps = [period.start.isoformat() for period in series if not period.delivered]
    if gaps:
        some = ", ".join(gaps[:10]) + (f" and {len(gaps) - 10} more" if len(gaps) > 10 else "")
        notes.append(f"No delivery in {len(gaps)} of {len(series)} periods, shown as 0: {some}.")
    starts = {period.start for period in complete}
    open_ends = [period.start.isoformat() for period in series if period.start not in starts]
    if open_ends:
        notes.append(f"Incomplete periods have no change and are not in the trends: {', '.join(open_ends[:4])}.")
    if count < len(series):
        notes.append(f"The table has the latest {count} of {len(series)} periods; the trends cover all of them.")
    if len(series) > MAX_PERIODS_WITH_CHANGES:
        notes.append("A table this long has no changes from period to period; set granularity to weekly or monthly.")
    return notes
