"""Find the encoding of a text file that a spreadsheet or a CRM saved."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from meta_ads_mcp.errors import InvalidArguments

UNICODE = frozenset({"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"})
FALLBACK = "cp1252"
# In which code page a spreadsheet program saves CSV files in a country (alpha-2, lower case), elsewhere FALLBACK.
# Source: Microsoft, Windows code pages; the default ANSI code page of each country's locale.
CODE_PAGES = {
    country: page
    for page, countries in {
        "cp1250": "al ba cz hr hu me pl ro si sk",
        "cp1251": "bg by kg kz md mk mn rs ru tj ua uz",
        "cp1253": "cy gr",
        "cp1254": "az tr",
        "cp1255": "il",
        "cp1256": "ae bh dz eg iq ir jo kw lb ly ma om pk ps qa sa sd sy tn ye",
        "cp1257": "ee lt lv",
        "cp1258": "vn",
        "cp874": "th",
        "cp932": "jp",
        "cp949": "kr",
        "gb18030": "cn",
        "cp950": "hk mo tw",
    }.items()
    for country in countries.split()
}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CHUNK_BYTES = 1024 * 1024
_SAMPLE_BYTES = 1000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def find_encoding(file: BinaryIO, country: str = "") -> str:
    """Return the encoding of a file: by its byte order mark, else UTF-8, UTF-16, or a code page as a last resort.

    The code page is that of spreadsheets in the country (alpha-2, lower case), Windows-1252 when it is not known.
    Reads the whole file. Raises InvalidArguments for a file that is not text in any of them.
    """
    file.seek(0)
    sample = file.read(_SAMPLE_BYTES)
    if sample.startswith(_WORKBOOKS):
        raise InvalidArguments("The file is a spreadsheet workbook, not a CSV file.", "Save it as CSV, UTF-8.")
    code_page = CODE_PAGES.get(country, FALLBACK)
    encoding_by_mark = next((encoding for mark, encoding in _MARKS if sample.startswith(mark)), None)
    candidates = [encoding_by_mark] if encoding_by_mark else [*_utf16(sample), "utf-8", code_page]
    for encoding in candidates:
        if _decodes(file, encoding):
            return encoding
    raise InvalidArguments(
        f"The file is not a CSV file in UTF-8, UTF-16 or {code_page_name(code_page)}.", "Save it as CSV, UTF-8."
    )


def code_page_name(encoding: str) -> str:
    """Return the name of a code page as spreadsheet programs show it: Windows-1250 for cp1250."""
    return encoding.upper() if encoding == "gb18030" else f"Windows-{encoding.removeprefix('cp')}"


def _utf16(sample: bytes) -> list[str]:
    """Return UTF-16 without a mark when about every second byte of the first ones is 0."""
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = sample[start::2]
        if len(half) > 1 and half.count(0) > len(half) * 0.7:
            return [encoding]
    return []


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
