"""A clock for tests: time passes when code sleeps or when the test moves it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC).timestamp()
T = TypeVar("T")


class FakeClock:
    """A clock that sleeping moves on at once.

    `passed_s` is how far it has moved, and a test may change it. `slept_s` counts the seconds of sleep alone.
    On a `VirtualLoop` a sleep waits for the loop's time instead, so that concurrent tasks keep their order.
    """

    def __init__(self, start: float | datetime = START) -> None:
        self.start = start.timestamp() if isinstance(start, datetime) else start
        self.passed_s = 0.0
        self.slept_s = 0.0

    def now(self) -> float:
        return self.start + self.passed_s + _loop_time()

    def monotonic(self) -> float:
        return 500.0 + self.passed_s + _loop_time()

    def moment(self) -> datetime:
        """The time of this clock in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        if isinstance(asyncio.get_running_loop(), VirtualLoop):
            await pause(seconds)
        else:
            self.passed_s += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Moves the time of its loop to the next timer instead of waiting for it."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout else timeout)
        if not ready and timeout:
            self.passed_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self) -> None:
        self.selector = _JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.passed_s


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


async def pause(seconds: float) -> None:
    """Let time of the loop pass. It is not `asyncio.sleep`, which tests are not allowed to call for long."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    timer = loop.call_later(seconds, over.set_result, None)
    try:
        await over
    finally:
        timer.cancel()


def _loop_time() -> float:
    """The virtual seconds of the running loop, 0 where no virtual loop runs."""
    loop = asyncio._get_running_loop()
    return loop.time() if isinstance(loop, VirtualLoop) else 0.0
