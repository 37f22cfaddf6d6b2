"""Servers as a client starts them, side by side: ours, and a plain one of the same fastmcp."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meta_ads_mcp.cli.demo import StdioClient

HERE = Path(__file__).parent
OURS = (sys.executable, "-m", "meta_ads_mcp", "serve", "--demo")
ALL = (*OURS, "--allow-writes", "--toolsets", "all")
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
}


def plain(tools: int) -> tuple[str, ...]:
    return (sys.executable, str(HERE / "plain_server.py"), str(tools))


def environ(*, is_peer: bool = False) -> dict[str, str]:
    """Without settings of the person who measures, and with compiled modules kept, as on a user's machine.

    Servers that are compared as installed get an invented token, and do not find the modules of this checkout.
    """
    left_out = ("META_", "LOG_LEVEL", "PYTHONDONTWRITEBYTECODE", "FASTMCP_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    if is_peer:
        environment.pop("PYTHONPATH", None)
        environment |= {"META_ACCESS_TOKEN": "invented"}
    return environment | {"LOG_LEVEL": "ERROR"}


class Running(StdioClient):
    """A client of a server that runs, in one of the two ways that protocol revisions begin."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(process)
        self.process = process

    def begin(self, era: str) -> None:
        if era == "initialize":
            self.initialize()
        else:
            self.request("server/discover", {"_meta": META})

    def tools(self, era: str) -> list[dict[str, Any]]:
        listing: list[dict[str, Any]] = self.request("tools/list", {} if era == "initialize" else {"_meta": META})[
            "tools"
        ]
        return listing

    def resident_mb(self) -> float:
        """What is resident now (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


@contextmanager
def serving(command: Sequence[str], *, is_peer: bool = False) -> Iterator[Running]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environ(is_peer=is_peer),
    )
    try:
        yield Running(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(timeout=30)


def used_cpu(process: int) -> float:
    """Return the seconds of processor time of a running process (Linux)."""
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


median = statistics.median
