"""Make an answer fit into the size limit: drop rows at the end, and say in the notes how to get them."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.engine.answer.cursor import advance
from meta_ads_mcp.errors import DataLimit

_FEWER_ROWS = "An answer has at most {limit} characters, so only the first {count} rows are here; {how}."
# Part of the summaries of lists of which more follow.
_MORE = "page.after"
_SMALLER_OBJECT = "The answer was too large for {limit} characters: {how}."


def fit_answer(answer: dict[str, Any], limit: int, result: Result) -> dict[str, Any]:
    """Return the answer within `limit` characters of compact JSON. Raises DataLimit if nothing useful fits."""
    if size(answer) <= limit:
        return answer
    data, key = answer["data"], _rows_key(answer)
    rows = [] if key is None else data[key] if key else data
    count = _count_that_fits(rows, limit - size(_with_rows(answer, []))) if rows else 0
    while count:
        shorter = _with_first_rows(answer, rows[:count], len(rows), result, limit)
        if size(shorter) <= limit:
            return shorter
        count -= 1
    if isinstance(data, dict) and not is_table(data):
        return _with_smaller_object(data, lambda smaller: {**answer, "data": smaller}, limit)
    if not rows or not isinstance(rows[0], dict):
        raise _nothing_fits(limit)
    return _with_smaller_object(rows[0], lambda row: _with_first_rows(answer, [row], len(rows), result, limit), limit)


def _with_first_rows(answer: dict[str, Any], rows: list[Any], total: int, result: Result, limit: int) -> dict[str, Any]:
    """Return the answer with only its first rows. The cursor of its page points behind them."""
    count = len(rows)
    if count == total:
        return _with_rows(answer, rows)
    after = _cursor_at(result, count)
    summary = _recount(str(answer["summary"]), total, count, has_cursor=bool(after))
    how = "go on with page.after" if after else "ask for fewer rows, fields or days"
    notes = [*answer.get("notes", []), _FEWER_ROWS.format(count=count, limit=limit, how=how)]
    shorter = {**_with_rows(answer, rows), "summary": summary, "notes": notes}
    return shorter | {"page": Page(count, True, after).public()} if "page" in answer else shorter


def _recount(summary: str, total: int, count: int, *, has_cursor: bool) -> str:
    """Return the summary with the number of rows that are left.

    How many rows were read says nothing about the list: it depends on pages and on the size of the answer.
    """
    number = f"{total} "
    start, rest = ("", summary) if not summary.startswith(number) else (f"{count} ", summary.removeprefix(number))
    text = f"{start}{rest}" if start else f"{rest} Only the first {count} rows are here."
    return f"{text} More follow: call again with page.after." if has_cursor and _MORE not in text else text


def _with_smaller_object(value: Row, to_answer: Callable[[Row], dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return the answer with its only object truncated. `to_answer` puts a version of the object into the answer."""

    def with_note(smaller: Row, how: str) -> dict[str, Any]:
        answer = to_answer(smaller)
        return {**answer, "notes": [*answer.get("notes", []), _SMALLER_OBJECT.format(limit=limit, how=how)]}

    version = shrink_object(value, lambda smaller, how: size(with_note(smaller, how)) <= limit)
    if version is None:
        raise _nothing_fits(limit)
    return with_note(*version)


def _nothing_fits(limit: int) -> DataLimit:
    return DataLimit(
        f"The answer does not fit into {limit} characters.",
        "Ask for fewer fields or days; the owner of this server can raise META_ADS_RESULT_CHARS.",
    )


def _rows_key(answer: dict[str, Any]) -> str | None:
    """Return the key of `data` that holds the rows: "" if `data` is itself the list, None if there are no rows.

    In an object, the rows are those of a table, or of the only list with as many entries as the page counts.
    """
    data = answer["data"]
    if isinstance(data, list):
        return ""
    if is_table(data):
        return "rows"
    count = answer.get("page", {}).get("count")
    candidates = [key for key, value in data.items() if isinstance(value, list) and len(value) == count]
    return candidates[0] if len(candidates) == 1 else None


