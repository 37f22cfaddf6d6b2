"""How healthy a pixel looks, as this server judges it. Meta publishes no such score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meta_ads_mcp.core.result import Row

STALE_HOURS = 24
LOW_MATCH_RATE = 60


@dataclass(frozen=True)
class HealthRule:
    """So many points are taken when the rule holds."""

    points: int
    text: str
    holds: Callable[[Row, float | None], bool]


RULES = (
    HealthRule(50, "the pixel is unavailable", lambda pixel, _: pixel.get("is_unavailable") is True),
    HealthRule(40, "it has never fired", lambda pixel, age: age is None),
    HealthRule(
        25, f"it last fired more than {STALE_HOURS} hours ago", lambda _, age: age is not None and age > STALE_HOURS
    ),
    HealthRule(
        15,
        f"its approximate match rate is below {LOW_MATCH_RATE} %",
        lambda pixel, _: (rate := match_rate(pixel)) is not None and rate < LOW_MATCH_RATE,
    ),
    HealthRule(
        5, "automatic advanced matching is off", lambda pixel, _: pixel.get("enable_automatic_matching") is False
    ),
)


def health(pixel: Row, now: datetime) -> tuple[int, list[Row]]:
    """A score from 0 to 100, and each deduction with its rule. What Meta does not show costs nothing."""
    age = age_hours(pixel.get("last_fired_time"), now)
    held = [rule for rule in RULES if rule.holds(pixel, age)]
    return max(0, 100 - sum(rule.points for rule in held)), [
        {"points": -rule.points, "rule": rule.text} for rule in held
    ]


def match_rate(pixel: Row) -> int | None:
    """`match_rate_approx` in per cent (SDK class AdsPixel: int); Meta says -1 when it does not know."""
    rate = pixel.get("match_rate_approx")
    return rate if isinstance(rate, int) and rate >= 0 else None


def age_hours(moment: Any, now: datetime) -> float | None:
    """Hours since a time of Graph (ISO 8601), with one decimal; None without one."""
    try:
        return round((now - datetime.fromisoformat(str(moment))).total_seconds() / 3600, 1)
    except (ValueError, TypeError):
        return None
