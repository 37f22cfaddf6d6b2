"""`meta-ads-mcp` on a clock a thousand times as fast: Meta's limits are kept to, and a soak does not wait for them."""

from __future__ import annotations

import asyncio
import sys
import time

from meta_ads_mcp.cli.main import main
from meta_ads_mcp.core.clock import SystemClock

SPEED = 1000
STARTED = time.time(), time.monotonic()


class FastClock(SystemClock):
    def now(self) -> float:
        return STARTED[0] + (time.time() - STARTED[0]) * SPEED

    def monotonic(self) -> float:
        return STARTED[1] + (time.monotonic() - STARTED[1]) * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


if __name__ == "__main__":
    for name in ("now", "monotonic", "sleep"):
        setattr(SystemClock, name, getattr(FastClock, name))
    sys.exit(main())
