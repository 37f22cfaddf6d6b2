"""Forecast the sum of a daily figure over the coming days, with an 80 % interval.

Method: weekday factors, shrunk towards 1, and exponential smoothing of the level (the innovations model of ETS(A,N,N);
Hyndman and others, "Forecasting with Exponential Smoothing", 2008, chapter 6). With the smoothing factor a, the
variance of a sum of h days is s² times the sum of (1 + a(h - j))² for j = 1 … h, so a level that drifts gives a wider
interval than one that stays. It is averaged with the errors of such sums in the series itself. The same forecast is
made on earlier days, whose sums are known: its error there is part of the answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

METHOD = (
    "weekday factors and exponential smoothing of the level, from the last days of the series; the 80 % interval "
    "comes from its one-day errors"
)
MIN_DAYS = 21
MAX_DAYS = 120
# The 90 % quantile of the normal distribution, and 2 % for the uncertainty of the fit.
Z80 = 1.2816 * 1.02
# Days' worth of "no weekday effect" against which the in_series effect is weighed.
SHRINKAGE_WEEKS = 3.0
ALPHAS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8)
WARM_UP_DAYS = 7
# How many separate sums of the series weigh as much as the model.
MODEL_WEIGHT = 2.0
MAX_ORIGINS = 12


@dataclass(frozen=True)
class SumForecast:
    """The forecast of a sum: its value, and the bounds between which it lies in four of five cases."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class HeldOutError:
    """How the same forecast did on earlier days: forecasts made, median error, and the share inside the interval."""

    forecasts: int
    median_error_pct: float
    inside_pct: float


@dataclass(frozen=True)
class Level:
    """A fitted series: the last level without weekdays, the smoothing factor, the one-day error, factors by weekday."""

    level: float
    alpha: float
    sigma: float
    factors: tuple[float, ...]

    def day(self, day: date) -> float:
        """Return the forecast of one day."""
        return max(0.0, self.level * self.factors[day.weekday()])


def forecast_sum(values: Sequence[float], last: date, days: int, skip: int = 0) -> SumForecast | None:
    """Forecast the sum of the `days` days after `last`, the day of the last value. None for too short a series.

    The first `skip` of the days are left out of the sum.
    """
    if days <= skip:
        return SumForecast(0.0, 0.0, 0.0)
    fit = fit_level(values, last)
    if fit is None:
        return None
    value = sum(fit.day(last + timedelta(days=ahead)) for ahead in range(skip + 1, days + 1))
    spread = Z80 * math.sqrt(_variance(fit, [float(value) for value in values[-MAX_DAYS:]], last, days - skip))
    return SumForecast(value, max(0.0, value - spread), value + spread)


def _variance(fit: Level, values: Sequence[float], last: date, days: int) -> float:
    """Return the variance of the forecast's error: that of the model, and that of its sums in the series itself."""
    model = fit.sigma**2 * sum((1 + fit.alpha * (days - ahead)) ** 2 for ahead in range(1, days + 1))
    errors = _sum_errors(fit, values, last, days)
    # Sums of overlapping days tell little more than sums of separate days.
    weight = len(errors) / days / (len(errors) / days + MODEL_WEIGHT) if errors else 0.0
    in_series = sum(error * error for error in errors) / len(errors) if errors else 0.0
    return (1 - weight) * model + weight * in_series


def _sum_errors(fit: Level, values: Sequence[float], last: date, days: int) -> list[float]:
    """Return the errors of the sums of `days` days, forecast from each day of the series after the warm-up."""
    first = last - timedelta(days=len(values) - 1)
    factors = [fit.factors[(first + timedelta(days=place)).weekday()] for place in range(len(values))]
    level = sum(value / factor for value, factor in zip(values[:WARM_UP_DAYS], factors, strict=False)) / WARM_UP_DAYS
    errors = []
    for place in range(WARM_UP_DAYS, len(values) - days + 1):
        expected = level * sum(factors[place : place + days])
        errors.append(sum(values[place : place + days]) - expected)
        level += fit.alpha * (values[place] / factors[place] - level)
    return errors


def fit_level(values: Sequence[float], last: date) -> Level | None:
    """Fit the last days of a series whose last value is of the day `last`. None for fewer than `MIN_DAYS` values."""
    recent = [float(value) for value in values[-MAX_DAYS:]]
    if len(recent) < MIN_DAYS:
        return None
    first = last - timedelta(days=len(recent) - 1)
    weekdays = [(first + timedelta(days=place)).weekday() for place in range(len(recent))]
    factors = weekday_factors(recent, weekdays)
    plain = [value / factors[weekday] for value, weekday in zip(recent, weekdays, strict=True)]
    fits = [(_errors(plain, alpha), alpha) for alpha in ALPHAS]
    (errors, level), alpha = min(fits, key=lambda fit: sum(error * error for error in fit[0][0]))
    freedom = max(1, len(errors) - 2)
    # Student's distribution is wider than the normal one where few errors are known.
    correction = 1 + 1.1 / freedom
    return Level(level, alpha, correction * math.sqrt(sum(error * error for error in errors) / freedom), factors)


def weekday_factors(values: Sequence[float], weekdays: Sequence[int]) -> tuple[float, ...]:
    """Return how each weekday compares with the seven days around it, shrunk towards 1 where few weeks are known."""
    ratios: dict[int, list[float]] = {weekday: [] for weekday in range(7)}
    for place in range(3, len(values) - 3):
        mean = sum(values[place - 3 : place + 4]) / 7
        if mean > 0:
            ratios[weekdays[place]].append(values[place] / mean)
    raw = [
        (median(each) * len(each) + SHRINKAGE_WEEKS) / (len(each) + SHRINKAGE_WEEKS) if each else 1.0
        for each in (ratios[weekday] for weekday in range(7))
    ]
    mean = sum(raw) / 7
    return tuple(max(0.05, factor / mean) for factor in raw)


def held_out_error(values: Sequence[float], last: date, days: int) -> HeldOutError | None:
    """Make the same forecast on earlier days and compare it with what came. None for too short a series."""
    recent = values[-(MAX_DAYS + MAX_ORIGINS * 3 + days) :]
    ends = range(len(recent) - days, MIN_DAYS - 1, -3)[:MAX_ORIGINS]
    errors, inside = [], 0
    for end in ends:
        actual = sum(recent[end : end + days])
        forecast = forecast_sum(recent[:end], last - timedelta(days=len(recent) - end), days)
        if forecast is None or actual <= 0:
            continue
        errors.append(abs(forecast.value - actual) / actual * 100)
        inside += forecast.low <= actual <= forecast.high
    if not errors:
        return None
    return HeldOutError(len(errors), round(median(errors), 1), round(inside / len(errors) * 100, 1))


def _errors(plain: Sequence[float], alpha: float) -> tuple[list[float], float]:
    """Return the one-day errors of smoothing after the warm-up, and the last level."""
    level = sum(plain[:WARM_UP_DAYS]) / WARM_UP_DAYS
    errors = []
    for value in plain[WARM_UP_DAYS:]:
        error = value - level
        errors.append(error)
        level += alpha * error
    return errors, level
