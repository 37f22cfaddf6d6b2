"""Write files that only this user may read: replace one as a whole, or append a line to one that only grows.

Every file of this server that is not a database goes through here. Files get mode 0600 and missing folders 0700. A
symbolic link, a FIFO, a device or a file of another user is refused: none of them can be meant, and following one
could put private data in somebody else's hands.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

_MODE, _FOLDER_MODE = 0o600, 0o700
_OPEN_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# Without O_NONBLOCK, opening a FIFO would wait for a reader.
_SAFE_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# On Windows a virus scanner or an indexer may hold the target for a moment.
_REPLACE_PAUSES_S = (0.01, 0.05, 0.2, 0.5)

# A lock is held for one line. A process that was stopped while it had the lock must not stop the others.
_LOCK_ATTEMPTS, _LOCK_PAUSE_S = 10, 0.004


class UnsafeFileError(OSError):
    """The path is a link, not a regular file, or belongs to another user."""


def make_private_folder(folder: Path) -> None:
    """Create a folder with mode 0700 where it is missing. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)


def make_private_subfolder(folder: Path) -> None:
    """Create a folder inside the state directory. Raises OSError, also for a link or anything else in its place.

    Behind a link, files would be written outside the state directory.
    """
    if folder.is_symlink():
        raise _unsafe(folder, "is a symbolic link")
    if folder.exists() and not folder.is_dir():
        raise _unsafe(folder, "is not a folder")
    make_private_folder(folder)


def replace_private(path: Path, data: bytes) -> None:
    """Write the whole file anew, so that readers see the old content or the new one and never a part.

    The data is on the disk before the old file is replaced. Raises OSError; the old file is then unchanged.
    """
    make_private_folder(path.parent)
    refuse_unsafe(path)
    draft = write_draft(path, data)
    try:
        move_into_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_draft(target: Path, data: bytes) -> Path:
    """Write the data to a new file beside the target (mode 0600) and sync it to the disk. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    draft = Path(name)
    try:
        try:
            write_all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def move_into_place(draft: Path, target: Path) -> None:
    """Replace the target by a finished draft, and sync the folder. Raises OSError."""
    for pause_s in _REPLACE_PAUSES_S if sys.platform == "win32" else ():
        try:
            draft.replace(target)
        except PermissionError:
            time.sleep(pause_s)
        else:
            return
    draft.replace(target)
    _sync_folder(target.parent)


def append_private_line(path: Path, line: str, *, sync: bool) -> None:
    """Append a line and a line break, in one write where the system allows it.

    Half a line that a killed process left behind is ended first, so that the new line stands by itself. `sync` waits
    until the line is on the disk. Raises OSError; then half a line may be left, which the next call ends.
    """
    make_private_folder(path.parent)
    descriptor = open_private(path)
    try:
        lock_for_append(descriptor)
        append_line(descriptor, line.encode(errors="backslashreplace"), sync=sync)
    finally:
        os.close(descriptor)


def append_line(descriptor: int, line: bytes, *, sync: bool) -> None:
    """Append a line and a line break to a file from `open_private`, as `append_private_line` does. Raises OSError."""
    write_all(descriptor, _line_break(descriptor) + line + b"\n")
    if sync:
        os.fsync(descriptor)


def lock_for_append(descriptor: int) -> bool:
    """Lock a file until it is closed, so that other processes of this server wait to append. Returns whether it worked.

    Without the lock an append is still whole, but a line break may be added to a line that is being written.
    """
    if sys.platform == "win32":
        return False
    import fcntl  # noqa: PLC0415  Windows has no such module

    for _ in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
        except OSError:
            return False  # a file system without locks
        else:
            return True
    return False


def open_private(path: Path) -> int:
    """Open a private file for reading and appending; create it with mode 0600. Returns the descriptor."""
    return _open_safely(path, _OPEN_FLAGS)


def open_private_to_read(path: Path) -> int:
    """Open an existing private file for reading. Returns the descriptor. Raises OSError, and never waits."""
    return _open_safely(path, _READ_FLAGS)


def _open_safely(path: Path, flags: int) -> int:
    refuse_unsafe(path)
    try:
        descriptor = os.open(path, flags | _SAFE_FLAGS, _MODE)
    except OSError as failure:
        if failure.errno == errno.ELOOP:
            raise _unsafe(path, "is a symbolic link") from None
        raise
    try:
        _require_private(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def refuse_unsafe(path: Path) -> None:
    """Raise UnsafeFileError when something other than a regular file of this user is at the path."""
    with suppress(FileNotFoundError):
        _require_private(path, path.lstat())


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes: the system may take fewer than it is given. Raises OSError when it takes no more."""
    view = memoryview(data)
    while view:
        count = os.write(descriptor, view)
        if count == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[count:]


def _require_private(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _unsafe(path, "is a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        raise _unsafe(path, "is not a regular file")
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        raise _unsafe(path, "belongs to another user")


def _unsafe(path: Path, reason: str) -> UnsafeFileError:
    return UnsafeFileError(errno.EPERM, f"{reason}; it was left unchanged", str(path))


def _line_break(descriptor: int) -> bytes:
    """Return a line break where the file ends within a line, else nothing."""
    size = os.fstat(descriptor).st_size
    if size == 0:
        return b""
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return b"" if os.read(descriptor, 1) == b"\n" else b"\n"


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut. Windows cannot, and some file systems refuse."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
