"""The local store with 5,000,000 rows, and the requests of a first sync of 60 accounts under Meta's limits.

python -m benchmarks.store             both; about four minutes, and 100 MB in a temporary folder
python -m benchmarks.store queries     the queries alone
python -m benchmarks.store sync [DAYS] the sync alone

Rows are invented: 60 accounts, 730 days, 114 ads each. Queries run as `ads_query` runs them, from the text to the
rows, each in a new database in memory. The sync runs against the sandbox with the development tier's limit of 60 points
in 300 seconds per account, on a virtual clock: a request beyond it counts as refused. The optimum reads each list in
full pages, and no list twice.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import httpx

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.store.coverage import Coverage
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.select_query import StoreQuery
from meta_ads_mcp.store.store_tables import INSIGHTS_DAILY
from meta_ads_mcp.tools.store.read_jobs import PAGE_ROWS
from meta_ads_mcp.tools.store.store_rows import STRUCTURE_EDGES
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import build_writer, members

ACCOUNTS, DAYS, ADS = 60, 730, 114
LAST = date(2026, 11, 30)
TURNS = 5
MAX_POINTS, WINDOW_S = 60, 300.0
SYNC_DAYS = 90
ACCOUNT_SUMS = """
    SELECT account_id, currency, sum(spend), sum(purchase), sum(purchase_value) FROM insights_daily
    WHERE date > DATE '2026-10-31' GROUP BY ALL
"""
TOP_ADS = """
    SELECT ad_id, any_value(ad_name), sum(spend) AS spend, sum(purchase) FROM insights_daily
    WHERE account_id = 'act_7' AND date > DATE '2026-08-31' GROUP BY ad_id ORDER BY spend DESC LIMIT 50
"""
WEEKLY_TOTALS = """
    SELECT date_trunc('week', date) AS week, currency, sum(spend), sum(impressions), sum(purchase) FROM insights_daily
    GROUP BY ALL ORDER BY ALL
"""
# What is asked, the most seconds that it may take, and the SQL.
SELECTS = (
    ("sums of every account, 30 days", 0.3, ACCOUNT_SUMS),
    ("top 50 ads of an account", 0.1, TOP_ADS),
    ("weekly totals of everything", 1.0, WEEKLY_TOTALS),
)


# -- queries


def fill(folder: Path) -> None:
    """Write the rows, as a sync lays them out."""
    store = StoreFolder(folder)
    for account in range(ACCOUNTS):
        name = f"act_{account}"
        for year in sorted({(LAST - timedelta(days=day)).year for day in range(DAYS)}):
            path = store.path(INSIGHTS_DAILY, name, year)
            path.parent.mkdir(parents=True, exist_ok=True)
            coverage = Coverage()
            coverage.add((date(year, 1, 1), min(date(year, 12, 31), LAST)), LAST)
            _write_year(path, account, year, coverage)
        store.keep_account(name, {"id": name, "name": f"Account {account}", "currency": "EUR"})


def _write_year(path: Path, account: int, year: int, coverage: Coverage) -> None:
    first = max(date(year, 1, 1), LAST - timedelta(days=DAYS - 1))
    last = min(date(year, 12, 31), LAST)
    columns = ", ".join(_column(column.name, column.sql_type, account) for column in INSIGHTS_DAILY.columns)
    days = f"range(DATE '{first}', DATE '{last}' + INTERVAL 1 DAY, INTERVAL 1 DAY) AS days (day)"
    rows = f"SELECT {columns} FROM {days}, range({ADS}) AS ads (ad)"  # noqa: S608
    options = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{coverage: '{coverage.dump()}'}}"
    duckdb.sql(f"COPY ({rows}) TO '{path}' ({options})")


def _column(name: str, kind: str, account: int) -> str:
    expressions = {
        "date": "day::DATE",
        "ad_id": f"({account} * 1000 + ad)::VARCHAR",
        "ad_name": "'Ad ' || ad",
        "ad_set_id": f"({account} * 1000 + ad // 6)::VARCHAR",
        "campaign_id": f"({account} * 1000 + ad // 24)::VARCHAR",
        "currency": "'EUR'" if account % 2 else "'USD'",
        "spend": "round(random() * 100, 2)::DECIMAL(18,4)",
        "is_final": "true",
        "events": "MAP {'purchase': (random() * 5)::INT::DOUBLE, 'link_click': (random() * 90)::INT::DOUBLE}",
        "attribution": "'7d_click_1d_view'",
        "synced_at": "TIMESTAMP '2026-11-30 10:00:00'",
    }
    if name in expressions:
        return f"({expressions[name]}) AS {name}"
    if kind in ("BIGINT", "DOUBLE"):
        return f"((random() * 1000)::BIGINT)::{kind} AS {name}"
    return f"(NULL::{kind}) AS {name}"


def measure_queries(folder: Path) -> list[Row]:
    """Return the median seconds of each query, by the clock and of the processors."""
    accounts = [{"account_id": f"act_{number}", "currency": "EUR"} for number in range(ACCOUNTS)]
    results = []
    for what, most, sql in SELECTS:
        seconds, cpu_seconds = [], []
        for _ in range(TURNS):
            start, cpu_start = time.perf_counter(), time.process_time()
            answer = asyncio.run(StoreQuery(StoreFolder(folder), sql, accounts, 2000).run())
            seconds.append(time.perf_counter() - start)
            cpu_seconds.append(time.process_time() - cpu_start)
        times = {"seconds": round(median(seconds), 3), "cpu_seconds": round(median(cpu_seconds), 3)}
        results.append({"what": what, **times, "most_seconds": most, "rows": len(answer.rows)})
    return results


# -- the sync


@dataclass
class CountedTransport(httpx.AsyncBaseTransport):
    """Pass requests on to the sandbox, and count the points of each account in Meta's window."""

    sandbox: SandboxTransport
    clock: FakeClock
    requests: int = 0
    refusals: int = 0
    edges: Counter[str] = field(default_factory=Counter)
    _points: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.sandbox.handle_async_request(request)
        for entry in members(self.sandbox.log[-1]):
            account = entry.path.partition("/")[0]
            now, points = self.clock.now(), self._points[account]
            while points and points[0] <= now - WINDOW_S:
                points.popleft()
            points.append(now)
            self.refusals += account.startswith("act_") and len(points) > MAX_POINTS
            self.requests += 1
            self.edges[entry.path.partition("/")[2] or "account"] += 1
        return response


