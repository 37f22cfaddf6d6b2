"""Cursors and the `paging` object. Source: docs graph-api/results."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from meta_ads_mcp.sandbox.refusal import Refusal, invalid_param

T = TypeVar("T")


@dataclass(frozen=True)
class CursorPage:
    """Positions of one page in a list of `total`."""

    start: int
    end: int
    total: int


def encode_cursor(position: int) -> str:
    """Return the cursor of a position in a list."""
    return base64.urlsafe_b64encode(f"QVFIUs{position}ZD".encode()).decode().rstrip("=")


def decode_cursor(name: str, cursor: str) -> int:
    """Return the position of a cursor. Refusal where it is none."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        return int(text.removeprefix("QVFIUs").removesuffix("ZD"))
    except (ValueError, binascii.Error):
        raise Refusal(f"Invalid cursors values: {name}", code=100) from None


def cut(rows: Sequence[T], params: Mapping[str, Any], default_limit: int) -> tuple[Sequence[T], CursorPage]:
    """The page that `limit`, `after` and `before` ask for."""
    limit = params.get("limit", default_limit)
    if limit < 1:
        raise invalid_param("limit", "must be greater or equal to 1")
    start = 0
    if params.get("after"):
        start = decode_cursor("after", params["after"]) + 1
    elif params.get("before"):
        end = decode_cursor("before", params["before"])
        start = max(0, end - limit)
        limit = end - start
    page = CursorPage(start, min(start + limit, len(rows)), len(rows))
    return rows[page.start : page.end], page


def paging(page: CursorPage, url: str, query: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the `paging` object; its links hold the access token, as Graph's do. None for an empty list."""
    if page.end <= page.start:
        return None
    before, after = encode_cursor(page.start), encode_cursor(page.end - 1)
    result: dict[str, Any] = {"cursors": {"before": before, "after": after}}
    rest = {key: value for key, value in query.items() if key not in ("after", "before", "method")}
    if page.end < page.total:
        result["next"] = f"{url}?{urlencode(rest | {'after': after})}"
    if page.start > 0:
        result["previous"] = f"{url}?{urlencode(rest | {'before': before})}"
    return result
