"""Calls whose process ends in the middle: at a request, before it arrives at Graph or before its answer comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import httpx

from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.sandbox import SandboxTransport
from tests.support.clock import FakeClock
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer, new_world

When = Literal["before", "after"]


class Killed(BaseException):
    """The process is gone. Nothing of the server may handle this."""


class KillingTransport(httpx.AsyncBaseTransport):
    """Pass requests on to the sandbox, and end the process at one of them, counted from 0."""

    def __init__(self, sandbox: SandboxTransport) -> None:
        self.sandbox, self.count = sandbox, 0
        self.last: int | None = None
        self.when: When = "before"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number, self.count = self.count, self.count + 1
        if number == self.last and self.when == "before":
            raise Killed
        response = await self.sandbox.handle_async_request(request)
        if number == self.last:
            raise Killed
        return response


class KillableServer:
    """A server on one state directory, which can be killed in a call and started again."""

    def __init__(self, state_dir: Path) -> None:
        self.clock, self.state_dir = FakeClock(), state_dir
        self.upload_roots: tuple[str, ...] = ()
        self.sandbox = SandboxTransport(new_world(), clock=self.clock.moment)

    def start(self, transport: Any = None) -> SandboxEngine:
        """Return a new process. Its requests go through `transport`, by default straight to the sandbox."""
        options: dict[str, Any] = {"state_dir": self.state_dir, "upload_roots": self.upload_roots}
        made = build_writer(self.sandbox, clock=self.clock, **options)
        if transport is not None:
            made = build_writer(transport, clock=self.clock, **options)
            made.sandbox = self.sandbox
        return made

    async def killed_call(self, tool: str, arguments: Mapping[str, Any], last: int, when: When) -> bool:
        """Make a call whose process ends at a request. Returns whether it came that far."""
        transport = KillingTransport(self.sandbox)
        transport.last, transport.when = last, when
        made = self.start(transport)
        killed = False
        try:
            await made.call(tool, arguments, Person(True))
        except Killed:
            killed = True
        await self._end_tasks()
        self.clock.passed_s += 60
        return killed

    async def _end_tasks(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        with suppress(Killed):
            await asyncio.gather(*others, return_exceptions=True)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Make a call in a new process."""
        return await self.start().call(tool, arguments, Person(True))


async def each_death(state_dir: Path, most: int = 60, step: int = 1) -> AsyncIterator[tuple[KillableServer, int, When]]:
    """Yield a fresh server for each request at which a call can end, in both ways, until the caller stops.

    With a `step`, for each request of that many.
    """
    for last in range(0, most, step):
        for when in ("before", "after"):
            folder = state_dir / f"{last}-{when}"
            folder.mkdir()
            yield KillableServer(folder), last, when  # type: ignore[misc]
