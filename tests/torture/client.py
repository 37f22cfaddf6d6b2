"""Hostile client: what should never come down standard input, to the server in a process of its own."""

from __future__ import annotations

import io
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.clock import SystemClock
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxCall, SandboxTransport, World
from tests.support.fake_transport import FakeTransport
from tests.support.loopback import serving
from tests.support.mcp_process import MAX_SECONDS, McpProcess
from tests.torture.messages import ACCOUNTS, MESSAGES, line
from tests.torture.trial import Trials, tried
from tests.torture.wire import HELLO, META, call, request, start_process

DEMO = ("--demo", "--allow-writes")
ERAS = {"modern": True, "handshake": False}


def messages(full: bool) -> Trials:
    """Every message of the tables to one process per era; after each it must still answer."""
    for era, modern in ERAS.items():
        with tempfile.TemporaryDirectory() as home:
            rude = start_process(Path(home), *DEMO, modern=modern)
            rude.alive("first")
            for index, (name, raw) in enumerate(MESSAGES.items()):
                if full or index % 4 == modern:
                    yield tried(f"{name}, {era}", _sent(rude, raw, f"alive-{index}"))
            yield tried(f"end of input, {era}", rude.end)


def _sent(rude: McpProcess, raw: bytes, number: str) -> Callable[[], None]:
    def check() -> None:
        rude.send(raw)
        rude.alive(number)

    return check


def noise(full: bool) -> Trials:
    """Good messages with bytes changed, left out, doubled or put in."""
    chance = random.Random(7)  # noqa: S311  the same noise at every run
    seeds = [line(call(index, tool, {})) for index, tool in enumerate((ACCOUNTS, "ads_find_tools", "ads_get_ads"))]
    seeds += [line(request("i", "initialize", **HELLO)), line(request("l", "tools/list", _meta=META))]
    for turn in range(10 if full else 1):
        with tempfile.TemporaryDirectory() as home:
            rude = start_process(Path(home), *DEMO)
            rude.alive("first")
            for index in range(100 if full else 40):
                spoilt = b"".join(_spoilt(chance, chance.choice(seeds)) for _ in range(5))
                yield tried(f"noise {turn}.{index}", _sent(rude, spoilt, f"alive-{index}"))
            yield tried(f"noise {turn}, end of input", rude.end)


PIECES = (b'"', b"{", b"}", b"[", b",", b"null", b"\\u0000", b"1e999", b"\xff")


def _spoilt(chance: random.Random, raw: bytes) -> bytes:
    found = bytearray(raw[:-1])
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found))
        match chance.randrange(4):
            case 0:
                found[at] = chance.randrange(256)
            case 1:
                del found[at : at + chance.randint(1, 20)]
            case 2:
                found[at:at] = found[at : at + 10]
            case _:
                found[at:at] = chance.choice(PIECES)
        found = found or bytearray(b"{")
    return bytes(found).replace(b"\n", b" ") + b"\n"


def crowd(full: bool) -> Trials:
    """Calls at once: each gets its own answer."""
    for era, modern in ERAS.items() if full else [("modern", True)]:
        for size in (200, 1000) if full else (200,):
            with tempfile.TemporaryDirectory() as home:
                rude = start_process(Path(home), *DEMO, modern=modern)
                yield tried(f"{size} at once, {era}", lambda rude=rude, size=size: _crowd(rude, size))
                yield tried(f"{size} at once, {era}, end of input", rude.end)


def _crowd(rude: McpProcess, size: int) -> None:
    numbers = [f"n{index}" for index in range(size)]
    tools = (ACCOUNTS, "ads_find_tools", "ads_no_such_tool", "ads_get_ads")
    for index, number in enumerate(numbers):
        rude.send(call(number, tools[index % len(tools)], {}, modern=rude.modern))
    assert rude.answered(numbers)
    found = [one.get("id") for one in rude.answers if one.get("id") != "hello"]
    assert sorted(found) == sorted(numbers), "an answer twice, or of nobody"
    rude.alive("after")


def endings(full: bool) -> Trials:
    """Standard input ends at any moment: while it starts, in a line, in a call, in a crowd."""
    whole = line(call(1, ACCOUNTS, {}))
    moments: dict[str, tuple[bytes, float]] = {"in a line": (whole[:50], 1.0)}
    if full:
        moments["at once"] = (b"", 0)
        moments |= {f"after {cut} bytes": (whole[:cut], 0.2) for cut in (1, 20, 200, len(whole) - 1)}
        moments |= {f"{delay} s after a call": (whole, delay) for delay in (0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 2)}
        moments |= {"in a crowd": (whole * 50, 1.5), "in rubbish": (b"\xff" * 1000, 1.0)}
    for name, (raw, delay) in moments.items():
        with tempfile.TemporaryDirectory() as home:
            yield tried(f"end {name}", lambda home=home, raw=raw, delay=delay: _ended(Path(home), raw, delay))

    if os.name == "posix":
        for signal_ in (signal.SIGINT, signal.SIGTERM)[not full :]:
            with tempfile.TemporaryDirectory() as home:
                yield tried(
                    f"end by {signal_.name}", lambda home=home, signal_=signal_: _signalled(Path(home), signal_)
                )
    with tempfile.TemporaryDirectory() as home:
        yield tried("end of the reader", lambda: _unread(Path(home)))


