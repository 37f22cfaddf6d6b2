"""Find days and windows that differ from earlier ones.

A day is compared with the same weekdays of the eight weeks before the window. The expected range is their median plus
or minus `Z` robust standard deviations (the scaled median absolute deviation). A day is reported if it lies outside
that range and differs from the median by at least the caller's threshold in percent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import median
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, change_pct, round_number
from meta_ads_mcp.analysis.robust import UsualRange, usual_range
from meta_ads_mcp.analysis.series import BASE, Figures, Period, display_value, good_or_bad, sum_figures
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import TimeRange, time_range

HISTORY_DAYS = 56
# Out of the eight weekdays in the history.
MIN_SAME_WEEKDAYS = 4
Z = 3.5
# The standard deviation is at least this share of the median, even if the history is perfectly regular.
MIN_SIGMA_SHARE = 0.05
# Ratios with a smaller denominator are treated as random.
MIN_EVENTS = {"clicks": 20, "results": 5, "reach": 100}
# Two counts differ if their difference is this many of its standard deviations (of Poisson counts).
MIN_COUNT_Z = 2
COUNTS = frozenset({"impressions", "clicks", "results"})
DAY_COLUMNS = "metric date value expected_low expected_high deviation_pct direction good_or_bad".split()
WINDOW_COLUMNS = "metric current previous delta_pct direction good_or_bad".split()
METHOD = (
    f"unusual_days: outside median ± {Z} robust deviations of the same weekdays in the {HISTORY_DAYS // 7} weeks "
    "before, and beyond the threshold; anomalies: the window against the one before."
)


@dataclass(frozen=True)
class Windows:
    """The recent window, the window of the same length before it, and the history. All end before today."""

    recent: TimeRange
    previous: TimeRange
    history: TimeRange


@dataclass(frozen=True)
class Limits:
    """The smallest change in percent and the smallest number of impressions that are reported."""

    threshold_pct: float = 30
    min_impressions: int = 500


def recent_windows(today: date, days: int) -> Windows:
    """Return windows of `days` days that end the day before `today`, which is the date in the account's time zone."""
    first = today - timedelta(days=days)
    return Windows(
        time_range(first, today - timedelta(days=1)),
        time_range(first - timedelta(days=days), first - timedelta(days=1)),
        time_range(first - timedelta(days=HISTORY_DAYS), first - timedelta(days=1)),
    )


def within(series: Sequence[Period], days: TimeRange) -> list[Period]:
    """Return the periods that start in the range."""
    return [period for period in series if days.first <= period.start <= days.last]


def unusual_days(series: Sequence[Period], windows: Windows, metrics: Sequence[str], limits: Limits) -> list[list[Any]]:
    """Return a row of `DAY_COLUMNS` for each metric of each recent day that lies outside its expected range.

    A window without delivery has no unusual days, because `compare_windows` reports that delivery stopped.
    """
    history = within(series, windows.history)
    if not figures_in(series, windows.recent).impressions:
        return []
    rows = []
    for period in within(series, windows.recent):
        same = [day for day in history if day.start.weekday() == period.start.weekday()]
        candidates = [_unusual(metric, period, same, limits) for metric in _metrics_to_report(period.figures, metrics)]
        rows += [row for row in candidates if row is not None]
    return rows


def _metrics_to_report(current: Figures, metrics: Sequence[str]) -> Sequence[str]:
    """Return the metrics to report: only one if there is no delivery."""
    return metrics if current.impressions else metrics[:1]


def _unusual(metric: str, period: Period, same: Sequence[Period], limits: Limits) -> list[Any] | None:
    earlier = _earlier_values(metric, same, limits)
    value = period.figures.metric(metric)
    if value is None or len(earlier) < MIN_SAME_WEEKDAYS or not _is_comparable(metric, period, same, limits):
        return None
    usual = usual_range(earlier, min_sigma=_min_sigma(metric, earlier))
    deviation = change_pct(value, usual.middle)
    if usual.z(value) <= Z or deviation is None or abs(deviation) < limits.threshold_pct:
        return None
    return _day_row(metric, period.start, value, usual, deviation)


