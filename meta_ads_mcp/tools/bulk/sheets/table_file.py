"""Read the table of a CSV or .xlsx file: the columns, and the rows with their line numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from meta_ads_mcp.core.ports import Upload
from meta_ads_mcp.domain.normalization.text_files import find_encoding
from meta_ads_mcp.errors import DataLimit, InvalidArguments
from meta_ads_mcp.tools.bulk.sheets.cells import SheetCell, unprotect
from meta_ads_mcp.tools.bulk.sheets.workbook_file import read_workbook

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_LINES = 20_001
# The byte order mark of UTF-8, read as Windows-1252.
_MISREAD_MARK = "ï»¿"
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class SheetRow:
    """A row of the file. `line` is its number in the file, where the names of the columns are line 1."""

    line: int
    cells: dict[str, SheetCell]

    def cell(self, column: str) -> SheetCell:
        """Return the cell of a column; an empty one if the file lacks the column."""
        return self.cells.get(column, SheetCell(""))

    def has(self, column: str) -> bool:
        """Return whether the cell has a value."""
        return not self.cell(column).is_empty


def read_table(upload: Upload, columns: Sequence[str]) -> list[SheetRow]:
    """Return the rows that have a value. `columns` are the accepted names.

    Raises InvalidArguments for a file without these columns or with others, DataLimit for one with too many rows.
    """
    is_workbook = upload.file.read(4) == b"PK\x03\x04"
    upload.file.seek(0)
    lines = read_workbook(upload.file) if is_workbook else _read_csv(upload.file)
    return list(_named_rows(_with_repaired_letters(lines), columns))


def _with_repaired_letters(lines: Iterable[list[SheetCell]]) -> Iterator[list[SheetCell]]:
    """Yield the lines, repaired if a spreadsheet took the UTF-8 of the exported file for Windows-1252.

    The byte order mark at the beginning of the file then has three letters.
    """
    is_misread = False
    for number, cells in enumerate(lines):
        if number == 0 and cells and cells[0].text.startswith(_MISREAD_MARK):
            is_misread = True
        yield [SheetCell(_as_utf8(cell.text), cell.kind) for cell in cells] if is_misread else cells


def _as_utf8(text: str) -> str:
    content = b"".join(_byte_of(letter) for letter in text)
    return content.decode("utf-8-sig", errors="replace") if content else text


def _byte_of(letter: str) -> bytes:
    """Return the byte that Windows-1252 reads as a letter. Bytes without a letter are read as control characters."""
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1", errors="replace")


def _read_csv(file: BinaryIO) -> Iterator[list[SheetCell]]:
    encoding = find_encoding(file)
    file.seek(0)
    text = file.read().decode(encoding)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [SheetCell(value) for value in line]
    except csv.Error as failure:
        raise InvalidArguments(f"The file is not CSV: {failure}.", "Save it again as CSV (UTF-8) or .xlsx.") from None


def _named_rows(lines: Iterable[list[SheetCell]], columns: Sequence[str]) -> Iterator[SheetRow]:
    names: list[str] = []
    for number, cells in enumerate(lines, 1):
        if number > MAX_LINES:
            raise DataLimit(f"The file has more than {MAX_LINES - 1:,} rows.", "Import it in parts.")
        if not names:
            names = _header(cells, columns)
        elif any(not cell.is_empty for cell in cells):
            if any(not cell.is_empty for cell in cells[len(names) :]):
                raise InvalidArguments(
                    f"Line {number} has more cells than there are columns.", "Put texts with separators in quotes."
                )
            yield SheetRow(number, dict(zip(names, cells, strict=False)))


def _header(cells: Sequence[SheetCell], columns: Sequence[str]) -> list[str]:
    names = [unprotect(cell.text).strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    unknown = [name or "(empty)" for name in names if name not in columns]
    if unknown:
        raise InvalidArguments(
            f"Line 1 of the file has unknown columns: {', '.join(name[:40] for name in unknown[:10])}.",
            "Keep the columns of ads_export_structure; leave out what is not one of them.",
            allowed=tuple(columns),
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidArguments(f"The file has a column twice: {', '.join(twice)}.", "Keep one of them.")
    if "level" not in names:
        raise InvalidArguments("The file has no column `level`.", "Export a file with ads_export_structure first.")
    return names
