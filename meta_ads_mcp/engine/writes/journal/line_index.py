"""An index of the journal in SQLite, derived from its lines and built anew whenever it does not fit them.

The index holds where the lines of a change are and by what they are found. Each process brings it up to date from the
bytes that were appended since, in chunks of one transaction each. Nothing is lost with the file: the journal alone
counts. The order in which the index met two changes is the order in which all processes see them.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.changes import ChangeQuery
from meta_ads_mcp.engine.writes.journal.entry_lines import MAX_LINE_BYTES, decode_line
from meta_ads_mcp.engine.writes.journal.index_file import FILE, open_index, remove_index, transaction
from meta_ads_mcp.engine.writes.journal.segments import JournalFiles, Segment
from meta_ads_mcp.engine.writes.journal.unit_index import IndexedUnit, add_unit, add_unit_step, find_units, select_units

CHUNK_BYTES = 256_000
# Between chunks, so that the event loop of the process runs while a thread indexes a long journal.
PAUSE_SECONDS = 0.001
LINES_AT_ONCE = 20
# Bytes before the end of what is indexed, by which a replaced file is recognized.
TAIL_BYTES = 64


class StaleIndexError(Exception):
    """The index does not fit the files of the journal."""


@dataclass(frozen=True)
class LinePlace:
    """Where a line is."""

    segment: int
    offset: int
    length: int


@dataclass(frozen=True)
class IndexedChange:
    """What the index knows of one change."""

    change_id: str
    intent: LinePlace
    outcome: LinePlace | None
    result: LinePlace | None
    undone_by: str | None


class LineIndex:
    """The index over the files of one journal. `folder` is None for a journal in memory.

    Methods raise OSError when the journal cannot be read.
    """

    def __init__(self, files: JournalFiles, folder: Path | None) -> None:
        self._files = files
        self._folder = folder
        self._lock = threading.Lock()
        self._spare: tempfile.TemporaryDirectory[str] | None = None
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None

    # ---- bring up to date

    def catch_up(self, *, wait: bool = True, stop: threading.Event | None = None) -> None:
        """Index the lines that were appended since. Without `wait`, do nothing while another thread does it.

        `stop` ends the work of this call after the current chunk, for a caller that no longer waits.
        """
        if not self._lock.acquire(blocking=wait):
            return
        try:
            self._catch_up(stop)
        except sqlite3.Error as failure:
            self._start_anew(failure)
            self._catch_up(stop)
        finally:
            self._lock.release()

    def rebuild(self) -> None:
        """Forget the index and build it again."""
        with self._lock:
            self._forget(self._connect())
            self._catch_up()

    def _catch_up(self, stop: threading.Event | None = None) -> None:
        writer = self._connect()
        segments = self._files.segments()
        if self._is_stale(writer, segments):
            self._forget(writer)
        for segment in segments:
            while self._indexed(writer, segment.number) < segment.size:
                if (stop is not None and stop.is_set()) or not self._index_chunk(writer, segment):
                    break
                if segment.size > CHUNK_BYTES:
                    time.sleep(PAUSE_SECONDS)

    def _is_stale(self, writer: sqlite3.Connection, segments: Sequence[Segment]) -> bool:
        """Return whether a file shrank, vanished or was replaced since it was indexed."""
        sizes = {segment.number: segment.size for segment in segments}
        newest = max(sizes, default=0)
        for number, indexed, tail in writer.execute("SELECT number, indexed, tail FROM segments").fetchall():
            size = sizes.get(number, 0)
            if size < indexed:
                return True
            # Full segments no longer change, so only those that grew and the newest are compared.
            if (size > indexed or number == newest) and tail != self._tail(number, indexed):
                return True
        return False

    def _tail(self, number: int, end: int) -> bytes:
        start = max(0, end - TAIL_BYTES)
        return self._files.read(number, start, end - start)

    def _forget(self, writer: sqlite3.Connection) -> None:
        with transaction(writer):
            for table in ("changes", "units", "unit_steps", "segments"):
                writer.execute(f"DELETE FROM {table}")  # noqa: S608

    @staticmethod
    def _indexed(connection: sqlite3.Connection, number: int) -> int:
        row = connection.execute("SELECT indexed FROM segments WHERE number = ?", (number,)).fetchone()
        return int(row[0]) if row else 0

    def _index_chunk(self, writer: sqlite3.Connection, segment: Segment) -> bool:
        """Index the next whole lines of a segment. Returns False where there is only a part of a line."""
        with transaction(writer):
            start = self._indexed(writer, segment.number)
            chunk = self._read_lines(segment, start)
            if not chunk:
                return False
            damaged = 0
            for number, (offset, data) in enumerate(_lines_of(chunk, start)):
                if number % LINES_AT_ONCE == 0:
                    time.sleep(0)  # let the event loop of the process run
                damaged += not _index_line(writer, data, LinePlace(segment.number, offset, len(data)))
            end = start + len(chunk)
            tail = (chunk if len(chunk) >= TAIL_BYTES else self._tail(segment.number, end))[-TAIL_BYTES:]
            writer.execute(
                "INSERT INTO segments VALUES (?, ?, ?, ?) ON CONFLICT (number) DO UPDATE"
                " SET indexed = excluded.indexed, damaged = damaged + excluded.damaged, tail = excluded.tail",
                (segment.number, end, damaged, tail),
            )
        return True

    def _read_lines(self, segment: Segment, start: int) -> bytes:
        """Return whole lines from `start`: what ends in a line break, or a last line that is complete without one."""
        chunk = self._files.read(segment.number, start, min(CHUNK_BYTES, segment.size - start))
        if b"\n" not in chunk and len(chunk) == CHUNK_BYTES:
            chunk = self._files.read(segment.number, start, min(MAX_LINE_BYTES + 1, segment.size - start))
        end = chunk.rfind(b"\n") + 1
        if end:
            return chunk[:end]
        # Longer than any line of the journal, so damaged; or the end of the file.
        return chunk if len(chunk) > MAX_LINE_BYTES or decode_line(chunk) is not None else b""

    # ---- find

    @property
    def damaged(self) -> int:
        """How many lines were passed over because they are not lines of a journal."""
        row = self._read().execute("SELECT total(damaged) FROM segments").fetchone()
        return int(row[0])

    def change(self, change_id: str) -> IndexedChange | None:
        rows = self._select("change_id = ?", (change_id,))
        return rows[0] if rows else None

    def with_key(self, tool: str, key: str) -> list[IndexedChange]:
        """Changes of a call with this idempotency key, in their order."""
        return self._select("key = ? AND tool = ? ORDER BY seq", (key, tool))

    def everything(self) -> list[IndexedChange]:
        return self._select("1 ORDER BY seq", ())

    def is_known(self, object_id: str, change_id: str, started: float) -> bool:
        """Return whether another change created the object, or used it before `started`."""
        row = self._read().execute(
            "SELECT 1 FROM changes WHERE object_id = ? AND change_id <> ? AND (effect = 'create' OR started < ?)",
            (object_id, change_id, started),
        )
        return row.fetchone() is not None

    def find(self, query: ChangeQuery) -> tuple[list[IndexedChange], int, bool]:
        """Return a page of changes, newest first, how many match in all, and whether there are more after the page.

        May take long; call it in a thread.
        """
        with self._separate_reader() as reader:
            where, values = _conditions(query)
            if query.is_visible is not None:
                where, values = _within(reader, query.is_visible, where, values)
            (total,) = reader.execute(f"SELECT count(*) FROM changes WHERE {where}", values).fetchone()  # noqa: S608
            if query.after is not None:
                where += " AND seq < coalesce((SELECT seq FROM changes WHERE change_id = ?), 9e18)"
                values = (*values, query.after)
            rows = _rows(reader, f"{where} ORDER BY seq DESC LIMIT {query.limit + 1}", values)
            return rows[: query.limit], int(total), len(rows) > query.limit

    def of_unit(self, unit_id: str) -> list[IndexedChange]:
        """Changes of a unit, in their order."""
        return self._select("unit = ? ORDER BY seq", (unit_id,))

    def unit(self, unit_id: str) -> IndexedUnit | None:
        return next(iter(select_units(self._read(), "unit_id = ?", (unit_id,))), None)

    def unit_with_key(self, tool: str, key: str) -> IndexedUnit | None:
        """The first unit of a call with this idempotency key. A unit whose steps are not all there never began."""
        return next(iter(select_units(self._read(), "key = ? AND tool = ?", (key, tool))), None)

    def find_units(self, query: ChangeQuery) -> tuple[list[IndexedUnit], int, bool]:
        """Return a page of units, newest first, how many match in all, and whether more follow."""
        with self._separate_reader() as reader:
            return find_units(reader, query)

    def _select(self, where: str, values: Sequence[Any]) -> list[IndexedChange]:
        return _rows(self._read(), where, values)

    # ---- connections

    def _connect(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = self._open()
        return self._writer

    def _read(self) -> sqlite3.Connection:
        """The connection of the event loop, which waits for no other thread."""
        if self._reader is None:
            self._reader = self._connect() if self._path is None else open_index(self._path)
        return self._reader

    @contextmanager
    def _separate_reader(self) -> Iterator[sqlite3.Connection]:
        if self._path is None:
            yield self._connect()
            return
        connection = open_index(self._path)
        try:
            yield connection
        finally:
            connection.close()

    @property
    def _path(self) -> Path | None:
        if self._spare is not None:
            return Path(self._spare.name) / FILE
        return None if self._folder is None else self._folder / FILE

    def _open(self) -> sqlite3.Connection:
        """Open the index beside the journal. Where that is not possible, make one for this process alone."""
        try:
            return open_index(self._path)
        except (OSError, sqlite3.Error) as failure:
            self._replace(failure)
        return open_index(self._path)

    def _start_anew(self, failure: sqlite3.Error) -> None:
        self.close()
        self._replace(failure)

    def _replace(self, failure: Exception) -> None:
        """Remove a damaged index. Where one cannot be used for another reason, use one of this process alone."""
        if self._path is None or self._spare is not None:
            raise failure
        # An OperationalError says that the file is in use, or that the disk is full or not writable.
        if isinstance(failure, sqlite3.DatabaseError) and not isinstance(failure, sqlite3.OperationalError):
            remove_index(self._path)
        else:
            self._spare = tempfile.TemporaryDirectory(prefix="meta-ads-index-", ignore_cleanup_errors=True)

    def close(self) -> None:
        """Close the connections."""
        for connection in (self._writer, self._reader):
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()
        self._writer = self._reader = None


def _lines_of(chunk: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The lines of a chunk with their offsets, without empty ones."""
    position = 0
    for data in chunk.split(b"\n"):
        if data.strip():
            yield start + position, data
        position += len(data) + 1


