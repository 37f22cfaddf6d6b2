"""The journal of changes: the intent before a request is sent, the outcome after it, in files that only grow.

Each line is one JSON object and on the disk before the request leaves: a process that is killed at any moment leaves a
journal that says what it was about to do. Values are stored as they are, with their types; a value that cannot be is
refused before anything is sent. Several processes may write at the same time. A line that cannot be read is passed
over and counted, never repaired.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from meta_ads_mcp.core.changes import ChangePage, ChangeQuery, JournalEntry, UnitPage, UnitRecord
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.private_files import UnsafeFileError
from meta_ads_mcp.engine.writes.journal.entry_lines import (
    INTENT_FIELDS,
    UNIT_FIELDS,
    UnstorableValueError,
    decode_line,
    encode_line,
    to_plain_json,
)
from meta_ads_mcp.engine.writes.journal.line_index import IndexedChange, LineIndex, LinePlace, StaleIndexError
from meta_ads_mcp.engine.writes.journal.segments import MAX_SEGMENT_BYTES, FolderFiles, JournalFiles, MemoryFiles
from meta_ads_mcp.engine.writes.journal.unit_index import IndexedUnit
from meta_ads_mcp.errors import Denied, InvalidArguments

T = TypeVar("T")


class Journal:
    """The journal of one state directory; None keeps it in memory (a server without writes, the demo).

    The methods that read without `await` are for callers that awaited `catch_up` in the same call: then they take
    milliseconds, however long the journal is.
    """

    def __init__(self, state_dir: Path | None, clock: Clock, max_segment_bytes: int = MAX_SEGMENT_BYTES) -> None:
        self._files: JournalFiles = MemoryFiles() if state_dir is None else FolderFiles(state_dir, max_segment_bytes)
        self._index = LineIndex(self._files, state_dir)
        self._in_memory = state_dir is None
        self._clock = clock
        self._open: set[str] = set()
        self._is_stopping = False
        self.unwritten = 0

    # ---- write

    def new_id(self, prefix: str = "c") -> str:
        """Return a new id: of a change, or with the prefix `u` of a unit."""
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        return f"{prefix}{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"

    def intent(self, entry: JournalEntry) -> None:
        """Write down what is about to be sent.

        Raises Denied when it cannot be written and InvalidArguments for a value that JSON cannot hold exactly: then
        nothing may be sent.
        """
        self._record([self._intent_line(entry)])

    def intents(self, entries: Sequence[JournalEntry]) -> None:
        """Write down all requests of a batch at once. Raises as `intent` does."""
        self._record([self._intent_line(entry) for entry in entries])

    def start_unit(self, unit: UnitRecord) -> None:
        """Write down a unit with its steps. Raises as `intent` does: then nothing may be sent."""
        unit.started = self._clock.now()
        unit.time = datetime.fromtimestamp(unit.started, UTC).isoformat(timespec="seconds")
        unit.arguments = to_plain_json(unit.arguments)
        values = {name: value for name, value in vars(unit).items() if name in UNIT_FIELDS}
        head = {"phase": "unit", **{name: value for name, value in values.items() if value not in (None, {}, "")}}
        steps = [
            {"phase": "unit_step", "unit_id": unit.unit_id, "number": number, "data": step}
            for number, step in enumerate(unit.steps)
        ]
        self._record([head, *steps])

    def _intent_line(self, entry: JournalEntry) -> dict[str, Any]:
        entry.started = self._clock.now()
        entry.time = datetime.fromtimestamp(entry.started, UTC).isoformat(timespec="seconds")
        entry.arguments = to_plain_json(entry.arguments)
        values = {name: value for name, value in vars(entry).items() if name in INTENT_FIELDS}
        return {"phase": "intent", **{name: value for name, value in values.items() if value not in (None, {}, "")}}

    async def finish(self, seconds: float) -> None:
        """Refuse new changes from now on, and wait until the outcome of each that was sent is written down."""
        self._is_stopping = True
        end = self._clock.monotonic() + seconds
        while self._open and self._clock.monotonic() < end:
            await self._clock.sleep(0.02)

    def _record(self, lines: Sequence[dict[str, Any]]) -> None:
        if self._is_stopping:
            raise Denied("This server is stopping; nothing was sent.", "Make the same call again after its start.")
        try:
            self._append(*lines)
            self._open |= {line["change_id"] for line in lines if line["phase"] == "intent"}
        except OSError as failure:
            raise _unusable("written", failure) from None
        except UnstorableValueError:
            raise InvalidArguments(
                "A value of this change, or one that it replaces, is too large or cannot be recorded exactly, so that "
                "it could not be undone. Nothing was sent.",
                "Give plain texts, numbers, lists and objects of usual size.",
            ) from None

    def outcome(self, change_id: str, status: str, **more: Any) -> None:
        """Write down how a change ended. A failure here loses no change: the intent stands, its outcome unknown."""
        self._append_if_possible(_outcome_line(change_id, status, more))

    def outcomes(self, rows: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        """Write down how several changes ended: the id, the status and more fields of each."""
        if rows:
            self._append_if_possible(*(_outcome_line(*row) for row in rows))

    def result(self, change_id: str, data: dict[str, Any]) -> None:
        """Keep what the call answered, for the same idempotency key later."""
        self._append_if_possible({"phase": "result", "change_id": change_id, "data": to_plain_json(data)})

    def _append_if_possible(self, *lines: dict[str, Any]) -> None:
        try:
            self._append(*lines)
        except (OSError, UnstorableValueError):
            self.unwritten += 1
        self._open -= {line.get("change_id", "") for line in lines if line["phase"] == "outcome"}

    def _append(self, *lines: dict[str, Any]) -> None:
        self._files.append(b"\n".join(encode_line(line) for line in lines))

    # ---- read

    async def catch_up(self) -> None:
        """Index what was appended since. A long journal is indexed in a thread. Raises Denied if it is unreadable."""
        if self._in_memory:
            self._index.catch_up()
            return
        await self._in_thread(lambda stop: self._index.catch_up(stop=stop))

    async def find(self, query: ChangeQuery) -> ChangePage:
        """Return the newest changes that match. Raises Denied if the journal cannot be read."""
        if self._in_memory:
            return self._find(query)
        return await self._in_thread(lambda stop: self._find(query, stop))

    async def get(self, change_id: str) -> JournalEntry | None:
        """Return one change, or None. Raises Denied if the journal cannot be read."""
        await self.catch_up()
        return self.entry(change_id)

    async def leave_out_known(self, ids: Sequence[str], entry: JournalEntry) -> list[str]:
        """Return the ids that can be of the object of `entry`: no other change created them, or used them before."""
        await self.catch_up()
        return [object_id for object_id in ids if not self._is_known(object_id, entry)]

    def entries(self) -> list[JournalEntry]:
        """Return all changes, the oldest first. Takes long for a long journal."""
        return self._reading(lambda: [self._load(row) for row in self._current().everything()])

    def entry(self, change_id: str) -> JournalEntry | None:
        return self._reading(lambda: self._load_any(self._current().change(change_id)))

    def with_key(self, tool: str, key: str) -> list[JournalEntry]:
        """Return the changes of the calls with an idempotency key, in the order in which all processes see them."""
        return self._reading(lambda: [self._load(row) for row in self._current().with_key(tool, key)])

    def unit(self, unit_id: str) -> UnitRecord | None:
        """Return a unit with its steps, or None."""
        return self._reading(lambda: self._load_unit(self._current().unit(unit_id)))

    def unit_with_key(self, tool: str, key: str) -> UnitRecord | None:
        """Return the first unit of the calls with an idempotency key, as all processes see them."""
        return self._reading(lambda: self._load_unit(self._current().unit_with_key(tool, key)))

    def of_unit(self, unit_id: str) -> list[JournalEntry]:
        """Return the changes of a unit in their order."""
        return self._reading(lambda: [self._load(row) for row in self._current().of_unit(unit_id)])

    async def find_units(self, query: ChangeQuery) -> UnitPage:
        """Return the newest units that match. Raises Denied if the journal cannot be read."""
        await self.catch_up()

        def page() -> UnitPage:
            rows, total, has_more = self._index.find_units(query)
            records = [record for row in rows if (record := self._load_unit(row)) is not None]
            return UnitPage([(record, self.of_unit(record.unit_id)) for record in records], total, has_more)

        return self._reading(page)

    @property
    def damaged(self) -> int:
        """How many lines were passed over because they cannot be read."""
        return self._reading(lambda: self._current().damaged)

    def _is_known(self, object_id: str, entry: JournalEntry) -> bool:
        """Return whether the object is one of another change, by all outcomes that are written at this moment."""

        def ask() -> bool:
            self._index.catch_up()
            return self._index.is_known(object_id, entry.change_id, entry.started)

        return self._reading(ask)

    def _current(self) -> LineIndex:
        """The index, up to date unless a thread is at it already."""
        self._index.catch_up(wait=False)
        return self._index

    def _find(self, query: ChangeQuery, stop: threading.Event | None = None) -> ChangePage:
        self._index.catch_up(stop=stop)

        def page() -> ChangePage:
            rows, total, has_more = self._index.find(query)
            return ChangePage([self._load(row) for row in rows], total, has_more, self._index.damaged)

        return self._reading(page)

    def _reading(self, read: Callable[[], T]) -> T:
        """Read, and once more with a new index if the index does not fit the files."""
        try:
            try:
                return read()
            except (StaleIndexError, sqlite3.Error):
                self._index.rebuild()
                return read()
        except OSError as failure:
            raise _unusable("read", failure) from None
        except (StaleIndexError, sqlite3.Error) as failure:
            raise _unusable("read", OSError(type(failure).__name__)) from None

    async def _in_thread(self, work: Callable[[threading.Event], T]) -> T:
        """Run in a thread. A caller that is cancelled ends the work, which would hold up the end of the process."""
        stop = threading.Event()
        try:
            return await asyncio.to_thread(work, stop)
        except asyncio.CancelledError:
            stop.set()
            raise
        except (OSError, sqlite3.Error) as failure:
            raise _unusable("read", failure) from None

    def _load_any(self, row: IndexedChange | None) -> JournalEntry | None:
        return None if row is None else self._load(row)

    def _load(self, row: IndexedChange) -> JournalEntry:
        """Return an entry from its lines. Raises StaleIndexError if they are elsewhere."""
        intent = self._line(row.intent, "intent", row.change_id)
        fields = {name: value for name, value in intent.items() if name in INTENT_FIELDS and value is not None}
        entry = JournalEntry(**fields)
        entry.undone_by = row.undone_by
        if row.outcome is not None:
            outcome = self._line(row.outcome, "outcome", row.change_id)
            entry.status = outcome["status"]
            entry.object_id = outcome.get("object_id") or entry.object_id
            entry.error = outcome.get("error")
            entry.not_applied = outcome.get("not_applied") or []
        if row.result is not None:
            entry.result = self._line(row.result, "result", row.change_id)["data"]
        return entry

    def _load_unit(self, row: IndexedUnit | None) -> UnitRecord | None:
        if row is None:
            return None
        head = self._line(LinePlace(*row.line), "unit", row.unit_id)
        steps = [self._line(LinePlace(*place), "unit_step", row.unit_id)["data"] for place in row.steps]
        fields = {name: value for name, value in head.items() if name in UNIT_FIELDS and value is not None}
        return UnitRecord(**fields, steps=steps)

    def _line(self, place: LinePlace, phase: str, change_id: str) -> dict[str, Any]:
        line = decode_line(self._files.read(place.segment, place.offset, place.length))
        if line is None or (line["phase"], line.get("change_id", line.get("unit_id"))) != (phase, change_id):
            raise StaleIndexError
        return line


def _outcome_line(change_id: str, status: str, more: dict[str, Any]) -> dict[str, Any]:
    more = {name: value for name, value in more.items() if value not in (None, {}, [])}
    if "error" in more:
        more["error"] = to_plain_json(more["error"])
    return {"phase": "outcome", "change_id": change_id, "status": status, **more}


def _unusable(what: str, failure: Exception) -> Denied:
    reason = failure.strerror if isinstance(failure, UnsafeFileError) else type(failure).__name__
    return Denied(
        f"The change journal cannot be {what} ({reason}); nothing was sent.",
        "Make META_ADS_STATE_DIR a folder that this user can write, with space left and journal.jsonl a regular file.",
    )
