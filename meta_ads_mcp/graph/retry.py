"""Reads are sent again after a passing fault; nothing else ever is.

Three attempts, a second apart and doubling, with jitter so that parallel reads do not come back together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.spec.clock import Clock

ATTEMPTS = 3
T = TypeVar("T")


class Repeatable(Exception):
    """Carries an error after which the same read may be sent again."""

    def __init__(self, error: AdsError) -> None:
        super().__init__(str(error))
        self.error = error


async def repeating(clock: Clock, may_repeat: bool, attempt: Callable[[], Awaitable[T]]) -> T:
    """Run the attempt, again after a `Repeatable` failure where that is allowed; raises the last error itself."""
    retrying = AsyncRetrying(
        stop=stop_after_attempt(ATTEMPTS if may_repeat else 1),
        wait=wait_exponential_jitter(initial=1, max=8, jitter=0.4),
        retry=retry_if_exception(lambda error: isinstance(error, Repeatable)),
        sleep=clock.sleep,
        reraise=True,
    )
    try:
        return await retrying(attempt)
    except Repeatable as last:
        raise last.error from None
