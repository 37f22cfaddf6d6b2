"""A Graph at the engine's port that keeps every request and answers with little: an object's id, or an empty list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.tool import Effect, Tool
from tests.support import sdk
from tests.support.arguments import class_of
from tests.support.clock import FakeClock

_ID = "(act_)?[0-9]{1,30}(_[0-9]{1,30})?"
PATH = re.compile(f"({_ID}|me)(/[a-z][a-z0-9_]*)?|search|debug_token|oauth/access_token")
SECRETS = {"access_token", "appsecret_proof", "client_secret", "fb_exchange_token", "input_token"}
TOKEN = re.compile("EAA[A-Za-z0-9]{16,}")
# What an object has besides its id, as far as it is asked for.
KNOWN = {
    "account_id": "123",
    "currency": "EUR",
    "timezone_name": "Europe/Berlin",
    "name": "Shop",
    "status": "PAUSED",
    "daily_budget": "5000",
}


class Recorder:
    """The `Client` port."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Any:
        self.sent.append(request)
        first, _, edge = request.path.partition("/")
        if request.method != "GET":
            return {"id": "900", "report_run_id": "901", "success": True}
        if edge or first == "search":
            return {"data": []}
        asked = str(request.params.get("fields", "")).split(",")
        return {"id": first} | {name: KNOWN[name] for name in asked if name in KNOWN}

    async def batch(self, requests: Sequence[Request]) -> list[Any]:
        return [await self.send(request) for request in requests]

    def version_notice(self) -> str | None:
        return None


def faults(tool: Tool, request: Request) -> Iterator[str]:
    """What is wrong with a request that a tool sent."""
    if not PATH.fullmatch(request.path):
        yield f"{request.path!r} is no path"
        return
    text = json.dumps(dict(request.params), allow_nan=False)
    if TOKEN.search(text) or request.params.keys() & SECRETS:
        yield "a secret in the params"
    report = request.method == "POST" and request.path.endswith("/insights")
    if tool.effect is Effect.READ and (request.write or (request.method != "GET" and not report)):
        yield f"{request.method} by a read tool"
    if request.method != "GET" and not request.write and not report:
        yield f"{request.method} {request.path} is not marked as a write"
    first, _, edge = request.path.partition("/")
    found = [
        sdk.wrong([node], request.method, edge or first if node == sdk.ROOT else edge, request.params)
        for node in class_of(first)
    ]
    yield from min(found, key=len, default=[])
