"""What a spreadsheet does to a structure file: rows that are edited, and cells that are saved as it understands them.

`save_like_libreoffice` does what LibreOffice 7.4 does to a CSV file with its default settings: numbers of more than 15
digits become scientific, amounts lose their zeros, and texts that look like a number or a truth value become one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

Edit = Callable[[dict[str, str]], None]
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def read_rows(path: str | Path) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def edit_rows(path: str | Path, edit: Edit) -> None:
    """Apply a function to each row of a file, in place."""
    rows = read_rows(path)
    for row in rows:
        edit(row)
    write_rows(path, rows)


def write_rows(path: str | Path, rows: list[dict[str, str]], delimiter: str = ",") -> None:
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def save_like_libreoffice(text: str) -> str:
    """Return a cell as LibreOffice saves it after opening the file."""
    if text.casefold() in ("true", "false"):
        return text.upper()
    if not _NUMBER.fullmatch(text):
        return text
    digits = text.partition(".")[0].lstrip("-0")
    if len(digits) <= 15:
        return f"{float(text):.10f}".rstrip("0").rstrip(".")
    mantissa, _, exponent = f"{float(text):.14E}".partition("E+")
    return f"{mantissa.rstrip('0').rstrip('.')}E+{int(exponent):03d}"


def save_like_german_excel(text: str) -> str:
    """Return a cell as a German Excel saves it as CSV: decimal commas, and six digits of a long number."""
    if not _NUMBER.fullmatch(text):
        return text.encode("cp1252", "replace").decode("cp1252")
    digits = text.partition(".")[0].lstrip("-0")
    if len(digits) > 11:
        return f"{float(text):.5E}".replace(".", ",")
    return f"{float(text):.10f}".rstrip("0").rstrip(".").replace(".", ",")


def resave(row: dict[str, str]) -> None:
    """Save all cells of a row as LibreOffice does."""
    row.update({name: save_like_libreoffice(text) for name, text in row.items()})
