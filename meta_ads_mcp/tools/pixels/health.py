"""Score the health of a pixel by this server's own rules. Meta publishes no such score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from meta_ads_mcp.core.result import Row

STALE_HOURS = 24
MIN_MATCH_RATE = 60
CHECK_POINTS = 10
_BROWSER_ONLY = frozenset({"WEB_ONLY"})


@dataclass(frozen=True)
class Signals:
    """What Meta knows of a pixel beyond its own fields.

    `failing_checks` are rows of the SDK class DACheck; `events_by_source` counts events by WEB_ONLY and SERVER_ONLY.
    """

    failing_checks: Sequence[Row] = ()
    events_by_source: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """Everything the rules look at. `age` is in hours since the pixel last fired; None if it never did."""

    pixel: Row
    age: float | None
    signals: Signals


@dataclass(frozen=True)
class HealthRule:
    """A deduction of `points` when `holds` is true."""

    points: int
    text: str
    holds: Callable[[Evidence], bool]


def _is_stale(evidence: Evidence) -> bool:
    return evidence.age is not None and evidence.age > STALE_HOURS


def _matches_few(evidence: Evidence) -> bool:
    rate = match_rate(evidence.pixel)
    return rate is not None and rate < MIN_MATCH_RATE


RULES = (
    HealthRule(50, "the pixel is unavailable", lambda evidence: evidence.pixel.get("is_unavailable") is True),
    HealthRule(40, "it has never fired", lambda evidence: evidence.age is None),
    HealthRule(25, f"it last fired more than {STALE_HOURS} hours ago", _is_stale),
    HealthRule(15, f"its approximate match rate is below {MIN_MATCH_RATE} %", _matches_few),
    HealthRule(
        5,
        "automatic advanced matching is off",
        lambda evidence: evidence.pixel.get("enable_automatic_matching") is False,
    ),
    HealthRule(
        5,
        "all events come from browsers, none from a server (Conversions API)",
        lambda evidence: evidence.signals.events_by_source.keys() == _BROWSER_ONLY,
    ),
)


def health(pixel: Row, now: datetime, signals: Signals | None = None) -> tuple[int, list[Row]]:
    """Return a score from 0 to 100 and the deductions `{"points", "rule"}`.

    A field that Meta does not return costs no points. Each failing check of Meta's costs CHECK_POINTS.
    """
    evidence = Evidence(pixel, age_hours(pixel.get("last_fired_time"), now), signals or Signals())
    deductions: list[Row] = [{"points": -rule.points, "rule": rule.text} for rule in RULES if rule.holds(evidence)]
    deductions += [
        {"points": -CHECK_POINTS, "rule": f"Meta's check {check.get('key') or check.get('title')} fails"}
        for check in evidence.signals.failing_checks
    ]
    return max(0, 100 + sum(row["points"] for row in deductions)), deductions


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
