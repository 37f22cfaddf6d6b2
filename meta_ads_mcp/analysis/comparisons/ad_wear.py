"""Judge which ads have worn out: people see them more and more often, and click less and less.

The click-through rate of the last seven days is compared with that of the ad's best two weeks before them. Clicks are
Poisson counts, so the ratio of the rates has a 95 % interval. The development of the whole is divided out. An ad has
worn out if even the upper end of the interval lies below `WORN_BELOW` and the frequency rose. Meta publishes no
threshold; these are this server's judgment. A rate that fell while the frequency did not rise has another cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, exp, log, sqrt
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, number, ratio, round_number, total, whole
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import TimeRange, parse_day, time_range

FIELDS = ("spend", "impressions", "clicks", "reach", "frequency", "date_start", "date_stop")
WORN_BELOW = 0.8
MIN_CLICKS = 50
MIN_FREQUENCY_RISE = 1.05
Z_95 = 1.96
WEEK_DAYS = 7
# A projection further ahead than this says nothing.
MAX_DAYS_LEFT = 30
STATES = ("worn_out", "wearing_out", "other_cause", "not_yet", "too_little_data")
NOT_YET = "not yet"
THRESHOLD: Row = {
    "worn_out": f"CTR at least {100 - WORN_BELOW * 100:.0f} % below the ad's best two weeks, and higher frequency",
    "confidence_pct": 95,
    "min_clicks": MIN_CLICKS,
    "min_frequency_rise_pct": round(MIN_FREQUENCY_RISE * 100 - 100),
}


@dataclass(frozen=True)
class Week:
    """Seven days of an ad, or two such weeks together. `frequency` is per week."""

    start: date
    clicks: Number
    impressions: Number
    frequency: float | None

    @property
    def ctr(self) -> float:
        """Return the click-through rate as a share, 0 without impressions."""
        return ratio(self.clicks, self.impressions) or 0.0


@dataclass(frozen=True)
class Wear:
    """How an ad's click-through rate developed. Rates are shares; `days_left` is None without a projection."""

    state: str
    best: Week | None
    last: Week | None
    change: float | None = None
    interval: tuple[float, float] | None = None
    days_left: int | None = None

    @property
    def decline_pct(self) -> Number | None:
        """Return the decline from the best in percent. It is negative if the rate rose."""
        return None if self.change is None else whole(round((1 - self.change) * 100, 1))

    @property
    def remaining(self) -> Number | str | None:
        """Return the days until the ad has worn out, `not yet` without a decline, or None if nobody can say."""
        if self.state == "too_little_data":
            return None
        return NOT_YET if self.days_left is None else self.days_left

    def public(self) -> Row:
        """Return the figures as answers show them: rates in percent."""
        best, last = self.best, self.last
        return {
            "state": self.state,
            "decline_pct": self.decline_pct,
            "ctr_best": round_number(best.ctr * 100) if best else None,
            "ctr_7d": round_number(last.ctr * 100) if last else None,
            "frequency_best": round_number(best.frequency) if best else None,
            "frequency_7d": round_number(last.frequency) if last else None,
            "days_left": self.remaining,
        }


def weeks_until(last: date, days: int) -> TimeRange:
    """Return the whole weeks that end on a day and cover at least so many days."""
    count = ceil(days / WEEK_DAYS) * WEEK_DAYS
    return time_range(last - timedelta(days=count - 1), last)


def weeks_of(rows: Sequence[Row]) -> list[Week]:
    """Read Graph's rows with `time_increment=7`, in order."""
    weeks = [(parse_day(row.get("date_start")), row) for row in rows]
    each = [Week(start, *_counts(row), _frequency(row)) for start, row in weeks if start is not None]
    return sorted(each, key=lambda week: week.start)


