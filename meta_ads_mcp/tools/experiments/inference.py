"""Compute sample sizes, confidence intervals and tests for experiments, without a numerical library.

The functions agree with scipy and statsmodels, which the tests compare them with. Rates are fractions (0.02 is 2 %),
`confidence` is a fraction as well (0.95).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

# Two probabilities of an exact test count as equal if they differ by less than this factor (as in scipy).
_TIE = 1 + 1e-7
BOOTSTRAP_DRAWS = 10_000
BOOTSTRAP_SEED = 20_261_130


@dataclass(frozen=True)
class Interval:
    """Hold a value with the bounds of its confidence interval."""

    value: float
    low: float
    high: float


def quantile_of_normal(confidence: float) -> float:
    """Return the two-sided quantile: 1.96 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def sample_size(rate: float, relative_effect: float, power: float, confidence: float) -> int:
    """Return the people per cell that detect a relative change of a rate (0.2 is 20 %).

    Two-sided z-test of two proportions. Raises ValueError if the rate or the changed rate is not between 0 and 1.
    """
    changed = rate * (1 + relative_effect)
    if not (0 < rate < 1 and 0 < changed < 1) or rate == changed:
        raise ValueError("the rates must be between 0 and 1 and differ")
    mean = (rate + changed) / 2
    z_alpha, z_beta = quantile_of_normal(confidence), NormalDist().inv_cdf(power)
    spread = z_alpha * math.sqrt(2 * mean * (1 - mean))
    spread += z_beta * math.sqrt(rate * (1 - rate) + changed * (1 - changed))
    return math.ceil((spread / (changed - rate)) ** 2)


def wilson_interval(successes: int, trials: int, confidence: float) -> Interval:
    """Return a proportion with its Wilson interval."""
    z = quantile_of_normal(confidence)
    share = successes / trials
    center = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return Interval(share, max(0.0, center - half), min(1.0, center + half))


def newcombe_interval(first: tuple[int, int], second: tuple[int, int], confidence: float) -> Interval:
    """Return the difference of two proportions, second minus first, with Newcombe's hybrid score interval.

    Each argument is (successes, trials).
    """
    a, b = wilson_interval(*first, confidence), wilson_interval(*second, confidence)
    difference = b.value - a.value
    low = difference - math.hypot(b.value - b.low, a.high - a.value)
    high = difference + math.hypot(b.high - b.value, a.value - a.low)
    return Interval(difference, low, high)


