"""A served process and a client without manners: it sends what it likes, and reads everything in a thread."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.support.mcp_process import _META, MAX_SECONDS, MODERN, SERVER, environment

VERSION = f"{_META}protocolVersion"
META = {
    VERSION: MODERN,
    f"{_META}clientCapabilities": {},
    f"{_META}clientInfo": {"name": "rude", "version": "1"},
}
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "rude", "version": "1"}}
PATIENCE_S = 30.0


def request(number: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def call(number: Any, tool: str, arguments: Any, *, modern: bool = True) -> dict[str, Any]:
    meta = {"_meta": META} if modern else {}
    return request(number, "tools/call", name=tool, arguments=arguments, **meta)


class Rude:
    """The process. `answers` holds the messages it wrote, `rubbish` the lines that were none."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        modern: bool = True,
        read: bool = True,
        server: Sequence[str] = SERVER,
        **more: str,
    ) -> None:
        self.modern = modern
        self.answers: list[dict[str, Any]] = []
        self.rubbish: list[bytes] = []
        self._stderr = home / f"stderr-{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            [sys.executable, *server, *arguments],
            env=environment(home, **{"LOG_LEVEL": "DEBUG", **more}),
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr.open("wb"),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        if read:
            self._reader.start()
        if not modern:
            self.send(request("hello", "initialize", **HELLO))
            self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            try:
                message = json.loads(line)
                assert message["jsonrpc"] == "2.0"
                assert ("method" in message) != ("result" in message or "error" in message)
                self.answers.append(message)
            except Exception:  # noqa: BLE001  whatever is no message is rubbish
                self.rubbish.append(line)

    def send(self, message: Any) -> None:
        raw = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        assert self.process.stdin
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def wait(self, for_: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
        until = time.monotonic() + seconds
        while not for_():
            if time.monotonic() > until or self.process.poll() is not None:
                return for_()
            time.sleep(0.002)
        return True

    def answered(self, numbers: Iterable[Any], seconds: float = PATIENCE_S) -> bool:
        wanted = set(numbers)
        return self.wait(lambda: wanted <= {one.get("id") for one in list(self.answers)}, seconds)

    def answer(self, number: Any) -> dict[str, Any]:
        assert self.answered([number]), f"no answer to {number!r:.40}; {self.log()[-300:]}"
        return next(one for one in self.answers if one.get("id") == number)

    def alive(self, number: str) -> None:
        """Whether it still answers a call."""
        self.send(call(number, "ads_find_tools", {"query": "spend"}, modern=self.modern))
        self.answer(number)
        self.answers.clear()
        assert not self.rubbish, f"on standard output: {self.rubbish[:1]!r:.200}"

    def log(self) -> str:
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        """Standard input ends: the process ends, in time, in order, and without a traceback."""
        assert self.process.stdin
        ended = time.monotonic()
        self.process.stdin.close()
        try:
            code = self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
        now = time.monotonic()
        if self._reader.ident is not None:
            self._reader.join(5)
        assert self.process.stdout
        self.process.stdout.close()
        assert code == 0, f"exit code {code}: {self.log()[-300:]}"
        assert now - ended < MAX_SECONDS, f"{now - ended:.1f} s to end"
        assert not self.rubbish, f"on standard output: {self.rubbish[:1]!r:.200}"
        stray = [line for line in self.log().splitlines() if not line.startswith("{")]
        assert not stray, f"on standard error, not JSON: {stray[:2]}"
