"""Define the clock that everything depending on time uses, and the machine's implementation of it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Time in seconds. `now` is shared with other processes and survives a restart; `monotonic` never jumps."""

    def now(self) -> float:
        """Wall clock: seconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some fixed moment of this process's life."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass; cancellable."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
