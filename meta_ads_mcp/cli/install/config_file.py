"""Changing a client's file: with a backup, as a whole or not at all, keeping its mode and its owner."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from meta_ads_mcp.core.private_files import move_into_place, write_draft

_BOM = "\ufeff"
_OWNER_ONLY = 0o600


class FileProblem(Exception):
    """The file cannot be read or written; one sentence."""


@dataclass(frozen=True)
class Text:
    """A file's text as it was read; `raw` tells later whether somebody else has changed it."""

    text: str
    raw: bytes | None
    bom: bool = False


def read(path: Path) -> Text:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except FileNotFoundError:
        return Text("", None)
    except OSError as failure:
        raise FileProblem(f"{path} cannot be read ({type(failure).__name__}).") from None
    except UnicodeDecodeError:
        raise FileProblem(f"{path} is not UTF-8 text; it was left as it is.") from None
    return Text(text.removeprefix(_BOM), raw, text.startswith(_BOM))


def write(path: Path, old: Text, new: str) -> Path | None:
    """Replace the file's text; returns the backup of the old one. Raises FileProblem, and then nothing has changed."""
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if read(target).raw != old.raw:
            raise FileProblem(f"{path} was changed by another program meanwhile. Close the client and try again.")
        backup = _backup(target, old.raw) if old.raw is not None else None
        _replace(target, ((_BOM if old.bom else "") + new).encode())
    except OSError as failure:
        raise FileProblem(f"{path} cannot be written ({type(failure).__name__}).") from None
    return backup


def _backup(target: Path, raw: bytes) -> Path:
    """`<name>.<time>.bak` beside the file, with its mode: it may hold other servers' secrets."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for number in range(100):
        backup = target.with_name(f"{target.name}.{stamp}{f'-{number}' if number else ''}.bak")
        with contextlib.suppress(FileExistsError):
            handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
            with os.fdopen(handle, "wb") as stream:
                stream.write(raw)
            _as_before(backup, target)
            return backup
    raise FileExistsError(target)


def _replace(target: Path, content: bytes) -> None:
    draft = write_draft(target, content)
    try:
        if target.exists():
            _as_before(draft, target)
        move_into_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _as_before(new: Path, old: Path) -> None:
    """The mode of the old file, and its owner where this user may give it away."""
    status = old.stat()
    new.chmod(status.st_mode & 0o7777)
    if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
        with contextlib.suppress(OSError):
            os.chown(new, status.st_uid, status.st_gid)
