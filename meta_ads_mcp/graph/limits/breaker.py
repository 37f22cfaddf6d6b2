"""Decide when to stop calling, for whom and for how long: a state machine without a disk or a clock.

Two kinds of circuit. A throttle or block of Meta's: closed to all calls it covers until its time has passed. Failures
(5xx, no answer): after their time one probe goes, and its outcome decides. Times are wall-clock seconds.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from meta_ads_mcp.errors import GraphError, Throttled
from meta_ads_mcp.graph.error_table import ErrorRule
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.circuit import FAILURES, NO_ACCOUNT, Circuit
from meta_ads_mcp.graph.limits.headers import INSIGHTS, MAX_WAIT_S, UsageReading, scope_of
from meta_ads_mcp.graph.limits.outcome import Outcome
from meta_ads_mcp.graph.limits.tiers import Tier

ABUSE, BLOCK, REPEATED = "abuse_signal", "temporary_block", "repeated_throttle"
HINT, REGAIN, SCORE_FULL, DAMAGED = "retry_after_hint", "regain_time", "account_score", "state_damaged"

_REPEATED_S, _FAILURES_S = 900.0, 30.0
# Longer than any request may take; after it the process that probed is gone.
_PROBE_S = 600.0
_PROBE_ANSWER_S = 5.0
# How long the count of trips is remembered after the circuit has closed.
_REMEMBERED_S = 86_400.0

Key = tuple[str, str | None, str]


@dataclass
class SlidingWindowCounter:
    """Events per token, account and use case: how many in how many seconds are too many."""

    max_events: int
    window_s: float
    _times: defaultdict[Key, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def full(self, call: GraphCall, now: float) -> bool:
        """Record an event; return True and reset once `max_events` fall within the window."""
        key = (call.token_key, call.account, call.use_case.lower())
        times = self._times[key]
        times.append(now)
        while times[0] <= now - self.window_s:
            times.popleft()
        if len(times) < self.max_events:
            return False
        del self._times[key]
        return True


@dataclass
class Breaker:
    """The circuits, and the events that have not yet made one."""

    circuits: dict[tuple[str, bool], Circuit] = field(default_factory=dict)
    _throttles: SlidingWindowCounter = field(default_factory=lambda: SlidingWindowCounter(3, 300.0))
    _failures: SlidingWindowCounter = field(default_factory=lambda: SlidingWindowCounter(5, 60.0))

    def refusal(self, call: GraphCall, now: float) -> tuple[Circuit, float] | None:
        """Return the circuit that refuses the call for the longest time, and the seconds left; or None."""
        refusing = [(circuit, _remaining_s(circuit, now)) for circuit in self.circuits.values() if circuit.covers(call)]
        return max((pair for pair in refusing if pair[1] > 0), key=lambda pair: pair[1], default=None)

    def half_open(self, call: GraphCall, now: float) -> bool:
        """Return whether the call, if it goes, is the probe of a circuit."""
        return any(_half_open(circuit, now) for circuit in self._failing(call))

    def claim_probe(self, call: GraphCall, now: float) -> None:
        """This call is the probe: no other goes until it is back."""
        for circuit in self._failing(call):
            if _half_open(circuit, now):
                self._put(replace(circuit, probe_until=now + _PROBE_S, changed_at=now))

    def release_probe(self, call: GraphCall, now: float) -> None:
        """Release the probe, which was not made or proves nothing. The next call may be the probe."""
        for circuit in self._failing(call):
            if circuit.probe_until > 0:
                self._put(replace(circuit, probe_until=0.0, changed_at=now))

    def close_failures(self, call: GraphCall, now: float) -> None:
        """Meta has answered: calls may go again, if the circuit's time has passed."""
        for circuit in self._failing(call):
            if 0 < circuit.open_until <= now:
                self._put(replace(circuit, open_until=0.0, probe_until=0.0, changed_at=now))

    def judge(self, call: GraphCall, outcome: Outcome, tier: Tier, now: float) -> list[Circuit]:
        """Return the circuits to open after an outcome."""
        error = outcome.error
        circuits_to_open = [_regain(call, reading, now, error) for reading in outcome.readings if reading.closed_s > 0]
        if error is not None and outcome.rule is not None:
            circuits_to_open += _circuits_of_error(call, error, outcome.rule, tier, now)
        if outcome.throttled and self._throttles.full(call, now):
            circuits_to_open.append(_circuit(call, REPEATED, _REPEATED_S, now, error))
        if outcome.failed and self._failing_again(call, now):
            circuits_to_open.append(_circuit(call, FAILURES, _FAILURES_S, now, error))
        return circuits_to_open

    def trip(self, circuit: Circuit) -> Circuit:
        """Open a circuit, or keep the one that already lasts longer; each event counts."""
        old = self.circuits.get(circuit.slot)
        if old is None:
            return self._put(circuit)
        return self._put(replace(circuit.merge_with(old), trip_count=old.trip_count + 1))

    def adopt(self, circuits: Iterable[Circuit]) -> None:
        """Merge circuits of another process."""
        for circuit in circuits:
            old = self.circuits.get(circuit.slot)
            self._put(circuit if old is None else circuit.merge_with(old))

    def open(self, now: float) -> list[Circuit]:
        """Return the circuits that are open now."""
        return [circuit for circuit in self.circuits.values() if circuit.open_until > now]

    def forget(self, now: float) -> None:
        """Drop what closed long ago."""
        self.circuits = {
            slot: circuit
            for slot, circuit in self.circuits.items()
            if max(circuit.open_until, circuit.changed_at) + _REMEMBERED_S > now
        }

    def _put(self, circuit: Circuit) -> Circuit:
        self.circuits[circuit.slot] = circuit
        return circuit

    def _failing(self, call: GraphCall) -> list[Circuit]:
        """Return the circuits of failures over the call that no answer has closed yet."""
        covering = [circuit for circuit in self.circuits.values() if circuit.covers(call)]
        return [circuit for circuit in covering if circuit.reason == FAILURES and circuit.open_until > 0]

    def _failing_again(self, call: GraphCall, now: float) -> bool:
        """Return whether to open for failures: at once after a failed probe, else after five in a minute."""
        failing = self._failing(call)
        if failing:
            return any(circuit.open_until <= now for circuit in failing)
        return self._failures.full(call, now)


