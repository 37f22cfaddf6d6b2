"""Find breaks: the days from which on a figure of an object stays at another level.

Every figure of a campaign is a product of the factors here, so a break is looked for in the factors: spend is what was
given to the auction, cpm its price, ctr and the conversion rate the response of people, value per result the orders.
The days before and after a day are compared by the logarithm of their ratio, relative to how much the figure varies
from day to day and by chance. A slow drift is not a break.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt
from statistics import median, pvariance

from meta_ads_mcp.analysis.numbers import Number, round_number
from meta_ads_mcp.analysis.robust import usual_range
from meta_ads_mcp.analysis.series import Figures, Period
from meta_ads_mcp.core.values.dates import TimeRange

FACTORS = ("spend", "cpm", "ctr", "conversion_rate", "value_per_result")
# Factors of conversions: the latest days are still being attributed.
LATE_FACTORS = frozenset({"conversion_rate", "value_per_result"})
MIN_DAYS_BEFORE, MAX_DAYS_BEFORE = 7, 21
MIN_DAYS_AFTER, MAX_DAYS_AFTER = 2, 10
MIN_DAYS_AFTER_LATE = 3
# The smallest change that is reported, in percent, and how many deviations it must be away from chance.
MIN_CHANGE_PCT = 30
MIN_Z = 4.0
# A day varies at least by this share, even if the history is perfectly regular.
MIN_DAILY_SIGMA = 0.08
# Of the whole change, the share that must happen within the days next to the break.
MIN_SHARPNESS = 0.6
SHARP_DAYS = 3
# Spend of a day without delivery, relative to the usual spend.
NOTHING = 0.01
# A count of 0 has no logarithm.
HALF_AN_EVENT = 0.5
MIN_EVENTS = 10
MIN_IMPRESSIONS = 500


@dataclass(frozen=True)
class Break:
    """A factor of an object at another level from the day `day` on. `before` and `after` are its levels, per day.

    Rates are in percent, money is in major units. `z` counts the deviations from chance.
    """

    factor: str
    day: date
    before: float
    after: float
    z: float

    @property
    def log_change(self) -> float:
        """Return the logarithm of the ratio of the levels."""
        return log(max(self.after, NOTHING * self.before) / max(self.before, NOTHING * self.after))

    @property
    def change_pct(self) -> Number | None:
        """Return the change in percent; None if there was nothing before."""
        return round_number((self.after / self.before - 1) * 100) if self.before else None


def find_breaks(series: Sequence[Period], window: TimeRange, factors: Sequence[str]) -> list[Break]:
    """Return the breaks of a daily series that begin in the window, by day. The days before the window are history."""
    breaks = [shift for factor in factors for shift in _breaks_of(series, window, factor)]
    return sorted(breaks, key=lambda item: (item.day, FACTORS.index(item.factor)))


def _breaks_of(series: Sequence[Period], window: TimeRange, factor: str) -> Iterator[Break]:
    """Yield the clearest break, and then those before and after it."""
    candidates = list(_candidates(series, window, factor))
    if not candidates:
        return
    clearest = max(candidates, key=lambda item: item.z)
    near = [item for item in candidates if abs((item.day - clearest.day).days) <= SHARP_DAYS]
    shift = min(near, key=lambda item: _scatter(series, item, clearest.day, factor))
    yield shift
    yield from _breaks_of([day for day in series if day.start < shift.day], window, factor)
    yield from _breaks_of([day for day in series if day.start >= shift.day], window, factor)


def _scatter(series: Sequence[Period], item: Break, middle: date, factor: str) -> float:
    """Return how far the days around `middle` scatter about the two levels that a break divides them into."""
    days = [day for day in series if abs((day.start - middle).days) <= MAX_DAYS_AFTER]
    floor = NOTHING * max(item.before, item.after)
    sides: tuple[list[float], list[float]] = ([], [])
    for day in days:
        if factor == "spend" or day.figures.impressions:
            sides[day.start >= item.day].append(log(max(_level([day.figures], factor), floor)))
    return sum(pvariance(side) * len(side) for side in sides if side)


def _candidates(series: Sequence[Period], window: TimeRange, factor: str) -> Iterator[Break]:
    days = series if factor == "spend" else [day for day in series if day.figures.impressions]
    min_after = MIN_DAYS_AFTER_LATE if factor in LATE_FACTORS else MIN_DAYS_AFTER
    for index in range(MIN_DAYS_BEFORE, len(days) - min_after + 1):
        if window.first <= days[index].start <= window.last:
            before, after = days[max(0, index - MAX_DAYS_BEFORE) : index], days[index : index + MAX_DAYS_AFTER]
            candidate = _compare(before, after, factor)
            if candidate is not None:
                yield candidate


def _compare(before: Sequence[Period], after: Sequence[Period], factor: str) -> Break | None:
    """Compare the days before and after; None if they do not differ clearly, or only little by little."""
    if not _has_enough(before, after, factor):
        return None
    levels = [_level([day.figures for day in days], factor) for days in (before, after)]
    change = _log_ratio(levels[1], levels[0])
    near = _log_ratio(
        *(_level([day.figures for day in days], factor) for days in (after[:SHARP_DAYS], before[-SHARP_DAYS:]))
    )
    z = abs(change) / _sigma(before, after, factor)
    if z < MIN_Z or abs(exp(change) - 1) * 100 < MIN_CHANGE_PCT or near * change < MIN_SHARPNESS * change**2:
        return None
    return Break(factor, after[0].start, levels[0], levels[1], z)


def _has_enough(before: Sequence[Period], after: Sequence[Period], factor: str) -> bool:
    """Tell whether one of the sides has enough data to be the usual level."""
    sums = [_counts([day.figures for day in days]) for days in (before, after)]
    if max(counts["impressions"] for counts in sums) < MIN_IMPRESSIONS:
        return False
    event = {"ctr": "clicks", "conversion_rate": "results", "value_per_result": "results"}.get(factor)
    return event is None or max(counts[event] for counts in sums) >= MIN_EVENTS


def _sigma(before: Sequence[Period], after: Sequence[Period], factor: str) -> float:
    """Return the standard deviation of the logarithm of the ratio: from day to day, and by chance of few events."""
    daily = max(MIN_DAILY_SIGMA, *(_daily_sigma(days, factor) for days in (before, after)))
    variance = daily**2 * (1 / len(before) + 1 / len(after))
    event = {"ctr": "clicks", "conversion_rate": "results", "value_per_result": "results"}.get(factor)
    if event is not None:
        counts = [_counts([day.figures for day in days])[event] for days in (before, after)]
        variance += sum(1 / max(count, HALF_AN_EVENT) for count in counts)
    return sqrt(variance)


def _daily_sigma(days: Sequence[Period], factor: str) -> float:
    values = [level for day in days if (level := _level([day.figures], factor)) > 0]
    middle = median(values) if values else 0
    if len(values) < MIN_DAYS_BEFORE or middle <= 0:
        return 0.0
    return usual_range([log(value / middle) for value in values]).sigma


def _log_ratio(value: float, reference: float) -> float:
    floor = NOTHING * max(value, reference)
    return log(max(value, floor) / max(reference, floor)) if floor else 0.0


def _level(figures: Sequence[Figures], factor: str) -> float:
    """Return a factor over several days: per day for spend, otherwise a ratio of sums."""
    counts = _counts(figures)
    if factor == "spend":
        return counts["spend"] / len(figures) if figures else 0.0
    numerator, base, unit = {
        "cpm": ("spend", "impressions", 1000.0),
        "ctr": ("clicks", "impressions", 100.0),
        "conversion_rate": ("results", "clicks", 100.0),
        "value_per_result": ("value", "results", 1.0),
    }[factor]
    return counts[numerator] / counts[base] * unit if counts[base] else 0.0


def _counts(figures: Sequence[Figures]) -> dict[str, float]:
    return {
        "spend": float(sum(item.spend for item in figures)),
        "impressions": float(sum(item.impressions for item in figures)),
        "clicks": float(sum(item.clicks for item in figures)),
        "results": float(sum(item.results or 0 for item in figures)),
        "value": float(sum(item.value for item in figures)),
    }
