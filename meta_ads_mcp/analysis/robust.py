"""Statistics that a single odd day does not move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from meta_ads_mcp.analysis.numbers import Number

# The median absolute deviation times this estimates the standard deviation of normal data.
MAD_TO_SIGMA = 1.4826
# Beyond so many values, each is compared with the one half a series later only (Theil's incomplete method).
ALL_PAIRS_UP_TO = 200


@dataclass(frozen=True)
class Expected:
    """Where a value usually lies: the middle, and one robust standard deviation."""

    middle: float
    sigma: float

    def range(self, z: float) -> tuple[float, float]:
        return max(0.0, self.middle - z * self.sigma), self.middle + z * self.sigma

    def z(self, value: Number) -> float:
        """How many deviations the value lies from the middle."""
        return abs(value - self.middle) / self.sigma if self.sigma else (0.0 if value == self.middle else float("inf"))


def expected_value(history: Sequence[Number], *, least: float = 0.0) -> Expected:
    """The usual range of a non-empty history; `least` is the smallest deviation to reckon with."""
    middle = float(median(history))
    sigma = MAD_TO_SIGMA * float(median(abs(value - middle) for value in history))
    return Expected(middle, max(sigma, least))


def slope(values: Sequence[Number]) -> float:
    """The Theil-Sen slope per step: the median of the slopes between pairs; 0 for fewer than two values."""
    count = len(values)
    if count < 2:
        return 0.0
    if count <= ALL_PAIRS_UP_TO:
        return float(median((values[j] - values[i]) / (j - i) for i in range(count) for j in range(i + 1, count)))
    half = count // 2
    return float(median((values[i + half] - values[i]) / half for i in range(count - half)))
