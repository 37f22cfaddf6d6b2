"""Read a response of Graph into a value: within bounds, decoded once, without anything of httpx left."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from meta_ads_mcp.core.values.text import REMOVED_MARK, replace_escaped_surrogates, replace_lone_surrogates
from meta_ads_mcp.errors import GraphError
from meta_ads_mcp.graph.classify import parse_error

MAX_BODY_BYTES = 32 * 1024 * 1024
# A decoded value takes a hundred times its characters: 32 MB of `{},` would be a gigabyte.
MAX_VALUES = 1_000_000
_GZIP_OR_ZLIB = 47


@dataclass(frozen=True)
class GraphResponse:
    """Status, headers and decoded body. The body is None when it is not JSON, or too large to be read."""

    status: int
    headers: Mapping[str, str]
    body: Any
    too_large: bool = False

    @property
    def error(self) -> GraphError | None:
        """Return Graph's error. A status outside 2xx is an error whatever the body says; redirects are not followed."""
        error = parse_error(self.body, self.status)
        if error is None and not 200 <= self.status < 300:
            return GraphError(code=0, message=f"HTTP status {self.status}", http_status=self.status)
        return error


async def read_response(response: httpx.Response, secrets: Sequence[str] = ()) -> GraphResponse:
    """Read at most `MAX_BODY_BYTES` of decompressed body and about `MAX_VALUES` values.

    A response may repeat the request, so the `secrets` of the request are removed from it.
    """
    raw = await _read_bounded(response)
    if raw is not None and sum(map(raw.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raw = None
    text = raw or b""
    for secret in secrets:
        text = text.replace(secret.encode(), REMOVED_MARK.encode())
    return GraphResponse(response.status_code, response.headers, decode_json(text), too_large=raw is None)


def decode_json(text: bytes | str) -> Any:
    """Decode JSON; None for anything else. `NaN` and infinities, which are not JSON, become null.

    Half of a surrogate pair, which no file, hash or request can hold, becomes the replacement character U+FFFD.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        whole = replace_escaped_surrogates(replace_lone_surrogates(text))
        return json.loads(whole, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


async def _read_bounded(response: httpx.Response) -> bytes | None:
    """Return the body; None when it is too large, also when only its decompressed form is."""
    is_gzip = response.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip", "deflate")
    inflate = zlib.decompressobj(_GZIP_OR_ZLIB) if is_gzip else None
    parts: list[bytes] = []
    size = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  an AsyncClient's response has no other
    async for part in response.stream:
        try:
            # httpx itself would decompress a whole part at once, however large it becomes.
            content = inflate.decompress(part, MAX_BODY_BYTES + 1 - size) if inflate else part
        except zlib.error:
            return b""
        size += len(content)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(content)
    whole = inflate is None or inflate.eof
    return b"".join(parts) if whole else b""