def _with_rows(answer: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
    key = _rows_key(answer)
    return {**answer, "data": {**answer["data"], key: rows} if key else rows}


def _count_that_fits(rows: list[Any], room: int) -> int:
    total = 0
    for index, row in enumerate(rows):
        total += size(row) + 1
        if total > room:
            return index
    return len(rows)


def _cursor_at(result: Result, row: int) -> str | None:
    """Return a cursor that points to the row, or None if the result has no marks."""
    mark = next((mark for mark in reversed(result.marks) if mark[0] <= row), None)
    return advance(mark[1], row - mark[0]) if mark else None


MAX_TEXT_CHARS_STEPS = (1000, 300, 100)
# Lists with fewer entries say too little: texts are truncated further first.
MIN_ENTRIES = 10

Version = tuple[Row, str]
Fits = Callable[[Row, str], bool]


def size(value: Any) -> int:
    """Return the number of characters of the value as compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def shrink_object(value: Row, fits: Fits) -> Version | None:
    """Return the largest version of an object that fits, and how it was shortened. None if no version fits."""
    return next((version for version in chain(_truncate(value, fits), _drop_fields(value)) if fits(*version)), None)


def _truncate(value: Row, fits: Fits) -> Iterator[Version]:
    entries = _longest_list(value)
    for max_chars in MAX_TEXT_CHARS_STEPS:
        max_entries = _max_entries(value, max_chars, entries, fits)
        if max_entries >= min(MIN_ENTRIES, entries):
            yield _version(value, max_chars, max_entries)


def _max_entries(value: Row, max_chars: int, entries: int, fits: Fits) -> int:
    """Return how many entries the lists of the object can keep."""
    return bisect_left(range(1, entries + 1), True, key=lambda count: not fits(*_version(value, max_chars, count)))


def _version(value: Row, max_chars: int, max_entries: int) -> Version:
    how = f"texts end after {max_chars} characters, lists after {max_entries} entries"
    return _shorten(value, max_chars, max_entries), how


def _drop_fields(value: Row) -> Iterator[Version]:
    """Yield the object without its largest field, its two largest fields, and so on."""
    value = _shorten(value, MAX_TEXT_CHARS_STEPS[-1], MIN_ENTRIES)
    dropped_names: list[str] = []
    for name in sorted(value, key=lambda name: size(value[name]), reverse=True):
        dropped_names.append(name)
        rest = {key: item for key, item in value.items() if key not in dropped_names}
        yield rest, f"left out {', '.join(dropped_names[:20])}; ask for them alone with fields, where the tool has it"


def is_table(value: Any) -> bool:
    """Return whether the value is a table: columns, and rows of their values."""
    return isinstance(value, dict) and all(isinstance(value.get(key), list) for key in ("columns", "rows"))


def _shorten(value: Any, max_chars: int, max_entries: int) -> Any:
    """Return the value with shorter texts and lists. Of a table, whole rows are left out and all columns stay."""
    if isinstance(value, str):
        return value if len(value) <= max_chars else value[: max_chars - 1] + "…"
    if isinstance(value, list):
        return [_shorten(item, max_chars, max_entries) for item in value[:max_entries]]
    if not isinstance(value, dict):
        return value
    shorter = {key: _shorten(item, max_chars, max_entries) for key, item in value.items()}
    if is_table(value):
        width = len(value["columns"])
        rows = [_shorten(row, max_chars, width) for row in value["rows"][:max_entries]]
        shorter |= {"columns": value["columns"], "rows": rows}
    return shorter


def _longest_list(value: Any) -> int:
    if isinstance(value, dict):
        return max(map(_longest_list, value.values()), default=0)
    return max(len(value), *map(_longest_list, value)) if isinstance(value, list) and value else 0
