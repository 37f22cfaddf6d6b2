"""A served process and a client without a library: one JSON-RPC message per line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parent.parent.parent
SERVER = ("-m", "meta_ads_mcp")
MODERN = "2026-07-28"
HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
_META = "io.modelcontextprotocol/"
_INFO = {"name": "test", "version": "1"}
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


class McpProcess:
    """The process and its one client, which may send what it likes.

    In a `with` block the client greets the server as its era demands, and on leaving standard input ends, and so must
    the server. `answers` holds the messages that the server wrote, `rubbish` the lines that were none. `reply` gives
    the result of a request that the server makes. Without `read` nobody reads what the server writes.
    """

    def __init__(
        self,
        home: Path,
        *arguments: str,
        era: str = MODERN,
        server: Sequence[str] = SERVER,
        read: bool = True,
        capabilities: Mapping[str, Any] | None = None,
        reply: Callable[[dict[str, Any]], Any] | None = None,
        **environ: str,
    ) -> None:
        self.era, self.capabilities, self.reply = era, dict(capabilities or {}), reply
        self.answers: list[dict[str, Any]] = []
        self.rubbish: list[bytes] = []
        self.hello: dict[str, Any] = {}
        self._last = 0
        self._stderr = home / f"stderr-{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            [sys.executable, *server, *arguments],
            env=environment(home, **environ),
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr.open("wb"),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        if read:
            self._reader.start()

    @property
    def modern(self) -> bool:
        return self.era == MODERN

    def __enter__(self) -> Self:
        if self.modern:
            self.hello = self.ask("server/discover")
        else:
            self.greet()
            self.hello = self.answer("hello")["result"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.end()
        else:
            self.process.kill()
            self.process.wait()

    def greet(self) -> None:
        """The messages of the handshake, without waiting for the answer."""
        hello = {"protocolVersion": self.era, "capabilities": self.capabilities, "clientInfo": _INFO}
        self.send({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            try:
                message = json.loads(line)
                assert message["jsonrpc"] == "2.0"
                assert ("method" in message) != ("result" in message or "error" in message)
            except Exception:  # noqa: BLE001  whatever is not a message is rubbish
                self.rubbish.append(line)
                continue
            if self.reply is not None and "method" in message and "id" in message:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": self.reply(message)})
            self.answers.append(message)

    def send(self, message: Any) -> None:
        raw = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        assert self.process.stdin
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer's result, or its error under `error`."""
        self._last += 1
        number = f"ask-{self._last}"
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": {**self._meta(), **params}})
        message = self.answer(number)
        return {"error": message["error"]} if "error" in message else dict(message["result"])

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self.ask("tools/call", name=tool, arguments=dict(arguments))

    def tools(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.ask("tools/list")["tools"]
        return listed

    def _meta(self) -> dict[str, Any]:
        if not self.modern:
            return {}
        values = {"protocolVersion": MODERN, "clientCapabilities": self.capabilities, "clientInfo": _INFO}
        return {"_meta": {f"{_META}{name}": value for name, value in values.items()}}

    def wait(self, is_so: Callable[[], bool], seconds: float = MAX_SECONDS) -> bool:
        until = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > until or (self.process.poll() is not None and not self._reader.is_alive()):
                return is_so()
            time.sleep(0.002)
        return True

    def answered(self, numbers: Iterable[Any], seconds: float = MAX_SECONDS) -> bool:
        wanted = set(numbers)
        return self.wait(lambda: wanted <= {message.get("id") for message in self._results()}, seconds)

    def answer(self, number: Any) -> dict[str, Any]:
        assert self.answered([number]), f"no answer to {number!r:.40}; {self.log()[-300:]}"
        return next(message for message in self._results() if message.get("id") == number)

    def _results(self) -> list[dict[str, Any]]:
        return [message for message in list(self.answers) if "method" not in message]

    def alive(self, number: str) -> None:
        """Check that it still answers a call, and forget the answers so far."""
        meta = self._meta()
        params = {"name": "ads_find_tools", "arguments": {"query": "spend"}, **meta}
        self.send({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})
        self.answer(number)
        self.answers.clear()
        assert not self.rubbish, f"on standard output: {self.rubbish[:1]!r:.200}"

    def log(self) -> str:
        """What is on standard error so far."""
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        """Standard input ends: the process ends, in time, in order, and without a traceback."""
        assert self.process.stdin
        self.process.stdin.close()
        try:
            code = self.process.wait(MAX_SECONDS)
        finally:
            self.process.kill()
        if self._reader.ident is not None:
            self._reader.join(5)
        assert self.process.stdout
        self.process.stdout.close()
        assert code == 0, f"exit code {code}: {self.log()[-300:]}"
        assert not self.rubbish, f"on standard output: {self.rubbish[:1]!r:.200}"
        stray = [line for line in self.log().splitlines() if not line.startswith("{")]
        assert not stray, f"on standard error, not JSON: {stray[:2]}"
