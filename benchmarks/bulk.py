"""How long a bulk change takes under Meta's limits, against the shortest time for the calls that it made.

    python benchmarks/bulk.py

The engine changes many ads of one account on the embedded Graph, behind the simulated limits of `quota.py`, on a
virtual clock. A call that ends before the unit is complete is repeated with the same key, as its answer says.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from benchmarks.quota import DEVELOPMENT, STANDARD, Meta, Quota
from meta_ads_mcp.graph.batch import MAX_MEMBERS
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.tiers import tier_named
from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import FakeClock, run_virtually
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine

LATENCY_S = 0.3
MAX_REPEATS = 50
RUNS = [(DEVELOPMENT, 150), (STANDARD, 250)]
LARGE_RUNS = [*RUNS, (STANDARD, 900)]
REFUSED = json.dumps({"error": {"message": "User request limit reached", "code": 17, "error_subcode": 2446079}})


@dataclass(frozen=True)
class BulkResult:
    """How a bulk change went: seconds, the shortest possible, Meta's refusals, and the calls of the tool."""

    tier: str
    objects: int
    seconds: float
    shortest_s: float
    refusals: int
    graph_calls: int
    tool_calls: int

    @property
    def ratio(self) -> float:
        return self.seconds / self.shortest_s


class LimitedSandbox(httpx.AsyncBaseTransport):
    """The embedded Graph behind the limits of a tier: each member of a batch counts, and is refused, by itself."""

    def __init__(self, sandbox: SandboxTransport, quota: Quota) -> None:
        self.sandbox, self.meta = sandbox, Meta(quota)
        self.calls: list[GraphCall] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = dict(parse_qsl((await request.aread()).decode(), keep_blank_values=True))
        members = json.loads(body["batch"]) if "batch" in body else [{"method": request.method}]
        judged = [self._judge(member) for member in members]
        await asyncio.sleep(LATENCY_S)
        response = await self.sandbox.handle_async_request(request)
        if "batch" not in body:
            response.headers.update(judged[0][1])
            return response if judged[0][0] else httpx.Response(400, headers=judged[0][1], text=REFUSED)
        rows = [_member(row, *answer) for row, answer in zip(response.json(), judged, strict=True)]
        return httpx.Response(200, json=rows, request=request)

    def _judge(self, member: Mapping[str, str]) -> tuple[bool, dict[str, str]]:
        """Return whether Meta lets a call through, and the headers of its answer."""
        account = f"act_{self.sandbox.world.account_ids[0]}"
        call = GraphCall("0123abcd", account, "ads_management", write=member["method"] != "GET")
        self.calls.append(call)
        now = asyncio.get_running_loop().time()
        outcome = self.meta._judged(call, now)  # noqa: SLF001  the simulated limits of the benchmark
        return outcome.error is None, self.meta._headers(account, call, now)  # noqa: SLF001


def _member(row: Mapping[str, Any], is_allowed: bool, headers: Mapping[str, str]) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in headers.items()]
    return {**row, "headers": listed} if is_allowed else {"code": 400, "headers": listed, "body": REFUSED}


def shortest_s(calls: list[GraphCall], quota: Quota) -> float:
    """No schedule is faster: the windows of the score and of the hourly quota, the pace of writes, the round trips."""
    writes, tier = sum(call.write for call in calls), tier_named(quota.tier)
    pace = (writes - tier.write_burst) / tier.writes_per_s
    trips = LATENCY_S * math.ceil(len(calls) / MAX_MEMBERS)
    points = sum(3 if call.write else 1 for call in calls)
    score = 300.0 * (math.ceil(points / quota.max_score) - 1)
    in_an_hour = quota.hourly["ads_management"]
    hours = math.ceil(len(calls) / in_an_hour) - 1
    # What is left for the last hour costs a point a call at least.
    rest = len(calls) - hours * in_an_hour
    last_hour = 3600.0 * hours + 300.0 * (math.ceil(rest / quota.max_score) - 1)
    return max(score, last_hour, pace, trips)


async def change_many(quota: Quota, objects: int, folder: Path) -> BulkResult:
    """Rename many ads as one unit."""
    clock = FakeClock()
    sandbox = SandboxTransport(World(today=clock.moment(), accounts=2, ads=1200), clock=clock.moment)
    limited = LimitedSandbox(sandbox, quota)
    desk = SandboxEngine(limited, clock, allow_writes=True, state_dir=folder)  # type: ignore[arg-type]
    account = f"act_{sandbox.world.account_ids[0]}"
    ads = sandbox.world.store.children(account, "ads")
    campaigns: dict[str, int] = {}
    for node in ads:
        if sum(campaigns.values()) < objects or node.get("campaign_id") in campaigns:
            campaigns[node.get("campaign_id")] = campaigns.get(node.get("campaign_id"), 0) + 1
    arguments = {
        "account_id": account,
        "select": {"level": "ad", "campaign_ids": list(campaigns), "name_contains": " "},
        "set": {"name_replace": {"find": " ", "replace": "_"}},
        "idempotency_key": "benchmark",
        "max_objects": 1000,
    }
    repeats, successes = 0, 0
    unfinished = 1
    while unfinished and repeats < MAX_REPEATS:
        repeats += 1
        answer = await desk.call("ads_bulk_update", arguments, Person(True))
        data = {} if answer.is_error else answer.structured["data"]
        counts = data.get("counts", {"not_sent": 1})
        successes, unfinished = (
            counts.get("success", 0),
            sum(number for status, number in counts.items() if status != "success"),
        )
        wait_s = answer.structured.get("error", data).get("retry_after_seconds", 0)
        await clock.sleep(wait_s)
    seconds = asyncio.get_running_loop().time()
    shortest = shortest_s(limited.calls, quota)
    return BulkResult(quota.tier, successes, seconds, shortest, limited.meta.refusals, len(limited.calls), repeats)


def measure(quota: Quota, objects: int) -> BulkResult:
    with tempfile.TemporaryDirectory() as folder:
        return run_virtually(change_many(quota, objects, Path(folder)))


def main() -> None:
    is_short = "--json" in sys.argv
    results = [measure(tier, objects) for tier, objects in (RUNS if is_short else LARGE_RUNS)]
    if is_short:
        print(json.dumps([{**asdict(result), "ratio": result.ratio} for result in results]))
        return
    print("| tier | objects | shortest | took | ratio | refusals | Graph calls | tool calls |")
    print("| --- | --: | --: | --: | --: | --: | --: | --: |")
    for result in results:
        cells = [result.tier.removesuffix("_access"), result.objects, f"{result.shortest_s:.0f} s"]
        cells += [f"{result.seconds:.0f} s", f"{result.ratio:.2f} x", result.refusals]
        cells += [result.graph_calls, result.tool_calls]
        print(f"| {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    main()
