"""The sandbox behind a real socket, for tests of whole processes (`META_ADS_GRAPH_URL` may be a loopback address)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from meta_ads_mcp.sandbox import SandboxTransport
from tests.support.fake_transport import FakeTransport


@contextmanager
def serving(sandbox: SandboxTransport | None = None) -> Iterator[FakeTransport]:
    """The sandbox on 127.0.0.1, on a free port, for as long as the block runs.

    `url` is its address, `lines` the request lines as in an access log, and `spoil` may answer in place of it.
    """
    graph = FakeTransport(sandbox or SandboxTransport())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(graph))
    graph.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _handler(graph: FakeTransport) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            graph.lines.append(self.requestline)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = httpx.Request(
                self.command, f"http://graph{self.path}", headers=list(self.headers.items()), content=body
            )

            def work() -> httpx.Response:
                return asyncio.run(graph.sandbox.handle_async_request(request))

            if graph.spoil is not None and graph.spoil(self, work):
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
            """Write nothing: `lines` is the log."""

    return Handler