def measure_sync(state_dir: Path, days: int = SYNC_DAYS) -> Row:
    """Return the requests of a first sync, the optimum, and how many of them Meta would have refused."""
    clock = FakeClock()
    sandbox = SandboxTransport(World(today=clock.moment(), accounts=ACCOUNTS, ads=40), clock=clock.moment)
    sandbox.usage.tier = "development_access"
    transport = CountedTransport(sandbox, clock)
    server = build_writer(transport, clock=clock, state_dir=state_dir)  # type: ignore[arg-type]
    since = (clock.moment().date() - timedelta(days=days)).isoformat()
    start = time.perf_counter()
    answer = asyncio.run(server.call("ads_sync", all_accounts=True, since=since, max_wait_seconds=86_400))
    if answer.is_error or answer.structured["data"]["status"] != "synced":
        raise RuntimeError(answer.text)
    optimum = _optimum(sandbox, state_dir / "store")
    return {
        "requests": transport.requests,
        "optimum": optimum,
        "ratio": round(transport.requests / optimum, 3),
        "refusals": transport.refusals,
        "virtual_minutes": round(clock.slept_s / 60, 1),
        "seconds": round(time.perf_counter() - start, 1),
        "edges": dict(transport.edges),
    }


def _optimum(sandbox: SandboxTransport, folder: Path) -> int:
    """Return the requests of a reader that knows all sizes: each list in full pages, at least one page of each."""
    total = 1  # the list of accounts
    for account_id in sandbox.world.account_ids:
        account = f"act_{account_id}"
        for edge, _, limit in STRUCTURE_EDGES.values():
            total += _pages(len(sandbox.world.store.children(account, edge)), limit)
        for table in ("insights_daily", "changes"):
            files = [str(path) for path in folder.glob(f"{table}/account_id={account}/*.parquet")]
            ((rows,),) = duckdb.sql(f"SELECT count(*) FROM read_parquet({files!r})").fetchall()  # noqa: S608
            total += _pages(rows, PAGE_ROWS)
    return total


def _pages(rows: int, limit: int) -> int:
    return max(1, math.ceil(rows / limit))


def main(arguments: list[str]) -> int:
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        if not arguments or "queries" in arguments:
            folder = Path(name) / "queries"
            fill(folder)
            size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
            results["queries"] = {"mb": round(size / 1e6), "each": measure_queries(folder)}
        if not arguments or "sync" in arguments:
            days = [int(word) for word in arguments if word.isdecimal()]
            results["sync"] = measure_sync(Path(name) / "sync", *days)
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
