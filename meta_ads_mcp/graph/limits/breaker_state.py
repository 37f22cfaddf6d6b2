"""The breaker together with its file: every change is made on what all processes have found out so far."""

from __future__ import annotations

from collections.abc import Callable

from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.graph.limits.breaker import DAMAGED, Breaker
from meta_ads_mcp.graph.limits.circuit import Circuit
from meta_ads_mcp.graph.limits.store import CircuitStore, Loaded, StoreBusy

# After a loss nobody knows which circuits were open: long enough for the shorter ones, short enough to live with.
CAREFUL_S = 300.0


class BreakerState:
    """Reads the file when it has changed, and writes it under its lock.

    When the file cannot be used, circuits are kept in memory and written as soon as it can be used again.
    """

    def __init__(self, store: CircuitStore, events: Events) -> None:
        self.breaker = Breaker()
        self._store = store
        self._events = events
        self._unwritten = False

    def refresh(self, now: float) -> None:
        """Take over what another process has written since."""
        if self._unwritten or (self._store.changed() and self._take_over(now)):
            self.change(_nothing, now)

    def change(self, act: Callable[[Breaker], None], now: float) -> None:
        """Let `act` change the circuits, with no other process in between."""
        acted = False
        try:
            with self._store.locked():
                if self._take_over(now):
                    self._store.set_aside(now)
                    self._events.emit("warning", "meta_limits_state_damaged", carefulSeconds=CAREFUL_S)
                act(self.breaker)
                acted = True
                self.breaker.forget(now)
                self._store.save(list(self.breaker.circuits.values()))
                self._unwritten = False
        except (StoreBusy, OSError) as failure:
            if not acted:
                act(self.breaker)
            self._complain(failure)

    def open_careful_circuit(self, now: float) -> None:
        """Something that was known is lost: no call at all for a while."""
        careful = _careful(now)
        self.change(lambda breaker: breaker.adopt([careful]), now)

    def _take_over(self, now: float) -> bool:
        """Merge the file into memory; True when it is damaged, which also opens the careful circuit."""
        try:
            loaded = self._store.load(now)
        except OSError as failure:
            self._events.emit("warning", "meta_limits_state_unreadable", cause=type(failure).__name__)
            loaded = Loaded([_careful(now)])
        self.breaker.adopt(loaded.circuits)
        if loaded.damaged:
            self.breaker.adopt([_careful(now)])
        return loaded.damaged

    def _complain(self, failure: Exception) -> None:
        if not self._unwritten:
            self._events.emit("warning", "meta_limits_state_unwritable", cause=type(failure).__name__)
        self._unwritten = True


def _nothing(breaker: Breaker) -> None:
    """Only read, merge and write."""


def _careful(now: float) -> Circuit:
    return Circuit(None, None, None, DAMAGED, now + CAREFUL_S, changed_at=now)
