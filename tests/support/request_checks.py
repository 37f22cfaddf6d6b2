"""What a request of a tool may be, whatever its arguments were."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.tool import Effect, Tool
from tests.support import sdk
from tests.support.arguments import class_of

_ID = "(act_)?[0-9]{1,30}(_[0-9]{1,30})?"
PATH = re.compile(f"({_ID}|me)(/[a-z][a-z0-9_]*)?|search|dataset_quality|ads_archive|debug_token|oauth/access_token")
SECRETS = {"access_token", "appsecret_proof", "client_secret", "fb_exchange_token", "input_token"}
TOKEN = re.compile("EAA[A-Za-z0-9]{16,}")
# Fields of every object besides its id.
KNOWN = {
    "account_id": "123",
    "currency": "EUR",
    "timezone_name": "Europe/Berlin",
    "name": "Shop",
    "status": "PAUSED",
    "daily_budget": "5000",
}


def minimal_answer(request: Request) -> Any:
    """The least that Graph may answer: an object's id and the known fields, or an empty list."""
    first, _, edge = request.path.partition("/")
    if request.method != "GET":
        return {"id": "900", "report_run_id": "901", "success": True}
    if edge or first in ("search", "ads_archive"):
        return {"data": []}
    asked = str(request.params.get("fields", "")).split(",")
    return {"id": first} | {name: KNOWN[name] for name in asked if name in KNOWN}


def faults(tool: Tool, request: Request) -> Iterator[str]:
    """What is wrong with a request that a tool sent."""
    if not PATH.fullmatch(request.path):
        yield f"{request.path!r} is not a path"
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
    wrong = [
        sdk.wrong([node], request.method, edge or first if node == sdk.ROOT else edge, request.params)
        for node in class_of(first)
    ]
    yield from min(wrong, key=len, default=[])