def _earlier_values(metric: str, same: Sequence[Period], limits: Limits) -> list[Number]:
    figures = [day.figures for day in same if _has_enough_data(metric, day.figures, limits)]
    return [value for day in figures if (value := day.metric(metric)) is not None]


def _day_row(metric: str, day: date, value: Number, usual: UsualRange, deviation: Number) -> list[Any]:
    direction = "up" if deviation > 0 else "down"
    low, high = usual.range(Z)
    values = [display_value(metric, value), round_number(low), round_number(high), deviation]
    return [metric, day.isoformat(), *values, direction, good_or_bad(metric, direction)]


def _min_sigma(metric: str, earlier: Sequence[Number]) -> float:
    """Return the smallest plausible deviation. Counts vary by their square root even if nothing changes."""
    middle = float(median(earlier))
    return max(MIN_SIGMA_SHARE * middle, sqrt(max(middle, 0.0)) if metric in COUNTS else 0.0)


def _is_comparable(metric: str, period: Period, same: Sequence[Period], limits: Limits) -> bool:
    """Return whether a day can be compared.

    A ratio requires enough data on that day. An amount requires enough delivery on that day or usually, so that a day
    without delivery is reported.
    """
    if metric in BASE:
        return _has_enough_data(metric, period.figures, limits)
    usual = median(day.figures.impressions for day in same) if same else 0
    return max(usual, period.figures.impressions) >= limits.min_impressions


def _has_enough_data(metric: str, figures: Figures, limits: Limits) -> bool:
    """Return whether the denominator of a ratio is large enough. Amounts always have enough data."""
    if metric not in BASE:
        return True
    base = figures.metric(BASE[metric]) or 0
    return figures.impressions >= limits.min_impressions and base >= MIN_EVENTS.get(BASE[metric], 1)


def compare_windows(current: Figures, previous: Figures, metrics: Sequence[str], limits: Limits) -> list[list[Any]]:
    """Return a row of `WINDOW_COLUMNS` for each metric that changed by at least the threshold.

    A metric that was 0 before has no percentage; its direction is `new`.
    """
    if max(current.impressions, previous.impressions) < limits.min_impressions:
        return []
    rows = [_window_change(metric, current, previous, limits) for metric in _metrics_to_report(current, metrics)]
    return [row for row in rows if row is not None]


def _window_change(metric: str, current: Figures, previous: Figures, limits: Limits) -> list[Any] | None:
    now, before = current.metric(metric), previous.metric(metric)
    if not all(_has_enough_data(metric, figures, limits) for figures in (current, previous)):
        return None
    delta = change_pct(now, before)
    if delta is None:
        return [metric, now, before or 0, None, "new", "neutral"] if now and not before and metric not in BASE else None
    if abs(delta) < limits.threshold_pct or (metric in COUNTS and _is_noise(now or 0, before or 0)):
        return None
    direction = "up" if delta > 0 else "down"
    values = [display_value(metric, now), display_value(metric, before)]
    return [metric, *values, delta, direction, good_or_bad(metric, direction)]


def _is_noise(now: Number, before: Number) -> bool:
    """Return whether two counts differ by less than chance alone explains: 5 and 1 do, 100 and 60 do not."""
    return abs(now - before) < MIN_COUNT_Z * sqrt(max(now + before, 0))


def window_row(days: TimeRange, figures: Figures, metrics: Sequence[str]) -> Row:
    """Return the first and last day of a window and those metrics that have a value."""
    values = {name: value for name in metrics if (value := figures.display(name)) is not None}
    return {"since": days.since, "until": days.until, **values}


def figures_in(series: Sequence[Period], days: TimeRange) -> Figures:
    """Add the figures of the periods that start in the range."""
    return sum_figures([period.figures for period in within(series, days)])


def shortages(series: Sequence[Period], windows: Windows, limits: Limits) -> Iterator[str]:
    """Say why something could not be judged."""
    recent = figures_in(series, windows.recent).impressions
    if recent < limits.min_impressions:
        yield f"only {recent} impressions in the window (min_impressions {limits.min_impressions})"
    days = len(within(series, windows.history))
    if days < 7 * MIN_SAME_WEEKDAYS:
        yield f"only {days} days of history; single days require {7 * MIN_SAME_WEEKDAYS}"
