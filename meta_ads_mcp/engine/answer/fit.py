"""An answer of the size that clients take: whole rows are left out at the end, and the notes say how to get them."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.engine.answer.cursor import advance
from meta_ads_mcp.errors import DataLimit

_CUT = "The answer was cut at {kept} of {total} rows to fit {limit} characters; {how}."
_SHRUNK = "The answer was too large for {limit} characters: {how}."


def fit_answer(structured: dict[str, Any], limit: int, result: Result) -> dict[str, Any]:
    """The answer within `limit` characters. Raises DataLimit when nothing of use fits."""
    if size(structured) <= limit:
        return structured
    data, at = structured["data"], _rows_at(structured)
    rows = [] if at is None else data[at] if at else data
    kept = _count_that_fits(rows, limit - size(_with_rows(structured, []))) if rows else 0
    while kept:
        cut = _cut(structured, rows[:kept], len(rows), result, limit)
        if size(cut) <= limit:
            return cut
        kept -= 1
    if isinstance(data, dict) and not is_table(data):
        return _shrunk(structured, data, lambda smaller: {**structured, "data": smaller}, limit)
    if not rows or not isinstance(rows[0], dict):
        raise _nothing_fits(limit)
    return _shrunk(structured, rows[0], lambda row: _cut(structured, [row], len(rows), result, limit), limit)


def _cut(structured: dict[str, Any], rows: list[Any], total: int, result: Result, limit: int) -> dict[str, Any]:
    """The answer with its first rows only; its page goes on behind them."""
    kept = len(rows)
    if kept == total:
        return _with_rows(structured, rows)
    after = _cursor_at(result, kept)
    summary = f"{structured['summary']} Only the first {kept} of {total} rows are here."
    how = "go on with page.after" if after else "ask for fewer rows, fields or days"
    notes = [*structured.get("notes", []), _CUT.format(kept=kept, total=total, limit=limit, how=how)]
    cut = {**_with_rows(structured, rows), "summary": summary, "notes": notes}
    return cut | {"page": Page(kept, True, after).public()} if "page" in structured else cut


def _shrunk(structured: dict[str, Any], value: Row, put: Callable[[Row], dict[str, Any]], limit: int) -> dict[str, Any]:
    """One object that is too large by itself, made smaller by cutting what is long in it."""

    def shown(smaller: Row, how: str) -> dict[str, Any]:
        made = put(smaller)
        return {**made, "notes": [*made.get("notes", []), _SHRUNK.format(limit=limit, how=how)]}

    version = shrink_object(value, lambda smaller, how: size(shown(smaller, how)) <= limit)
    if version is None:
        raise _nothing_fits(limit)
    return shown(*version)


def _nothing_fits(limit: int) -> DataLimit:
    return DataLimit(
        f"The answer does not fit into {limit} characters.",
        "Ask for fewer fields or days; the owner of this server can raise META_ADS_RESULT_CHARS.",
    )


def _rows_at(structured: dict[str, Any]) -> str | None:
    """The key of `data` that holds the rows; empty where `data` is the list itself, None where there is none.

    In an object, the rows are those of a table, or the one list that is as long as the page says.
    """
    data = structured["data"]
    if isinstance(data, list):
        return ""
    if is_table(data):
        return "rows"
    count = structured.get("page", {}).get("count")
    paged = [key for key, value in data.items() if isinstance(value, list) and len(value) == count]
    return paged[0] if len(paged) == 1 else None


def _with_rows(structured: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
    at = _rows_at(structured)
    return {**structured, "data": {**structured["data"], at: rows} if at else rows}


def _count_that_fits(rows: list[Any], room: int) -> int:
    used = 0
    for index, row in enumerate(rows):
        used += size(row) + 1
        if used > room:
            return index
    return len(rows)


def _cursor_at(result: Result, row: int) -> str | None:
    """A cursor for the row: that of its page, and how many rows of the page were given already."""
    mark = next((mark for mark in reversed(result.marks) if mark[0] <= row), None)
    return advance(mark[1], row - mark[0]) if mark else None


LONGEST_TEXTS = (1000, 300, 100)
# Lists that keep fewer entries than this say too little: texts are cut further first.
FEWEST = 10

Version = tuple[Row, str]
Fits = Callable[[Row, str], bool]


def size(value: Any) -> int:
    """Characters of compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def shrink_object(value: Row, fits: Fits) -> Version | None:
    """The version of an object that is cut least and fits, and how it was cut; None when none does."""
    return next((version for version in chain(_truncate(value, fits), _left_out(value)) if fits(*version)), None)


def _truncate(value: Row, fits: Fits) -> Iterator[Version]:
    entries = _longest_list(value)
    for longest in LONGEST_TEXTS:
        most = _most_entries(value, longest, entries, fits)
        if most >= min(FEWEST, entries):
            yield _version(value, longest, most)


def _most_entries(value: Row, longest: int, entries: int, fits: Fits) -> int:
    """How many entries its lists can keep."""
    return bisect_left(range(1, entries + 1), True, key=lambda most: not fits(*_version(value, longest, most)))


def _version(value: Row, longest: int, most: int) -> Version:
    return _shortened(value, longest, most), f"texts end after {longest} characters, lists after {most} entries"


def _left_out(value: Row) -> Iterator[Version]:
    value = _shortened(value, LONGEST_TEXTS[-1], FEWEST)
    left_out: list[str] = []
    for name in sorted(value, key=lambda name: size(value[name]), reverse=True):
        left_out.append(name)
        kept = {key: item for key, item in value.items() if key not in left_out}
        yield kept, f"left out {', '.join(left_out[:20])}; ask for them alone with fields, where the tool has it"


def is_table(value: Any) -> bool:
    """Whether it is rows of figures, whose columns belong to each of them."""
    return isinstance(value, dict) and all(isinstance(value.get(key), list) for key in ("columns", "rows"))


def _shortened(value: Any, longest: int, most: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[: longest - 1] + "…"
    if isinstance(value, list):
        return [_shortened(item, longest, most) for item in value[:most]]
    if not isinstance(value, dict):
        return value
    made = {key: _shortened(item, longest, most) for key, item in value.items()}
    if is_table(value):
        width = len(value["columns"])
        made |= {"columns": value["columns"], "rows": _shortened_rows(value["rows"][:most], longest, width)}
    return made


def _shortened_rows(rows: list[Any], longest: int, width: int) -> list[Any]:
    """Rows as wide as their columns: of a table only whole rows are left out."""
    return [_shortened(row, longest, width) for row in rows]


def _longest_list(value: Any) -> int:
    if isinstance(value, dict):
        return max(map(_longest_list, value.values()), default=0)
    return max(len(value), *map(_longest_list, value)) if isinstance(value, list) and value else 0
