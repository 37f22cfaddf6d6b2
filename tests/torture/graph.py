"""Hostile Graph: every tool against every answer that Graph should not give."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.sandbox import SandboxCall
from tests.support.answers import check_error, check_success
from tests.support.clock import VirtualLoop
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.sandbox_bench import FOR_EVER, Bench, is_write
from tests.torture.hostile_bodies import (
    ELSEWHERE,
    FAULTS,
    HEAVY,
    MAX_SENDS_AT_LIMIT,
    MB,
    MOMENTARY,
    PRODUCTIVE,
    Make,
)
from tests.torture.trial import Trial, Trials, chosen, told, turn

OURS = {"graph.facebook.com", "graph-video.facebook.com"}
# Bytes: the largest body (32 MB), its text, and as many values as are decoded.
LARGEST_PEAK = 300 * MB
# Under the tracer, which makes everything several times slower.
LONGEST_S = 30.0


def checked(answer: ToolAnswer) -> dict[str, Any]:
    """The structured content, when it is what the contract says and no defect of ours."""
    assert answer.question is None
    content = [{"type": "text", "text": text} for text in answer.blocks]
    result = {"isError": answer.is_error, "structuredContent": answer.structured, "content": content}
    json.dumps(answer.structured, allow_nan=False)
    assert len(json.dumps(answer.structured, ensure_ascii=False, separators=(",", ":"))) <= 40_000, "too long"
    if answer.is_error:
        error = check_error(result)
        assert error["kind"] != "internal", f"internal: {error['message']}"
        return answer.structured
    return check_success(result)


def respond(bench: Bench, make: Make) -> Callable[[SandboxCall], httpx.Response]:
    return lambda call: make(lambda: {} if is_write(call) else bench.sandbox.graph.answer(call).body)


@dataclass(frozen=True)
class Place:
    """Which requests meet the fault: `match` makes what the sandbox asks; `done`: Graph does the work first.

    `most_sends`: how often the same write may be sent.
    """

    match: Callable[[], Any]
    done: bool = False
    most_sends: int = 1


def placed(tool: Tool, fault: str = "") -> dict[str, Place]:
    """At every request, at all but the first, or at the writes, before or after they are done.

    What a limit refuses is not done.
    """
    everything = {"every request": Place(lambda: None)}
    if not tool.effect.is_write:
        return everything | {"all but the first": Place(lambda: later(1))}
    if fault in MOMENTARY:
        places = {"every request": lambda: None, "every write": lambda: is_write}
        return {name: Place(match, most_sends=MAX_SENDS_AT_LIMIT) for name, match in places.items()}
    writes = {"every write": Place(lambda: is_write), "every write, once done": Place(lambda: is_write, done=True)}
    return everything | writes


def later(skipped: int) -> Callable[[SandboxCall], bool]:
    seen = iter(range(FOR_EVER))
    return lambda call: next(seen) >= skipped


async def tortured(bench: Bench, tool: Tool, make: Make, place: Place) -> None:
    made, given = await bench.ready(tool)
    before = made.store.snapshot()
    answering = respond(bench, make)
    bench.sandbox.faults.add(place.match(), respond=answering, times=FOR_EVER, after_processing=place.done)
    answer = checked(await made.call(tool.name, given, Person(True)))
    hosts = {entry.host for entry in bench.sandbox.log}
    assert hosts <= OURS, f"led to {hosts}"
    assert ELSEWHERE not in json.dumps(answer)
    sent = [(one.method, one.path, sorted(one.params.items()), one.files) for one in made.writes if one.path]
    assert all(sent.count(one) <= place.most_sends for one in sent), f"sent twice: {sent}"
    if tool.effect.is_write and not place.done:
        assert made.store.changes(before) == {}, "something was written though every answer was a fault"


async def trial(bench: Bench, name: str, tool: Tool, make: Make, place: Place) -> Trial:
    try:
        await tortured(bench, tool, make, place)
    except Exception as wrong:  # noqa: BLE001  the trial's result
        return name, told(wrong)
    return name, None


def cases(full: bool) -> Iterator[tuple[str, str, Tool, Make, Place]]:
    """Return the name, the fault and the rest of each trial.

    Each tool meets each fault in one of the places, in turns; broken connections in all of them.
    """
    for tool in TOOLS:
        for fault, make in FAULTS.items():
            places = placed(tool, fault)
            first = turn(f"{tool.name}, {fault}", len(places))
            everywhere = full and fault.startswith("raised")
            for place in list(places) if everywhere else list(places)[first : first + 1]:
                yield f"{tool.name}, {fault}, {place}", fault, tool, make, places[place]


def faults(full: bool) -> Trials:
    with tempfile.TemporaryDirectory() as files, asyncio.Runner() as runner:
        bench = Bench(Path(files))
        for name, fault, tool, make, place in cases(full):
            if full or fault in PRODUCTIVE or chosen(name, 400):
                yield runner.run(trial(bench, name, tool, make, place))


def heavy(full: bool) -> Trials:
    """Answers that would fill the memory; the peak is measured."""
    tools = [tool for tool in TOOLS if tool.endpoint is not None and chosen(tool.name, 8)]
    names = list(HEAVY) if full else ["100 MB", "31 MB of nests", "gzip bomb twice"]
    with tempfile.TemporaryDirectory() as files, asyncio.Runner() as runner:
        bench = Bench(Path(files))
        for tool in tools if full else tools[:1]:
            for fault in names:
                yield measured(runner, bench, tool, fault)


def measured(runner: asyncio.Runner, bench: Bench, tool: Tool, fault: str) -> Trial:
    tracemalloc.start()
    started = time.monotonic()
    name, problem = runner.run(trial(bench, f"{tool.name}, {fault}", tool, HEAVY[fault], Place(lambda: None)))
    peak, seconds = tracemalloc.get_traced_memory()[1], time.monotonic() - started
    tracemalloc.stop()
    if problem is None and peak > LARGEST_PEAK:
        problem = f"peak of {peak // MB} MB"
    if problem is None and seconds > LONGEST_S:
        problem = f"{seconds:.0f} s"
    return name, problem


class Drip(httpx.AsyncByteStream):
    """One byte a second, for ever."""

    async def __aiter__(self) -> Any:
        while True:
            yield b" "
            await asyncio.sleep(1)


def slow(full: bool) -> Trials:
    """Graph gives one byte a second, on a clock that is told: the call ends by itself, within the request's seconds."""
    with tempfile.TemporaryDirectory() as files, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        bench = Bench(Path(files))
        for tool in [tool for tool in TOOLS if full or chosen(tool.name, 10)]:
            for place, planned in placed(tool).items():
                make: Make = lambda of: httpx.Response(200, stream=Drip())  # noqa: E731  a fault like the others
                yield runner.run(trial(bench, f"{tool.name}, {place}", tool, make, planned))
