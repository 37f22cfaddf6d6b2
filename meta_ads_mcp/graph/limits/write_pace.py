"""Writes of one ad account at a pace: a token bucket whose callers queue by taking a place in advance.

A caller that must wait takes its token at once, so the bucket goes below zero and the next caller's place comes after:
first come, first served, without a queue to clean up. Times are of the monotonic clock, in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from meta_ads_mcp.graph.limits.tiers import Tier


@dataclass
class Pacer:
    """`tokens` at the moment `at`; negative while callers wait for their places."""

    tier: Tier
    at: float
    tokens: float

    @classmethod
    def full(cls, tier: Tier, now: float) -> Pacer:
        return cls(tier, now, float(tier.write_burst))

    def rate_as(self, tier: Tier, now: float) -> None:
        """Follow a tier learnt later: a larger burst is granted at once, a smaller one holds at once."""
        if tier == self.tier:
            return
        self._fill(now)
        self.tokens = min(self.tokens + max(0, tier.write_burst - self.tier.write_burst), float(tier.write_burst))
        self.tier = tier

    def free_at(self, now: float) -> float:
        """Return when the next write may go."""
        self._fill(now)
        # A token that is short by a rounding error is a token.
        missing = 1.0 - self.tokens
        return now if missing <= 1e-9 else now + missing / self.tier.writes_per_s

    def available(self, now: float) -> float:
        """Writes that could go at once."""
        self._fill(now)
        return max(0.0, self.tokens)

    def take(self, now: float) -> None:
        """Take the next place."""
        self._fill(now)
        self.tokens -= 1.0

    def give_back(self, now: float) -> None:
        """Give back the token of a write that was not made."""
        self._fill(now)
        self.tokens = min(self.tokens + 1.0, float(self.tier.write_burst))

    def _fill(self, now: float) -> None:
        passed_s = max(0.0, now - self.at)
        self.tokens = min(self.tokens + passed_s * self.tier.writes_per_s, float(self.tier.write_burst))
        self.at = now
