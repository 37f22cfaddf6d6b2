"""A circuit: a reason not to call, for whom, and until when."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.headers import MAX_WAIT_S

FAILURES = "failures"
# Stands for the account of a call that has none (/me, /search), which is not the same as all accounts.
NO_ACCOUNT = "-"
_MAX_TEXT_CHARS = 300


@dataclass(frozen=True)
class Circuit:
    """Calls it covers are refused until `open_until` (wall-clock seconds).

    A part that is None covers all: of tokens, of accounts, of use cases. A circuit of failures lets one probe through
    after that time and stays until a call succeeds; `probe_until` is when a probe without an answer counts as lost,
    and `changed_at` says which of two records of it is the later one.
    """

    token_key: str | None
    account: str | None
    use_case: str | None
    reason: str
    open_until: float
    trip_count: int = 1
    last_error: str = ""
    probe_until: float = 0.0
    changed_at: float = 0.0

    @property
    def key(self) -> str:
        """Return its name in the status: `<hash>:act_1:ads_insights`, or `<hash>:act_1` for all use cases."""
        parts = [part or "*" for part in (self.token_key, self.account, self.use_case)]
        return ":".join(parts if self.use_case else parts[:2])

    @property
    def slot(self) -> tuple[str, bool]:
        """Return its key in the store. Failures are kept beside throttles, since each has its own rules."""
        return self.key, self.reason == FAILURES

    def covers(self, call: GraphCall) -> bool:
        return (
            self.token_key in (None, call.token_key)
            and self.account in (None, call.account or NO_ACCOUNT)
            and self.use_case in (None, call.use_case.lower())
        )

    def merge_with(self, other: Circuit) -> Circuit:
        """Return the record to keep of two of the same circuit: the longer stop; for failures the later record."""
        if self.reason == FAILURES:
            winner = max(self, other, key=lambda circuit: (circuit.changed_at, circuit.open_until))
        else:
            winner = max(self, other, key=lambda circuit: (circuit.open_until, circuit.changed_at))
        return replace(winner, trip_count=max(self.trip_count, other.trip_count))


def parse_circuit(record: Any, now: float) -> Circuit | None:
    """Return the circuit of a stored record, or None when it is not one.

    Times further ahead than any wait of Meta's are brought within a day of `now` (seconds since 1970).
    """
    if not isinstance(record, dict):
        return None
    names = [record.get(name) for name in ("token_key", "account", "use_case")]
    texts = [record.get(name) for name in ("reason", "last_error")]
    times = [_parse_time(record.get(name), now) for name in ("open_until", "probe_until", "changed_at")]
    trips = record.get("trip_count")
    if not all(name is None or (isinstance(name, str) and name) for name in names):
        return None
    if not all(isinstance(text, str) for text in texts) or isinstance(trips, bool) or not isinstance(trips, int):
        return None
    if None in times or trips < 0:
        return None
    token_key, account, use_case = (name and name[:_MAX_TEXT_CHARS] for name in names)
    reason, last_error = (str(text)[:_MAX_TEXT_CHARS] for text in texts)
    open_until, probe_until, changed_at = (time or 0.0 for time in times)
    return Circuit(
        token_key, account, use_case, reason, open_until, min(trips, 1_000_000), last_error, probe_until, changed_at
    )


def _parse_time(value: Any, now: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return min(number, now + MAX_WAIT_S) if math.isfinite(number) else None