def _circuits_of_error(call: GraphCall, error: GraphError, rule: ErrorRule, tier: Tier, now: float) -> list[Circuit]:
    """Return the circuits that the row of the error names, or that a time in Meta's text calls for."""
    hint_s = _hint_s(error)
    wait_s = max(float(rule.wait_s), hint_s)
    hint_circuits = (
        [_circuit(call, HINT, hint_s, now, error)] if hint_s > 0 and issubclass(rule.error, Throttled) else []
    )
    match rule.circuit:
        case "abuse_signal":
            return [_whole(call, ABUSE, wait_s, now, error)]
        case "temporary_block":
            return [_whole(call, BLOCK, wait_s, now, error)]
        case "insights_limit":
            # It is the limit of the app, so the insights of every account wait.
            circuit = _circuit(call, HINT, hint_s or rule.wait_s, now, error)
            return [circuit, replace(circuit, account=None, use_case=INSIGHTS)]
        case "account_score":
            return [*hint_circuits, _whole(call, SCORE_FULL, tier.blocked_s, now, error)]
        case None:
            return hint_circuits


def _regain(call: GraphCall, reading: UsageReading, now: float, error: GraphError | None) -> Circuit:
    """Return the circuit of a usage figure. It may be about another account than the call's."""
    account = reading.scope
    if reading.kind == "buc" and account == scope_of(call):
        account = call.account or NO_ACCOUNT
    # The usage of an account is the same for every token.
    token_key = None if reading.kind == "acc" else call.token_key
    until = now + reading.closed_s
    return Circuit(token_key, account, reading.use_case, REGAIN, until, last_error=_brief(error), changed_at=now)


def _hint_s(error: GraphError) -> float:
    return min(float(max(0, error.retry_after_seconds or 0)), MAX_WAIT_S)


def _circuit(call: GraphCall, reason: str, seconds: float, now: float, error: GraphError | None) -> Circuit:
    """Return a circuit for the account and use case of the call."""
    account, use_case = call.account or NO_ACCOUNT, call.use_case.lower()
    return Circuit(call.token_key, account, use_case, reason, now + seconds, last_error=_brief(error), changed_at=now)


def _whole(call: GraphCall, reason: str, seconds: float, now: float, error: GraphError) -> Circuit:
    """Return a circuit for all use cases of the account, or for the token when the call had no account."""
    return Circuit(call.token_key, call.account, None, reason, now + seconds, last_error=_brief(error), changed_at=now)


def _brief(error: GraphError | None) -> str:
    """Return the error's codes without Meta's text, which may name people."""
    if error is None:
        return ""
    return f"{error.code}/{error.subcode}" if error.subcode else str(error.code)


def _half_open(circuit: Circuit, now: float) -> bool:
    return circuit.reason == FAILURES and 0 < circuit.open_until <= now and circuit.probe_until <= now


def _remaining_s(circuit: Circuit, now: float) -> float:
    """Return the seconds for which it refuses calls; while a probe is on its way, an estimate."""
    if circuit.open_until > now:
        return circuit.open_until - now
    if circuit.reason == FAILURES and circuit.open_until > 0 and circuit.probe_until > now:
        return min(_PROBE_ANSWER_S, circuit.probe_until - now)
    return 0.0