def _index_line(connection: sqlite3.Connection, data: bytes, place: LinePlace) -> bool:
    """Add one line to the index. Returns False for a damaged one."""
    line = decode_line(data) if len(data) <= MAX_LINE_BYTES else None
    if line is None:
        return False
    _ADD[line["phase"]](connection, line, (place.segment, place.offset, place.length))
    return True


def _add_intent(connection: sqlite3.Connection, line: Mapping[str, Any], place: tuple[int, int, int]) -> None:
    names = ("change_id", "tool", "key", "account", "page", "object_id", "effect", "started", "undo_of", "unit")
    connection.execute(
        "INSERT OR IGNORE INTO changes (change_id, tool, key, account, page, object_id, effect, started, undo_of, unit,"
        " status, intent_segment, intent_offset, intent_length)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'unknown_outcome', ?, ?, ?)",
        (*(line.get(name) for name in names), *place),
    )


def _add_outcome(connection: sqlite3.Connection, line: Mapping[str, Any], place: tuple[int, int, int]) -> None:
    change_id, status = line["change_id"], line["status"]
    connection.execute(
        "UPDATE changes SET status = ?, object_id = coalesce(?, object_id), outcome_segment = ?, outcome_offset = ?,"
        " outcome_length = ? WHERE change_id = ?",
        (status, line.get("object_id") or None, *place, change_id),
    )
    if status == "success":
        connection.execute(
            "UPDATE changes SET undone_by = ?1 WHERE change_id = (SELECT undo_of FROM changes WHERE change_id = ?1)",
            (change_id,),
        )


