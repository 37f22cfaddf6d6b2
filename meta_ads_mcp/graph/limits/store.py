"""Circuits on disk, so that a restart and a second process of the same user respect them.

`circuits.json` is replaced as a whole (readers need no lock) by one writer at a time (`circuits.lock`), who merges what
is there first. A damaged file is set aside; what can still be read in it is kept.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from meta_ads_mcp.graph.limits.circuit import Circuit, read, written

if sys.platform == "win32":
    import msvcrt

    def _try_lock(lock: int) -> None:
        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(lock: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


_LARGEST_BYTES = 1_000_000
# A writer is done in a millisecond; one that is not is stuck, and must not hold up the others.
_LOCK_TRIES, _LOCK_PAUSE_S = 200, 0.005


class StoreBusy(Exception):
    """Another process holds the lock for longer than its work can take."""


@dataclass
class Loaded:
    """What was read: the circuits, and whether the file was damaged."""

    circuits: list[Circuit] = field(default_factory=list)
    damaged: bool = False


class CircuitStore:
    """The file, or nothing when there is no place for one."""

    def __init__(self, directory: Path | None) -> None:
        self._path = directory / "circuits.json" if directory is not None else None
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> bool:
        """Whether another process has written since this one last read or wrote; costs one `stat`."""
        return self._path is not None and (mark := _mark(self._path)) is not None and mark != self._seen

    def load(self, now: float) -> Loaded:
        """The circuits in the file; none when there is no file. Raises OSError when it cannot be read."""
        if self._path is None:
            return Loaded()
        self._seen = _mark(self._path)
        try:
            with self._path.open("rb") as file:
                text = file.read(_LARGEST_BYTES + 1)
        except FileNotFoundError:
            return Loaded()
        return _parsed(text, now)

    def save(self, circuits: list[Circuit]) -> None:
        """Replace the file; only inside `locked`. Raises OSError."""
        if self._path is None:
            return
        text = json.dumps({"version": 1, "circuits": [written(circuit) for circuit in circuits]}, indent=1)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(self._path)
        self._seen = _mark(self._path)

    def set_aside(self, now: float) -> None:
        """Move a damaged file out of the way, for whoever wants to see what happened; only inside `locked`."""
        if self._path is not None:
            with suppress(OSError):
                self._path.replace(self._path.with_name(f"{self._path.name}.damaged-{int(now)}"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer. Raises `StoreBusy` when another one does not finish, OSError when there is no place."""
        if self._path is None:
            yield
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _acquire(lock)
            yield
        finally:
            os.close(lock)  # which also releases it


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _parsed(text: bytes, now: float) -> Loaded:
    try:
        said = json.loads(text) if len(text) <= _LARGEST_BYTES else None
    except (ValueError, RecursionError):
        said = None
    records = said.get("circuits") if isinstance(said, dict) else None
    if not isinstance(records, list):
        return Loaded(damaged=True)
    circuits = [read(record, now) for record in records]
    return Loaded([circuit for circuit in circuits if circuit is not None], damaged=None in circuits)


def _acquire(lock: int) -> None:
    for _ in range(_LOCK_TRIES):
        try:
            _try_lock(lock)
        except OSError:
            time.sleep(_LOCK_PAUSE_S)
        else:
            return
    raise StoreBusy
