"""How long the event loop stands still while a thread indexes an old journal for the first time.

python -m benchmarks.journal [LINES]    with 1,000,000 lines (half of them intents) if no number is given

The processor time of a standstill is what this process used meanwhile. Where it is much less than the standstill, the
machine did other work.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meta_ads_mcp.core.clock import SystemClock
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.journal.segments import MAX_SEGMENT_BYTES

LINES = 1_000_000
# How often the loop wants to run.
TICK_SECONDS = 0.001
FIRST_SECOND = 1_760_000_000


@dataclass(frozen=True)
class Standstill:
    """The longest times for which the loop did not run, the longest first, and the time of the whole build.

    Each is a pair: ms on the clock, and ms of processor time that this process used meanwhile.
    """

    lines: int
    longest: list[tuple[float, float]]
    seconds: float


def write_journal(folder: Path, lines: int) -> None:
    """Write the files of a journal with as many lines, as this server would have written them."""
    names = [f"journal-{number}.jsonl" for number in range(1, 10_000)]
    pieces: list[bytes] = []
    size = 0
    for line in _lines(lines):
        pieces.append(line)
        size += len(line)
        if size >= MAX_SEGMENT_BYTES:
            (folder / names.pop(0)).write_bytes(b"".join(pieces))
            pieces, size = [], 0
    (folder / "journal.jsonl").write_bytes(b"".join(pieces))
    for path in folder.iterdir():
        path.chmod(0o600)


def _lines(count: int) -> Iterator[bytes]:
    for number in range(count // 2):
        change_id = f"c20261125T100000-{number:08x}"
        intent = {
            "phase": "intent",
            "change_id": change_id,
            "time": "2026-11-25T10:00:00Z",
            "tool": ("ads_update_ad_set", "ads_update_campaign", "ads_create_ad")[number % 3],
            "effect": ("update", "update", "create")[number % 3],
            "node": ("AdSet", "Campaign", "Ad")[number % 3],
            "account": f"act_{100 + number % 40}",
            "object_id": str(120_000_000_000_000_000 + number % 50_000),
            "name": f"Object number {number % 50_000}",
            "key": f"key-{number}" if number % 2 else None,
            "before": {"daily_budget": "5000", "status": "PAUSED"},
            "after": {"daily_budget": "6000", "status": "ACTIVE"},
            "started": FIRST_SECOND + number,
            "graph_time": FIRST_SECOND + number,
        }
        outcome = {"phase": "outcome", "change_id": change_id, "status": "success", "object_id": intent["object_id"]}
        yield json.dumps({name: value for name, value in intent.items() if value is not None}).encode() + b"\n"
        yield json.dumps(outcome).encode() + b"\n"


async def measure(folder: Path, lines: int) -> Standstill:
    """Build the index of the journal in a folder, and watch the loop meanwhile."""
    journal = Journal(folder, SystemClock())
    gaps: list[tuple[float, float]] = []
    watch = asyncio.create_task(_watch(gaps))
    started = time.perf_counter()
    await journal.catch_up()
    seconds = time.perf_counter() - started
    watch.cancel()
    return Standstill(lines, sorted(gaps, reverse=True)[:20], seconds)


async def _watch(gaps: list[tuple[float, float]]) -> None:
    """Add the time between two runs of the loop to `gaps`, less the wait that it asked for."""
    last, used = time.perf_counter(), time.process_time()
    while True:
        await asyncio.sleep(TICK_SECONDS)
        now, cpu = time.perf_counter(), time.process_time()
        gaps.append(((now - last - TICK_SECONDS) * 1000, (cpu - used) * 1000))
        last, used = now, cpu


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as folder:
        write_journal(Path(folder), lines)
        result = asyncio.run(measure(Path(folder), lines))
    longest = ", ".join(f"{wall:.0f} ({cpu:.0f})" for wall, cpu in result.longest)
    print(f"{result.lines:,} lines in {result.seconds:.0f} s")
    print(f"The loop stood still for at most (of these, processor time): {longest} ms")


if __name__ == "__main__":
    main()