def _add_result(connection: sqlite3.Connection, line: Mapping[str, Any], place: tuple[int, int, int]) -> None:
    connection.execute(
        "UPDATE changes SET result_segment = ?, result_offset = ?, result_length = ? WHERE change_id = ?",
        (*place, line["change_id"]),
    )


_ADD: dict[str, Callable[[sqlite3.Connection, Mapping[str, Any], tuple[int, int, int]], None]] = {
    "intent": _add_intent,
    "outcome": _add_outcome,
    "result": _add_result,
    "unit": add_unit,
    "unit_step": add_unit_step,
}


def _rows(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[IndexedChange]:
    columns = "change_id, undone_by, " + ", ".join(
        f"{phase}_{column}" for phase in ("intent", "outcome", "result") for column in ("segment", "offset", "length")
    )
    rows = connection.execute(f"SELECT {columns} FROM changes WHERE {where}", values)  # noqa: S608
    return [
        IndexedChange(row[0], LinePlace(*row[2:5]), _place(row[5:8]), _place(row[8:11]), row[1])
        for row in rows.fetchall()
    ]


def _place(columns: Sequence[Any]) -> LinePlace | None:
    return None if columns[0] is None else LinePlace(*columns)


def _conditions(query: ChangeQuery) -> tuple[str, tuple[Any, ...]]:
    """The conditions of a query in SQL, with their values."""
    columns = {"account": query.account, "object_id": query.object_id, "tool": query.tool, "unit": query.unit}
    terms: dict[str, Any] = {f"{name} = ?": value for name, value in columns.items() if value is not None}
    if query.since is not None:
        terms["started >= ?"] = query.since
    return " AND ".join(["1", *terms]), tuple(terms.values())


def _within(
    connection: sqlite3.Connection,
    is_visible: Callable[[str | None, str | None], bool],
    where: str,
    values: tuple[Any, ...],
) -> tuple[str, tuple[Any, ...]]:
    """Limit a query to the accounts and Pages that may be shown."""
    owners = connection.execute("SELECT DISTINCT account, page FROM changes").fetchall()
    visible = [pair for pair in owners if is_visible(*pair)]
    pairs = " OR ".join("(account IS ? AND page IS ?)" for _ in visible) or "0"
    return f"{where} AND ({pairs})", (*values, *(value for pair in visible for value in pair))
