"""A client without a library: one JSON-RPC message per line, to the server in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parent.parent.parent
SERVER = ("-m", "meta_ads_mcp")
MODERN = "2026-07-28"
HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
_META = "io.modelcontextprotocol/"
_INFO = {"name": "wire", "version": "1"}
# The bound of every wait for a process. It tells a hang from a busy machine, which may take ten times as long as a free
# one; it does not measure speed.
MAX_SECONDS = 30


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a client gives a server: little. No keyring of this machine, no state outside `home`."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "PYTHONPATH") if name in os.environ}
    own = {
        "HOME": str(home),
        "META_ADS_STATE_DIR": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **own, **more}


def run(arguments: Sequence[str], home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    command = [sys.executable, *SERVER, *arguments]
    return subprocess.run(
        command,
        env=environment(home, **more),
        cwd=home,
        text=True,
        capture_output=True,
        timeout=MAX_SECONDS,
        input="",
        check=False,
    )


class Wire:
    """A served process and its one client. On leaving, standard input ends, and so must the server."""

    def __init__(self, home: Path, *arguments: str, era: str = MODERN, **more: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *SERVER, *arguments],
            env=environment(home, **more),
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(home / "stderr").open("wb"),
        )
        self._stderr = home / "stderr"
        self._era = era
        self._last = 0
        self.hello: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.hello = self.ask("server/discover") if self._era == MODERN else self._handshake()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        started = time.monotonic()
        rest = self._process.stdout.read()
        code = self._process.wait(MAX_SECONDS)
        self._process.stdout.close()
        if error is None:
            assert (code, rest) == (0, b"")
            assert time.monotonic() - started < MAX_SECONDS

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer's result, or its error under `error`. Everything on standard output must be JSON-RPC."""
        self._last += 1
        self._send(id=self._last, method=method, params={**self._meta(), **params})
        assert self._process.stdout
        for line in self._process.stdout:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0"
            if message.get("id") == self._last and "method" not in message:
                return {"error": message["error"]} if "error" in message else dict(message["result"])
        raise AssertionError(f"the server ended: {self.log()}")

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self.ask("tools/call", name=tool, arguments=dict(arguments))

    def tools(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("tools/list")["tools"]
        return found

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> list[str]:
        """The lines on standard error so far."""
        return self._stderr.read_text(encoding="utf-8").splitlines()

    def _handshake(self) -> dict[str, Any]:
        found = self.ask("initialize", protocolVersion=self._era, capabilities={}, clientInfo=_INFO)
        self._send(method="notifications/initialized")
        return found

    def _meta(self) -> dict[str, Any]:
        if self._era != MODERN:
            return {}
        own = {f"{_META}protocolVersion": MODERN, f"{_META}clientCapabilities": {}, f"{_META}clientInfo": _INFO}
        return {"_meta": own}

    def _send(self, **message: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._process.stdin.flush()
