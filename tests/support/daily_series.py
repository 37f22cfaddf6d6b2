"""Series of daily spend with known truth: noise, a level that drifts, days that hang together, lumps."""

from __future__ import annotations

import random
from collections.abc import Iterator

WEEK = (1.0, 1.05, 1.1, 1.0, 0.9, 0.8, 1.15)
KINDS = ("noise", "drift", "correlated", "lumpy", "walk")


def daily_series(kind: str, rng: random.Random, days: int) -> list[float]:
    """A series of that many days, which begins on a Thursday."""
    return [max(0.0, value * WEEK[place % 7]) for place, value in zip(range(days), _values(kind, rng), strict=False)]


def _values(kind: str, rng: random.Random) -> Iterator[float]:
    level, last = 100.0, 0.0
    while True:
        if kind == "drift":
            level *= 1 + rng.gauss(0, 0.025)
        elif kind == "walk":
            level = max(10.0, level + rng.gauss(0, 3))
        last = 0.5 * last + rng.gauss(0, 0.1)
        noise = {"noise": rng.gauss(0, 0.12), "drift": rng.gauss(0, 0.08), "walk": rng.gauss(0, 0.05)}
        factor = rng.lognormvariate(-0.08, 0.4) if kind == "lumpy" else 1 + noise.get(kind, last)
        yield level * factor
