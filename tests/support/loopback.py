"""The sandbox behind a real socket, for tests of whole processes (`META_ADS_GRAPH_URL` may be a loopback address)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from meta_ads_mcp.sandbox import SandboxTransport

# Answers a request itself, with or without letting the sandbox do the work; False leaves it to the sandbox.
Spoil = Callable[[BaseHTTPRequestHandler, Callable[[], httpx.Response]], bool]


@dataclass
class Loopback:
    """A running server: where it is, the sandbox behind it, and its request lines, as an access log has them."""

    url: str
    sandbox: SandboxTransport
    lines: list[str] = field(default_factory=list)
    spoil: Spoil | None = None


@contextmanager
def serving(sandbox: SandboxTransport | None = None) -> Iterator[Loopback]:
    """The sandbox on 127.0.0.1, on a free port, for as long as the block runs."""
    graph = sandbox or SandboxTransport()
    made = Loopback("", graph)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _handler(made: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            made.lines.append(self.requestline)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = httpx.Request(
                self.command, f"http://graph{self.path}", headers=list(self.headers.items()), content=body
            )

            def work() -> httpx.Response:
                return asyncio.run(made.sandbox.handle_async_request(request))

            if made.spoil is not None and made.spoil(self, work):
                return
            response = work()
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name.lower() not in ("content-length", "date", "server"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815  names that http.server asks for

        def log_message(self, *args: object) -> None:
            """Nothing: `lines` is the log."""

    return Handler
