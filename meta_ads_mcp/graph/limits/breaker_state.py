"""Share the circuits between processes: every change is made on what all of them have found out so far."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.graph.limits.breaker import DAMAGED, Breaker
from meta_ads_mcp.graph.limits.circuit import Circuit, parse_circuit
from meta_ads_mcp.graph.limits.state import LedgerBusy, LimitState, Rows

# After a loss nobody knows which circuits were open: long enough for the shorter ones, short enough to live with.
CAREFUL_S = 300.0
# A circuit is worth waiting for a second, five times as long as one transaction waits.
_ATTEMPTS = 5
# Where versions before 0.2 kept the circuits.
_OLD_FILE, _OLD_LOCK = "circuits.json", "circuits.lock"
_MAX_OLD_BYTES = 1_000_000


class BreakerState:
    """A breaker whose circuits are stored in the state of the limits.

    While the store cannot be used, circuits are kept in memory and written as soon as it can be used again. `folder` is
    where an older version may have left a file of circuits.
    """

    def __init__(self, state: LimitState, events: Events, folder: Path | None = None) -> None:
        self.breaker = Breaker()
        self._state = state
        self._events = events
        self._folder = folder
        self._version: tuple[int, int] | None = None
        self._unwritten = False

    def refresh(self, now: float) -> None:
        """Take over what another process has written since. Costs one query when nothing has changed."""
        if self._folder is not None:
            self._import_old_file(self._folder, now)
        version = self._state.version(now)
        if version is not None and version == self._version and not self._unwritten:
            return
        opened_again = version is None or self._version is None or version[0] != self._version[0]
        if self._unwritten or (opened_again and self.breaker.circuits):
            self.change(lambda breaker: None, now)
            return
        with suppress(LedgerBusy), self._state.transaction(now) as rows:
            self._adopt(rows, now)
            self._version = version

    def change(self, act: Callable[[Breaker], None], now: float) -> None:
        """Let `act` change the circuits, once and with no other process in between."""
        pending = [act]
        for _ in range(_ATTEMPTS):
            with suppress(LedgerBusy):
                self._change_stored(pending, now)
                return
        for action in pending:
            action(self.breaker)
        if not self._unwritten:
            self._events.emit("warning", "meta_limits_state_unwritable", cause=LedgerBusy.__name__)
        self._unwritten = True

    def _change_stored(self, pending: list[Callable[[Breaker], None]], now: float) -> None:
        """Carry out what is pending on the stored circuits. Raises LedgerBusy, before or after it was carried out."""
        with self._state.transaction(now) as rows:
            self._adopt(rows, now)
            while pending:
                pending.pop()(self.breaker)
            self.breaker.forget(now)
            rows.replace_circuits(self.breaker.circuits.values())
        self._unwritten = False
        self._version = self._state.version(now)

    def open_careful_circuit(self, now: float) -> None:
        """Stop all calls for a while, because records of the limits were lost."""
        careful = Circuit(None, None, None, DAMAGED, now + CAREFUL_S, changed_at=now)
        self.change(lambda breaker: breaker.adopt([careful]), now)

    def _adopt(self, rows: Rows, now: float) -> None:
        circuits = [parse_circuit(record, now) for record in rows.circuits()]
        self.breaker.adopt(circuit for circuit in circuits if circuit is not None)

    def _import_old_file(self, folder: Path, now: float) -> None:
        """Read the circuits that an older version has left, once, and remove its files."""
        self._folder = None
        path = folder / _OLD_FILE
        circuits = _read_old_file(path, now)
        if circuits is None:
            return
        self.change(lambda breaker: breaker.adopt(circuit for circuit in circuits if circuit is not None), now)
        if None in circuits:
            self._events.emit("warning", "meta_limits_state_damaged", carefulSeconds=CAREFUL_S)
            self.open_careful_circuit(now)
        for name in (_OLD_FILE, _OLD_LOCK):
            with suppress(OSError):
                (folder / name).unlink()


def _read_old_file(path: Path, now: float) -> list[Circuit | None] | None:
    """Return the circuits of the file, with None for what is damaged; None when there is no file."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_OLD_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return [None]
    try:
        content = json.loads(text) if len(text) <= _MAX_OLD_BYTES else None
    except (ValueError, RecursionError):
        content = None
    records = content.get("circuits") if isinstance(content, dict) else None
    return [parse_circuit(record, now) for record in records] if isinstance(records, list) else [None]
