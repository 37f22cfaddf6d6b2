"""Time and memory of a list, a report and a portfolio as they grow tenfold: both must grow tenfold at most.

python -m benchmarks.growth
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from benchmarks.desk import engine
from benchmarks.graph import ACCOUNT, RUN, Jumping, MadeGraph
from meta_ads_mcp.engine.engine import Engine

SIZES = (10, 100, 1_000, 10_000)
# Accounts in one call.
PORTFOLIO = 60


@dataclass(frozen=True)
class Grown:
    """Seconds of work, MB of memory taken meanwhile, and Graph's round trips."""

    what: str
    items: int
    seconds: float
    peak_mb: float
    round_trips: int


async def followed(desk: Engine, tool: str, arguments: dict[str, Any]) -> int:
    """All pages, as a client reads them; the number of rows."""
    rows, after = 0, {}
    while True:
        answer = await desk.call(tool, {**arguments, **after})
        if answer.is_error:
            raise RuntimeError(answer.text)
        data, page = answer.structured["data"], answer.structured["page"]
        rows += len(data["rows"] if isinstance(data, dict) else data)
        if not page["has_more"]:
            return rows
        after = {"after": page["after"]}


async def list_of(desk: Engine, _: int) -> int:
    return await followed(desk, "ads_get_ads", {"account_id": ACCOUNT, "limit": 100, "max_items": 5000})


async def report_of(desk: Engine, _: int) -> int:
    return await followed(desk, "ads_get_report_results", {"report_run_id": RUN, "limit": 500, "max_items": 5000})


async def portfolio_of(desk: Engine, items: int) -> int:
    for first in range(1, items + 1, PORTFOLIO):
        accounts = [f"act_{number}" for number in range(first, min(first + PORTFOLIO, items + 1))]
        answer = await desk.call("ads_portfolio_summary", {"account_ids": accounts})
        if answer.is_error:
            raise RuntimeError(answer.text)
    return items


KINDS: dict[str, Callable[[Engine, int], Coroutine[Any, Any, int]]] = {
    "list of ads": list_of,
    "report rows": report_of,
    "portfolio accounts": portfolio_of,
}


async def round_trips(what: str, items: int) -> int:
    graph = MadeGraph(items)
    await _whole(KINDS[what](engine(graph, Jumping()), items), items)
    return graph.round_trips


async def _whole(work: Awaitable[int], items: int) -> None:
    counted = await work
    if counted != items:
        raise RuntimeError(f"{counted} of {items} items")


def measure(what: str, items: int) -> Grown:
    """Memory with a tracer, time without: it makes everything slower."""
    gc.collect()
    started = time.process_time()
    trips = asyncio.run(round_trips(what, items))
    seconds = time.process_time() - started
    tracemalloc.start()
    asyncio.run(round_trips(what, items))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Grown(what, items, seconds, peak / 2**20, trips)


def main() -> None:
    if "--json" in sys.argv:
        print(json.dumps(asyncio.run(round_trips(sys.argv[-2], int(sys.argv[-1])))))
        return
    measure("list of ads", 10)  # what is loaded once is no growth
    for what in KINDS:
        for items in SIZES:
            growth = measure(what, items)
            print(
                f"{what:20} {items:6} {growth.seconds:7.3f} s {growth.peak_mb:6.1f} MB {growth.round_trips} round trips"
            )


if __name__ == "__main__":
    main()
