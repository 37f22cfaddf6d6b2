"""Hostile Graph on the wire: bytes that are no answer, to a served process, over a real connection.

Not tried, because httpcore takes it: a second answer right behind the first is believed to be that of the next request
on the connection. Only Graph itself can send one, through TLS.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpx

from meta_ads_mcp.sandbox import DEMO_TOKEN
from tests.support.answers import check_error, check_success
from tests.support.fake_transport import FakeTransport
from tests.torture.client import Held, held
from tests.torture.fast_server import SPEED
from tests.torture.hostile_bodies import MB, bomb
from tests.torture.soak import FAST
from tests.torture.trial import Trials, tried
from tests.torture.wire import call, start_process

Handler = BaseHTTPRequestHandler
Meet = Callable[[Handler], None]

TIMEOUT_S = 1.0
# A read is tried again; every try has its own seconds.
LONGEST_S = 8.0
# Bytes: what a process holds that answers calls, the largest body, its text and its values.
LARGEST_PEAK = 300 * MB

_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def reset(handler: Handler) -> None:
    """The connection is gone at once, without the usual end of the stream."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())


def says(*parts: bytes, then: Meet | None = None) -> Meet:
    return said(lambda: parts, then=then)


def said(parts: Callable[[], Iterable[bytes]], pause_s: float = 0.0, then: Meet | None = None) -> Meet:
    """Sends bytes for as long as somebody reads them, then closes."""

    def meet(handler: Handler) -> None:
        with suppress(OSError):
            for part in parts():
                handler.connection.sendall(part)
                if pause_s and _left(handler, pause_s):
                    return
        if then is not None:
            then(handler)

    return meet


def silence(handler: Handler) -> None:
    _left(handler, LONGEST_S)


def _left(handler: Handler, seconds: float) -> bool:
    """Whether the client went away within the seconds."""
    return bool(select.select([handler.connection], [], [], seconds)[0])


def length(value: object, body: bytes = b"{}") -> Meet:
    return says(_OK + f"content-length: {value}\r\n\r\n".encode() + body)


def chunked(*parts: bytes) -> Meet:
    return says(_OK + b"transfer-encoding: chunked\r\n\r\n", *parts)


def many(head: bytes, part: bytes, count: int) -> Meet:
    return said(lambda: chain([head], repeat(part, count)))


