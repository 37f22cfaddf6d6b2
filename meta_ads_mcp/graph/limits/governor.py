"""Govern the calls to Graph: callers ask before a call and report its outcome after it.

    breaker    is somebody told to stop?              refuses at once, before any request
    buckets    how full are Meta's quotas?            keeps calls apart
    pacer      writes of an account at a pace         keeps writes apart
    ledger     Meta's own counts, kept here           waits for the next free point

A call takes its place in all of them at once and then waits for it, at most 20 seconds. One that would wait longer is
sent away with the time after which it will be let through.
"""

from __future__ import annotations

import math
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.graph.limits.breaker import ABUSE, Breaker
from meta_ads_mcp.graph.limits.breaker_state import BreakerState
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.circuit import Circuit
from meta_ads_mcp.graph.limits.headers import DEVELOPMENT, UsageReading, scope_of
from meta_ads_mcp.graph.limits.ledger import AD_SET_BUDGET, SPEND_LIMIT, Grant, PointLedger, charges
from meta_ads_mcp.graph.limits.outcome import Outcome
from meta_ads_mcp.graph.limits.refusals import WRITE_PACE, circuit_open_error, wait_too_long_error
from meta_ads_mcp.graph.limits.spacing import HOT_PERCENT, QuotaSpacing, bucket_name
from meta_ads_mcp.graph.limits.state import LedgerBusy, LimitState
from meta_ads_mcp.graph.limits.status import LimitsSnapshot, open_until, report
from meta_ads_mcp.graph.limits.tiers import Tier, tier_named
from meta_ads_mcp.graph.limits.write_pace import Pacer

__all__ = ["Governor", "GraphCall", "Outcome"]

MAX_WAIT_S = 20.0
# How often a call looks again whether the first answers have told the tier.
_TIER_POLL_S = 0.25
_USAGE_EVENT_S = 60.0
# A shorter wait is not worth a line in the log.
_MIN_REPORTED_WAIT_S = 1.0


@dataclass
class _Place:
    """What an admitted call holds until it is settled or cancelled. `slot` is of the monotonic clock."""

    ticket: str
    slot: float
    probe: bool = False