def weeks_of_days(rows: Sequence[Row], until: date) -> list[Week]:
    """Add daily rows of Graph to weeks that end on a day. Their frequency is unknown."""
    groups: dict[date, list[Row]] = {}
    for row in rows:
        day = parse_day(row.get("date_start"))
        if day is not None and day <= until:
            weeks_back = (until - day).days // WEEK_DAYS
            groups.setdefault(until - timedelta(days=WEEK_DAYS * (weeks_back + 1) - 1), []).append(row)
    return [
        Week(start, _sum(group, "clicks"), _sum(group, "impressions"), None) for start, group in sorted(groups.items())
    ]


def _sum(rows: Sequence[Row], name: str) -> Number:
    return total(number(row.get(name)) for row in rows)


def _counts(row: Row) -> tuple[Number, Number]:
    return number(row.get("clicks")) or 0, number(row.get("impressions")) or 0


def _frequency(row: Row) -> float | None:
    value = number(row.get("frequency"))
    return float(value) if value else ratio(number(row.get("impressions")), number(row.get("reach")))


def judge(weeks: Sequence[Week], trend: Sequence[Week], last_start: date) -> Wear:
    """Judge an ad. `trend` holds the same weeks of the whole; `last_start` is the first day of the last week."""
    last = next((week for week in weeks if week.start == last_start), None)
    rates = {week.start: week for week in trend}
    earlier = [week for week in weeks if week.start < last_start]
    candidates = [pair for pair in _pairs(earlier) if pair.clicks >= MIN_CLICKS]
    if last is None or last.clicks < MIN_CLICKS or not candidates:
        return Wear("too_little_data", None, last)
    best = max(candidates, key=lambda pair: pair.ctr / _trend_rate(pair, rates))
    usual = best.ctr * _trend_rate(last, rates) / _trend_rate(best, rates)
    change = last.ctr / usual
    spread = exp(Z_95 * sqrt(1 / last.clicks + 1 / best.clicks))
    interval = (change / spread, change * spread)
    state, days_left = _verdict(best, last, change, interval[1])
    return Wear(state, best, last, change, interval, days_left)


def _pairs(weeks: Sequence[Week]) -> list[Week]:
    """Return each two weeks that follow each other as one; a single week if there is no other."""
    if len(weeks) == 1:
        return list(weeks)
    return [
        Week(
            first.start,
            first.clicks + second.clicks,
            first.impressions + second.impressions,
            _average(first.frequency, second.frequency),
        )
        for first, second in pairwise(weeks)
    ]


def _average(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else (first + second) / 2


def _trend_rate(week: Week, trend: Mapping[date, Week]) -> float:
    """Return the rate of the whole in the days of a week or of two, or 1 if it is unknown."""
    starts = (week.start, week.start + timedelta(days=WEEK_DAYS))
    parts = [trend[start] for start in starts if start in trend]
    return ratio(sum(part.clicks for part in parts), sum(part.impressions for part in parts)) or 1.0


def _verdict(best: Week, last: Week, change: float, upper: float) -> tuple[str, int | None]:
    rises = bool(best.frequency and last.frequency and last.frequency >= MIN_FREQUENCY_RISE * best.frequency)
    if not rises:
        return ("other_cause" if upper < WORN_BELOW else "not_yet"), None
    if upper >= 1:
        return "not_yet", None
    if upper < WORN_BELOW:
        return "worn_out", 0
    days = (last.start - best.start).days - WEEK_DAYS / 2
    remaining = (log(WORN_BELOW) - log(change)) / (log(change) / max(days, WEEK_DAYS)) if change > WORN_BELOW else 0
    return ("wearing_out", ceil(remaining)) if remaining <= MAX_DAYS_LEFT else ("not_yet", None)


def judge_ads(rows: Sequence[Row], trend: Sequence[Week], last_start: date) -> dict[str, Wear]:
    """Judge each ad by its id. `rows` are Graph's weekly rows of ads."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get("ad_id")), []).append(row)
    return {ad_id: judge(weeks_of(group), trend, last_start) for ad_id, group in groups.items()}


def worst_first(wear: Wear) -> tuple[Any, ...]:
    """Return a sort key: worn ads first, then the largest decline."""
    return STATES.index(wear.state), -(wear.decline_pct or 0)
