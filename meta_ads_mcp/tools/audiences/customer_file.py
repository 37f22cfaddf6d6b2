"""A file of people on its way into an audience: its columns, its rows, and what is wrong with some of them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.audiences.hashing import KEYS, Unusable, hashed_row

# Rows in one request (Meta docs, marketing-api/reference/custom-audience/users).
BATCH_ROWS = 10_000
MOST_BYTES = 1024**3
_SEPARATORS = (",", ";", "\t")
_CHUNK = 1024 * 1024


@dataclass
class Count:
    """What a file holds. `fingerprint` says whether it is the same file, read in the same way."""

    fingerprint: str
    read: int = 0
    valid: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def batches(self) -> int:
        return -(-self.valid // BATCH_ROWS)

    @classmethod
    def of(cls, fingerprint: str, public: Mapping[str, Any]) -> Self:
        """The count that `public` describes."""
        return cls(fingerprint, public["read"], public["valid"], Counter(public["invalid"]))

    def public(self) -> dict[str, Any]:
        return {"read": self.read, "valid": self.valid, "invalid": dict(self.reasons.most_common())}


class People:
    """An opened CSV file (UTF-8), read row by row. Values are hashed as they are read; none is kept."""

    def __init__(self, file: BinaryIO, schema: Sequence[str] | None, *, already_hashed: bool) -> None:
        """Raises InvalidArguments for a file without known columns."""
        self._file, self._hashed = file, already_hashed
        self._separator, self.keys, self._skipped = _columns(_first_line(file), schema)

    def count(self) -> Count:
        """Reads the whole file once."""
        found = Count(self.fingerprint())
        for row in self._rows():
            found.read += 1
            if isinstance(row, str):
                found.reasons[row] += 1
            else:
                found.valid += 1
        return found

    def batches(self) -> Generator[list[list[str]], None, None]:
        """The valid rows, ready for Graph, as many as one request takes; the same file gives the same batches."""
        batch: list[list[str]] = []
        for row in self._rows():
            if isinstance(row, str):
                continue
            batch.append(row)
            if len(batch) == BATCH_ROWS:
                yield batch
                batch = []
        if batch:
            yield batch

    def _rows(self) -> Iterator[list[str] | str]:
        """Each row hashed, or why it cannot be used."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding="utf-8-sig", newline="")
        try:
            reader = csv.reader(text, delimiter=self._separator, strict=True)
            for number, cells in enumerate(reader):
                if number >= self._skipped and any(cell.strip() for cell in cells):
                    yield self._row(cells)
        except (UnicodeDecodeError, csv.Error) as failure:
            raise InvalidArguments(
                f"The file is not a CSV file in UTF-8 ({type(failure).__name__}).", "Save it as CSV, UTF-8."
            ) from None
        finally:
            text.detach()

    def _row(self, cells: list[str]) -> list[str] | str:
        if len(cells) != len(self.keys):
            return "another number of values than columns"
        try:
            return hashed_row(dict(zip(self.keys, cells, strict=True)), already_hashed=self._hashed)
        except Unusable as unusable:
            return str(unusable)

    def fingerprint(self) -> str:
        """The same for the same content, columns and hashing."""
        self._file.seek(0)
        made = hashlib.sha256(json.dumps([self.keys, self._hashed]).encode())
        while chunk := self._file.read(_CHUNK):
            made.update(chunk)
        return made.hexdigest()


def _first_line(file: BinaryIO) -> str:
    file.seek(0)
    try:
        return file.readline(10_000).decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise InvalidArguments("The file is not a CSV file in UTF-8.", "Save it as CSV, UTF-8.") from None


def _columns(first: str, schema: Sequence[str] | None) -> tuple[str, list[str], int]:
    """The separator, the key of each column, and how many lines the header takes.

    The words of a first line that is no header are people's data, so they are not repeated.
    """
    split = {mark: [cell.strip().strip('"').upper() for cell in first.split(mark)] for mark in _SEPARATORS}
    header = next((mark for mark in _SEPARATORS if KEYS.issuperset(split[mark])), None)
    if header is None and schema is None:
        raise InvalidArguments(
            "The first line of the file does not name its columns by Meta's keys.",
            "Name them there, such as EMAIL,PHONE,FN,LN, or give schema for a file without a header.",
            allowed=tuple(sorted(KEYS)),
        )
    named = split[header] if header else list(schema or ())
    if schema is not None and named != list(schema):
        raise InvalidArguments("The header of the file names other columns than schema.", "Leave out schema.")
    if len(set(named)) != len(named):
        raise InvalidArguments("A key names two columns.", "Name each column by another key.")
    most = header or max(_SEPARATORS, key=lambda mark: len(split[mark]) == len(named))
    return most, named, 1 if header else 0
