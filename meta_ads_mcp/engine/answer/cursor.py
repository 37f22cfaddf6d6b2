"""Join and split cursors of answers: Graph's cursor of a page, and the number of its rows that were shown already.

An answer may hold several of Graph's pages, or a part of a page. `cursor~3` means the page at Graph's `cursor`, from
its fourth row on.
"""

from __future__ import annotations

import re

_WITH_SKIP = re.compile(r"(?P<base>.*)~(?P<skip>[0-9]{1,6})", re.DOTALL)


def join_cursor(base: str | None, skip: int = 0) -> str:
    """Return Graph's cursor (None for the first page) with the rows to skip. A cursor with a `~` gets a skip of 0."""
    base = base or ""
    return f"{base}~{skip}" if skip or "~" in base else base


def split_cursor(after: str | None) -> tuple[str | None, int]:
    """Return Graph's own cursor (None for the first page), and how many rows of that page to skip."""
    match = _WITH_SKIP.fullmatch(after or "")
    return (match["base"] or None, int(match["skip"])) if match else (after or None, 0)


def advance(after: str, rows: int) -> str:
    """Return the cursor that points `rows` further on."""
    base, already = split_cursor(after)
    return join_cursor(base, already + rows)
