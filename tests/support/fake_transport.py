"""A transport of httpx with the answers of a test or of the sandbox, and clients on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.credentials import FixedToken
from meta_ads_mcp.graph.client import GraphClient
from meta_ads_mcp.graph.connection import Connection
from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor

TOKEN = "EAAB" + "secretsecret" * 4
BASE = f"https://graph.facebook.com/{GRAPH_VERSION}/"

Handler = Callable[[httpx.Request], Any]
# Answers a request of the socket server, with or without the work of the sandbox; False leaves it to the sandbox.
Spoil = Callable[[BaseHTTPRequestHandler, Callable[[], httpx.Response]], bool]


class FakeTransport:
    """Requests over httpx that never leave the process.

    `handler` gives an `httpx.Response`, or JSON for a good one, or raises. In its place there may be a sandbox.
    `client` is a GraphClient on the transport and `http` a plain client of httpx, both with the token.
    `names` are values for `{name}` in the paths and params of the plain requests.
    """

    def __init__(
        self,
        handler: Handler | SandboxTransport,
        *,
        governor: RecordingGovernor | None = None,
        token: str | None = None,
        names: dict[str, str] | None = None,
        **connection: Any,
    ) -> None:
        self.handler: Any = handler
        self.requests: list[httpx.Request] = []
        self.names = names or {}
        # Of the socket server that `serving` starts.
        self.url, self.lines = "", list[str]()
        self.spoil: Spoil | None = None
        self.governor, self.clock, self.events = governor or RecordingGovernor(), FakeClock(), EventRecorder()
        transport = httpx.MockTransport(self._answer)
        token = token or (handler.token if isinstance(handler, SandboxTransport) else TOKEN)
        self.client = GraphClient(
            tokens=FixedToken(token),
            governor=self.governor,  # type: ignore[arg-type]
            events=self.events,
            clock=self.clock,
            connection=Connection(**connection),
            transport=transport,
        )
        self.http = httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Authorization": f"Bearer {token}"})

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.handler, SandboxTransport):
            return await self.handler.handle_async_request(request)
        answer = self.handler(request)
        if hasattr(answer, "__await__"):
            answer = await answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    async def send(self, method: Any = "GET", path: str = "act_1/campaigns", /, **rest: Any) -> Any:
        """The answer to a request of the GraphClient."""
        return await self.client.send(Request(method, path, **rest))

    # ---- plain requests to a sandbox

    @property
    def sandbox(self) -> SandboxTransport:
        assert isinstance(self.handler, SandboxTransport)
        return self.handler

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def store(self) -> Any:
        return self.world.store

    def account(self, number: int = 0) -> str:
        return f"act_{self.world.account_ids[number]}"

    async def raw(self, method: str, path: str, **params: Any) -> httpx.Response:
        return await self.request(method, path, params)

    async def request(
        self, method: str, path: str, params: dict[str, Any], *, page: bool = False, base: str = "", **more: Any
    ) -> httpx.Response:
        """Lists and objects travel as JSON, as Graph has it. `page` speaks with the token of the Page in `names`."""
        headers = (
            {"Authorization": f"Bearer {self.store.nodes[self.names['page']].get('access_token')}"} if page else {}
        )
        filled = {key: _text(value) for key, value in self.filled(params).items()}
        place = {"data" if method == "POST" else "params": filled}
        return await self.http.request(method, base + self.filled(path), headers=headers, **place, **more)

    async def done(self, method: str, path: str, params: dict[str, Any], **more: Any) -> Any:
        response = await self.request(method, path, params, **more)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, method: str, path: str, params: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The error of a call that is refused and that changes nothing."""
        before = self.store.snapshot()
        response = await self.request(method, path, params, **more)
        assert response.status_code != 200, response.text
        assert self.store.changes(before) == {}
        error: dict[str, Any] = response.json()["error"]
        return error

    async def get(self, path: str, **params: Any) -> Any:
        return await self.done("GET", path, params)

    async def error(self, path: str, **params: Any) -> dict[str, Any]:
        response = await self.raw("GET", path, **params)
        assert response.status_code != 200, response.text
        error: dict[str, Any] = response.json()["error"]
        return error

    async def insights(self, node: str, **params: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.get(f"{node}/insights", limit=5_000, **params))["data"]
        return rows

    def filled(self, value: Any) -> Any:
        """The value with `{name}` replaced by the value of that name."""
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        for name, known in self.names.items():
            value = value.replace("{" + name + "}", known)
        return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def refusal(code: int, subcode: int | None = None, message: str = "said", status: int = 400, **more: Any) -> Any:
    """Graph's error response."""
    body: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Atrace", **more}
    if subcode is not None:
        body["error_subcode"] = subcode
    return httpx.Response(status, json={"error": body})
