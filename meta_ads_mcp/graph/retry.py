"""Send a read again after a temporary fault. Nothing else is ever sent twice.

Three times at most, after 1, 2 and 4 seconds, each varied by a fifth so that parallel reads do not come back together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_chain, wait_random

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.errors import AdsError

PAUSES_S = (1.0, 2.0, 4.0)
MAX_ATTEMPTS = 1 + len(PAUSES_S)
JITTER = 0.2
T = TypeVar("T")


class Repeatable(Exception):
    """Carries an error after which the same read may be sent again."""

    def __init__(self, error: AdsError) -> None:
        super().__init__(str(error))
        self.error = error


async def repeat_on_fault(clock: Clock, may_repeat: bool, attempt: Callable[[], Awaitable[T]]) -> T:
    """Run the attempt, and where allowed run it again after a `Repeatable` failure. Raises the last error itself."""
    retrying = AsyncRetrying(
        stop=stop_after_attempt(MAX_ATTEMPTS if may_repeat else 1),
        wait=wait_chain(*(wait_random(pause * (1 - JITTER), pause * (1 + JITTER)) for pause in PAUSES_S)),
        retry=retry_if_exception(lambda error: isinstance(error, Repeatable)),
        sleep=clock.sleep,
        reraise=True,
    )
    try:
        return await retrying(attempt)
    except Repeatable as last:
        raise last.error from None
