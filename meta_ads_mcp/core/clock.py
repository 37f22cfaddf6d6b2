"""Define the clock that everything depending on time uses, and the machine's implementation of it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Tell the time in seconds. `now` is the same for every process; `monotonic` never jumps."""

    def now(self) -> float:
        """Return seconds since 1970-01-01 UTC, by the wall clock."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed moment of this process's life."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`. The wait can be cancelled."""
        ...


# On Linux it counts while the machine sleeps, too, which CLOCK_MONOTONIC does not.
_BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return what the system calls its last start, or an empty text if it does not tell. Linux tells."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


class SystemClock:
    """Read the clock of this machine."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
