"""Compute statistics that one unusual day hardly changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from meta_ads_mcp.analysis.numbers import Number

# The median absolute deviation of normal data times this estimates its standard deviation.
MAD_TO_SIGMA = 1.4826
# Longer series are compared with the value half a series later only (Theil's incomplete method).
MAX_ALL_PAIRS = 200


@dataclass(frozen=True)
class UsualRange:
    """Where a value usually lies: the median of the history, and one robust standard deviation."""

    middle: float
    sigma: float

    def range(self, z: float) -> tuple[float, float]:
        """Return the bounds `z` deviations around the middle. The lower bound is at least 0."""
        return max(0.0, self.middle - z * self.sigma), self.middle + z * self.sigma

    def z(self, value: Number) -> float:
        """Count the deviations between the value and the middle."""
        return abs(value - self.middle) / self.sigma if self.sigma else (0.0 if value == self.middle else float("inf"))


def usual_range(history: Sequence[Number], *, min_sigma: float = 0.0) -> UsualRange:
    """Estimate the usual range of a history, which must not be empty. The deviation is at least `min_sigma`."""
    middle = float(median(history))
    sigma = MAD_TO_SIGMA * float(median(abs(value - middle) for value in history))
    return UsualRange(middle, max(sigma, min_sigma))


def slope(values: Sequence[Number]) -> float:
    """Compute the Theil-Sen slope per step, which is the median slope between pairs. Fewer than two values give 0."""
    count = len(values)
    if count < 2:
        return 0.0
    if count <= MAX_ALL_PAIRS:
        return float(median((values[j] - values[i]) / (j - i) for i in range(count) for j in range(i + 1, count)))
    half = count // 2
    return float(median((values[i + half] - values[i]) / half for i in range(count - half)))