WIRE: dict[str, Meet] = {
    "reset": reset,
    "closed": says(),
    "half a status line": says(b"HTTP/1.1 20"),
    "half the headers": says(_OK),
    "half a body": length(1000, b'{"data": ['),
    "reset in the headers": says(_OK, then=reset),
    "reset in the body": says(_OK + b"content-length: 1000\r\n\r\n{", then=reset),
    "TLS": says(b"\x16\x03\x03\x00\x31\x02\x00\x00\x2d\x03\x03" + bytes(40)),
    "another protocol": says(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "bytes": says(os.urandom(5000)),
    "HTTP 0.9": says(b'{"data": []}'),
    "HTTP 9.9": says(b"HTTP/9.9 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    "status of letters": says(b"HTTP/1.1 abc OK\r\ncontent-length: 2\r\n\r\n{}"),
    "status 999": says(b"HTTP/1.1 999 x\r\ncontent-length: 2\r\n\r\n{}"),
    "status 099": says(b"HTTP/1.1 099 x\r\ncontent-length: 2\r\n\r\n{}"),
    "another protocol agreed": says(b"HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", bytes(100)),
    "body without permission": says(b"HTTP/1.1 204 No\r\ncontent-length: 2\r\n\r\n{}"),
    "bytes in a header": says(_OK + b"x-\xff: \xfe\x00\r\ncontent-length: 2\r\n\r\n{}"),
    "header on two lines": says(_OK + b"x-a: 1\r\n 2\r\ncontent-length: 2\r\n\r\n{}"),
    "negative length": length(-5),
    "length of letters": length("many"),
    "huge length": length(10**30),
    "two lengths": says(_OK + b"content-length: 2\r\ncontent-length: 5\r\n\r\n{}"),
    "length and chunks": says(_OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "chunk of letters": chunked(b"zz\r\n{}\r\n"),
    "huge chunk": chunked(b"ffffffffffffffff\r\n{}"),
    "negative chunk": chunked(b"-2\r\n{}\r\n"),
    "half a chunk": chunked(b"ff\r\n{}"),
    "chunks without an end": chunked(b"2\r\n{}\r\n"),
    "many headers": many(_OK, b"x-a: " + b"b" * 8000 + b"\r\n", 4000),
    "one long header": many(_OK + b"x-a: ", b"b" * MB, 32),
    "long status line": many(b"HTTP/1.1 200 ", b"b" * MB, 32),
    "100 MB": many(_OK + b"content-length: 104857600\r\n\r\n", b" " * MB, 100),
    "100 MB in chunks": many(_OK + b"transfer-encoding: chunked\r\n\r\n", b"100000\r\n" + b" " * MB + b"\r\n", 100),
    "100 MB until it closes": many(_OK + b"\r\n", b" " * MB, 100),
    "a million small chunks": many(_OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000, 100),
    "gzip bomb": said(lambda: [_OK + b"content-encoding: gzip\r\n\r\n", bomb()]),
    "continue for ever": many(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 10**6),
    "silence": silence,
    "one byte a second": said(lambda: chain([_OK + b"content-length: 1000\r\n\r\n"], repeat(b" ")), 0.3),
    "one byte of a header a second": said(lambda: chain([_OK], repeat(b"x")), 0.3),
}
# An answer that says it was not done: Graph does not do the work first.
_AWAY = (301, 302, 303, 307, 308)
_NOT_DONE = {f"led away by {status}" for status in _AWAY}
SHORT = ("reset", "half a body", "many headers", "led away by 307")


def led(elsewhere: FakeTransport) -> dict[str, Meet]:
    """Redirects to another server, which must never hear of it."""
    return {
        f"led away by {status}": says(
            f"HTTP/1.1 {status} x\r\nlocation: {elsewhere.url}/v26.0/me\r\ncontent-length: 0\r\n\r\n".encode()
        )
        for status in _AWAY
    }


class Wired:
    """A served process whose Graph answers the requests of one kind as planned."""

    def __init__(self, home: Path, graph: Held) -> None:
        self.graph = graph.graph
        self.account = graph.account
        self.planned: tuple[str, Meet, bool] | None = None
        self.graph.spoil = self._spoil
        own = {"META_ACCESS_TOKEN": DEMO_TOKEN, "META_ADS_GRAPH_URL": self.graph.url, "META_ADS_ALLOW_WRITES": "true"}
        self.rude = start_process(home, server=FAST, META_ADS_TIMEOUT=str(TIMEOUT_S), **own)

    def _spoil(self, handler: Handler, work: Callable[[], httpx.Response]) -> bool:
        if self.planned is None or not _campaigns(handler.requestline, self.planned[0]):
            return False
        _, meet, done = self.planned
        if done:
            work()
        handler.close_connection = True
        meet(handler)
        return True

    def ask(self, number: str, tool: str, **given: Any) -> dict[str, Any]:
        """The answer; where the faults before have opened the circuit, that after its pause, short on this clock."""
        result = self._ask(number, tool, **given)
        error = result.get("structuredContent", {}).get("error", {})
        if error.get("kind") != "circuit_open":
            return result
        time.sleep(2 * error["retry_after_seconds"] / SPEED)
        return self._ask(f"{number}, again", tool, **given)

    def _ask(self, number: str, tool: str, **given: Any) -> dict[str, Any]:
        started = time.monotonic()
        self.rude.send(call(number, tool, {"account_id": self.account, **given}))
        result = self.rude.answer(number)["result"]
        assert time.monotonic() - started < LONGEST_S, f"{time.monotonic() - started:.1f} s"
        return dict(result)

    def read(self, name: str, meet: Meet) -> None:
        self.planned = ("GET", meet, False)
        result = self.ask(f"read, {name}", "ads_get_campaigns", limit=3)
        if result.get("isError"):
            assert check_error(result)["kind"] in ("network", "transient", "data_limit", "api"), result
        else:
            check_success(result)
        self.again(f"after read, {name}")

    def again(self, number: str) -> None:
        """The next call is answered by the true Graph."""
        self.planned = None
        found = check_success(self.ask(number, "ads_get_campaigns", limit=3))
        assert len(found["data"]) == 3

    def write(self, name: str, meet: Meet) -> None:
        self.planned = ("POST", meet, name not in _NOT_DONE)
        before = len(self.graph.lines)
        result = self.ask(f"write, {name}", "ads_create_campaign", name=name, objective="OUTCOME_TRAFFIC")
        sent = [line for line in self.graph.lines[before:] if _campaigns(line, "POST")]
        made = [node for node in self.graph.sandbox.world.store.nodes.values() if node.get("name") == name]
        assert len(sent) == 1, f"sent {len(sent)} times"
        if result.get("isError"):
            error = check_error(result)
            unsure = error["kind"] in ("unknown_outcome", "data_limit") or "did not say" in error["message"]
            assert unsure if made else error["kind"] != "internal", result
        else:
            check_success(result, write=True)
            assert len(made) == 1
        self.again(f"after write, {name}")


def _campaigns(line: str, method: str) -> bool:
    verb, path, _ = line.split(" ", 2)
    return verb == method and path.partition("?")[0].endswith("/campaigns")


def sockets(full: bool) -> Trials:
    """Every answer on the wire, at a read and at a write that Graph carries out."""
    with tempfile.TemporaryDirectory() as home, held() as graph, held() as elsewhere:
        graph.graph.sandbox.usage.tier = "standard_access"
        wired = Wired(Path(home), graph)
        for name, meet in {**WIRE, **led(elsewhere.graph)}.items():
            if full or name in SHORT:
                yield tried(f"a read, {name}", lambda n=name, m=meet: wired.read(n, m))
                yield tried(f"a write, {name}", lambda n=name, m=meet: wired.write(n, m))
        yield tried("nobody was led away", lambda: _unheard(elsewhere.graph))
        yield from _held(wired)
        yield tried("end of input", wired.rude.end)


def _unheard(elsewhere: FakeTransport) -> None:
    assert elsewhere.lines == []


def _held(wired: Wired) -> Iterator[tuple[str, str | None]]:
    status = Path(f"/proc/{wired.rude.process.pid}/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        yield tried("memory", lambda: _below(int(peak.split()[1]) * 1024))


def _below(peak: int) -> None:
    assert peak < LARGEST_PEAK, f"peak of {peak // MB} MB"
