"""An answer of the size that clients take: whole rows are left out at the end, and the notes say how to get them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from meta_ads_mcp.engine.cursor import advance
from meta_ads_mcp.errors import DataLimit
from meta_ads_mcp.spec.result import Page, Result

_CUT = "The answer was cut at {kept} of {total} rows to fit {limit} characters; {how}."
_TOTALS = "totals are still those of all {total} rows."
_SHRUNK = "The answer was too large for {limit} characters: {how}."


def size(value: Any) -> int:
    """Characters of compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def fit(structured: dict[str, Any], limit: int, result: Result) -> dict[str, Any]:
    """The answer within `limit` characters. Raises DataLimit when nothing of use fits."""
    if size(structured) <= limit:
        return structured
    rows = _rows(structured["data"])
    if rows is None:
        return _shrunk(structured, structured["data"], lambda data: {**structured, "data": data}, limit)
    kept = _count_that_fits(rows, limit - size(_with_rows(structured, [])))
    while kept:
        cut = _cut(structured, rows[:kept], len(rows), result, limit)
        if size(cut) <= limit:
            return cut
        kept -= 1
    if not isinstance(rows[0], dict):
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
    if isinstance(structured["data"], dict) and structured["data"].get("totals"):
        notes.append(_TOTALS.format(total=total))
    cut = {**_with_rows(structured, rows), "summary": summary, "notes": notes}
    return cut | {"page": Page(kept, True, after).public()} if "page" in structured else cut


def _shrunk(
    structured: dict[str, Any], value: dict[str, Any], put: Callable[[Any], dict[str, Any]], limit: int
) -> dict[str, Any]:
    """One object that is too large by itself, made smaller by cutting what is long in it."""
    for smaller, how in _smaller(value):
        made = put(smaller)
        made["notes"] = [*made.get("notes", []), _SHRUNK.format(limit=limit, how=how)]
        if size(made) <= limit:
            return made
    raise _nothing_fits(limit)


def _smaller(value: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for longest in (1000, 300, 100):
        value = _shortened(value, longest, longest // 10)
        yield value, f"texts end after {longest} characters, lists after {longest // 10} entries"
    left_out: list[str] = []
    for name in sorted(value, key=lambda name: size(value[name]), reverse=True):
        left_out.append(name)
        kept = {key: item for key, item in value.items() if key not in left_out}
        yield kept, f"left out {', '.join(left_out[:20])}; ask for them alone with fields, where the tool has it"


def _shortened(value: Any, longest: int, most: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[: longest - 1] + "…"
    if isinstance(value, list):
        return [_shortened(item, longest, most) for item in value[:most]]
    if isinstance(value, dict):
        return {key: _shortened(item, longest, most) for key, item in value.items()}
    return value


def _nothing_fits(limit: int) -> DataLimit:
    return DataLimit(
        f"The answer does not fit into {limit} characters.",
        "Ask for fewer fields or days; the owner of this server can raise META_ADS_RESULT_CHARS.",
    )


def _rows(data: Any) -> list[Any] | None:
    """The rows of a list, or of a table with what stands beside it; None for another object, or without any rows."""
    if isinstance(data, dict) and data.keys() >= {"columns", "rows"}:
        data = data["rows"]
    return data if isinstance(data, list) and data else None


def _with_rows(structured: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
    data = structured["data"]
    return {**structured, "data": rows if isinstance(data, list) else {**data, "rows": rows}}


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
