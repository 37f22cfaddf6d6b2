"""Read lists of Graph page by page.

Only the `after` cursor is followed, never `paging.next`: that URL carries the access token. A list ends where `next` is
absent, not where a page is short: pages of Graph may be short, or empty, in the middle. When Graph finds a page too
large ("reduce the amount of data"), the page size is halved and the same page is requested again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import DataLimit, Transient

# An edge that keeps promising more and returns nothing would otherwise be followed for ever.
MAX_EMPTY_PAGES = 50


class Sender(Protocol):
    """Sends one request to Graph."""

    async def send(self, request: Request) -> Any:
        """Return the decoded response. Raises AdsError."""
        ...


@dataclass(frozen=True)
class GraphPage:
    """One page: its rows, the cursor of the next page (None at the end), and the edge's `summary` where requested.

    `stuck` means that more pages follow but no cursor leads to them: edges that page by time or by offset name those
    in the URL alone.
    """

    rows: list[Row]
    after: str | None
    summary: Row
    stuck: bool = False


async def fetch_page(sender: Sender, request: Request, limit: int, after: str | None) -> GraphPage:
    """Return one page of at most `limit` rows.

    Raises DataLimit when even a single row is too much, Transient when the page's cursor leads to the page itself.
    """
    while True:
        page_request = replace(request, params={**request.params, "limit": limit} | ({"after": after} if after else {}))
        try:
            result = read_page(await sender.send(page_request))
        except DataLimit as too_much:
            if limit == 1 or not _halving_helps(too_much):
                raise
            limit = max(1, limit // 2)
            continue
        if result.after is not None and result.after == after:
            raise Transient("Graph gave the same page cursor twice; the list cannot be read further.")
        return result


async def fetch_pages(sender: Sender, request: Request, limit: int, after: str | None) -> AsyncIterator[GraphPage]:
    """Yield all pages from the cursor on. Each is requested when the one before has been taken.

    Raises Transient after too many empty pages in a row: a list that was not read to its end never looks complete.
    """
    empty = 0
    while True:
        result = await fetch_page(sender, request, limit, after)
        yield result
        empty = 0 if result.rows else empty + 1
        if result.after is None:
            return
        if empty > MAX_EMPTY_PAGES:
            raise Transient(f"Graph gave {empty} empty pages in a row; the list was not read to its end.")
        after = result.after


def read_page(body: Any) -> GraphPage:
    """Read a decoded response. Rows that are not objects are dropped. Raises Transient when it is not a list."""
    objects = rows_of(body)
    summary, paging = body.get("summary"), body.get("paging")
    after = _read_cursor(paging)
    stuck = after is None and isinstance(paging, Mapping) and bool(paging.get("next"))
    return GraphPage(objects, after, summary if isinstance(summary, dict) else {}, stuck)


def rows_of(body: Any) -> list[Row]:
    """Return the rows of a decoded response that are objects. Raises Transient when it is not a list."""
    rows = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise Transient("Graph's response is not a list.")
    return [row for row in rows if isinstance(row, dict)]


def _read_cursor(paging: Any) -> str | None:
    if not isinstance(paging, Mapping) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    if not after:
        # Some edges name the cursor in the URL alone; the URL itself is thrown away.
        after = parse_qs(urlsplit(str(paging["next"])).query).get("after", [None])[0]
    return after if isinstance(after, str) and after else None


def _halving_helps(error: DataLimit) -> bool:
    """Return whether smaller pages help: for code 1 and for a response too large to be read, not for insights."""
    return error.graph is None or error.graph.code == 1
