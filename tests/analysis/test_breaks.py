"""Breaks are steps of a factor: neither noise nor a drift nor a weekend is one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest

from meta_ads_mcp.analysis.breaks import FACTORS, find_breaks
from meta_ads_mcp.analysis.series import Figures, Period
from meta_ads_mcp.core.values.dates import time_range

FIRST = date(2026, 10, 1)
DAYS = 42
WINDOW = time_range(FIRST + timedelta(days=28), FIRST + timedelta(days=DAYS - 1))
BREAK = 34
USUAL = {"spend": 500.0, "cpm": 10.0, "ctr": 0.015, "conversion_rate": 0.03, "value_per_result": 80.0}


def series(factor: str, level: Callable[[int], float], seed: int = 1, size: float = 1.0) -> list[Period]:
    """Daily figures with noise and weekends; one factor is multiplied by its `level` of the day."""
    luck = Random(seed)  # noqa: S311
    periods = []
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        rates = {name: value * luck.uniform(0.92, 1.08) for name, value in USUAL.items()}
        rates["spend"] *= size * (1.15 if day.weekday() > 4 else 1.0)
        rates[factor] *= level(number)
        impressions = rates["spend"] / rates["cpm"] * 1000
        clicks = impressions * rates["ctr"]
        results = round(clicks * rates["conversion_rate"])
        value = results * rates["value_per_result"]
        periods.append(Period(day, day, Figures(rates["spend"], int(impressions), int(clicks), results, value)))
    return periods


def step(factor: float) -> Callable[[int], float]:
    return lambda number: factor if number >= BREAK else 1.0


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("size", [0.4, 2.3])
def test_a_step_of_a_factor_is_found_on_its_day_and_nothing_else(factor: str, size: float) -> None:
    for seed in range(4):
        breaks = find_breaks(series(factor, step(size), seed, size=4.0), WINDOW, FACTORS)
        assert [(item.factor, item.day) for item in breaks] == [(factor, FIRST + timedelta(days=BREAK))], seed
        assert breaks[0].after / breaks[0].before == pytest.approx(size, rel=0.2)


CALM: dict[str, Callable[[int], float]] = {
    "noise": lambda number: 1.0,
    "drift": lambda number: 1 - 0.6 * number / DAYS,
    "small step": step(0.85),
    "before the window": lambda number: 0.4 if number >= 20 else 1.0,
    "one day": lambda number: 0.3 if number == BREAK else 1.0,
}


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("level", CALM.values(), ids=CALM)
def test_what_does_not_stay_at_another_level_is_no_break(factor: str, level: Callable[[int], float]) -> None:
    for seed in range(4):
        assert find_breaks(series(factor, level, seed), WINDOW, FACTORS) == [], seed


def test_few_events_are_chance() -> None:
    """Five purchases and then one are not a break of the conversion rate."""
    assert find_breaks(series("conversion_rate", step(0.4), size=0.02), WINDOW, ["conversion_rate"]) == []


def test_delivery_that_stops_or_starts_is_a_break_of_spend() -> None:
    day = FIRST + timedelta(days=BREAK)
    for before, after in ((1.0, 0.0), (0.0, 1.0)):
        periods = series("spend", step(after) if before else lambda number: float(number >= BREAK))
        empty = [Period(item.start, item.stop, item.figures if item.figures.spend else Figures()) for item in periods]
        assert [(item.factor, item.day) for item in find_breaks(empty, WINDOW, FACTORS)] == [("spend", day)]


def test_two_steps_are_two_breaks() -> None:
    window = time_range(FIRST + timedelta(days=10), WINDOW.last)
    breaks = find_breaks(series("spend", lambda number: 0.3 if 15 <= number < 30 else 1.0), window, ["spend"])
    assert [(item.day - FIRST).days for item in breaks] == [15, 30]
