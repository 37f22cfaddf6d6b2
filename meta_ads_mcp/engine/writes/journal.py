"""The journal of changes: intent before the wire, outcome after it, in a file that only grows.

One JSON object a line, each line written by one `write` to a file opened for appending and synced to the disk before
the request leaves: a process that is killed at any moment leaves a journal that says what it was about to do. Two
processes may write at the same time. A line that cannot be read is passed over and said, never repaired.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.private_files import append_private_line
from meta_ads_mcp.errors import Denied

FILE = "journal.jsonl"


class Journal:
    """The journal file of one state directory. `path` is None where nothing is kept (a server without writes)."""

    def __init__(self, state_dir: Path | None, clock: Clock) -> None:
        self._path = state_dir / FILE if state_dir is not None else None
        self._clock = clock
        self._memory: list[dict[str, Any]] = []
        self.damaged = 0

    def new_id(self) -> str:
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        return f"c{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"

    def intent(self, entry: JournalEntry) -> None:
        """Write down what is about to be sent. Raises Denied when it cannot be: then nothing may be sent."""
        entry.started = self._clock.now()
        entry.time = datetime.fromtimestamp(entry.started, UTC).isoformat(timespec="seconds")
        line = {"phase": "intent", **{key: value for key, value in vars(entry).items() if value not in (None, {}, "")}}
        try:
            self._append(line)
        except OSError as failure:
            raise _unusable("written", failure) from None

    def outcome(self, change_id: str, status: str, **more: Any) -> None:
        """Write down how it ended. A failure here loses no change: the intent stands, with its outcome unknown."""
        more = {key: value for key, value in more.items() if value not in (None, {})}
        try:
            self._append({"phase": "outcome", "change_id": change_id, "status": status, **more})
        except OSError:
            self.damaged += 1

    def result(self, change_id: str, data: dict[str, Any]) -> None:
        """Keep what the call answered, for the same idempotency key later."""
        try:
            self._append({"phase": "result", "change_id": change_id, "data": data})
        except OSError:
            self.damaged += 1

    def entries(self) -> list[JournalEntry]:
        """All changes, oldest first. Raises Denied when the file is there and cannot be read."""
        found: dict[str, JournalEntry] = {}
        for line in self._lines():
            _apply(found, line)
        return list(found.values())

    def entry(self, change_id: str) -> JournalEntry | None:
        return next((entry for entry in self.entries() if entry.change_id == change_id), None)

    def with_key(self, tool: str, key: str) -> list[JournalEntry]:
        """The changes of the call that this idempotency key belongs to."""
        return [entry for entry in self.entries() if entry.key == key and entry.tool == tool]

    def is_known(self, object_id: str, entry: JournalEntry) -> bool:
        """Return whether the object cannot be the one that `entry` creates: another change created or used it."""
        return any(
            other.object_id == object_id
            and other.change_id != entry.change_id
            and (other.effect == "create" or other.started < entry.started)
            for other in self.entries()
        )

    def _append(self, line: dict[str, Any]) -> None:
        if self._path is None:
            self._memory.append(json.loads(json.dumps(line, default=str)))
            return
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)
        append_private_line(self._path, text, sync=True)

    def _lines(self) -> Iterator[dict[str, Any]]:
        if self._path is None:
            yield from self._memory
            return
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as failure:
            raise _unusable("read", failure) from None
        self.damaged = 0
        for text in raw.split(b"\n"):
            line = _decoded(text)
            if line is not None:
                yield line
            elif text.strip():
                self.damaged += 1


def _unusable(what: str, failure: OSError) -> Denied:
    return Denied(
        f"The change journal cannot be {what} ({type(failure).__name__}); nothing was sent.",
        "Make META_ADS_STATE_DIR a folder that this user can write, with space left.",
    )


def _decoded(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and isinstance(line.get("change_id"), str) else None


def _apply(found: dict[str, JournalEntry], line: dict[str, Any]) -> None:
    change_id = line["change_id"]
    if line.get("phase") == "intent":
        known = {name: value for name, value in line.items() if name in JournalEntry.__dataclass_fields__}
        if {"tool", "effect", "node", "time"} <= known.keys():
            found[change_id] = JournalEntry(**known)
    elif change_id in found and line.get("phase") == "result":
        found[change_id].result = line.get("data")
    elif change_id in found:
        entry = found[change_id]
        entry.status = str(line.get("status", entry.status))
        entry.object_id = line.get("object_id") or entry.object_id
        entry.error = line.get("error")
        entry.not_applied = line.get("not_applied") or []
        if entry.undo_of in found and entry.status == "success":
            found[entry.undo_of].undone_by = change_id
