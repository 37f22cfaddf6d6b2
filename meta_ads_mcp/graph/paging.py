"""Lists of Graph, page by page.

Only the `after` cursor is followed, never `paging.next`: that URL carries the access token. A list ends where `next` is
absent, not where a page is short: Graph's pages may be short, or empty, in the middle. When Graph finds a page too
large ("reduce the amount of data") the page size is halved and the same page asked again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import DataLimit, Transient

# An edge that keeps promising more and gives nothing would otherwise be followed for ever.
MOST_EMPTY_PAGES = 50


class Sender(Protocol):
    async def send(self, request: Request) -> Any: ...


@dataclass(frozen=True)
class GraphPage:
    """One page: its rows, the cursor behind it (None at the end), and the edge's `summary` where asked.

    `stuck` is a page that others follow without a cursor to them: edges that page by time or offset put those into the
    URL alone.
    """

    rows: list[Row]
    after: str | None
    summary: Row
    stuck: bool = False


async def page(sender: Sender, request: Request, limit: int, after: str | None) -> GraphPage:
    """One page of at most `limit` rows.

    Raises DataLimit when even a single row is too much, Transient when the page's cursor leads to the page itself.
    """
    while True:
        asked = replace(request, params={**request.params, "limit": limit} | ({"after": after} if after else {}))
        try:
            found = read_page(await sender.send(asked))
        except DataLimit as too_much:
            if limit == 1 or not _halving_helps(too_much):
                raise
            limit = max(1, limit // 2)
            continue
        if found.after is not None and found.after == after:
            raise Transient("Graph gave the same page cursor twice; the list cannot be read on.")
        return found


async def pages(sender: Sender, request: Request, limit: int, after: str | None) -> AsyncIterator[GraphPage]:
    """All pages from the cursor on, lazily; a page is forgotten once the caller has taken it.

    Raises Transient after too many empty pages in a row: a list that is not read to its end never looks like one.
    """
    empty = 0
    while True:
        found = await page(sender, request, limit, after)
        yield found
        empty = 0 if found.rows else empty + 1
        if found.after is None:
            return
        if empty > MOST_EMPTY_PAGES:
            raise Transient(f"Graph gave {empty} empty pages in a row; the list was not read to its end.")
        after = found.after


def read_page(body: Any) -> GraphPage:
    rows = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise Transient("Graph's answer is not a list.")
    kept: list[Row] = [row for row in rows if isinstance(row, dict)]
    summary, paging = body.get("summary"), body.get("paging")
    after = _cursor(paging)
    stuck = after is None and isinstance(paging, Mapping) and bool(paging.get("next"))
    return GraphPage(kept, after, summary if isinstance(summary, dict) else {}, stuck)


def _cursor(paging: Any) -> str | None:
    if not isinstance(paging, Mapping) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    if not after:
        # Some edges name the cursor in the URL alone; the URL itself is thrown away.
        after = parse_qs(urlsplit(str(paging["next"])).query).get("after", [None])[0]
    return after if isinstance(after, str) and after else None


def _halving_helps(error: DataLimit) -> bool:
    """Code 1 ("reduce the amount of data") and an answer too large to be read here; not the limits of insights."""
    return error.graph is None or error.graph.code == 1
