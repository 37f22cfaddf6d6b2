"""Turn the `data` of an answer into aligned text or CSV."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

MAX_CELL_CHARS = 34
MAX_COLUMNS = 8
# A spreadsheet runs a cell that starts with one of these as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def text_lines(data: Any, columns: Sequence[str] = (), max_rows: int | None = None) -> list[str]:
    """Return aligned lines for a table, a list of objects, or an object with its values and the tables inside it.

    `columns` selects the columns of a table, in their order; without it a list shows its first eight.
    """
    if _is_table(data):
        return _aligned_lines(_select(data["columns"], data["rows"], columns), max_rows)
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        names = list(columns) or _column_names(data)[:MAX_COLUMNS]
        return _aligned_lines([names, *([row.get(name) for name in names] for row in data)], max_rows)
    if isinstance(data, dict):
        return _object_lines(data, columns, max_rows)
    return []


def csv_text(data: Any) -> str:
    """Return the rows of the data as CSV with a header line. An object becomes one row.

    Money becomes its amount, with the currency in a column of its own. Other nested values become JSON.
    """
    if _is_table(data):
        rows = [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]
    else:
        rows = data if isinstance(data, list) else [data]
    flat = [_flatten(row) for row in rows]
    names = list(data["columns"]) if isinstance(data, dict) and _is_table(data) and not flat else _column_names(flat)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[_csv_cell(row.get(name)) for name in names] for row in flat])
    return stream.getvalue()


def _is_table(data: Any) -> bool:
    return isinstance(data, dict) and {"columns", "rows"} <= data.keys()


def _column_names(rows: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _object_lines(data: dict[str, Any], columns: Sequence[str], max_rows: int | None) -> list[str]:
    """Return a line per plain value, then each table or list under its name."""
    plain = {name: value for name, value in data.items() if not isinstance(value, dict | list) or _is_money(value)}
    width = max((display_width(name) for name in plain), default=0)
    lines = [] if columns else [f"{_pad(name, width)}  {_cell(value, 200)}" for name, value in plain.items()]
    for name, value in data.items():
        inner = [] if name in plain else text_lines(value, columns, max_rows)
        lines += [f"{name}:", *inner] if inner else []
    return lines


def _select(names: list[str], rows: list[list[Any]], columns: Sequence[str]) -> list[list[Any]]:
    indexes = [index for index, name in enumerate(names) if name in columns] or list(range(len(names)))
    return [[row[index] for index in indexes] for row in [names, *rows]] if rows else []


def _aligned_lines(table: list[list[Any]], max_rows: int | None) -> list[str]:
    if not table:
        return []
    end = None if max_rows is None else max_rows + 1
    head, *rows = [[_cell(value) for value in row] for row in table[:end]]
    numeric = [all(_is_number(row[index]) for row in rows) for index in range(len(head))]
    widths = [max(display_width(row[index]) for row in [head, *rows]) for index in range(len(head))]
    omission_count = len(table) - 1 - len(rows)
    lines = [_aligned_line(row, widths, numeric) for row in [head, *rows]]
    return [*lines, f"… and {omission_count:,} more rows"] if omission_count else lines


def _aligned_line(row: list[str], widths: list[int], numeric: list[bool]) -> str:
    cells = zip(row, widths, numeric, strict=True)
    return "  ".join(_pad(cell, width, right=right) for cell, width, right in cells).rstrip()


def _pad(text: str, width: int, *, right: bool = False) -> str:
    blanks = " " * (width - display_width(text))
    return blanks + text if right else text + blanks


def display_width(text: str) -> int:
    """Return the columns that a terminal needs for the text: two for a wide character of Asian scripts."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _cell(value: Any, max_chars: int = MAX_CELL_CHARS) -> str:
    text = "-" if value is None else _text(value)
    text = " ".join(text.split())
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"


def _text(value: Any) -> str:
    if _is_money(value):
        return f"{_group(str(value.get('amount', value.get('minor'))))} {value['currency']}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict) and set(value) == {"code", "label"}:
        return str(value["label"])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _group(amount: str) -> str:
    """Return a decimal amount with thousands separators."""
    whole, dot, rest = amount.partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole.lstrip("-").isdigit() else amount


def _is_money(value: Any) -> bool:
    return isinstance(value, dict) and "currency" in value and ("amount" in value or "minor" in value)


def _is_number(cell: str) -> bool:
    number = cell.rpartition(" ")[0] or cell
    return cell == "-" or number.replace(",", "").replace(".", "").lstrip("-").isdigit()


def _flatten(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if _is_money(value):
            flat |= {name: value.get("amount", value.get("minor")), f"{name}_currency": value["currency"]}
        else:
            flat[name] = _text(value) if isinstance(value, dict | list) else value
    return flat


def _csv_cell(value: Any) -> Any:
    """Return the cell on one line, with an apostrophe before a text that a spreadsheet would run as a formula."""
    if not isinstance(value, str):
        return value
    line = " ".join(value.splitlines())
    return f"'{line}" if line.startswith(_FORMULA_STARTS) and not _is_number(line) else line