def proportions_p_value(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Return the two-sided p-value of the z-test with the pooled proportion. Each argument is (successes, trials)."""
    pooled = (first[0] + second[0]) / (first[1] + second[1])
    error = math.sqrt(pooled * (1 - pooled) * (1 / first[1] + 1 / second[1]))
    if error == 0:
        return 1.0
    z = abs(first[0] / first[1] - second[0] / second[1]) / error
    return 2 * (1 - NormalDist().cdf(z))


def rates_p_value(first: tuple[int, float], second: tuple[int, float]) -> float:
    """Return the two-sided p-value of the exact conditional test of two Poisson rates.

    Each argument is (events, exposure). Given the sum of the events, the first count is binomial with the share of the
    first exposure.
    """
    return binomial_p_value(first[0], first[0] + second[0], first[1] / (first[1] + second[1]))


def rate_ratio_interval(first: tuple[int, float], second: tuple[int, float], confidence: float) -> Interval:
    """Return the ratio of two Poisson rates, second over first, with the exact Clopper-Pearson bounds.

    Each argument is (events, exposure). An upper bound without limit is infinity.
    """
    total = first[0] + second[0]
    share = clopper_pearson_interval(second[0], total, confidence)
    exposure = first[1] / second[1]
    low, high = (share.low, share.high)
    upper = math.inf if high >= 1 else high / (1 - high) * exposure
    ratio = math.inf if first[0] == 0 else second[0] / first[0] * exposure
    return Interval(ratio, low / (1 - low) * exposure, upper)


def clopper_pearson_interval(successes: int, trials: int, confidence: float) -> Interval:
    """Return a proportion with its exact interval."""
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else beta_quantile(tail, successes, trials - successes + 1)
    high = 1.0 if successes == trials else beta_quantile(1 - tail, successes + 1, trials - successes)
    return Interval(successes / trials if trials else 0.0, low, high)


def binomial_p_value(successes: int, trials: int, share: float) -> float:
    """Return the two-sided exact p-value: all outcomes that are at most as probable as the observed one."""
    if trials == 0:
        return 1.0
    observed = _log_binomial(successes, trials, share)
    limit = observed + math.log(_TIE)
    mode = share * trials
    if successes == mode:
        return 1.0
    if successes < mode:
        other = _first(lambda k: _log_binomial(k, trials, share) <= limit, math.ceil(mode), trials + 1)
        p = _lower_tail(successes, trials, share) + _upper_tail(other, trials, share)
    else:
        other = _last(lambda k: _log_binomial(k, trials, share) <= limit, 0, math.floor(mode))
        p = _upper_tail(successes, trials, share) + _lower_tail(other, trials, share)
    return min(1.0, p)


def _first(test: Callable[[int], bool], low: int, high: int) -> int:
    """Return the smallest integer in [low, high) that passes a test which later ones pass too; `high` if none."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if test(middle) else (middle + 1, high)
    return low


def _last(test: Callable[[int], bool], low: int, high: int) -> int:
    """Return the largest integer in [low, high] that passes a test which smaller ones pass too; low - 1 if none."""
    return _first(lambda k: not test(k), low, high + 1) - 1


def _log_binomial(k: int, n: int, p: float) -> float:
    if k > n:
        return -math.inf
    choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return choose + k * math.log(p) + (n - k) * math.log1p(-p)


def _lower_tail(k: int, n: int, p: float) -> float:
    """Return P(X <= k)."""
    if k < 0:
        return 0.0
    return 1.0 if k >= n else incomplete_beta(n - k, k + 1, 1 - p)


def _upper_tail(k: int, n: int, p: float) -> float:
    """Return P(X >= k)."""
    if k > n:
        return 0.0
    return 1.0 if k <= 0 else incomplete_beta(k, n - k + 1, p)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function, by Lentz's continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / a * _beta_fraction(a, b, x)


def _beta_fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1.0 / _nonzero(1 - (a + b) * x / (a + 1), tiny)
    result = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _nonzero(1 + even * d, tiny)
        c = _nonzero(1 + even / c, tiny)
        result *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _nonzero(1 + odd * d, tiny)
        c = _nonzero(1 + odd / c, tiny)
        step = d * c
        result *= step
        if abs(step - 1) < 1e-15:
            break
    return result


def _nonzero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return the quantile of the beta distribution, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if incomplete_beta(a, b, middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def adjust_by_holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted by Holm's step-down method, in the given order."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def bootstrap_ratio_difference(
    first: Sequence[tuple[float, float]], second: Sequence[tuple[float, float]], confidence: float
) -> tuple[Interval, float]:
    """Return the difference of two ratios (such as ROAS), second minus first, with its interval and p-value.

    Each argument has (numerator, denominator) per day. Days are drawn with replacement, with a fixed seed. A single day
    says nothing about the spread, so its interval has no bounds.
    """
    if min(len(first), len(second)) < 2:
        value = _ratio(second) - _ratio(first)
        return Interval(value, -math.inf, math.inf), 1.0
    draw = random.Random(BOOTSTRAP_SEED)  # noqa: S311  statistics, not secrets
    differences = [_resample(second, draw) - _resample(first, draw) for _ in range(BOOTSTRAP_DRAWS)]
    below = sum(value <= 0 for value in differences) / BOOTSTRAP_DRAWS
    value = _ratio(second) - _ratio(first)
    return _percentiles(value, differences, confidence), min(1.0, 2 * min(below, 1 - below))


def bootstrap_ratio(days: Sequence[tuple[float, float]], confidence: float) -> Interval:
    """Return the ratio of the sums of (numerator, denominator) per day, with its interval over drawn days."""
    draw = random.Random(BOOTSTRAP_SEED)  # noqa: S311  statistics, not secrets
    return _percentiles(_ratio(days), [_resample(days, draw) for _ in range(BOOTSTRAP_DRAWS)], confidence)


def _percentiles(value: float, draws: list[float], confidence: float) -> Interval:
    ordered, tail = sorted(draws), (1 - confidence) / 2
    last = len(ordered) - 1
    return Interval(value, ordered[int(tail * last)], ordered[math.ceil((1 - tail) * last)])


def _resample(days: Sequence[tuple[float, float]], draw: random.Random) -> float:
    return _ratio(draw.choices(days, k=len(days)))


def _ratio(days: Sequence[tuple[float, float]]) -> float:
    denominator = sum(day[1] for day in days)
    return sum(day[0] for day in days) / denominator if denominator else 0.0
