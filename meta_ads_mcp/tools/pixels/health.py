"""Score the health of a pixel by this server's own rules. Meta publishes no such score."""

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
    """A deduction of `points` when `holds(pixel, hours since it last fired)` is true."""

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
    """Return a score from 0 to 100 and the deductions `{"points", "rule"}`. Missing fields cost no points."""
    age = age_hours(pixel.get("last_fired_time"), now)
    deductions = [rule for rule in RULES if rule.holds(pixel, age)]
    return max(0, 100 - sum(rule.points for rule in deductions)), [
        {"points": -rule.points, "rule": rule.text} for rule in deductions
    ]


def match_rate(pixel: Row) -> int | None:
    """Return `match_rate_approx` in percent (SDK class AdsPixel: int); None for -1, Meta's "unknown"."""
    rate = pixel.get("match_rate_approx")
    return rate if isinstance(rate, int) and rate >= 0 else None


def age_hours(moment: Any, now: datetime) -> float | None:
    """Return the hours since an ISO 8601 time, rounded to one decimal; None if it is missing or invalid."""
    try:
        return round((now - datetime.fromisoformat(str(moment))).total_seconds() / 3600, 1)
    except (ValueError, TypeError):
        return None
