"""The D-Bus session, through which the keyrings of Linux desktops are reached.

Many MCP hosts start a server with few variables (the default of both SDKs: HOME, LOGNAME, PATH, SHELL, TERM and USER).
DBUS_SESSION_BUS_ADDRESS is not among them, and the library of the keyring knows no other way to the session.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import MutableMapping
from pathlib import Path

VARIABLE = "DBUS_SESSION_BUS_ADDRESS"
RUNTIME_FOLDERS = Path("/run/user")


def name_session_bus(environ: MutableMapping[str, str] = os.environ, folders: Path = RUNTIME_FOLDERS) -> None:
    """Set the address of this user's session where the host left it out and systemd's standard socket exists."""
    if not sys.platform.startswith("linux") or VARIABLE in environ:
        return
    folder = Path(environ.get("XDG_RUNTIME_DIR") or folders / str(os.getuid()))
    socket = folder / "bus"
    if _is_socket_of_user(socket):
        environ[VARIABLE] = f"unix:path={socket}"


def _is_socket_of_user(path: Path) -> bool:
    """Return whether this user owns a socket there: another user's session must not receive the token."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISSOCK(status.st_mode) and status.st_uid == os.getuid()
