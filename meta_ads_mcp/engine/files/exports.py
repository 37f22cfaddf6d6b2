"""Write results to files in `exports/` and `media/` of the state directory, which only their owner can read.

A file is written beside its place and moved there when it is complete, so a partial file is never taken for a result.
Only the columns stay in memory. A table requires all columns before its first line, so the rows of CSV and XLSX wait
in a spool file until the end. Files with personal data are in `exports/personal/`, which no resource reaches.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any

from meta_ads_mcp.core.ports import Export, ExportFormat, Upload
from meta_ads_mcp.core.private_files import (
    UnsafeFileError,
    make_private_folder,
    move_into_place,
    open_private,
    refuse_unsafe,
    replace_private,
    write_all,
)
from meta_ads_mcp.core.result import Exported, Row
from meta_ads_mcp.engine.files.uploads import RootedUploads
from meta_ads_mcp.engine.files.workbook import require_xlsx, write_workbook
from meta_ads_mcp.errors import Denied, InvalidArguments, NotFound

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_EXTENSION = re.compile(r"[a-z0-9]{1,5}")
_FILE = re.compile(rf"{_NAME.pattern}\.(csv|jsonl)")
# Rows of a spool that are in memory at a time.
SPOOL_PAGE = 1000
# Spreadsheets run a cell that starts with one of these as a formula, and outsiders write the names of ads.
_PHONE = re.compile(r"\+[0-9][0-9 ()./-]{3,30}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class FolderExports:
    """Implement `Exports` over the folders `exports/` and `media/` of `state_dir`. Without it, every file is denied."""

    def __init__(self, state_dir: Path | None = None) -> None:
        self._folder = state_dir / "exports" if state_dir else None
        self._media = state_dir / "media" if state_dir else None

    def open(
        self, name: str, file_format: ExportFormat, *, personal: bool = False, for_editing: bool = False
    ) -> Export:
        if self._folder is None:
            raise Denied("This server has no folder for exports.", "Set META_ADS_STATE_DIR, or leave out save_as.")
        if not _NAME.fullmatch(name):
            raise InvalidArguments("The name of an export is letters, digits, _ and -.")
        _refuse_link(self._folder)
        if file_format == "xlsx":
            require_xlsx()
        folder = self._folder / "personal" if personal else self._folder
        try:
            make_private_folder(folder)
            folder.chmod(0o700)
            target = folder / f"{name}.{file_format}"
            return FileExport(target, file_format, personal=personal, for_editing=for_editing)
        except OSError as failure:
            raise _unwritable(failure) from None

    def reopen(self, path: str, most_bytes: int) -> Upload | None:
        folder = os.path.realpath(self._folder) if self._folder is not None else None
        if folder is None or os.path.realpath(Path(path).parent) != folder:
            return None
        return RootedUploads([folder]).open(path, most_bytes)

    def read_state(self, name: str) -> Row:
        path = self._state_path(name)
        if not _is_regular_file(path):
            return {}
        with suppress(OSError, ValueError, RecursionError):
            state = json.loads(path.read_text(encoding="utf-8"))
            return state if isinstance(state, dict) else {}
        return {}

    def write_state(self, name: str, state: Row) -> None:
        try:
            replace_private(self._state_path(name), _json_line(state).encode())
        except OSError as failure:
            raise _unwritable(failure) from None

    def spool(self, name: str) -> FileSpool:
        return FileSpool(self._state_path(name).with_suffix(".rows"))

    def _state_path(self, name: str) -> Path:
        if self._folder is None:
            raise Denied("This server has no folder for exports.", "Set META_ADS_STATE_DIR, or leave out save_as.")
        if not _NAME.fullmatch(name):
            raise InvalidArguments("The name of an export is letters, digits, _ and -.")
        return self._folder / "state" / f"{name}.json"

    def keep(self, name: str, extension: str, content: bytes) -> str:
        if self._media is None:
            raise Denied("This server has no folder for files.", "Set META_ADS_STATE_DIR, or leave out save.")
        if not _NAME.fullmatch(name) or not _EXTENSION.fullmatch(extension):
            raise InvalidArguments("The name of a file is letters, digits, _ and -.")
        _refuse_link(self._media)
        target = self._media / f"{name}.{extension}"
        try:
            make_private_folder(self._media)
            self._media.chmod(0o700)
            replace_private(target, content)
        except OSError as failure:
            raise _unwritable(failure) from None
        return str(target)

    def names(self) -> list[str]:
        """Return the names of the finished files, the newest first."""
        if self._folder is None or self._folder.is_symlink() or not self._folder.is_dir():
            return []
        paths = [path for path in self._folder.iterdir() if _FILE.fullmatch(path.name) and _is_regular_file(path)]
        return [path.name for path in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)]

    def beginning(self, name: str, most: int) -> tuple[str, int]:
        """Return whole lines from the first `most` bytes of a finished file, and the file's size in bytes.

        Raises NotFound for anything that is not the name of a finished file.
        """
        path = self._folder / name if self._folder and _FILE.fullmatch(name) else None
        if path is None or path.parent.is_symlink() or not _is_regular_file(path):
            raise NotFound(
                "There is no such exported file.", "Names end in .csv or .jsonl; save_as of a report tells the path."
            )
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            data = data[: data.rfind(b"\n", 0, most) + 1] or data[:most]
        return data.decode("utf-8", "ignore"), path.stat().st_size


def _refuse_link(folder: Path) -> None:
    """Raise Denied for a link in place of the folder: files would be written outside the state directory."""
    if folder.is_symlink():
        raise Denied("The folder for files leads out of META_ADS_STATE_DIR.", "Make it a folder, or remove it.")


# Rows of a spool that are in memory at a time.
SPOOL_PAGE = 1000


def _is_regular_file(path: Path) -> bool:
    """Return whether the path is a file and not a link to another folder's file."""
    return path.is_file() and not path.is_symlink()


