"""Slowing down by what Meta's headers say, each account and use case by itself.

A bucket holds the last figure of one quota. The fuller it is, the further apart its calls are kept: nothing below 75 %,
then 100 ms rising to 2 s at 95 %, then 5 s rising to 60 s at 100 %. The distance counts from the last call or the last
figure, whichever is later: a caller who was sent away and comes back after the named time gets through, and many
callers at once go one after another. Times are of the monotonic clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.headers import FULL_PERCENT, INSIGHTS, Kind, UsageReading, scope_of

SLOW_PERCENT, HOT_PERCENT = 75.0, 95.0
# A figure of a quota counted over an hour says nothing after an hour; the score of an account decays in 300 seconds.
_HOLDS_S: dict[Kind, float] = {
    "app": 3600.0, "buc": 3600.0, "insights": 3600.0, "acc": 300.0, "reach": 86_400.0, "local_retry": 60.0,
}  # fmt: skip
_MAX_BUCKETS = 5_000

Key = tuple[Kind, str, str | None, str | None]


def spacing_s(percent: float) -> float:
    """Return seconds to keep between two calls at this use of a quota."""
    if percent < SLOW_PERCENT:
        return 0.0
    if percent < HOT_PERCENT:
        return 0.1 + 1.9 * (percent - SLOW_PERCENT) / (HOT_PERCENT - SLOW_PERCENT)
    return min(60.0, 5.0 + 55.0 * (percent - HOT_PERCENT) / (FULL_PERCENT - HOT_PERCENT))


@dataclass
class Bucket:
    """The last figure of one quota, and when it may be used again."""

    reading: UsageReading
    seen_at: float
    last_slot: float
    closed_until: float = 0.0

    def holds(self, now: float) -> bool:
        """Return whether the figure still says something."""
        return now < max(self.closed_until, self.seen_at + _HOLDS_S[self.reading.kind])

    def free_at(self, now: float) -> float:
        """Return when the next call may go."""
        if now < self.closed_until:
            return self.closed_until
        if not self.holds(now) or self.closed_until > self.seen_at:
            return now  # too old, or Meta itself has named the time and it has passed
        return max(now, max(self.last_slot, self.seen_at) + spacing_s(self.reading.percent))


class QuotaSpacing:
    """The last figure of every quota that a header has named."""

    def __init__(self) -> None:
        self._buckets: dict[Key, Bucket] = {}

    def observe(self, token_key: str, reading: UsageReading, now: float) -> None:
        """Take over a figure. A time until which Meta allows no call is never brought forward by a later answer."""
        key = (reading.kind, "" if reading.kind == "acc" else token_key, reading.scope, reading.use_case)
        old = self._buckets.get(key)
        closed_until = now + reading.closed_s if reading.closed_s else 0.0
        if old is not None and old.closed_until > now:
            closed_until = max(closed_until, old.closed_until)
        self._buckets[key] = Bucket(reading, now, old.last_slot if old else now, closed_until)
        if len(self._buckets) > _MAX_BUCKETS:
            self._forget(now)

    def free_at(self, call: GraphCall, now: float) -> tuple[float, str]:
        """Return when the call may go as far as its quotas are concerned, and the name of the one that decides."""
        waits = [(bucket.free_at(now), bucket_name(key)) for key, bucket in self._of(call)]
        return max(waits, default=(now, ""))

    def take(self, call: GraphCall, slot: float) -> None:
        """Record that the call goes at `slot`, so that the next one keeps its distance."""
        for _, bucket in self._of(call):
            bucket.last_slot = max(bucket.last_slot, slot)

    def give_back(self, call: GraphCall, slot: float) -> None:
        """Record that the call was not made. Calls that queued behind it keep their places."""
        for _, bucket in self._of(call):
            if bucket.last_slot == slot:
                bucket.last_slot = max(bucket.seen_at, slot - spacing_s(bucket.reading.percent))

    def known(self, now: float) -> Iterator[tuple[Key, Bucket]]:
        """Return the buckets whose figure still says something."""
        return ((key, bucket) for key, bucket in sorted(self._buckets.items(), key=str) if bucket.holds(now))

    def _of(self, call: GraphCall) -> Iterator[tuple[Key, Bucket]]:
        use_case, scope = call.use_case.lower(), scope_of(call)
        keys: list[Key] = [
            ("app", call.token_key, None, None),
            ("acc", "", call.account, None),
            ("buc", call.token_key, scope, use_case),
            ("local_retry", call.token_key, scope, use_case),
        ]
        if use_case == INSIGHTS:
            keys += [("insights", call.token_key, None, INSIGHTS), ("insights", call.token_key, call.account, INSIGHTS)]
        return ((key, self._buckets[key]) for key in dict.fromkeys(keys) if key in self._buckets)

    def _forget(self, now: float) -> None:
        self._buckets = dict(self.known(now))


def bucket_name(key: Key) -> str:
    """Return how a bucket is called in the status: `buc:<hash>:act_1:ads_insights`."""
    return ":".join(part for part in key if part)
