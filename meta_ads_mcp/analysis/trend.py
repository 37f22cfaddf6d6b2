"""How an object's figures move from period to period, and whether they rise or fall.

Direction of a metric: the Theil-Sen slope over all complete periods, as a share of the median. It counts as rising or
falling from 10 % over the whole span, and only when the last third lies on the same side of the first; where the two
disagree it is `unclear`.
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

SHOWN = ("spend", "impressions", "reach", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas")
FEWEST_PERIODS = 6
FLAT_UNDER_PCT = 10
MOST_SHOWN = 250
# With more periods than this the changes from one to the next would double a long table.
MOST_WITH_CHANGES = 62
METHOD = (
    "trends compare the first with the last third of the complete periods; the direction is the Theil-Sen slope, "
    f"flat under {FLAT_UNDER_PCT} % over the span."
)


def trend(series: Sequence[Period], today: date) -> tuple[Row, list[str]]:
    """The table of periods with the trends beside it, and the notes. `series` is in order and not empty."""
    whole = [period for period in series if is_complete(period, series, today)]
    metrics = [name for name in SHOWN if any(period.figures.metric(name) for period in series)] or ["spend"]
    shown = list(series)[-MOST_SHOWN:]
    table = period_table(shown, metrics, {period.start for period in whole}, changes=len(series) <= MOST_WITH_CHANGES)
    data: Row = {"periods": Whole(table.public()), "trends": Whole(trends(whole, metrics).public())}
    return data, _notes(series, whole, len(shown))


def is_complete(period: Period, series: Sequence[Period], today: date) -> bool:
    """Whether a period is over and as long as the others; a part of a month or week cannot be compared."""
    longest = max(other.days for other in series)
    least = 28 if longest >= 28 else longest
    return period.stop < today and period.days >= least


def period_table(shown: Sequence[Period], metrics: Sequence[str], whole: Set[date], *, changes: bool) -> Table:
    """A row per period: its days, its metrics, and the change of each from the period before, in percent.

    `whole` are the first days of the complete periods; the others have no change.
    """
    daily = all(period.days == 1 for period in shown)
    days = ["date_start"] if daily else ["date_start", "date_stop"]
    changed = [f"{name}_change_pct" for name in metrics] if changes else []
    rows = []
    before: Period | None = None
    for period in shown:
        row: list[Any] = [period.start.isoformat()] if daily else [period.start.isoformat(), period.stop.isoformat()]
        row += [_shown(name, period.figures.metric(name)) for name in metrics]
        if changes:
            known = before if before and {period.start, before.start} <= whole else None
            row += [_change(name, period, known) if known else None for name in metrics]
        rows.append(row)
        before = period
    return Table([*days, *metrics, *changed], rows)


def _shown(name: str, value: Number | None) -> Number | None:
    return round_number(value) if name in BASE else value


def _change(name: str, period: Period, before: Period) -> Number | None:
    return change_pct(period.figures.metric(name), before.figures.metric(name))


def trends(whole: Sequence[Period], metrics: Sequence[str]) -> Table:
    """Per metric: the first and the last third, the change, the slope per period in percent, and the direction."""
    columns = ["metric", "first_third", "last_third", "change_pct", "slope_pct_per_period", "direction", "good_or_bad"]
    if len(whole) < FEWEST_PERIODS:
        return Table(columns, [])
    return Table(columns, [_trend_row(name, whole) for name in metrics])


def _trend_row(name: str, whole: Sequence[Period]) -> list[Any]:
    third = len(whole) // 3
    first, last = _average(name, whole[:third]), _average(name, whole[-third:])
    change = change_pct(last, first)
    values = [value for period in whole if (value := period.figures.metric(name)) is not None]
    steepness = _relative_slope(values) if len(values) >= FEWEST_PERIODS else None
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
    """Of a ratio the ratio of the sums, of an amount the average per period."""
    if name in BASE:
        return sum_figures([period.figures for period in part]).metric(name)
    values = [value for period in part if (value := METRICS[name](period.figures)) is not None]
    return sum(values) / len(values) if values else None


def _relative_slope(values: Sequence[Number]) -> float | None:
    middle = median(values)
    return slope(values) / abs(middle) * 100 if middle else None


def direction_of(steepness: float | None, count: int, change: Number | None) -> str | None:
    """`rising`, `falling`, `flat` or `unclear`; None when there is too little to say."""
    if steepness is None or change is None:
        return None
    span = steepness * (count - 1)
    if abs(span) < FLAT_UNDER_PCT:
        return "flat"
    if (span > 0) != (change > 0):
        return "unclear"
    return "rising" if span > 0 else "falling"


def _notes(series: Sequence[Period], whole: Sequence[Period], shown: int) -> list[str]:
    notes = [METHOD if len(whole) >= FEWEST_PERIODS else f"Fewer than {FEWEST_PERIODS} complete periods: no direction."]
    gaps = [period.start.isoformat() for period in series if not period.delivered]
    if gaps:
        some = ", ".join(gaps[:10]) + (f" and {len(gaps) - 10} more" if len(gaps) > 10 else "")
        notes.append(f"No delivery in {len(gaps)} of {len(series)} periods, shown as 0: {some}.")
    complete = {period.start for period in whole}
    open_ends = [period.start.isoformat() for period in series if period.start not in complete]
    if open_ends:
        notes.append(f"Incomplete, so without change and not in the trends: {', '.join(open_ends[:4])}.")
    if shown < len(series):
        notes.append(f"The table has the latest {shown} of {len(series)} periods; the trends cover all of them.")
    if len(series) > MOST_WITH_CHANGES:
        notes.append("Changes from period to period are left out of so long a table; ask for weekly or monthly.")
    return notes