class FileSpool:
    """Implement `RowSpool` with a private file that has a row of JSON per line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int:
        return self._path.stat().st_size if _is_regular_file(self._path) else 0

    async def append(self, rows: Sequence[Row], size: int) -> int:
        try:
            return await asyncio.to_thread(self._append, rows, size)
        except OSError as failure:
            raise _unwritable(failure) from None

    async def pages(self) -> AsyncIterator[Sequence[Row]]:
        if not _is_regular_file(self._path):
            return
        with self._path.open(encoding="utf-8") as file:
            while lines := await asyncio.to_thread(lambda: list(islice(file, SPOOL_PAGE))):
                yield [json.loads(line) for line in lines]

    def delete(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _append(self, rows: Sequence[Row], size: int) -> int:
        make_private_folder(self._path.parent)
        descriptor = open_private(self._path)
        try:
            os.ftruncate(descriptor, size)
            data = "".join(map(_json_line, rows)).encode()
            write_all(descriptor, data)
        finally:
            os.close(descriptor)
        return size + len(data)


def _unwritable(failure: OSError) -> Denied:
    if isinstance(failure, UnsafeFileError):
        return Denied(f"The file cannot be written: its path {failure.strerror}.", "Remove it, or use another name.")
    return Denied(
        f"The file cannot be written ({type(failure).__name__}).",
        "Make META_ADS_STATE_DIR a folder that this user can write, with space left, or do not save.",
    )


class _Draft:
    """Hold a file beside its place, with mode 0600, until it is complete."""

    def __init__(self, target: Path) -> None:
        refuse_unsafe(target)
        self._target = target
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        self.path = Path(name)
        self.file: IO[str] = os.fdopen(handle, "w+", encoding="utf-8", newline="")

    def place(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        move_into_place(self.path, self._target)

    def discard(self) -> None:
        with suppress(OSError):  # A full disk cannot take the buffer, which is discarded anyway.
            self.file.close()
        self.path.unlink(missing_ok=True)


class FileExport:
    """Implement `Export`: collect rows in a spool file, and write them to the final file at the end."""

    def __init__(
        self, target: Path, file_format: ExportFormat, *, personal: bool = False, for_editing: bool = False
    ) -> None:
        self._target, self._format, self._personal = target, file_format, personal
        self._for_editing = for_editing
        self._spool = _Draft(target)
        self._columns: dict[str, None] = {}
        self._rows = 0

    async def write(self, rows: Sequence[Row]) -> None:
        try:
            await asyncio.to_thread(self._append, rows)
        except OSError as failure:
            raise _unwritable(failure) from None

    async def finish(self, missing: Mapping[str, Any] | None = None) -> Exported:
        place = {"csv": self._place_csv, "jsonl": self._place_jsonl, "xlsx": self._place_xlsx}[self._format]
        try:
            await asyncio.to_thread(place, missing or {})
        except OSError as failure:
            raise _unwritable(failure) from None
        finally:
            self.discard()
        size = self._target.stat().st_size
        digest = await asyncio.to_thread(_sha256, self._target) if self._for_editing else ""
        return Exported(str(self._target), self._rows, list(self._columns), size, self._personal, digest)

    def discard(self) -> None:
        self._spool.discard()

    def _append(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._columns.update(dict.fromkeys(row))
            self._spool.file.write(_json_line(row))
        self._rows += len(rows)

    def _place_csv(self, missing: Mapping[str, Any]) -> None:
        draft = _Draft(self._target)
        try:
            draft.file.write("\ufeff" if self._for_editing else "")
            writer = csv.writer(draft.file)
            writer.writerow(self._columns)
            for row in self._written_rows():
                writer.writerow([_cell(row.get(name, missing.get(name))) for name in self._columns])
            draft.place()
        finally:
            draft.discard()

    def _place_jsonl(self, missing: Mapping[str, Any]) -> None:
        if not missing:
            self._spool.place()
            return
        draft = _Draft(self._target)
        try:
            for row in self._written_rows():
                draft.file.write(_json_line({**row, **{name: missing[name] for name in missing if name not in row}}))
            draft.place()
        finally:
            draft.discard()

    def _place_xlsx(self, missing: Mapping[str, Any]) -> None:
        draft = _Draft(self._target)
        try:
            rows = ([row.get(name, missing.get(name)) for name in self._columns] for row in self._written_rows())
            write_workbook(draft.path, list(self._columns), rows)
            draft.place()
        finally:
            draft.discard()

    def _written_rows(self) -> Iterator[Row]:
        self._spool.file.seek(0)
        return (json.loads(line) for line in self._spool.file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json_line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
    return f"'{text}" if isinstance(text, str) and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet could run the text. A phone number cannot do anything, and `'+49…` would be none."""
    return text.startswith(_FORMULA) and not _PHONE.fullmatch(text)
