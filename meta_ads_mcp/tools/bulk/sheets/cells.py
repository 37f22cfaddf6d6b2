"""Write cells that a spreadsheet leaves as they are, and read cells that a spreadsheet may have changed.

A spreadsheet takes 18-digit ids for numbers and keeps 15 digits of them, reads texts as dates, fractions and formulas,
and writes decimal commas. A cell is therefore never taken as it comes: it is the row_id value in a form that the
spreadsheet gives it, or a value in the form that this server writes, or damaged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Literal

from meta_ads_mcp.core.values.dates import to_unix
from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.core.values.money import offset

CellKind = Literal["text", "number", "date", "flag", "error", "formula"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Digits with signs, separators and currencies only: numbers, dates, times, fractions, percentages.
_NUMERIC = re.compile(r"[\s\d.,:/%()$€£¥+-]*\d[\s\d.,:/%()$€£¥+-]*([eE][+-]?\d+)?|\d{4}-\d\d-\d\dT[\d:.]+.*")
# The beginnings of the months' names in the languages of this server's users.
_MONTH = (
    "jan|feb|f[eé]v|m[aä]r|mrt|apr|abr|avr|may|mai|mei|mag|jun|jui|giu|jul|lug|aug|ago|ao[uû]|sep|set|o[ck]t|out|ott|"
    "nov|de[cz]|d[ié]c|ene|gen"
)
_MONTH_DATE = re.compile(rf"(?i)(\d{{1,2}}[ .-]*)?({_MONTH})[a-zäéûç]*\.?[ .,/-]*\d{{1,4}}([ .,/-]+\d{{1,4}})?")
_FLAGS = frozenset({"true", "false", "wahr", "falsch", "vrai", "faux", "verdadero", "falso", "vero", "waar", "onwaar"})
_ERROR = re.compile(r"#(N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|Err:\d{3}|#{3,}")
_SCIENTIFIC = re.compile(r"\d+([.,]\d+)?[eE]\+?\d{1,3}")
_DIGITS = re.compile(r"[0-9]{1,30}")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(?P<offset>Z|[+-]\d\d:?\d\d)?", re.ASCII)
_TIME_EXAMPLE = "2026-12-31T23:59:00+0100"
# Digits of a number that spreadsheets keep.
EXACT_DIGITS = 15
# Digits that a narrow column still shows of a long number.
MIN_SHOWN_DIGITS = 4


@dataclass(frozen=True)
class SheetCell:
    """A cell of a file: its text, and its type in the file. A CSV file has texts only."""

    text: str
    kind: CellKind = "text"

    @property
    def is_empty(self) -> bool:
        return not self.text.strip()


class DamagedCell(ValueError):
    """A cell whose value cannot be trusted. The message says what is wrong and what to write."""


def protect(text: str) -> str:
    """Return a text with an apostrophe before it, if a spreadsheet would run or convert it."""
    bare = text.strip()
    is_run = text.startswith((*_FORMULA_STARTS, "'"))
    is_converted = any(form.fullmatch(bare) for form in (_NUMERIC, _MONTH_DATE)) or bare.casefold() in _FLAGS
    return f"'{text}" if is_run or is_converted else text


def unprotect(text: str) -> str:
    """Return a text without the apostrophe that `protect` put before it. Another apostrophe stays."""
    return text[1:] if text.startswith("'") and protect(text[1:]) == text else text


def read_text(cell: SheetCell, current: str) -> str:
    """Return the text that a cell means, which is `current` if the cell is that text after a spreadsheet saved it.

    Raises DamagedCell.
    """
    text = unprotect(cell.text)
    if _same_lines(text, current) or any(text == _without_other_letters(current, code) for code in _OLD_CODES):
        return current
    if text != cell.text and cell.kind == "text":
        return text  # the apostrophe says that it is text
    if cell.kind == "formula" or text.startswith("="):
        raise DamagedCell("it is a formula; write the text, with an apostrophe before it if it begins with =")
    if cell.kind == "error" or _ERROR.fullmatch(text.strip()):
        raise DamagedCell(f"it is an error of the spreadsheet ({text.strip()[:20]})")
    if cell.kind != "text" or _SCIENTIFIC.fullmatch(text.strip()):
        raise DamagedCell(f"the spreadsheet made a {_KINDS.get(cell.kind, 'number')} of it; format the cell as text")
    return text


_KINDS = {"number": "number", "date": "date", "flag": "truth value"}


def read_word(cell: SheetCell) -> str:
    """Return a word such as ACTIVE in upper case. Raises DamagedCell."""
    if cell.kind != "text":
        raise DamagedCell(f"it is a {_KINDS.get(cell.kind, cell.kind)}, not a word")
    return unprotect(cell.text).strip().upper()


def read_id(cell: SheetCell, row_id: str | None) -> str:
    """Return the id that a cell means: the digits, or the `row_id` id if the cell is its damaged form.

    Raises DamagedCell for a damaged id that is not the row_id one, and for anything else that is not an id.
    """
    text = unprotect(cell.text).strip()
    is_exact = cell.kind == "text" and _DIGITS.fullmatch(text)
    if is_exact and (row_id is None or text == row_id) and not _is_rounded(text, row_id):
        return text
    if row_id is not None and _rounds_to(text, row_id):
        return row_id
    if is_exact and row_id is not None:
        raise DamagedCell(f"the row_version of this row belongs to {row_id}: the cells of two rows were mixed")
    if _SCIENTIFIC.fullmatch(text) or cell.kind == "number" or (is_exact and _is_rounded(text, row_id)):
        raise DamagedCell("the spreadsheet rounded the long number; format the column as text and write the whole id")
    raise DamagedCell("it is not an id, which has digits only")


def _is_rounded(text: str, row_id: str | None) -> bool:
    """Return whether digits look as if a spreadsheet kept the first 15 and wrote zeros for the others."""
    return row_id is None and len(text) > EXACT_DIGITS and not text[EXACT_DIGITS:].strip("0")


def _rounds_to(text: str, row_id: str) -> bool:
    """Return whether a number is the row_id id with the precision that it shows."""
    number = _decimal(text.replace(",", "."))
    if number is None or number <= 0 or not row_id.isdigit():
        return False
    if text.isdigit() and (len(text) <= EXACT_DIGITS or text[EXACT_DIGITS:].strip("0")):
        return text == row_id
    # A narrow column shows few digits, and a spreadsheet rounds the last one of a binary number.
    mantissa = re.split("[eE]", text)[0]
    digits = min(sum(letter.isdigit() for letter in mantissa), EXACT_DIGITS)
    # A number without its last zeros has all the digits that a spreadsheet keeps.
    precision = digits if digits >= MIN_SHOWN_DIGITS else EXACT_DIGITS
    distance = abs(number - Decimal(row_id))
    return distance <= Decimal(10) ** (len(row_id) - precision)


def read_money(cell: SheetCell, currency: str, current: int | None) -> int:
    """Return an amount in minor units, which is `current` if the cell is that amount after a spreadsheet saved it.

    Raises DamagedCell.
    """
    text = unprotect(cell.text).strip().removesuffix(currency).strip()
    units = offset(currency)
    if units is None:
        raise DamagedCell(f"Meta's minor unit of {currency} is not row_id to this server")
    readings = {reading * units for reading in _readings(text)}
    if current is not None and current in readings:
        return current
    if cell.kind in ("date", "flag", "error", "formula"):
        raise DamagedCell(f"the spreadsheet made a {cell.kind} of it; write the amount like {_example(units)}")
    if "," in text:
        raise DamagedCell(
            f"{text[:30]} has a comma, which can be decimal or for thousands; write it like {_example(units)}"
        )
    if not _AMOUNT.fullmatch(text):
        raise DamagedCell(f"{text[:30]} is not an amount like {_example(units)}")
    minor = Decimal(text) * units
    if minor != minor.to_integral_value():
        raise DamagedCell(f"{text[:30]} has more decimals than {currency} has; write it like {_example(units)}")
    return int(minor)


def _readings(text: str) -> set[Decimal]:
    """Return every amount that a text can mean, with a decimal point or comma, with separators or without."""
    plain = text.replace("\u00a0", "").replace(" ", "").replace("'", "")
    forms = {plain, plain.replace(",", "."), plain.replace(",", ""), plain.replace(".", "").replace(",", ".")}
    return {number for form in forms if (number := _decimal(form)) is not None}


def _example(units: int) -> str:
    return "1234.50" if units == 100 else "1234"


def read_time(cell: SheetCell, zone: tzinfo, current: str | None) -> str:
    """Return a time as ISO 8601 with its offset; `current` if the cell is that time after a spreadsheet saved it.

    A time without an offset is of the account's clocks. Raises DamagedCell for a date in another form.
    """
    text = unprotect(cell.text).strip()
    match = _TIME.fullmatch(text)
    now = unix_seconds(current)
    if match and now is not None and not match["offset"]:
        local = datetime.fromtimestamp(now, zone).strftime("%Y-%m-%dT%H:%M:%S")
        if local.startswith(text.replace(" ", "T")):
            return str(current)
    if cell.kind == "date":
        raise DamagedCell(f"the spreadsheet made a date of it ({text}), without a time zone; write {_TIME_EXAMPLE}")
    if cell.kind != "text" or match is None:
        raise DamagedCell(f"{text[:30]} is not a time like {_TIME_EXAMPLE}")
    try:
        seconds = to_unix(text, zone)
    except ValueError:
        raise DamagedCell(f"{text[:30]} is not a time that exists") from None
    if now is not None and seconds == now:
        return str(current)
    return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%dT%H:%M:%S%z")


# A spreadsheet that saves CSV in one of these writes question marks for all other letters.
_OLD_CODES = ("cp1252", "mac_roman", "ascii")


def _without_other_letters(text: str, code: str) -> str:
    return text.encode(code, "replace").decode(code)


def _same_lines(text: str, current: str) -> bool:
    return text.replace("\r\n", "\n").replace("\r", "\n") == current.replace("\r\n", "\n").replace("\r", "\n")


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
