"""What tests of several parts share: told time, heard events, limits that admit, a Graph that is told its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.credentials import FixedToken
from meta_ads_mcp.graph.client import GraphClient
from meta_ads_mcp.graph.connection import Connection
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor

TOKEN = "EAAB" + "secretsecret" * 4


Handler = Callable[[httpx.Request], Any]


class Wire:
    """A GraphClient over a transport that asks `handler` and keeps the requests.

    The handler gives an `httpx.Response`, or JSON for a good one, or raises.
    """

    def __init__(
        self, handler: Handler, *, gate: RecordingGovernor | None = None, token: str = TOKEN, **connection: Any
    ) -> None:
        self.requests: list[httpx.Request] = []
        self.handler = handler
        self.gate, self.clock, self.events = gate or RecordingGovernor(), FakeClock(), EventRecorder()
        self.client = GraphClient(
            tokens=FixedToken(token),
            governor=self.gate,  # type: ignore[arg-type]
            events=self.events,
            clock=self.clock,
            connection=Connection(**connection),
            transport=httpx.MockTransport(self._answer),
        )

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        found = self.handler(request)
        if hasattr(found, "__await__"):
            found = await found
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    async def send(self, method: Any = "GET", path: str = "act_1/campaigns", /, **rest: Any) -> Any:
        return await self.client.send(Request(method, path, **rest))


def refusal(code: int, subcode: int | None = None, message: str = "said", status: int = 400, **more: Any) -> Any:
    """Graph's error response."""
    body: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Atrace", **more}
    if subcode is not None:
        body["error_subcode"] = subcode
    return httpx.Response(status, json={"error": body})
