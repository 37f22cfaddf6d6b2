"""Read a customer file row by row, and hash its people in batches."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Self

from meta_ads_mcp.domain.normalization.hashing import Person, hash_person, schema_of
from meta_ads_mcp.domain.normalization.normalization import Context
from meta_ads_mcp.domain.normalization.text_files import find_encoding
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.audiences.columns import Layout, find_layout

# Records in one request (Meta docs, marketing-api/reference/custom-audience/users).
BATCH_ROWS = 10_000
MAX_FILE_BYTES = 1024**3
NOBODY = "no value that can match a person"
TOO_MANY_VALUES = "a row with more values than columns, of which only e-mail addresses and mobile ids are used"
# Keys whose values cannot be taken for those of another column.
SELF_EVIDENT = frozenset({"EMAIL", "MADID"})
_MAX_LINE_CHARS = 20_000
_CHUNK_BYTES = 1024 * 1024


@dataclass
class Count:
    """The numbers of a file, without any of its values.

    `valid` people of `read` rows are sent, in `records` rows: a person with two e-mail addresses takes two. `invalid`
    has the reasons for whole rows, `unusable` those for values that are left out, `usable` the values by key.
    `fingerprint` identifies the file and how it is read.
    """

    fingerprint: str
    read: int = 0
    valid: int = 0
    records: int = 0
    invalid: Counter[str] = field(default_factory=Counter)
    usable: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)

    @property
    def batches(self) -> int:
        """The number of requests that the records take."""
        return -(-self.records // BATCH_ROWS)

    @classmethod
    def from_public(cls, fingerprint: str, public: Mapping[str, Any]) -> Self:
        """Restore the numbers that an upload needs from `public()`."""
        return cls(fingerprint, public["read"], public["valid"], public["records"])

    def public(self) -> dict[str, Any]:
        """Return the numbers as they are shown: for each key how many values can be used, and why others cannot."""
        return {
            "read": self.read,
            "valid": self.valid,
            "records": self.records,
            "invalid": dict(self.invalid.most_common()),
            "usable_values": dict(self.usable),
            "unusable_values": dict(self.unusable.most_common()),
        }

    def add(self, person: Person) -> None:
        """Add a row. The reasons of a person without a value that can match are counted, too."""
        self.usable.update(person.usable)
        self.unusable.update(person.reasons)
        self.records += len(person.records)
        self.valid += bool(person.records)
        self.invalid.update([] if person.records else [NOBODY])


class CustomerFile:
    """An open CSV file. Values are hashed as they are read, and none is kept."""

    def __init__(
        self,
        file: BinaryIO,
        context: Context,
        *,
        schema: Sequence[str] | None = None,
        column_map: Mapping[str, str] | None = None,
        already_hashed: bool = False,
    ) -> None:
        """Find the encoding and the columns of the file. Raises InvalidArguments for a file without known columns."""
        self._file, self._context, self._already_hashed = file, context, already_hashed
        self.encoding = find_encoding(file, context.country)
        self.layout: Layout = find_layout(self._first_lines(), schema, column_map)
        self.keys = schema_of(self.layout.columns)

    def count(self) -> Count:
        """Read the whole file once."""
        count = Count(self.fingerprint())
        for person in self._people():
            count.read += 1
            count.add(person)
        return count

    def batches(self) -> Generator[list[list[str]], None, None]:
        """Return the records for Graph, as many as one request takes. The same file gives the same batches."""
        records = (record for person in self._people() for record in person.records)
        while batch := list(islice(records, BATCH_ROWS)):
            yield batch

    def fingerprint(self) -> str:
        """Return a hash that is the same for the same content, columns and settings."""
        self._file.seek(0)
        settings = [self.layout.columns, self._already_hashed, self._context.country]
        digest = hashlib.sha256(json.dumps(settings).encode())
        while chunk := self._file.read(_CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest()

    def _first_lines(self) -> list[str]:
        with _Text(self._file, self.encoding) as text:
            return [text.readline(_MAX_LINE_CHARS) for _ in range(2)]

    def _people(self) -> Iterator[Person]:
        """Hash each row that is not empty."""
        with _Text(self._file, self.encoding) as text:
            try:
                reader = csv.reader(text, delimiter=self.layout.separator, strict=True)
                for number, cells in enumerate(reader):
                    if number >= self.layout.header_lines and any(cell.strip() for cell in cells):
                        yield self._person(cells)
            except csv.Error:
                raise InvalidArguments("The file is not a CSV file.", "Save it as CSV, UTF-8.") from None

    def _person(self, cells: Sequence[str]) -> Person:
        """Hash one row. A row may end early: spreadsheets leave out empty cells at the end.

        In a row with more values than columns, a separator inside a value has moved the others. Then only values count
        that prove by their form what they are.
        """
        columns = self.layout.columns
        has_moved = any(cell.strip() for cell in cells[len(columns) :])
        values: dict[str, list[str]] = {}
        for key, cell in zip(columns, cells, strict=False):
            if key and not (has_moved and key not in SELF_EVIDENT):
                values.setdefault(key, []).append(cell)
        person = hash_person(values, self.keys, self._context, already_hashed=self._already_hashed)
        person.reasons.update([TOO_MANY_VALUES] if has_moved else [])
        return person


class _Text:
    """The file as text from its start; closing the text leaves the file open."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        self._text = io.TextIOWrapper(file, encoding=encoding, newline="")

    def __enter__(self) -> io.TextIOWrapper:
        return self._text

    def __exit__(self, *_: object) -> None:
        self._text.detach()
