"""Tokens in a file instead of the keyring, for machines that have none. Only where the user asked for it.

The file is not encrypted: a key beside it would protect nothing, and a passphrase cannot be asked of a server that a
client starts. It has mode 0600, so that other users cannot read it; every program of this user can. On Windows the
permissions of the user's folder decide.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from meta_ads_mcp.core.private_files import open_private_to_read, replace_private
from meta_ads_mcp.errors import TokenProblem

FILE = "tokens.json"
ABOUT = "Meta access tokens, not encrypted. Written by `meta-ads-mcp login --file`; `meta-ads-mcp logout` removes one."


class TokenFile:
    """`tokens.json` in the state directory. Raises TokenProblem when it cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self, name: str) -> str | None:
        """Return the token of a profile, or None."""
        return self._load().get(name)

    def write(self, name: str, value: str) -> None:
        self._save({**self._load(), name: value})

    def delete(self, name: str) -> None:
        """Remove the token of a profile, and the file with the last one."""
        rest = {key: value for key, value in self._load().items() if key != name}
        if rest:
            self._save(rest)
        else:
            self.path.unlink(missing_ok=True)

    def _load(self) -> dict[str, str]:
        try:
            descriptor = open_private_to_read(self.path)
        except FileNotFoundError:
            return {}
        except OSError as failure:
            raise self._problem(f"cannot be read ({type(failure).__name__})") from None
        with os.fdopen(descriptor, "rb") as stream:
            mode = os.fstat(descriptor).st_mode
            raw = stream.read()
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise TokenProblem(
                f"Other users of this machine can read {self.path} (mode {stat.S_IMODE(mode):04o}).",
                f"Run chmod 600 {self.path}. If somebody may have read it, revoke the token in Business settings.",
            )
        try:
            tokens: dict[str, str] = json.loads(raw)["tokens"]
            return dict(tokens)
        except (ValueError, TypeError, KeyError):
            raise self._problem("is not what `meta-ads-mcp login --file` wrote") from None

    def _save(self, tokens: Mapping[str, str]) -> None:
        text = json.dumps({"about": ABOUT, "tokens": dict(tokens)}, indent=2) + "\n"
        try:
            replace_private(self.path, text.encode())
        except OSError as failure:
            raise self._problem(f"cannot be written ({type(failure).__name__})") from None

    def _problem(self, cause: str) -> TokenProblem:
        return TokenProblem(
            f"The file of tokens {self.path} {cause}.",
            "Remove it and run `meta-ads-mcp login --file` again, or set META_ADS_STATE_DIR to another folder.",
        )
