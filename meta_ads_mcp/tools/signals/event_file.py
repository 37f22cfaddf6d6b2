"""Read conversion events from a CSV or JSON Lines file, row by row. Values are kept for one row at a time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.normalization.text_files import find_encoding
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.signals.event_spec import PART_OF

MAX_FILE_BYTES = 256 * 1024**2
_CHUNK_BYTES = 1024**2
_SEPARATORS = (",", ";", "\t", "|")
_PARTS = ("user_data", "custom_data", "app_data")
# A name longer than this, or with these characters, may be somebody's data, so it is not repeated.
_MAX_NAME_CHARS = 40
_DATA = re.compile(r"@|[0-9]{4}")
# Usual names of columns, in lower case without blanks and punctuation.
_NAMES = {
    **{key.replace("_", ""): key for key in PART_OF},
    **dict.fromkeys(("event", "stage", "leadstatus", "status"), "event_name"),
    **dict.fromkeys(("time", "timestamp", "date", "eventdate"), "event_time"),
    **dict.fromkeys(("url", "pageurl"), "event_source_url"),
    **dict.fromkeys(("source",), "action_source"),
    **dict.fromkeys(("email", "emailaddress", "mail"), "em"),
    **dict.fromkeys(("phone", "phonenumber", "mobile", "telephone"), "ph"),
    **dict.fromkeys(("firstname", "givenname"), "fn"),
    **dict.fromkeys(("lastname", "surname", "familyname"), "ln"),
    **dict.fromkeys(("gender",), "ge"),
    **dict.fromkeys(("dob", "dateofbirth", "birthdate", "birthday"), "db"),
    **dict.fromkeys(("city",), "ct"),
    **dict.fromkeys(("state", "province", "region"), "st"),
    **dict.fromkeys(("zip", "zipcode", "postalcode", "postcode"), "zp"),
    **dict.fromkeys(("countrycode",), "country"),
    **dict.fromkeys(("customerid", "userid"), "external_id"),
    **dict.fromkeys(("ip", "ipaddress", "clientip"), "client_ip_address"),
    **dict.fromkeys(("useragent",), "client_user_agent"),
    **dict.fromkeys(("leadgenid", "metaleadid", "facebookleadid"), "lead_id"),
    **dict.fromkeys(("amount", "revenue", "total"), "value"),
    **dict.fromkeys(("orderid", "ordernumber", "transactionid"), "order_id"),
}


@dataclass(frozen=True)
class FileRow:
    """Hold the values of a row by key, and its line. `problem` is the reason for a row that cannot be read."""

    line: int
    values: Row
    problem: str | None = None


class EventFile:
    """Read an open file of events. Raises InvalidArguments for a file without known columns."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.encoding = find_encoding(file)
        self._is_json = name.lower().endswith((".jsonl", ".ndjson"))
        self.left_out: dict[str, None] = {}
        self._columns: Sequence[str | None] = ()
        self._separator = ","
        if not self._is_json:
            self._read_header()

    def fingerprint(self) -> str:
        """Return a hash of the content."""
        self._file.seek(0)
        digest = hashlib.sha256()
        while chunk := self._file.read(_CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest()

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows that are not empty, with their line in the file."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self.encoding, newline="")
        try:
            yield from self._json_rows(text) if self._is_json else self._csv_rows(text)
        except csv.Error:
            raise InvalidArguments("The file is not a CSV file.", "Save it as CSV, UTF-8.") from None
        finally:
            text.detach()

    def _read_header(self) -> None:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self.encoding, newline="")
        first = text.readline(20_000)
        text.detach()
        splits = {mark: next(csv.reader([first.strip("\r\n")], delimiter=mark), []) for mark in _SEPARATORS}
        self._separator = max(splits, key=lambda mark: sum(key_of(name) is not None for name in splits[mark]))
        names = splits[self._separator]
        self._columns = _once([key_of(name) for name in names])
        if "event_time" not in self._columns:
            raise InvalidArguments(
                "The first line of the file does not name its columns by Meta's keys.",
                "Name them there, such as event_name,event_time,event_id,em,ph,value,currency.",
                allowed=tuple(PART_OF),
            )
        for number, (name, key) in enumerate(zip(names, self._columns, strict=True), 1):
            if key is None:
                self.left_out[_label(name, number)] = None

    def _csv_rows(self, text: io.TextIOWrapper) -> Iterator[FileRow]:
        reader = csv.reader(text, delimiter=self._separator, strict=True)
        next(reader, None)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if any(cell.strip() for cell in cells[len(self._columns) :]):
                yield FileRow(reader.line_num, {}, "it has more values than columns")
                continue
            values = {key: cell.strip() for key, cell in zip(self._columns, cells, strict=False) if key}
            yield FileRow(reader.line_num, values)

    def _json_rows(self, text: io.TextIOWrapper) -> Iterator[FileRow]:
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                event = None
            if isinstance(event, dict):
                yield FileRow(number, self._flatten(event))
            else:
                yield FileRow(number, {}, "it is not a JSON object")

    def _flatten(self, event: Mapping[str, Any]) -> Row:
        values: Row = {}
        for name, value in event.items():
            if name in _PARTS and isinstance(value, dict):
                values |= self._flatten(value)
            elif key := key_of(name):
                values[key] = value
            else:
                self.left_out[_label(name, 0)] = None
        return values


def key_of(name: str) -> str | None:
    """Return the key that a column holds, or None for a column that is left out."""
    plain = name.strip().lower().rpartition(".")[2]
    return plain if plain in PART_OF else _NAMES.get(re.sub(r"[\W_]", "", plain))


def _once(keys: list[str | None]) -> list[str | None]:
    """Leave out a second column of a key."""
    return [key if key not in keys[:index] else None for index, key in enumerate(keys)]


def _label(name: str, number: int) -> str:
    is_shown = 0 < len(name) <= _MAX_NAME_CHARS and not _DATA.search(name)
    return name if is_shown else f"column {number}" if number else "a key"
