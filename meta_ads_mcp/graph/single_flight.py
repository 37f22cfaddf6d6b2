"""Share one look-up between all callers that want the same thing at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class SingleFlight:
    """Runs one look-up per key at a time, and gives its result to every caller that waits for the key."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Future[Any]] = {}

    async def run(self, key: str, look_up: Callable[[], Awaitable[T]]) -> T:
        """Return the result of the look-up that runs for the key; start `look_up` when none does."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(look_up())
            self._running[key] = task
            task.add_done_callback(lambda future: self._finish(key, future))
        # The cancellation of one caller must not take the result from the others.
        result: T = await asyncio.shield(task)
        return result

    def _finish(self, key: str, task: asyncio.Future[Any]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # retrieved also when every caller has gone, so that asyncio does not complain
