"""The batch endpoint: up to 50 requests in one round trip, each with its own status, headers and error.

`POST /{version}/` with `batch=[{method, relative_url, body}]`; every member counts on the limits as one call
(Meta docs, graph-api/batch-requests).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from meta_ads_mcp.core.request import Request, wire
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments, NotFound
from meta_ads_mcp.graph.response import GraphResponse, decode_json

LARGEST = 50
_AT_ONCE = 4


def parameters(requests: Sequence[Request], version: str) -> dict[str, Any]:
    """The form of the outer request. Members inherit its token."""
    return {"batch": [_member(request, version) for request in requests], "include_headers": True}


def _member(request: Request, version: str) -> dict[str, str]:
    query = urlencode({name: wire(value) for name, value in request.params.items() if value is not None})
    url = f"{version}/{request.path}"
    if request.method == "POST":
        return {"method": "POST", "relative_url": url, "body": query}
    return {"method": request.method, "relative_url": f"{url}?{query}" if query else url}


def parse_members(body: list[Any], expected: int) -> list[GraphResponse]:
    """The answer of each member; one that timed out comes as null, or not at all, and reads as a 503."""
    found = [_read(raw) for raw in body[:expected]]
    return found + [_read(None)] * (expected - len(found))


def is_unsupported(answer: GraphResponse, failed: Any) -> bool:
    """Whether a whole batch failed as where Graph, or a gateway before it, answers but knows no batches."""
    something_else = answer.status < 400 and answer.error is None and isinstance(answer.body, dict)
    return something_else or isinstance(failed, NotFound | InvalidArguments | ApiError)


async def send_individually(requests: Sequence[Request], send: Callable[[Request], Awaitable[Any]]) -> list[Any]:
    """The answer or the error of each request, sent by itself; a few at a time."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(request: Request) -> Any:
        async with free:
            try:
                return await send(request)
            except AdsError as failure:
                return failure

    return list(await asyncio.gather(*(one(request) for request in requests)))


def _read(raw: Any) -> GraphResponse:
    if not isinstance(raw, Mapping):
        return GraphResponse(503, {}, None)
    status, text = raw.get("code"), raw.get("body")
    return GraphResponse(
        status if isinstance(status, int) else 503,
        _headers(raw.get("headers")),
        decode_json(text) if isinstance(text, str) else None,
    )


def _headers(listed: Any) -> dict[str, str]:
    named = [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []
    return {str(entry.get("name")).lower(): str(entry.get("value")) for entry in named}
