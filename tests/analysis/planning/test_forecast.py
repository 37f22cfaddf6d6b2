"""Forecasts of sums: how often the truth lies inside the 80 % interval, and how far off they are."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from meta_ads_mcp.analysis.planning.forecast import fit_level, forecast_sum, held_out_error, weekday_factors
from tests.support.daily_series import KINDS, WEEK, daily_series

START = date(2026, 1, 1)
DAYS = 120


def luck(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  repeatable choices


def last_day(days: int) -> date:
    return START + timedelta(days=days - 1)


@pytest.mark.parametrize("ahead", [3, 10, 22])
def test_an_80_percent_interval_covers_75_to_85_percent(ahead: int) -> None:
    rng, inside, count = luck(5), 0, 0
    for kind in KINDS:
        for _ in range(120):
            series = daily_series(kind, rng, DAYS + ahead)
            forecast = forecast_sum(series[:DAYS], last_day(DAYS), ahead)
            assert forecast is not None
            inside += forecast.low <= sum(series[DAYS:]) <= forecast.high
            count += 1
    assert 0.75 <= inside / count <= 0.85


def test_the_forecast_of_a_series_without_noise_is_exact() -> None:
    series = [100 * WEEK[place % 7] for place in range(DAYS + 14)]
    forecast = forecast_sum(series[:DAYS], last_day(DAYS), 14)
    assert forecast is not None
    assert forecast.value == pytest.approx(sum(series[DAYS:]), rel=0.03)


def test_a_level_that_changed_is_followed() -> None:
    rng = luck(2)
    series = [value * (1 if place < 100 else 2) for place, value in enumerate(daily_series("noise", rng, DAYS))]
    forecast = forecast_sum(series, last_day(DAYS), 7)
    assert forecast is not None
    assert forecast.value == pytest.approx(7 * 200, rel=0.15)


def test_smoothing_agrees_with_statsmodels() -> None:
    holt = pytest.importorskip("statsmodels.tsa.api")
    series = daily_series("walk", luck(3), DAYS)
    fit = fit_level(series, last_day(DAYS))
    assert fit is not None
    plain = [value / fit.factors[(START + timedelta(days=place)).weekday()] for place, value in enumerate(series)]
    model = holt.SimpleExpSmoothing(plain, initialization_method="known", initial_level=sum(plain[:7]) / 7)
    expected = model.fit(smoothing_level=fit.alpha, optimized=False).forecast(1)[0]
    assert fit.level == pytest.approx(expected, rel=0.02)


def test_weekday_factors_have_the_mean_one() -> None:
    series = daily_series("noise", luck(4), DAYS)
    factors = weekday_factors(series, [(START + timedelta(days=place)).weekday() for place in range(DAYS)])
    assert sum(factors) / 7 == pytest.approx(1)
    assert factors[date(2026, 1, 6).weekday()] < 0.9  # the sixth day of each week is weak


def test_held_out_days_show_the_error() -> None:
    error = held_out_error(daily_series("noise", luck(6), 200), last_day(200), 10)
    assert error is not None
    assert error.forecasts >= 5
    assert error.median_error_pct < 10


@pytest.mark.parametrize("days", [0, 1, 20])
def test_too_short_a_series_has_no_forecast(days: int) -> None:
    assert forecast_sum([10.0] * days, last_day(max(days, 1)), 5) is None