class Governor:
    """Admits calls to Graph, and learns from their answers. For one event loop; other processes share its state.

    `state_dir` holds `score.sqlite3`; with None everything is kept in memory.
    """

    def __init__(self, *, clock: Clock, events: Events, state_dir: Path | None) -> None:
        self._clock = clock
        self._events = events
        self._buckets = QuotaSpacing()
        self._pacers: dict[str, Pacer] = {}
        state = LimitState(state_dir / "score.sqlite3" if state_dir is not None else None, self._ledger_lost)
        self._circuits = BreakerState(state, events, state_dir)
        self._ledger = PointLedger(state)
        self._places: defaultdict[GraphCall, list[_Place]] = defaultdict(list)
        self._tiers: dict[str, str] = {}
        self._usage_reported_at = -math.inf

    async def admit(self, call: GraphCall) -> None:
        """Wait until the call may be made: 20 seconds at most, in all.

        Raises CircuitOpen or Blocked when calls like it are stopped, Throttled when it would have to wait longer; each
        with `retry_after_seconds`, and before any request. Every admitted call must be settled or cancelled.
        """
        deadline = self._clock.monotonic() + MAX_WAIT_S
        self._refuse_if_open(call)
        while (place := self._place(call, deadline)) is None:
            await self._clock.sleep(_TIER_POLL_S)
        try:
            await self._wait_for(place, call)
        except BaseException:
            self._give_back(call, place)
            raise
        self._places[call].append(place)

    def settle(self, call: GraphCall, outcome: Outcome) -> None:
        """Learn from the outcome of a call. Never raises."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        place = self._take_place(call)
        self._count(call, place, now)
        self._learn_tier(call, {reading.tier for reading in outcome.readings if reading.tier is not None})
        for reading in outcome.readings:
            self._buckets.observe(call.token_key, reading, monotonic)
            self._reconcile_score(call, reading, now)
        self._circuits.refresh(now)
        circuits = self._circuits.breaker.judge(call, outcome, self._tier(call), now)
        self._apply(call, outcome, circuits, place, now)
        if outcome.readings:
            self._report_usage(call, monotonic)

    def cancel(self, call: GraphCall) -> None:
        """Give back the place of a call that was admitted and never sent."""
        place = self._take_place(call)
        if place is not None:
            self._give_back(call, place)

    def status(self) -> dict[str, Any]:
        """Return the answer of `ads_rate_status`, without a call to Graph.

        Percentages of usage, milliseconds until access is regained, UTC times of open circuits, tokens of write pacers,
        points of each of Meta's counts, and the tier (`unknown` until a header has named it).
        """
        now, monotonic = self._clock.now(), self._clock.monotonic()
        self._circuits.refresh(now)
        try:
            points = self._ledger.points(now)
        except LedgerBusy:
            points = []
        buckets, circuits = self._buckets.known(monotonic), self._circuits.breaker.open(now)
        return report(LimitsSnapshot(now, monotonic, buckets, circuits, self._pacers, points, self._tiers.values()))

    def write_allowance(self, account: str) -> int:
        """Return how many writes of the account its pace lets through at this moment."""
        return int(self._known_pacer(account).available(self._clock.monotonic()) + 1e-9)

    def write_seconds(self, account: str, count: int) -> float:
        """Return in how many seconds the pace of the account lets through that many writes, from now."""
        pacer = self._known_pacer(account)
        missing = count - pacer.available(self._clock.monotonic())
        return max(0.0, missing / pacer.tier.writes_per_s)

    def _known_pacer(self, account: str) -> Pacer:
        """Return the pacer of the account, or a full one of its tier if it has not written yet."""
        monotonic = self._clock.monotonic()
        tier = tier_named(self._known_tier(account))
        pacer = self._pacers.get(account) or Pacer.full(tier, monotonic)
        if self._known_tier(account) is not None:
            pacer.rate_as(tier, monotonic)
        return pacer

    # -- before a call

    def _refuse_if_open(self, call: GraphCall) -> None:
        now = self._clock.now()
        self._circuits.refresh(now)
        refusal = self._circuits.breaker.refusal(call, now)
        if refusal is not None:
            raise circuit_open_error(*refusal)

    def _place(self, call: GraphCall, deadline: float) -> _Place | None:
        """Reserve a place for the call; None when the caller should try again soon. Raises Throttled."""
        monotonic, now = self._clock.monotonic(), self._clock.now()
        tier = self._tier(call)
        pacer = self._pacer(call, tier, monotonic)
        bucket_at, bucket = self._buckets.free_at(call, monotonic)
        free_at = max(bucket_at, pacer.free_at(monotonic) if pacer else monotonic)
        try:
            grant = self._ledger.reserve(
                charges(call, tier), now, now + free_at - monotonic, now + deadline - monotonic
            )
        except LedgerBusy:
            grant = Grant(now + _MIN_REPORTED_WAIT_S, None, "")
        if grant.ticket is None:
            if self._tier_is_coming(call, grant.rule, deadline):
                return None
            limiter = grant.rule or (bucket if bucket_at >= free_at else WRITE_PACE)
            self._note_wait(call, grant.slot - now, limiter)
            raise wait_too_long_error(limiter, grant.slot - now)
        place = _Place(grant.ticket, monotonic + grant.slot - now)
        self._buckets.take(call, place.slot)
        if pacer is not None:
            pacer.take(monotonic)
        return place

    def _pacer(self, call: GraphCall, tier: Tier, monotonic: float) -> Pacer | None:
        if not call.write or call.account is None:
            return None
        pacer = self._pacers.setdefault(call.account, Pacer.full(tier, monotonic))
        pacer.rate_as(tier, monotonic)
        return pacer

    def _tier_is_coming(self, call: GraphCall, rule: str, deadline: float) -> bool:
        """Return whether the tier is still unknown and a response that may name it is on its way."""
        if call.token_key in self._tiers or rule in (AD_SET_BUDGET.name, SPEND_LIMIT.name):
            return False
        under_way = any(places and other.token_key == call.token_key for other, places in self._places.items())
        return under_way and self._clock.monotonic() + _TIER_POLL_S <= deadline

    async def _wait_for(self, place: _Place, call: GraphCall) -> None:
        """Let the time pass until the place, and look again: a circuit may have opened meanwhile."""
        wait_s = place.slot - self._clock.monotonic()
        if wait_s > 0:
            if wait_s >= _MIN_REPORTED_WAIT_S:
                self._note_wait(call, wait_s, "waiting")
            await self._clock.sleep(wait_s)
        self._refuse_if_open(call)
        if self._circuits.breaker.half_open(call, self._clock.now()):
            place.probe = self._probe(call)

    def _probe(self, call: GraphCall) -> bool:
        """Claim the single call that tests whether Meta answers again. Raises CircuitOpen when another has it."""
        now = self._clock.now()
        refusals: list[tuple[Circuit, float]] = []

        def claim(breaker: Breaker) -> None:
            refusal = breaker.refusal(call, now)
            if refusal is None:
                breaker.claim_probe(call, now)
            else:
                refusals.append(refusal)

        self._circuits.change(claim, now)
        if refusals:
            raise circuit_open_error(*refusals[0])
        return True

    def _give_back(self, call: GraphCall, place: _Place) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        with suppress(LedgerBusy):
            self._ledger.cancel(place.ticket, now)
        self._buckets.give_back(call, place.slot)
        if call.write and call.account in self._pacers:
            self._pacers[call.account].give_back(monotonic)
        if place.probe:
            self._circuits.change(lambda breaker: breaker.release_probe(call, now), now)

    # -- after a call

    def _take_place(self, call: GraphCall) -> _Place | None:
        """Return the place of the call. Equal in-flight calls are interchangeable."""
        places = self._places.get(call)
        if not places:
            return None
        place = places.pop(0)
        if not places:
            del self._places[call]
        return place

    def _count(self, call: GraphCall, place: _Place | None, now: float) -> None:
        # A point that cannot be written down stays counted for as long as an answer could take: never too few.
        with suppress(LedgerBusy):
            if place is not None:
                self._ledger.settle(place.ticket, now)
            else:
                self._ledger.record(charges(call, self._tier(call)), now)

    def _reconcile_score(self, call: GraphCall, reading: UsageReading, now: float) -> None:
        """Count the part of the account's score that other clients have spent."""
        if reading.kind == "acc" and reading.scope is not None and reading.call_count is not None:
            with suppress(LedgerBusy):
                self._ledger.reconcile(reading.scope, reading.percent, reading.reset_s, self._tier(call), now)

    def _learn_tier(self, call: GraphCall, names: set[str]) -> None:
        if not names:
            return
        tier = DEVELOPMENT if DEVELOPMENT in names else names.pop()
        if self._tiers.get(call.token_key) != tier and tier == DEVELOPMENT:
            self._events.emit("warning", "meta_access_tier", tokenHash=call.token_key, tier=tier)
        for key in filter(None, (call.token_key, call.account)):
            if self._tiers.get(key) != tier:
                with suppress(LedgerBusy):
                    self._ledger.keep_tier(key, tier, self._clock.now())
            self._tiers[key] = tier

    def _tier(self, call: GraphCall) -> Tier:
        """Return the token's tier as a header has named it, to this process or to one before; else the careful one.

        Of a token that is new, the tier is what the account's last one had: a renewed token comes of the same app, and
        finds the points of the old one on the account. Its own first answer says more.
        """
        return tier_named(self._known_tier(call.token_key) or self._known_tier(call.account))

    def _known_tier(self, key: str | None) -> str | None:
        """Return the tier that was named last for a token, or on an account."""
        if key is not None and key not in self._tiers:
            with suppress(LedgerBusy):
                tier = self._ledger.tier(key, self._clock.now())
                if tier is not None:
                    self._tiers[key] = tier
        return self._tiers.get(key or "")

    def _apply(
        self, call: GraphCall, outcome: Outcome, circuits: list[Circuit], place: _Place | None, now: float
    ) -> None:
        """Open the circuits, and close those that the outcome shows to be over."""
        has_response = outcome.status is not None and not outcome.failed
        was_probe = place is not None and place.probe
        if circuits or was_probe:
            self._circuits.change(lambda breaker: self._move(breaker, call, circuits, has_response, now), now)
        if outcome.throttled:
            self._slow_down(call, outcome, now)

    def _move(self, breaker: Breaker, call: GraphCall, circuits: list[Circuit], has_response: bool, now: float) -> None:
        if has_response:
            breaker.close_failures(call, now)
        else:
            breaker.release_probe(call, now)
        for circuit in circuits:
            self._report_open(call, breaker.trip(circuit))

    def _slow_down(self, call: GraphCall, outcome: Outcome, now: float) -> None:
        """After a refusal of Meta's: the count it names is full; without any named time, at least keep calls apart."""
        quota = outcome.rule.quota if outcome.rule else None
        full = [charge for charge in charges(call, self._tier(call)) if charge.rule.name == quota]
        with suppress(LedgerBusy):
            for charge in full:
                self._ledger.exhaust(charge.rule, charge.key, charge.limit, now)
        if self._circuits.breaker.refusal(call, now) is None and not full:
            slow = UsageReading("local_retry", scope_of(call), call.use_case.lower(), call_count=HOT_PERCENT)
            self._buckets.observe(call.token_key, slow, self._clock.monotonic())

    # -- events

    def _note_wait(self, call: GraphCall, wait_s: float, reason: str) -> None:
        self._events.emit(
            "info", "meta_rate_throttle", tokenHash=call.token_key, accountId=call.account, useCase=call.use_case,
            waitMs=int(wait_s * 1000), reason=reason,
        )  # fmt: skip

    def _report_open(self, call: GraphCall, circuit: Circuit) -> None:
        until = open_until(circuit)
        if circuit.reason == ABUSE:
            self._events.emit("fatal", "META_ABUSE_SIGNAL", key=circuit.key, openUntil=until, accountId=call.account)
        self._events.emit(
            "warning", "meta_circuit_open", key=circuit.key, reason=circuit.reason, openUntil=until,
            tripCount=circuit.trip_count,
        )  # fmt: skip

    def _report_usage(self, call: GraphCall, monotonic: float) -> None:
        if monotonic - self._usage_reported_at < _USAGE_EVENT_S:
            return
        self._usage_reported_at = monotonic
        usage = {bucket_name(key): bucket.reading.percent for key, bucket in self._buckets.known(monotonic)}
        self._events.emit("info", "meta_rate_usage", tokenHash=call.token_key, usagePercent=usage)

    def _ledger_lost(self, cause: str, is_lost: bool) -> None:
        """Report that the file cannot be used. When records are lost, stop all calls for a while."""
        event = "meta_limits_state_damaged" if is_lost else "meta_limits_state_unwritable"
        self._events.emit("warning", event, cause=cause)
        if is_lost:
            self._circuits.open_careful_circuit(self._clock.now())
