"""Define the clock that everything depending on time uses, and the machine's implementation of it."""

from __future__ import annotations

import asyncio
import time
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


class SystemClock:
    """Read the clock of this machine."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
