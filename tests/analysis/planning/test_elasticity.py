"""The estimated response of results to spend, on series with a known one."""

from __future__ import annotations

import math
import random

import pytest

from meta_ads_mcp.analysis.planning.elasticity import Elasticity, estimate_elasticity
from tests.support.daily_series import WEEK

DAYS = 180


def history(rng: random.Random, elasticity: float, noise: float) -> tuple[list[float], list[float]]:
    """Spend that changes in steps and by day, and results that follow it with errors that hang together."""
    spend, results, level, last = [], [], 100.0, 0.0
    for day in range(DAYS):
        if day % 14 == 0:
            level = 100 * math.exp(rng.gauss(0, 0.25))
        last = 0.4 * last + rng.gauss(0, noise)
        spend.append(level * WEEK[day % 7] * math.exp(rng.gauss(0, 0.08)))
        results.append(3 * spend[-1] ** elasticity * WEEK[(day + 2) % 7] * math.exp(0.001 * day + last))
    return spend, results


@pytest.mark.parametrize("elasticity", [0.4, 0.8, 1.0])
def test_an_80_percent_interval_covers_the_truth(elasticity: float) -> None:
    rng, inside, count = random.Random(9), 0, 250  # noqa: S311  repeatable choices
    for _ in range(count):
        estimate = estimate_elasticity(*history(rng, elasticity, 0.15))
        assert isinstance(estimate, Elasticity)
        inside += estimate.low <= elasticity <= estimate.high
    assert 0.75 <= inside / count <= 0.85


def test_without_noise_the_estimate_is_the_truth() -> None:
    estimate = estimate_elasticity(*history(random.Random(1), 0.7, 0.0))  # noqa: S311
    assert isinstance(estimate, Elasticity)
    assert estimate.value == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("spend", "results", "words"),
    [
        ([100.0] * 20, [5.0] * 20, "fewer than"),
        ([100.0] * 120, [0.0] * 120, "fewer than"),
        ([100.0] * 120, [float(3 + day % 5) for day in range(120)], "hardly varies"),
    ],
)
def test_too_little_history_is_said(spend: list[float], results: list[float], words: str) -> None:
    reason = estimate_elasticity(spend, results)
    assert isinstance(reason, str)
    assert words in reason
