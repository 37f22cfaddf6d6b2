"""Remember which local files a call read and what they held, so that an agreement holds for that content alone.

A path is an argument like any other, but the file behind it can change between the plan and the agreement to it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from meta_ads_mcp.core.ports import Upload, Uploads
from meta_ads_mcp.errors import AdsError

# A larger file, such as a video, is recognized by its size and the time of its last change.
MAX_HASHED_BYTES = 64 * 1024 * 1024
MAX_FILE_BYTES = 1 << 40
_BLOCK_BYTES = 1 << 20

Open = Callable[[str, int], Upload | None]


@dataclass
class OpenedFiles:
    """Hold the mark of each file that a call opened: equal marks mean equal content."""

    marks: dict[str, str] = field(default_factory=dict)

    def watch(self, open_file: Open, path: str, most_bytes: int) -> Upload | None:
        """Open a file and remember its mark."""
        upload = open_file(path, most_bytes)
        if upload is not None:
            self.marks[path] = mark_of(upload)
        return upload


@dataclass(frozen=True)
class WatchedUploads:
    """Implement `Uploads` for one call over those of the process."""

    uploads: Uploads
    files: OpenedFiles

    def open(self, path: str, most_bytes: int) -> Upload:
        upload = self.files.watch(self.uploads.open, path, most_bytes)
        if upload is None:
            raise TypeError("an upload is opened or refused")
        return upload


def mark_of(upload: Upload) -> str:
    """Return a text that is the same for the same content."""
    if upload.size > MAX_HASHED_BYTES:
        return f"{upload.size}:{os.fstat(upload.file.fileno()).st_mtime_ns}"
    digest = hashlib.sha256()
    while block := upload.file.read(_BLOCK_BYTES):
        digest.update(block)
    upload.file.seek(0)
    return digest.hexdigest()


def changed_files(marks: Mapping[str, str], *openers: Open) -> list[str]:
    """Return the paths whose files hold something else than by their marks. A file that is gone says nothing."""
    return [path for path, mark in marks.items() if _mark_now(path, openers) not in ("", mark)]


def _mark_now(path: str, openers: tuple[Open, ...]) -> str:
    for open_file in openers:
        try:
            upload = open_file(path, MAX_FILE_BYTES)
        except AdsError:
            continue
        if upload is not None:
            with upload:
                return mark_of(upload)
    return ""
