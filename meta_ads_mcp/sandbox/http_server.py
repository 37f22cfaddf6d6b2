"""The sandbox over HTTP on the loopback address, for SDKs, data pipelines and other programs.

with SandboxServer() as server:
    FacebookAdsApi.init(access_token=server.token)
    FacebookSession.GRAPH = server.url
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx

from meta_ads_mcp.sandbox.http import SandboxResponse, to_response
from meta_ads_mcp.sandbox.refusal import Refusal
from meta_ads_mcp.sandbox.transport import SandboxTransport

HOST = "127.0.0.1"
MAX_BODY_BYTES = 64 << 20  # a piece of a video has 1 MiB; an image of an ad at most 30 MB
MAX_LOGGED_REQUESTS = 100
IDLE_SECONDS = 60.0  # after which a connection that is kept alive is closed
READ_BYTES = 1 << 16
# Headers of one connection, which the server writes itself.
HOP_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})

Respond = Callable[[httpx.Request], httpx.Response]


class SandboxServer:
    """Serves a sandbox on 127.0.0.1, a thread per connection; requests are answered one after another.

    Args:
        transport: The sandbox to serve. Its paging links are made to lead to this server. By default a new one.
        port: The port; 0 chooses a free one.
        seed: The seed of the demo business of a new sandbox.

    Raises OSError where the port cannot be used. `url` has no slash at its end, `token` is the access token.
    """

    def __init__(self, transport: SandboxTransport | None = None, *, port: int = 0, seed: int = 7) -> None:
        self._server = ThreadingHTTPServer((HOST, port), _handler_class(self._respond))
        self._server.daemon_threads = True
        self.port = int(self._server.server_port)
        self.url = f"http://{HOST}:{self.port}"
        self.transport = transport or SandboxTransport(seed=seed, max_logged=MAX_LOGGED_REQUESTS)
        self.transport.graph.url = self.url
        self.token = self.transport.token
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever, name="sandbox", daemon=True)

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more requests, and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _respond(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            return self.transport.handle_request(request)


def serve_until_stopped(server: SandboxServer, announce: Callable[[str], None]) -> int:
    """Serve until standard input ends, or SIGTERM or SIGINT comes; return the exit code 0.

    Calls `announce` with one line of JSON when requests are answered: `{"port": 4711, "token": "..."}`.
    """
    stop_event = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop_event.set())
    with server:
        announce(json.dumps({"port": server.port, "token": server.token}))
        threading.Thread(target=_wait_for_end_of_input, args=(stop_event,), daemon=True).start()
        while not stop_event.wait(1):
            """A wait without a limit cannot be interrupted by a signal on Windows."""
    return 0


def _wait_for_end_of_input(stop_event: threading.Event) -> None:
    # Not through sys.stdin: a thread that still reads it when the interpreter ends brings it down.
    while os.read(sys.stdin.fileno(), READ_BYTES):
        pass
    stop_event.set()


def _handler_class(respond: Respond) -> type[BaseHTTPRequestHandler]:
    """Return the class that `http.server` makes an object of for each connection."""

    class SandboxHandler(BaseHTTPRequestHandler):
        """Answers the requests of one connection."""

        protocol_version = "HTTP/1.1"
        timeout = IDLE_SECONDS
        disable_nagle_algorithm = True
        wbufsize = READ_BYTES

        def answer(self) -> None:
            """Answer one request; a planned fault without an answer closes the connection."""
            try:
                request = self._read_request()
            except Refusal as refused:
                self.close_connection = True
                self._write(to_response(SandboxResponse(refused.status, refused.body("Aunreadable")), _NO_REQUEST))
                return
            try:
                self._write(respond(request))
            except httpx.TransportError:
                self.close_connection = True

        do_GET = do_POST = do_DELETE = answer  # noqa: N815  names that http.server asks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name of the base class
            """Write nothing: standard error belongs to the program that started the server."""

        def _read_request(self) -> httpx.Request:
            body = b"".join(read_body(self.headers, self.rfile.read, self.rfile.readline))
            headers = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP_HEADERS]
            return httpx.Request(self.command, f"http://{HOST}{self.path}", headers=headers, content=body)

        def _write(self, response: httpx.Response) -> None:
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name.lower() not in HOP_HEADERS:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

    return SandboxHandler


_NO_REQUEST = httpx.Request("GET", f"http://{HOST}/")


def read_body(headers: Any, read: Callable[[int], bytes], read_line: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the body of a request in pieces; Refusal where it is larger than MAX_BODY_BYTES or malformed."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        yield from read_chunks(read, read_line)
        return
    length = headers.get("content-length", "0")
    if not length.isdigit():
        raise Refusal("The content-length is not a number")
    if int(length) > MAX_BODY_BYTES:
        raise too_large()
    yield read(int(length))


def read_chunks(read: Callable[[int], bytes], read_line: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the chunks of a chunked body (RFC 9112, section 7.1)."""
    total = 0
    while True:
        try:
            size = int(read_line(READ_BYTES).partition(b";")[0], 16)
        except ValueError:
            raise Refusal("The chunked body is malformed") from None
        total += size
        if total > MAX_BODY_BYTES:
            raise too_large()
        if not size:
            break
        yield read(size)
        read_line(READ_BYTES)
    while read_line(READ_BYTES).strip():
        """Trailers are read and ignored."""


def too_large() -> Refusal:
    """Return the refusal of a body that is too large."""
    return Refusal("The request body is too large", status=413)
