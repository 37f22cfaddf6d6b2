"""One response of Graph as a value: read within bounds, decoded once, nothing of httpx left."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from meta_ads_mcp.errors import GraphError
from meta_ads_mcp.graph.classify import parse_error

LARGEST_BODY = 32 * 1024 * 1024
# Values, which take a hundred times their letters once they are decoded: 32 MB of `{},` would be a gigabyte.
MOST_VALUES = 1_000_000
_GZIP_OR_ZLIB = 47


@dataclass(frozen=True)
class GraphResponse:
    """Status, headers and decoded body; the body is None when it is not JSON, or too large to be read."""

    status: int
    headers: Mapping[str, str]
    body: Any
    too_large: bool = False

    @property
    def error(self) -> GraphError | None:
        """What Graph refused. A status outside 2xx is a refusal whatever the body says; redirects are not followed."""
        found = parse_error(self.body, self.status)
        if found is None and not 200 <= self.status < 300:
            return GraphError(code=0, message=f"HTTP status {self.status}", http_status=self.status)
        return found


async def read_answer(response: httpx.Response, hidden: Sequence[str] = ()) -> GraphResponse:
    """The response's answer, of at most `LARGEST_BODY` bytes once decompressed and about `MOST_VALUES` values.

    It may repeat what was sent: the `hidden` texts, the request's own secrets, are taken out of it.
    """
    raw = await _bounded(response)
    if raw is not None and sum(map(raw.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raw = None
    text = raw or b""
    for secret in hidden:
        text = text.replace(secret.encode(), b"[secret]")
    return GraphResponse(response.status_code, response.headers, decode_json(text), too_large=raw is None)


def decode_json(text: bytes | str) -> Any:
    """JSON, or None for anything else. `NaN` and infinities, which JSON does not have, become null."""
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


async def _bounded(response: httpx.Response) -> bytes | None:
    """The body, or None when it is larger than this server reads; a small one that unpacks to a large one included."""
    compressed = response.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip", "deflate")
    inflate = zlib.decompressobj(_GZIP_OR_ZLIB) if compressed else None
    parts: list[bytes] = []
    size = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  an AsyncClient's response has no other
    async for part in response.stream:
        try:
            # httpx itself would unpack a whole piece at once, however large it becomes.
            unpacked = inflate.decompress(part, LARGEST_BODY + 1 - size) if inflate else part
        except zlib.error:
            return b""
        size += len(unpacked)
        if size > LARGEST_BODY:
            return None
        parts.append(unpacked)
    whole = inflate is None or inflate.eof
    return b"".join(parts) if whole else b""
