"""Use the batch endpoint: up to 50 requests in one round trip, each with its own status, headers and error.

`POST /{version}/` with `batch=[{method, relative_url, body}]`. Every member counts on the limits as one call.
Source: Meta docs, graph-api/batch-requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from meta_ads_mcp.core.request import Request, wire
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments, NotFound
from meta_ads_mcp.graph.response import GraphResponse, decode_json

MAX_MEMBERS = 50
_MAX_CONCURRENT = 4


def to_params(requests: Sequence[Request], version: str) -> dict[str, Any]:
    """Return the parameters of the outer request. Members inherit its token."""
    return {"batch": [_to_member(request, version) for request in requests], "include_headers": True}


def _to_member(request: Request, version: str) -> dict[str, str]:
    query = urlencode({name: wire(value) for name, value in request.params.items() if value is not None})
    url = f"{version}/{request.path}"
    if request.method == "POST":
        return {"method": "POST", "relative_url": url, "body": query}
    return {"method": request.method, "relative_url": f"{url}?{query}" if query else url}


def parse_members(body: list[Any], count: int) -> list[GraphResponse]:
    """Return the response of each member. A member that timed out is null or missing, and reads as status 503."""
    responses = [_read_member(raw) for raw in body[:count]]
    return responses + [_read_member(None)] * (count - len(responses))


def is_unsupported(response: GraphResponse, failure: Any) -> bool:
    """Return whether a batch failed because Graph, or a gateway before it, does not know batches."""
    other_content = response.status < 400 and response.error is None and isinstance(response.body, dict)
    return other_content or isinstance(failure, NotFound | InvalidArguments | ApiError)


async def send_individually(requests: Sequence[Request], send: Callable[[Request], Awaitable[Any]]) -> list[Any]:
    """Send each request by itself, four at a time. Returns the body or the error of each."""
    slots = asyncio.Semaphore(_MAX_CONCURRENT)

    async def send_within_slot(request: Request) -> Any:
        async with slots:
            try:
                return await send(request)
            except AdsError as failure:
                return failure

    return list(await asyncio.gather(*(send_within_slot(request) for request in requests)))


def _read_member(raw: Any) -> GraphResponse:
    if not isinstance(raw, Mapping):
        return GraphResponse(503, {}, None)
    status, text = raw.get("code"), raw.get("body")
    return GraphResponse(
        status if isinstance(status, int) else 503,
        _read_headers(raw.get("headers")),
        decode_json(text) if isinstance(text, str) else None,
    )


def _read_headers(entries: Any) -> dict[str, str]:
    rows = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return {str(row.get("name")).lower(): str(row.get("value")) for row in rows}
