"""One object that is too large: lists and texts end where it fits; only then are its largest fields left out."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from meta_ads_mcp.spec.result import Row

LONGEST_TEXTS = (1000, 300, 100)
# Lists that keep fewer entries than this say too little: texts are cut further first.
FEWEST = 10

Version = tuple[Row, str]
Fits = Callable[[Row, str], bool]


def size(value: Any) -> int:
    """Characters of compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def shrunk(value: Row, fits: Fits) -> Version | None:
    """The version of an object that is cut least and fits, and how it was cut; None when none does."""
    return next((version for version in chain(_cut(value, fits), _left_out(value)) if fits(*version)), None)


def _cut(value: Row, fits: Fits) -> Iterator[Version]:
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
