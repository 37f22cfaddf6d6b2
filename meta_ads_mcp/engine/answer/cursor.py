"""Cursors of answers: Graph's cursor of a page, and how many rows of that page were given already.

Graph's pages and the answers of this server do not end at the same rows: an answer may hold more pages than one, or a
part of one. `cursor~3` means: the page behind Graph's `cursor`, from its fourth row on.
"""

from __future__ import annotations

import re

_MARKED = re.compile(r"(?P<base>.*)~(?P<skip>[0-9]{1,6})", re.DOTALL)


def join_cursor(base: str | None, skip: int = 0) -> str:
    """Graph's cursor (None for the first page) with the rows to pass over; one that itself has a `~` is marked too."""
    base = base or ""
    return f"{base}~{skip}" if skip or "~" in base else base


def split_cursor(after: str | None) -> tuple[str | None, int]:
    """Graph's own cursor (None for the first page), and how many rows of that page to pass over."""
    match = _MARKED.fullmatch(after or "")
    return (match["base"] or None, int(match["skip"])) if match else (after or None, 0)


def advance(after: str, rows: int) -> str:
    """The cursor that many rows further on."""
    base, already = split_cursor(after)
    return join_cursor(base, already + rows)
