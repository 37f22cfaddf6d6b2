"""Estimate how results respond to spend, from the days of an account's own history.

Model: log(results) = weekday + trend + b · log(spend) + error. The elasticity b is estimated by least squares after
weekdays, a linear trend, and the part of an error that lasts from one day to the next are taken out of both sides
(Cochrane and Orcutt, 1949). At today's level, one more unit of money brings b times the average results per unit of
money. This is a correlation: spend that follows demand (a sale) makes it too high.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

METHOD = (
    "log(results) on log(spend) by day, without weekdays and trend; 80 % interval with errors that allow for days that "
    "depend on each other; a correlation in the account's own history, not an experiment"
)
MIN_DAYS = 56
MIN_SHARE_WITH_RESULTS = 0.8
# Spend has to vary for its effect to be seen: the deviation of its logarithm.
MIN_VARIATION = 0.05
# Weekdays, trend, elasticity and memory.
PARAMETERS = 10
# The 90 % quantile of the normal distribution; the memory of errors is itself an estimate.
Z80 = 1.2816
UNCERTAINTY = 1.05


@dataclass(frozen=True)
class Elasticity:
    """By how many percent results rise when spend rises by 1 %, with the bounds of the 80 % interval."""

    value: float
    low: float
    high: float
    days: int


def estimate_elasticity(spend: Sequence[float], results: Sequence[float]) -> Elasticity | str:
    """Return the elasticity of daily results to daily spend, or the reason why it cannot be estimated.

    The series have a value per day, without gaps; days without spend or results are left out.
    """
    days = [place for place, value in enumerate(spend) if value > 0 and results[place] > 0]
    with_spend = sum(value > 0 for value in spend)
    if len(days) < MIN_DAYS or len(days) < MIN_SHARE_WITH_RESULTS * with_spend:
        return f"fewer than {MIN_DAYS} days with results, or results on too few days"
    x = _residuals(days, [math.log(spend[day]) for day in days])
    y = _residuals(days, [math.log(results[day]) for day in days])
    square = sum(value * value for value in x)
    if math.sqrt(square / len(days)) < MIN_VARIATION:
        return "daily spend hardly varies, so its effect cannot be seen"
    rho = _memory([b - _slope(x, y) * a for a, b in zip(x, y, strict=True)])
    x, y = _without_memory(days, x, rho), _without_memory(days, y, rho)
    value = _slope(x, y)
    errors = [b - value * a for a, b in zip(x, y, strict=True)]
    freedom = len(errors) - PARAMETERS
    error = UNCERTAINTY * math.sqrt(sum(e * e for e in errors) / freedom / sum(a * a for a in x))
    return Elasticity(value, value - Z80 * error, value + Z80 * error, len(days))


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(x, y, strict=True)) / sum(a * a for a in x)


def _memory(errors: Sequence[float]) -> float:
    """Return by which share an error lasts until the next day, corrected for the bias of short series (Kendall)."""
    before, after = errors[:-1], errors[1:]
    square = sum(error * error for error in before)
    rho = sum(a * b for a, b in zip(before, after, strict=True)) / square if square else 0.0
    return max(0.0, min(0.95, rho + (1 + 3 * rho) / len(errors)))


def _without_memory(days: Sequence[int], values: Sequence[float], rho: float) -> list[float]:
    """Return each value without the share that lasts from the day before; days without a day before are left out."""
    pairs = zip(days, days[1:], values, values[1:], strict=False)
    return [after - rho * before for first, second, before, after in pairs if second - first == 1]


def _residuals(days: Sequence[int], values: Sequence[float]) -> list[float]:
    """Return the values without their weekday means and their linear trend (Frisch and Waugh)."""
    plain = _without_weekdays(days, values)
    trend = _without_weekdays(days, [float(day) for day in days])
    slope = sum(a * b for a, b in zip(trend, plain, strict=True)) / sum(a * a for a in trend)
    return [value - slope * place for value, place in zip(plain, trend, strict=True)]


def _without_weekdays(days: Sequence[int], values: Sequence[float]) -> list[float]:
    groups: dict[int, list[float]] = {}
    for day, value in zip(days, values, strict=True):
        groups.setdefault(day % 7, []).append(value)
    means = {weekday: sum(group) / len(group) for weekday, group in groups.items()}
    return [value - means[day % 7] for day, value in zip(days, values, strict=True)]
