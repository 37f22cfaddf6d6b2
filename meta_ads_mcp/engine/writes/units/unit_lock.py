"""Let only one call at a time carry out a unit, also across processes.

The operating system releases the lock of a process that ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from meta_ads_mcp.core.private_files import make_private_subfolder, open_private
from meta_ads_mcp.errors import UnknownOutcome

FOLDER = "units"


class UnitLocks:
    """Hold the locks of this process. Without a state directory they count in this process only."""

    def __init__(self, state_dir: Path | None) -> None:
        self._folder = state_dir / FOLDER if state_dir is not None else None
        self._running: dict[str, int | None] = {}

    def take(self, unit_id: str) -> None:
        """Take the lock of a unit. Raises UnknownOutcome while another call carries it out."""
        if unit_id in self._running:
            raise _busy(unit_id)
        self._running[unit_id] = self._lock_file(unit_id)

    def release(self, unit_id: str) -> None:
        """Release the lock."""
        descriptor = self._running.pop(unit_id, None)
        if descriptor is not None:
            os.close(descriptor)
        if self._folder is not None:
            with suppress(OSError):
                (self._folder / unit_id).unlink(missing_ok=True)

    @contextmanager
    def hold(self, unit_id: str) -> Iterator[None]:
        """Hold the lock for the block."""
        self.take(unit_id)
        try:
            yield
        finally:
            self.release(unit_id)

    def _lock_file(self, unit_id: str) -> int | None:
        if self._folder is None or sys.platform == "win32":
            return None
        import fcntl  # noqa: PLC0415  Windows has no such module

        try:
            make_private_subfolder(self._folder)
            descriptor = open_private(self._folder / unit_id)
        except OSError:
            return None  # the journal, in the same folder, decides whether anything is sent
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise _busy(unit_id) from None
        except OSError:
            pass  # a file system without locks
        return descriptor


def _busy(unit_id: str) -> UnknownOutcome:
    return UnknownOutcome(
        f"Another call is carrying out unit {unit_id}; this one sent nothing.",
        f"See how far it is with ads_get_changes unit_id={unit_id}, or make the same call again in a moment.",
        details={"unit_id": unit_id},
    )
