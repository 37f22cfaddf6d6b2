"""Resident memory of a process: idle, after 2,500 ads, after a report of a million rows in a file (Linux).

python -m benchmarks.memory
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.wire import ALL, environ, plain, serving

ADS = 2_500
EXPORTED = 1_000_000
TOOLS = 113


@dataclass(frozen=True)
class Used:
    """The most that was resident, in MB, and the seconds it took."""

    what: str
    peak_mb: float
    seconds: float


def idle() -> list[Used]:
    usages = []
    for what, command in (("plain fastmcp, idle", plain(TOOLS)), ("ours, idle, everything listed", ALL)):
        with serving(command) as client:
            began = time.perf_counter()
            client.begin("initialize")
            client.tools("initialize")
            usages.append(Used(what, client.resident_mb(), time.perf_counter() - began))
    return usages


def in_own_process(kind: str, items: int) -> Used:
    """The work in a process of its own, which says what it used."""
    command = [sys.executable, "-m", "benchmarks.memory", kind, str(items)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environ())
    peak, seconds = map(float, run.stdout.split())
    return Used(
        f"{items:,} {'ads, page by page' if kind == 'ads' else 'rows of a report in a CSV file'}", peak, seconds
    )


def work(kind: str, items: int) -> None:
    """In the process of its own, the protocol's parts loaded as in a server: the work, then what was used."""
    import meta_ads_mcp.server.server  # noqa: F401, PLC0415
    from benchmarks.desk import engine  # noqa: PLC0415
    from benchmarks.graph import RUN, Jumping, MadeGraph  # noqa: PLC0415
    from benchmarks.growth import list_of  # noqa: PLC0415

    async def run(folder: Path) -> None:
        desk = engine(MadeGraph(items), Jumping(), state_dir=folder)
        if kind == "ads":
            await list_of(desk, items)
            return
        answer = await desk.call("ads_get_report_results", {"report_run_id": RUN, "save_as": "csv"})
        if answer.structured["data"]["row_count"] != items:
            raise RuntimeError(answer.text)

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]
    print(int(peak) / 1024, time.perf_counter() - began)


def all_of_it() -> list[Used]:
    return [*idle(), in_own_process("ads", ADS), in_own_process("rows", EXPORTED)]


def main() -> None:
    if len(sys.argv) > 1:
        work(sys.argv[1], int(sys.argv[2]))
        return
    for used in all_of_it():
        print(f"{used.what:45} {used.peak_mb:6.0f} MB, {used.seconds:.1f} s")


if __name__ == "__main__":
    main()
