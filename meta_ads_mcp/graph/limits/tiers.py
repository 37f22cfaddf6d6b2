"""What the two access tiers of the Marketing API allow, per ad account.

Source: Meta docs, marketing-api/overview/rate-limiting. Meta has renamed the tiers to Limited and Full; the headers
still say `development_access` and `standard_access`. The pace of writes is this server's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from meta_ads_mcp.graph.limits.headers import DEVELOPMENT, STANDARD

READ_POINTS, WRITE_POINTS = 1, 3
SCORE_WINDOW_S = 300.0


@dataclass(frozen=True)
class Tier:
    """`max_score` points in 300 s; at the maximum Meta refuses for `blocked_s`. Writes: a burst, then a steady rate."""

    name: str
    max_score: int
    blocked_s: float
    write_burst: int
    writes_per_s: float


_DEVELOPMENT = Tier(DEVELOPMENT, 60, 300.0, 60 // WRITE_POINTS, 60 / WRITE_POINTS / SCORE_WINDOW_S)
_STANDARD = Tier(STANDARD, 9_000, 60.0, 60, 0.5)


def tier_named(name: str | None) -> Tier:
    """Return the tier of that name; the careful one while it is not known."""
    return _STANDARD if name == STANDARD else _DEVELOPMENT
