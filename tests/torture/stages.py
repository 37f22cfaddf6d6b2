"""Cancelled at every stage: while Graph is asked what is there, while it writes, and while a person is asked."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import httpx

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.sandbox import SandboxTransport
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.sandbox_bench import Bench
from tests.support.sandbox_engine import SandboxEngine
from tests.torture.graph import checked
from tests.torture.trial import Trial, Trials, chosen, told

# Requests of one call after which another stage begins; no tool has more kinds of them.
STAGES = 5
# A call that is stuck has no end; the clock of these is told, so that nothing else takes long.
LONGEST_S = 5.0


class Halting(SandboxTransport):
    """Keeps the request of one number waiting, before or after Graph did the work."""

    at, is_done = 0, False

    def halt(self, at: int, *, done: bool) -> None:
        self.at, self.is_done = at, done
        self.reached, self.free = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.at -= 1
        if self.at != 0:
            return await super().handle_async_request(request)
        early = await super().handle_async_request(request) if self.is_done else None
        self.reached.set()
        await self.free.wait()
        return early or await super().handle_async_request(request)


class Stages(Bench):
    def __init__(self, files: Path) -> None:
        super().__init__(files)
        self.sandbox: Halting = Halting(self.sandbox.world, clock=self.sandbox.graph.clock)


class Thinking(Person):
    """A person who is asked and does not answer."""

    def __init__(self) -> None:
        super().__init__(agrees=True)
        self.reached = asyncio.Event()

    async def ask(self, text: str) -> bool | None:
        self.reached.set()
        await asyncio.Event().wait()
        return True


async def _reached(running: asyncio.Task[ToolAnswer], reached: asyncio.Event) -> bool:
    """Whether the call got there before it ended."""
    waiting = asyncio.ensure_future(reached.wait())
    await asyncio.wait((running, waiting), timeout=LONGEST_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert reached.is_set() or running.done(), "stuck"
    return reached.is_set()


async def _cancelled(running: asyncio.Task[ToolAnswer], free: asyncio.Event | None) -> None:
    """Cancels the call, then lets Graph answer; nothing of the call may be left running."""
    running.cancel()
    await asyncio.sleep(0)
    if free is not None:
        free.set()
    done, _ = await asyncio.wait((running,), timeout=LONGEST_S)
    assert done, "still running"
    if not running.cancelled():
        checked(running.result())
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    if rest:
        _, left = await asyncio.wait(rest, timeout=LONGEST_S)
        assert not left, f"left behind: {left}"


async def at_a_request(bench: Stages, tool: Tool, at: int, *, done: bool) -> bool:
    """False where the call has fewer requests."""
    with tempfile.TemporaryDirectory() as state:
        made, given = await bench.ready(tool, state_dir=Path(state))
        before = made.store.snapshot()
        bench.sandbox.halt(at, done=done)
        running = asyncio.ensure_future(made.call(tool.name, given, Person(True)))
        is_there = await _reached(running, bench.sandbox.reached)
        bench.sandbox.at = 0
        if not is_there:
            return False
        await _cancelled(running, bench.sandbox.free)
        if tool.effect.is_write:
            _as_told(made, made.changed(before))
        await _serves(made)
    return True


async def at_the_question(bench: Stages, tool: Tool) -> bool:
    """False where the tool asks nobody."""
    made, given = await bench.ready(tool)
    before, person = made.store.snapshot(), Thinking()
    running = asyncio.ensure_future(made.call(tool.name, given, person))
    if not await _reached(running, person.reached):
        return False
    await _cancelled(running, None)
    assert made.changed(before) == {}, "written without an agreement"
    await _serves(made)
    return True


def _as_told(made: SandboxEngine, changed: dict[str, Any]) -> None:
    """What was written is in the journal with how it ended, and was sent once."""
    sent = [(one.method, one.path, sorted(one.params.items()), one.files) for one in made.writes if one.path]
    assert all(sent.count(one) == 1 for one in sent), f"sent twice: {sent}"
    entries = made.engine.journal.entries()
    assert entries or not changed, f"changed, and the journal does not know it: {list(changed)[:3]}"
    assert all(entry.status in ("success", "failed", "unknown_outcome") for entry in entries), entries


async def _serves(made: SandboxEngine) -> None:
    """Whatever the call held is free again."""
    found = checked(await asyncio.wait_for(made.call("ads_get_campaigns", {"account_id": made.account}), LONGEST_S))
    assert "data" in found, found


async def _trial(name: str, running: Any) -> Trial | None:
    """None where there is no such stage."""
    try:
        there = await running
    except Exception as wrong:  # noqa: BLE001  the trial's result
        return name, told(wrong)
    return (name, None) if there else None


def stages(full: bool) -> Trials:
    """Every tool, cancelled at each of its first requests, before and after Graph answered, and at its question."""
    with tempfile.TemporaryDirectory() as files, asyncio.Runner() as runner:
        bench = Stages(Path(files))
        for tool in TOOLS:
            if not (full or chosen(tool.name, 20)):
                continue
            planned = {
                f"{tool.name}, request {at}{', once done' * done}": at_a_request(bench, tool, at, done=bool(done))
                for at in range(1, STAGES + 1)
                for done in range(2)
            }
            if tool.effect.is_write:
                planned[f"{tool.name}, the question"] = at_the_question(bench, tool)
            for name, running in planned.items():
                if trial := runner.run(_trial(name, running)):
                    yield trial
