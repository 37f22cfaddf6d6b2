"""Days and weeks that are unlike what came before.

A day is compared with the same weekdays of the eight weeks before the window: expected is their median, give or take
`Z` robust standard deviations (the median absolute deviation, scaled). It is told when it lies outside that range *and*
differs from the median by the caller's threshold in percent. Where there is too little data nothing is told but that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import median
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, change_pct, round_number
from meta_ads_mcp.analysis.robust import Expected, expected_value
from meta_ads_mcp.analysis.series import BASE, Figures, Period, good_or_bad, sum_figures
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import TimeRange, time_range

HISTORY_DAYS = 56
# Of eight possible ones.
FEWEST_SAME_WEEKDAYS = 4
Z = 3.5
# Even a perfectly regular history is not expected to be met more closely than this share of it.
LEAST_SHARE = 0.05
# A ratio over fewer events than these is chance.
FEWEST_EVENTS = {"clicks": 20, "results": 5, "reach": 100}
COUNTS = frozenset({"impressions", "clicks", "results"})
DAY_COLUMNS = "metric date value expected_low expected_high deviation_pct direction good_or_bad".split()
WINDOW_COLUMNS = "metric current previous delta_pct direction good_or_bad".split()
METHOD = (
    f"unusual_days: outside median ± {Z} robust deviations of the same weekdays in the {HISTORY_DAYS // 7} weeks "
    "before, and beyond the threshold; anomalies: the window against the one before."
)


@dataclass(frozen=True)
class Windows:
    """The recent window, the one before, and the history; all end before today."""

    recent: TimeRange
    previous: TimeRange
    history: TimeRange


@dataclass(frozen=True)
class Limits:
    """What is told: from how many percent on, and from how many impressions on."""

    threshold_pct: float = 30
    min_impressions: int = 500


def windows(today: date, days: int) -> Windows:
    """Windows of `days` days that end yesterday in the account's time zone, and the weeks before the recent one."""
    first = today - timedelta(days=days)
    return Windows(
        time_range(first, today - timedelta(days=1)),
        time_range(first - timedelta(days=days), first - timedelta(days=1)),
        time_range(first - timedelta(days=HISTORY_DAYS), first - timedelta(days=1)),
    )


def within(series: Sequence[Period], wanted: TimeRange) -> list[Period]:
    return [period for period in series if wanted.first <= period.start <= wanted.last]


def unusual_days(series: Sequence[Period], at: Windows, metrics: Sequence[str], limits: Limits) -> list[list[Any]]:
    """Rows of `DAY_COLUMNS`: each metric of each recent day that lies outside its expected range.

    A window without any delivery has no unusual days: that it stopped shows between the windows.
    """
    history = within(series, at.history)
    if not figures_in(series, at.recent).impressions:
        return []
    found = []
    for period in within(series, at.recent):
        same = [day for day in history if day.start.weekday() == period.start.weekday()]
        rows = [_unusual(metric, period, same, limits) for metric in _told_of(period.figures, metrics)]
        found += [row for row in rows if row is not None]
    return found


def _told_of(current: Figures, metrics: Sequence[str]) -> Sequence[str]:
    """Without any delivery the first metric says it all."""
    return metrics if current.impressions else metrics[:1]


def _unusual(metric: str, period: Period, same: Sequence[Period], limits: Limits) -> list[Any] | None:
    usual = _usual(metric, same, limits)
    value = period.figures.metric(metric)
    if value is None or len(usual) < FEWEST_SAME_WEEKDAYS or not _tellable(metric, period, same, limits):
        return None
    known = expected_value(usual, least=_least(metric, usual))
    deviation = change_pct(value, known.middle)
    if known.z(value) <= Z or deviation is None or abs(deviation) < limits.threshold_pct:
        return None
    return _day_row(metric, period.start, value, known, deviation)


def _usual(metric: str, same: Sequence[Period], limits: Limits) -> list[Number]:
    known = [day.figures for day in same if _enough(metric, day.figures, limits)]
    return [value for one in known if (value := one.metric(metric)) is not None]


def _day_row(metric: str, day: date, value: Number, known: Expected, deviation: Number) -> list[Any]:
    direction = "up" if deviation > 0 else "down"
    low, high = known.range(Z)
    shown = [round_number(value) if metric in BASE else value, round_number(low), round_number(high), deviation]
    return [metric, day.isoformat(), *shown, direction, good_or_bad(metric, direction)]


def _least(metric: str, usual: Sequence[Number]) -> float:
    """Counts scatter by their square root even when nothing changes."""
    middle = float(median(usual))
    return max(LEAST_SHARE * middle, sqrt(middle) if metric in COUNTS else 0.0)


def _tellable(metric: str, period: Period, same: Sequence[Period], limits: Limits) -> bool:
    """A ratio needs its base on that day; an amount needs a usual delivery, so that a stop is told too."""
    if metric in BASE:
        return _enough(metric, period.figures, limits)
    usual = median(day.figures.impressions for day in same) if same else 0
    return max(usual, period.figures.impressions) >= limits.min_impressions


def _enough(metric: str, figures: Figures, limits: Limits) -> bool:
    """Whether a ratio of these figures says something; an amount always does."""
    if metric not in BASE:
        return True
    base = figures.metric(BASE[metric]) or 0
    return figures.impressions >= limits.min_impressions and base >= FEWEST_EVENTS.get(BASE[metric], 1)


def compare_windows(current: Figures, previous: Figures, metrics: Sequence[str], limits: Limits) -> list[list[Any]]:
    """Rows of `WINDOW_COLUMNS` for each metric that moved by the threshold. From zero there is no percentage: `new`."""
    if max(current.impressions, previous.impressions) < limits.min_impressions:
        return []
    rows = [_moved(metric, current, previous, limits) for metric in _told_of(current, metrics)]
    return [row for row in rows if row is not None]


def _moved(metric: str, current: Figures, previous: Figures, limits: Limits) -> list[Any] | None:
    now, before = current.metric(metric), previous.metric(metric)
    if metric in BASE and not (_enough(metric, current, limits) and _enough(metric, previous, limits)):
        return None
    delta = change_pct(now, before)
    if delta is None:
        return [metric, now, before or 0, None, "new", "neutral"] if now and not before and metric not in BASE else None
    if abs(delta) < limits.threshold_pct:
        return None
    direction = "up" if delta > 0 else "down"
    shown = [round_number(now), round_number(before)] if metric in BASE else [now, before]
    return [metric, *shown, delta, direction, good_or_bad(metric, direction)]


def window_row(wanted: TimeRange, figures: Figures, metrics: Sequence[str]) -> Row:
    """A window with its days and figures."""
    shown = {
        name: round_number(value) if name in BASE else value
        for name in metrics
        if (value := figures.metric(name)) is not None
    }
    return {"since": wanted.since, "until": wanted.until, **shown}


def figures_in(series: Sequence[Period], wanted: TimeRange) -> Figures:
    return sum_figures([period.figures for period in within(series, wanted)])


def shortages(series: Sequence[Period], at: Windows, limits: Limits) -> Iterator[str]:
    """Why something could not be judged."""
    recent = figures_in(series, at.recent).impressions
    if recent < limits.min_impressions:
        yield f"only {recent} impressions in the window (min_impressions {limits.min_impressions})"
    days = len(within(series, at.history))
    if days < 7 * FEWEST_SAME_WEEKDAYS:
        yield f"only {days} days of history, {7 * FEWEST_SAME_WEEKDAYS} are needed to judge single days"
