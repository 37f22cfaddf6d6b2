"""Read the first sheet of an .xlsx file with the standard library. Source: ECMA-376, part 1, SpreadsheetML.

Only cells and their types are read: no formula is computed and no link is followed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, BinaryIO
from xml.etree import ElementTree as ET

from meta_ads_mcp.errors import DataLimit, InvalidArguments
from meta_ads_mcp.tools.bulk.sheets.cells import CellKind, SheetCell

# Bytes of one part after unpacking; a small file can unpack to any size.
MAX_PART_BYTES = 200 * 1024 * 1024
MAX_COLUMNS = 200
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_LETTERS = re.compile(r"[A-Z]{1,3}")
# Number formats of dates that every workbook has, and the letters of a date in a format of its own.
_DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_DATE_LETTERS = re.compile(r"[dmyhs]", re.IGNORECASE)
_NOT_DATE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a cell has no time zone
_PROLOG_BYTES = 4096
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UNREADABLE = "The file is not a readable .xlsx file."


def read_workbook(file: BinaryIO) -> Iterator[list[SheetCell]]:
    """Yield the rows of the first sheet. Raises InvalidArguments for another file, DataLimit for a too large one."""
    try:
        with zipfile.ZipFile(file) as archive:
            texts = _shared_texts(archive)
            dates = _date_styles(archive)
            with _open(archive, _first_sheet(archive)) as part:
                yield from _rows(part, texts, dates)
    except (zipfile.BadZipFile, ET.ParseError, KeyError, ValueError, OverflowError, RuntimeError):
        raise InvalidArguments(_UNREADABLE, "Save it again as .xlsx or as CSV (UTF-8).") from None


def _open(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a part. Raises ValueError for one with a document type, through which XML can grow without limit."""
    info = archive.getinfo(name)
    if info.file_size > MAX_PART_BYTES:
        raise DataLimit("The workbook is too large to read.", "Import fewer rows at once.")
    part = archive.open(info)
    start = part.read(_PROLOG_BYTES)
    if b"<!" in start.partition(b"?>")[2].lstrip()[:9] or start[:2] in _UTF16:
        raise ValueError("document type")
    part.seek(0)
    return part


def _parse(part: IO[bytes]) -> ET.Element:
    return ET.parse(part).getroot()  # noqa: S314  `_open` refuses document types


def _first_sheet(archive: zipfile.ZipFile) -> str:
    with _open(archive, "xl/workbook.xml") as part:
        sheet = _parse(part).find(f"{_MAIN}sheets/{_MAIN}sheet")
    if sheet is None:
        raise KeyError("sheet")
    relation = sheet.get(f"{_RELATION}id")
    with _open(archive, "xl/_rels/workbook.xml.rels") as part:
        targets = {item.get("Id"): item.get("Target") or "" for item in _parse(part)}
    target = targets[relation]
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    with _open(archive, "xl/sharedStrings.xml") as part:
        return [_text(item) for item in _parse(part).iter(f"{_MAIN}si")]


def _text(item: ET.Element) -> str:
    """Return the text of an entry without the readings that East Asian texts carry."""
    parts = item.findall(f"{_MAIN}t") + item.findall(f"{_MAIN}r/{_MAIN}t")
    return "".join(part.text or "" for part in parts)


def _date_styles(archive: zipfile.ZipFile) -> set[int]:
    """Return the numbers of the cell styles that show a number as a date."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    with _open(archive, "xl/styles.xml") as part:
        root = _parse(part)
    codes = {int(item.get("numFmtId", 0)): item.get("formatCode", "") for item in root.iter(f"{_MAIN}numFmt")}
    styles = root.find(f"{_MAIN}cellXfs")
    formats = [int(item.get("numFmtId", 0)) for item in styles] if styles is not None else []
    return {index for index, number in enumerate(formats) if number in _DATE_FORMATS or _is_date(codes.get(number, ""))}


def _is_date(code: str) -> bool:
    return code.upper() != "GENERAL" and _DATE_LETTERS.search(_NOT_DATE.sub("", code)) is not None


def _rows(part: IO[bytes], texts: list[str], dates: set[int]) -> Iterator[list[SheetCell]]:
    """Yield the rows with empty ones in their places, so that the numbers of lines are those of the sheet."""
    line = 0
    for _, element in ET.iterparse(part):  # noqa: S314  `_open` refuses document types
        if element.tag != f"{_MAIN}row":
            continue
        number = int(element.get("r") or line + 1)
        if number > line + 1_000_000:
            raise ValueError("row")
        for _ in range(line + 1, number):
            yield []
        line = number
        yield _cells(element, texts, dates)
        element.clear()


def _cells(row: ET.Element, texts: list[str], dates: set[int]) -> list[SheetCell]:
    cells: list[SheetCell] = []
    for element in row.iter(f"{_MAIN}c"):
        column = _column(element.get("r"), len(cells))
        if column >= MAX_COLUMNS:
            break
        cells += [SheetCell("")] * (column - len(cells))
        cells.append(_cell(element, texts, dates))
    return cells


def _column(reference: str | None, following: int) -> int:
    letters = _LETTERS.match(reference or "")
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _cell(element: ET.Element, texts: list[str], dates: set[int]) -> SheetCell:
    value = element.findtext(f"{_MAIN}v") or ""
    kind = element.get("t", "n")
    if kind == "s":
        return SheetCell(texts[int(value)]) if value else SheetCell("")
    if kind == "inlineStr":
        inline = element.find(f"{_MAIN}is")
        return SheetCell(_text(inline) if inline is not None else "")
    if not value:
        return SheetCell("")
    value_cell = (
        _number(value, int(element.get("s", 0)) in dates) if kind == "n" else SheetCell(value, _KINDS.get(kind, "text"))
    )
    return SheetCell(value_cell.text, "formula") if element.find(f"{_MAIN}f") is not None else value_cell


_KINDS: dict[str, CellKind] = {"b": "flag", "e": "error", "d": "date", "str": "text"}


def _number(value: str, is_date: bool) -> SheetCell:
    if not is_date:
        return SheetCell(value.removesuffix(".0"), "number")
    moment = _EPOCH + timedelta(days=float(value))
    return SheetCell(moment.isoformat(sep=" ", timespec="seconds"), "date")
