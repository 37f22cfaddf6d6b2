"""The batch endpoint: up to 50 requests in one round trip, each with its own status, headers and error.

`POST /{version}/` with `batch=[{method, relative_url, body}]`; every member counts on the limits as one call
(Meta docs, graph-api/batch-requests).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from meta_ads_mcp.spec.request import Request, wire

LARGEST = 50


def parameters(requests: Sequence[Request], version: str) -> dict[str, Any]:
    """The form of the outer request. Members inherit its token."""
    return {"batch": [_member(request, version) for request in requests], "include_headers": True}


def _member(request: Request, version: str) -> dict[str, str]:
    query = urlencode({name: wire(value) for name, value in request.params.items() if value is not None})
    url = f"{version}/{request.path}"
    if request.method == "POST":
        return {"method": "POST", "relative_url": url, "body": query}
    return {"method": request.method, "relative_url": f"{url}?{query}" if query else url}


def members(body: list[Any], expected: int) -> list[tuple[int, Mapping[str, str], Any]]:
    """Status, headers and decoded body of each member; one that timed out comes as null and reads as a 503."""
    found = [_read(raw) for raw in body[:expected]]
    return found + [_read(None)] * (expected - len(found))


def _read(raw: Any) -> tuple[int, Mapping[str, str], Any]:
    if not isinstance(raw, Mapping):
        return 503, {}, None
    status = raw.get("code") if isinstance(raw.get("code"), int) else 503
    listed = raw.get("headers") if isinstance(raw.get("headers"), list) else []
    headers = {
        str(h["name"]).lower(): str(h["value"])
        for h in listed
        if isinstance(h, Mapping) and {"name", "value"} <= h.keys()
    }
    try:
        decoded = json.loads(raw.get("body") or "null")
    except (ValueError, TypeError, RecursionError):
        decoded = None
    return int(status or 503), headers, decoded
