"""Issue and redeem confirmation codes, also across processes that share a state directory.

A code is signed with a key in the state directory and bound to the tool, its arguments and what the change replaces. It
holds for ten minutes and for one call. Its age is measured by the monotonic clock of the machine, which nobody sets and
which all processes since the last start share; a code from before a restart is refused. The system's own name for its
last start tells one start from another, and where there is none, the time of the start as both clocks tell it. The use
of a code is recorded by creating a file of its own, which only one process can do.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.clock import Clock, boot_id
from meta_ads_mcp.core.private_files import UnsafeFileError, make_private_folder, make_private_subfolder, refuse_unsafe
from meta_ads_mcp.errors import Denied

TTL_SECONDS = 600
# How far the start of the machine, as both clocks tell it, may seem to move before it counts as another start.
MAX_START_DRIFT_SECONDS = 86_400
KEY_BYTES = 32
KEY_FILE = "confirmation.key"
USED_FOLDER = "confirmations"
SIGNATURE_CHARS = 24
_CODE = re.compile(
    r"(?P<head>(?P<issued>[0-9]{1,12})-(?P<start>[0-9]{1,12})-(?P<boot>[0-9a-f]{6})[0-9a-f]{8})"
    r"\.(?P<signature>[0-9a-f]+)"
)


class CodeProblem(enum.Enum):
    """Why a code is refused. The value is the sentence."""

    MALFORMED = "This is not a confirmation code of this server."
    OTHER_CALL = "This confirmation code belongs to another call, or what the call changes is different by now."
    EXPIRED = "This confirmation code is older than ten minutes."
    RESTARTED = "This confirmation code is from before this machine was started."
    USED = "This confirmation code was used already."


class ConfirmationCodes:
    """Issue and redeem codes. Without a state directory they hold within this process only."""

    def __init__(self, clock: Clock, state_dir: Path | None = None, read_boot_id: Callable[[], str] = boot_id) -> None:
        self._clock = clock
        self._boot = hashlib.sha256(read_boot_id().encode()).hexdigest()[:6]
        self._folder = state_dir
        self._key: bytes | None = None
        self._used: set[str] = set()

    def issue(self, tool: str, arguments: Mapping[str, Any], replaces: Any) -> str:
        """Return a code for this very call. Raises Denied if the state directory cannot hold the key."""
        head = f"{int(self._clock.monotonic())}-{self._machine_start()}-{self._boot}{secrets.token_hex(4)}"
        return f"{head}.{self._sign(head, tool, arguments, replaces)}"

    def expiry(self) -> float:
        """Return until when a code that is issued now holds, in Unix seconds."""
        return self._clock.now() + TTL_SECONDS

    def redeem(self, code: str, tool: str, arguments: Mapping[str, Any], replaces: Any) -> CodeProblem | None:
        """Use up a code. Return None if it was issued for this very call, or why it does not hold."""
        match = _CODE.fullmatch(code)
        if match is None:
            return CodeProblem.MALFORMED
        signature = self._sign(match["head"], tool, arguments, replaces)
        if not hmac.compare_digest(signature, match["signature"]):
            return CodeProblem.OTHER_CALL
        is_other_start = abs(int(match["start"]) - self._machine_start()) > MAX_START_DRIFT_SECONDS
        if is_other_start or match["boot"] != self._boot:
            return CodeProblem.RESTARTED
        age = self._clock.monotonic() - int(match["issued"])
        if not 0 <= age <= TTL_SECONDS:
            return CodeProblem.EXPIRED if age > 0 else CodeProblem.RESTARTED
        return None if self._mark_used(code) else CodeProblem.USED

    def _machine_start(self) -> int:
        """Return when the machine started, in Unix seconds as its two clocks tell it."""
        return max(0, int(self._clock.now() - self._clock.monotonic()))

    def _sign(self, head: str, tool: str, arguments: Mapping[str, Any], replaces: Any) -> str:
        text = json.dumps([head, tool, arguments, replaces], sort_keys=True, separators=(",", ":"), default=str)
        return hmac.new(self._signing_key(), text.encode(), hashlib.sha256).hexdigest()[:SIGNATURE_CHARS]

    def _signing_key(self) -> bytes:
        if self._key is None:
            self._key = secrets.token_bytes(KEY_BYTES) if self._folder is None else load_key(self._folder / KEY_FILE)
        return self._key

    def _mark_used(self, code: str) -> bool:
        """Record the use of a code. Return False if it is recorded already, here or by another process."""
        name = hashlib.sha256(code.encode()).hexdigest()[:32]
        if name in self._used:
            return False
        self._used.add(name)
        if self._folder is None:
            return True
        folder = self._folder / USED_FOLDER
        try:
            make_private_subfolder(folder)
            self._remove_old(folder)
        except OSError as failure:
            raise _unusable(failure) from None
        return _create_once(folder / name)

    def _remove_old(self, folder: Path) -> None:
        """Remove records that are older than two days: codes of that age are refused anyway."""
        for path in folder.iterdir():
            with suppress(OSError):
                if self._clock.now() - path.stat().st_mtime > 2 * MAX_START_DRIFT_SECONDS:
                    path.unlink()


def _create_once(path: Path) -> bool:
    """Create an empty private file. Return False if it exists. Raises Denied if it cannot be created."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    except OSError as failure:
        raise _unusable(failure) from None
    return True


def load_key(path: Path) -> bytes:
    """Return the key of the state directory. The first process creates it with mode 0600, the others read it.

    Raises Denied if the file is a link, belongs to another user, or cannot be read or written.
    """
    try:
        make_private_folder(path.parent)
        refuse_unsafe(path)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            try:
                os.write(descriptor, secrets.token_bytes(KEY_BYTES))
            finally:
                os.close(descriptor)
        key = path.read_bytes()
    except OSError as failure:
        raise _unusable(failure) from None
    if len(key) != KEY_BYTES:
        raise Denied(
            f"The key of confirmations ({path.name}) is damaged; nothing was sent.",
            "Delete the file in META_ADS_STATE_DIR; a new one is created at the next call.",
        )
    return key


def _unusable(failure: OSError) -> Denied:
    is_unsafe = isinstance(failure, UnsafeFileError)
    reason = f"{Path(failure.filename).name} {failure.strerror}" if is_unsafe else type(failure).__name__
    return Denied(
        f"Confirmations cannot be recorded ({reason}); nothing was sent.",
        "Make META_ADS_STATE_DIR a folder that this user can write, with space left.",
    )
