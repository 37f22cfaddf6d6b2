"""One look-up for all who wait for the same thing at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class SingleFlight:
    """Runs one look-up for all who wait for the same key at the same time."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Future[Any]] = {}

    async def run(self, key: str, look_up: Callable[[], Awaitable[T]]) -> T:
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(look_up())
            self._running[key] = task
            task.add_done_callback(lambda done: self._finish(key, done))
        # One waiter's cancellation must not take the answer from the others.
        found: T = await asyncio.shield(task)
        return found

    def _finish(self, key: str, done: asyncio.Future[Any]) -> None:
        self._running.pop(key, None)
        if not done.cancelled():
            done.exception()  # seen, also when every waiter has gone
