"""Find the encoding of a text file that a spreadsheet or a CRM saved."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from meta_ads_mcp.errors import InvalidArguments

FALLBACK = "cp1252"
_CHUNK_BYTES = 1024 * 1024
_SAMPLE_BYTES = 1000
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def find_encoding(file: BinaryIO) -> str:
    """Return the encoding of a file: by its byte order mark, else UTF-8, UTF-16, or Windows-1252 as a last resort.

    Reads the whole file. Raises InvalidArguments for a file that is not text in any of them.
    """
    file.seek(0)
    sample = file.read(_SAMPLE_BYTES)
    encoding_by_mark = next((encoding for mark, encoding in _MARKS if sample.startswith(mark)), None)
    candidates = [encoding_by_mark] if encoding_by_mark else [*_utf16(sample), "utf-8", FALLBACK]
    for encoding in candidates:
        if _decodes(file, encoding):
            return encoding
    raise InvalidArguments("The file is not a CSV file in UTF-8, UTF-16 or Windows-1252.", "Save it as CSV, UTF-8.")


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
