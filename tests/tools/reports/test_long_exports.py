"""Exports of many rows from the demo: complete over several calls, and with bounded memory."""

from __future__ import annotations

import csv
import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import NOW, SandboxEngine

LAST = date(2026, 10, 13)


def demo(folder: Path) -> SandboxEngine:
    """Return the demo with few ads in its only account."""
    clock = FakeClock(NOW)
    sandbox = SandboxTransport(World(today=NOW, accounts=1, ads=12), clock=clock.moment)
    return SandboxEngine(sandbox, clock, demo=True, state_dir=folder)


async def export(
    desk: SandboxEngine, since: date, wait: int = 600, fields: Sequence[str] = ("spend", "purchase")
) -> tuple[Path, int]:
    """Return the file with daily figures by age and gender, and how many calls it took."""
    for calls in range(1, 30):
        answer = await desk.call(
            "ads_run_report_and_wait",
            {
                "object_id": desk.account,
                "level": "ad",
                "time_range": {"since": since.isoformat(), "until": LAST.isoformat()},
                "time_increment": 1,
                "breakdowns": ["age", "gender"],
                "fields": list(fields),
                "save_as": "csv",
                "max_wait_seconds": wait,
            },
        )
        data = answer.structured["data"]
        if path := data.get("path"):
            return Path(path), calls
        assert "max_wait_seconds" in data["next_step"]
    raise AssertionError(answer.text)


@pytest.mark.parametrize(("wait", "least", "most"), [(20, 2, 20), (600, 1, 1)])
async def test_a_report_in_parts_is_complete(tmp_path: Path, wait: int, least: int, most: int) -> None:
    """Whether one call waits for all of it, or several calls continue each other."""
    desk = demo(tmp_path)
    desk.sandbox.graph.max_insights_rows = 500
    since = date(2026, 10, 12)
    path, calls = await export(desk, since, wait)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert least <= calls <= most
    assert len({(row["date_start"], row["ad_id"], row["age"], row["gender"]) for row in rows}) == len(rows)
    spend = desk.world.truth(desk.account, since, LAST)["spend"] / 100
    assert sum(float(row["spend"]) for row in rows) == pytest.approx(spend, abs=0.01)


@pytest.fixture
def frequent_collections() -> Iterator[None]:
    """Collect garbage as often as Python does by default, not as rarely as in the other tests."""
    before = gc.get_threshold()
    gc.set_threshold(2000, 10, 10)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("frequent_collections")
async def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Neither the server nor the sandbox behind it has more than a chunk of the rows in memory."""
    desk, peaks = demo(tmp_path), []
    await export(desk, date(2026, 10, 12), fields=["spend"])  # what is loaded once, and the caches
    for since in (date(2026, 10, 12), date(2026, 10, 9)):
        gc.collect()
        tracemalloc.start()
        await export(desk, since, fields=["spend"])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
