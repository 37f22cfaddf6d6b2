"""Forecasts of the demo's own spend: the interval covers what it says, and the error stays small."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import median

from meta_ads_mcp.analysis.planning.forecast import forecast_sum
from meta_ads_mcp.sandbox import World
from meta_ads_mcp.sandbox.insights import collect
from meta_ads_mcp.sandbox.insights.collect import Span
from meta_ads_mcp.sandbox.insights.metrics import closure
from tests.support.clock import FakeClock

LAST = date(2026, 11, 24)
DAYS, STEP = 300, 8


def daily_spend(world: World, account: str) -> list[float]:
    """The spend of each of the last days, in minor units."""
    days = [LAST - timedelta(days=DAYS - 1 - place) for place in range(DAYS)]
    return [sum(_spend_of(world, account, day)) for day in days]


def _spend_of(world: World, account: str, day: date) -> list[float]:
    span = Span(day.toordinal(), day.toordinal(), day.toordinal())
    ads = [collect.ad_sums(plan, span, closure(("spend",)), "") for plan in world.plans_of(account)]
    return [float(sum(sums["spend"])) for each in ads for sums in each.values()]


def test_an_80_percent_interval_covers_75_to_85_percent_of_the_demo() -> None:
    world = World(today=FakeClock().moment(), accounts=12, ads=40)
    inside, errors = [], []
    for account in world.account_ids:
        series = daily_spend(world, account)
        for ahead in (3, 10, 22):
            for end in range(150, DAYS - ahead + 1, STEP):
                actual = sum(series[end : end + ahead])
                forecast = forecast_sum(series[:end], LAST - timedelta(days=DAYS - end), ahead)
                if not actual or forecast is None:
                    continue
                inside.append(forecast.low <= actual <= forecast.high)
                errors.append(abs(forecast.value - actual) / actual)
    assert len(inside) > 500
    assert 0.75 <= sum(inside) / len(inside) <= 0.85
    assert median(errors) < 0.1
