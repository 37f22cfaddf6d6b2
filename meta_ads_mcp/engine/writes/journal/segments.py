"""The files of the journal: one that grows, and full ones that it was renamed to.

`journal.jsonl` is the file that grows. When it is full it becomes `journal-N.jsonl`, N counting from 1, and a new one
starts. A segment keeps its number and its content for ever, so a number and an offset always lead to the same line.
Several processes append at the same time: on POSIX a lock on the file lets one append or rename at a time. Windows
does not rename a file that another process has open.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from meta_ads_mcp.core.private_files import (
    append_line,
    lock_for_append,
    make_private_folder,
    open_private,
    open_private_to_read,
)

FILE = "journal.jsonl"
MAX_SEGMENT_BYTES = 32_000_000
_FULL = re.compile(r"journal-([1-9][0-9]{0,8})\.jsonl")
_OPEN_ATTEMPTS = 5


@dataclass(frozen=True)
class Segment:
    """One file of the journal: its number, and its size in bytes."""

    number: int
    size: int


class JournalFiles(Protocol):
    """Where the lines of a journal are. All methods raise OSError."""

    def append(self, line: bytes) -> None:
        """Add a line; it is on the disk when this returns."""
        ...

    def segments(self) -> list[Segment]:
        """All segments, the oldest first."""
        ...

    def read(self, number: int, offset: int, length: int) -> bytes:
        """Up to `length` bytes of a segment from `offset`; nothing from a segment that does not exist."""
        ...


class FolderFiles:
    """The journal of a state directory."""

    def __init__(self, folder: Path, max_bytes: int = MAX_SEGMENT_BYTES) -> None:
        self._folder = folder
        self._path = folder / FILE
        self._max_bytes = max_bytes

    def append(self, line: bytes) -> None:
        make_private_folder(self._folder)
        descriptor, is_locked = self._open()
        try:
            append_line(descriptor, line, sync=True)
            is_full = os.fstat(descriptor).st_size >= self._max_bytes
            if is_full and is_locked:
                self._rename()
        finally:
            os.close(descriptor)
        if is_full and sys.platform == "win32":
            self._rename()

    def segments(self) -> list[Segment]:
        numbers = self._full_numbers()
        sizes = [Segment(number, self._full(number).lstat().st_size) for number in numbers]
        with suppress(FileNotFoundError):
            descriptor = open_private_to_read(self._path)
            try:
                sizes.append(Segment(max(numbers, default=0) + 1, os.fstat(descriptor).st_size))
            finally:
                os.close(descriptor)
        return sizes

    def read(self, number: int, offset: int, length: int) -> bytes:
        try:
            descriptor = self._open_segment(number)
        except FileNotFoundError:
            return b""
        try:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return _read_fully(descriptor, length)
        finally:
            os.close(descriptor)

    def _open(self) -> tuple[int, bool]:
        """Open and lock the file that grows. Returns the descriptor, and whether it is locked."""
        for _ in range(_OPEN_ATTEMPTS):
            descriptor = open_private(self._path)
            if not lock_for_append(descriptor):
                return descriptor, False
            if _is_same_file(descriptor, self._path):
                return descriptor, True
            os.close(descriptor)  # renamed since it was opened
        return open_private(self._path), False

    def _open_segment(self, number: int) -> int:
        """Open a segment, whether it is full or still grows, and also while it is renamed."""
        full = self._full(number)
        with suppress(FileNotFoundError):
            return open_private_to_read(full)
        if number != max(self._full_numbers(), default=0) + 1:
            return open_private_to_read(full)
        descriptor = open_private_to_read(self._path)
        if not full.exists():
            return descriptor
        os.close(descriptor)
        return open_private_to_read(full)

    def _rename(self) -> None:
        """Make the file that grows a full one. If that fails, it grows on."""
        with suppress(OSError):
            target = self._full(max(self._full_numbers(), default=0) + 1)
            if not target.exists():
                self._path.rename(target)

    def _full(self, number: int) -> Path:
        return self._folder / f"journal-{number}.jsonl"

    def _full_numbers(self) -> list[int]:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(match[1]) for match in map(_FULL.fullmatch, names) if match)


class MemoryFiles:
    """The journal of a server that keeps nothing on the disk."""

    def __init__(self) -> None:
        self._data = bytearray()

    def append(self, line: bytes) -> None:
        self._data += line + b"\n"

    def segments(self) -> list[Segment]:
        return [Segment(1, len(self._data))]

    def read(self, number: int, offset: int, length: int) -> bytes:
        return bytes(self._data[offset : offset + length]) if number == 1 else b""


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _read_fully(descriptor: int, length: int) -> bytes:
    pieces: list[bytes] = []
    while length > 0:
        piece = os.read(descriptor, length)
        if not piece:
            break
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
