"""What a client starts: an absolute command, because graphical applications do not know the shell's PATH."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DISTRIBUTION = "meta-ads-local-mcp"
COMMAND = "meta-ads-mcp"
# Folders of environments that their tool may throw away: those of `uvx`, `uv run --with` and `pipx run`.
_PASSING = frozenset({"archive-v0", "builds-v0", "environments-v2", ".cache"})

# The client's process does not see the shell's variables; without these it would look for profiles elsewhere.
_STATE_VARIABLES = ("META_ADS_STATE_DIR", "XDG_STATE_HOME")


@dataclass(frozen=True)
class ServerEntry:
    """Command, arguments and environment of the server. Never holds a token."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """Return the entry as most clients write it."""
        entry: dict[str, Any] = {"command": self.command, "args": list(self.args)}
        return entry | ({"env": dict(self.env)} if self.env else {})


def server_entry(
    flags: tuple[str, ...],
    environ: Mapping[str, str],
    python: Path | None = None,
    which: Callable[[str], str | None] = shutil.which,
) -> ServerEntry:
    """The command of this installation where it will stay, else `uvx`, which fetches it again."""
    command, *args = _command(python or Path(sys.executable), environ, which)
    env = {name: environ[name] for name in _STATE_VARIABLES if environ.get(name)}
    return ServerEntry(command, (*args, *flags), env)


def _command(python: Path, environ: Mapping[str, str], which: Callable[[str], str | None]) -> list[str]:
    uvx = _uvx(environ, which)
    if uvx and _PASSING & set(python.parts):
        return [uvx, DISTRIBUTION]
    script = python.parent / (f"{COMMAND}.exe" if python.suffix.lower() == ".exe" else COMMAND)
    if script.is_file():
        return [str(script)]
    return [str(python), "-m", "meta_ads_mcp"]


def _uvx(environ: Mapping[str, str], which: Callable[[str], str | None]) -> str | None:
    """`uv` says to what it starts where it is (the variable `UV`); `uvx` lies beside it."""
    beside = environ.get("UV")
    if beside:
        candidate = Path(beside).with_name("uvx" + Path(beside).suffix)
        if candidate.is_file():
            return str(candidate)
    path = which("uvx")
    return os.path.abspath(path) if path else None  # noqa: PTH100  a link must stay a link: its target moves with versions
