"""How many of Graph's calls each tool makes, and in how many round trips, against the embedded sandbox.

The process knows its accounts, as after ads_get_ad_accounts, and nothing else. "Again" is the same read once more: what
the first one learnt about owners is not asked twice. Members of a batch share one round trip.

python -m benchmarks.requests
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import httpx

from benchmarks.desk import engine
from benchmarks.graph import Jumping
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.engine import Engine, ToolAnswer
from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.every_tool import TOOLS
from tests.support.examples import demo_ids, example
from tests.support.sandbox_engine import new_world, shared_world

# The example of the catalogue is too small for a portfolio.
PORTFOLIO_ACCOUNTS = 60
MOST_PAUSED = 10


@dataclass(frozen=True)
class Counted:
    """Graph's calls, their round trips, and the calls of the same read once more (None for writes)."""

    what: str
    calls: int
    round_trips: int
    again: int | None = None


class Counting(httpx.AsyncBaseTransport):
    """The sandbox, with a count of what goes to it."""

    def __init__(self, inner: SandboxTransport) -> None:
        self._inner = inner
        self._calls = self._round_trips = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = dict(httpx.QueryParams((await request.aread()).decode("utf-8", "replace")))
        self._round_trips += 1
        self._calls += len(json.loads(body["batch"])) if "batch" in body else 1
        return await self._inner.handle_async_request(request)

    def take(self) -> tuple[int, int]:
        """Calls and round trips since the last time."""
        before = self._calls, self._round_trips
        self._calls = self._round_trips = 0
        return before


def desk(world: World) -> tuple[Engine, Counting]:
    counting = Counting(SandboxTransport(world))
    return engine(counting, Jumping()), counting


async def of_tool(tool: Tool) -> Counted | None:
    """Of the tool's example; None where it does not succeed in the demo world."""
    of_a_report = any(node.name == "AdReportRun" for node in tool.ids.values())
    world = new_world() if tool.effect.is_write or of_a_report else shared_world()
    caller, counting = desk(world)
    await caller.call("ads_get_ad_accounts", {})
    if of_a_report:
        start = next(other for other in TOOLS if other.name == "ads_create_async_report")
        await caller.call(start.name, example(start, demo_ids(world)))
    counting.take()
    return await counted(caller, counting, tool.name, example(tool, demo_ids(world)), again=not tool.effect.is_write)


async def counted(
    caller: Engine, counting: Counting, name: str, arguments: Mapping[str, Any], *, again: bool
) -> Counted | None:
    """With the agreement that a write may need: asking for it is the first call, carrying it out the second."""
    answer = await caller.call(name, arguments)
    code = _confirmation(answer)
    if code:
        answer = await caller.call(name, {**arguments, "confirmation": code})
    calls, round_trips = counting.take()
    if answer.is_error:
        return None
    if again:
        await caller.call(name, arguments)
    return Counted(f"{name}, agreed to" if code else name, calls, round_trips, counting.take()[0] if again else None)


def _confirmation(answer: ToolAnswer) -> str | None:
    data = answer.structured.get("data")
    return data.get("confirmation") if isinstance(data, dict) else None


async def portfolio() -> Counted:
    caller, counting = desk(World(accounts=PORTFOLIO_ACCOUNTS))
    cost = await counted(caller, counting, "ads_portfolio_summary", {}, again=True)
    if cost is None:
        raise RuntimeError("the portfolio failed")
    return replace(cost, what=f"{cost.what}, {PORTFOLIO_ACCOUNTS} accounts")


async def bulk_pause() -> Counted:
    """The active campaigns that a list has just shown: nobody asks again whose they are."""
    caller, counting = desk(new_world())
    accounts = (await caller.call("ads_get_ad_accounts", {})).structured["data"]
    listed = await caller.call(
        "ads_get_campaigns", {"account_id": accounts[0]["id"], "status_filter": ["ACTIVE"], "limit": MOST_PAUSED}
    )
    counting.take()
    campaigns = [campaign["id"] for campaign in listed.structured["data"]]
    for campaign in campaigns:
        answer = await caller.call("ads_pause_campaign", {"campaign_id": campaign})
        if answer.is_error:
            raise RuntimeError(answer.text)
    return Counted(f"ads_pause_campaign, each of {len(campaigns)} campaigns", *counting.take())


async def all_of_it() -> list[Counted]:
    cost = [await of_tool(tool) for tool in TOOLS]
    return [cost for cost in cost if cost is not None] + [await portfolio(), await bulk_pause()]


async def as_json() -> dict[str, Any]:
    """All of it for the tests: per tool (None where its example fails), and of several calls together."""
    tools = {tool.name: cost and asdict(cost) for tool in TOOLS for cost in [await of_tool(tool)]}
    return {
        "tools": tools,
        "portfolio": asdict(await portfolio()),
        "portfolio_accounts": PORTFOLIO_ACCOUNTS,
        "bulk_pause": asdict(await bulk_pause()),
    }


def main() -> None:
    if "--json" in sys.argv:
        print(json.dumps(asyncio.run(as_json())))
        return
    for cost in asyncio.run(all_of_it()):
        print(f"{cost.what:55} {cost.calls:3} calls, {cost.round_trips:3} round trips, again {cost.again}")


if __name__ == "__main__":
    main()