def _signalled(home: Path, number: int) -> None:
    """Also while it waits for input, which does not end."""
    rude = start_process(home, *DEMO)
    rude.alive("first")
    rude.process.send_signal(number)
    try:
        assert rude.process.wait(MAX_SECONDS) == -number
    finally:
        rude.process.kill()
    assert "Traceback" not in rude.log()


def _unread(home: Path) -> None:
    """Nobody reads standard output any more, and then input ends, too."""
    rude = start_process(home, *DEMO, read=False)
    assert rude.process.stdout
    rude.send(call(1, "ads_find_tools", {"query": "x"}))
    rude.process.stdout.readline()
    rude.process.stdout.close()
    rude.send(call(2, "ads_find_tools", {"query": "x"}))
    rude.end()


def _ended(home: Path, raw: bytes, delay: float) -> None:
    rude = start_process(home, *DEMO)
    rude.send(raw)
    time.sleep(delay)
    rude.end()


def slow(full: bool) -> Trials:
    """Calls that Graph keeps waiting: cancelled, or left alone by a client that went away, also in a write."""
    checks = {"cancelled": _cancelled, "left": _left, "left in a write": _left_in_a_write}
    for name, check in checks.items():
        for era, modern in ERAS.items():
            if full or (modern and name == "left in a write"):
                with tempfile.TemporaryDirectory() as home, held() as graph:
                    yield tried(f"{name}, {era}", lambda h=home, g=graph, c=check, m=modern: c(Path(h), g, m))


class Held:
    """Graph behind a socket, which keeps requests that match waiting; `asked` is set once one waits."""

    def __init__(self, graph: FakeTransport) -> None:
        self.graph, self.asked, self.free = graph, threading.Event(), threading.Event()

    def hold(self, match: Callable[[SandboxCall], bool]) -> None:
        self.graph.sandbox.faults.add(match, respond=self._wait, after_processing=True)

    def _wait(self, call: SandboxCall) -> Any:
        self.asked.set()
        self.free.wait(20)
        raise ConnectionAbortedError

    def server(self, home: Path, modern: bool) -> McpProcess:
        more = {"META_ACCESS_TOKEN": DEMO_TOKEN, "META_ADS_GRAPH_URL": self.graph.url, "META_ADS_ALLOW_WRITES": "true"}
        return start_process(home, modern=modern, **more)

    @property
    def account(self) -> str:
        return f"act_{self.graph.sandbox.world.account_ids[0]}"


@contextmanager
def held() -> Iterator[Held]:
    sandbox = SandboxTransport(World(today=datetime.now(UTC), accounts=2, ads=40))
    sandbox.usage.account_percent = 0
    # The socket server prints what breaks while it answers a client that left.
    with redirect_stderr(io.StringIO()), serving(sandbox) as graph:
        made = Held(graph)
        try:
            yield made
        finally:
            made.free.set()


def _asked(rude: McpProcess, graph: Held, tool: str, **more: Any) -> None:
    rude.send(call("slow", tool, {"account_id": graph.account, **more}, modern=rude.modern))
    assert graph.asked.wait(20), f"Graph was not asked: {rude.answers} {rude.log()[-300:]}"


def _cancelled(home: Path, graph: Held, modern: bool) -> None:
    graph.hold(lambda call: call.path[-1:] == ("campaigns",))
    rude = graph.server(home, modern)
    _asked(rude, graph, "ads_get_campaigns")
    rude.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}})
    rude.alive("after")
    assert rude.wait(lambda: '"outcome": "cancelled"' in rude.log(), 5), "still running"
    rude.end()


def _left(home: Path, graph: Held, modern: bool) -> None:
    graph.hold(lambda call: call.path[-1:] == ("campaigns",))
    rude = graph.server(home, modern)
    _asked(rude, graph, "ads_get_campaigns")
    rude.end()


def _left_in_a_write(home: Path, graph: Held, modern: bool) -> None:
    """The campaign is made, and nobody heard of it: the journal says that it may be there."""
    graph.hold(lambda call: call.method == "POST" and call.path[-1:] == ("campaigns",))
    rude = graph.server(home, modern)
    _asked(rude, graph, "ads_create_campaign", name="Left", objective="OUTCOME_TRAFFIC")
    rude.end()
    (entry,) = Journal(home, SystemClock()).entries()
    assert (entry.status, entry.after["name"]) == ("unknown_outcome", "Left")
