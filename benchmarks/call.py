"""One call over stdio: what ours takes beside an empty tool of a plain fastmcp server, asked in turns.

python -m benchmarks.call
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.desk import engine
from benchmarks.wire import ALL, Running, median, plain, quantile, seconds, serving
from meta_ads_mcp.sandbox import SandboxTransport

ROUNDS = 300
# What is loaded at the first call is no cost of a call.
UNCOUNTED = 20
AT_ONCE = 50
DELAY_S = 0.2
ERA = "initialize"


@dataclass(frozen=True)
class Timing:
    """Seconds of one kind of call."""

    name: str
    middle: float
    high: float


def measure(rounds: int = ROUNDS) -> list[Timing]:
    """The empty tool first; then ours. One of each per round, so that a busy moment meets all of them."""
    with serving(plain(1)) as empty, serving(ALL) as server:
        empty.begin(ERA)
        server.begin(ERA)
        kinds = [("plain fastmcp: an empty tool", empty, "plain_tool_number_0", {"account_id": "1"}), *_calls(server)]
        durations: dict[str, list[float]] = {name: [] for name, *_ in kinds}
        for number in range(rounds + UNCOUNTED):
            for name, client, tool, arguments in kinds:
                passed = seconds(lambda: client.call(tool, arguments))  # noqa: B023  called at once
                if number >= UNCOUNTED:
                    durations[name].append(passed)
    return [
        Timing(name, median(seconds_each), quantile(seconds_each, 0.99)) for name, seconds_each in durations.items()
    ]


def _calls(server: Running) -> list[tuple[str, Running, str, Mapping[str, Any]]]:
    account = _data(server, "ads_get_ad_accounts", {})[0]["id"]
    campaign = _data(server, "ads_get_campaigns", {"account_id": account})[0]["id"]
    return [
        ("ads_find_tools: no request", server, "ads_find_tools", {"query": "pause a campaign", "limit": 1}),
        ("ads_get_campaign_details: one request", server, "ads_get_campaign_details", {"campaign_id": campaign}),
        ("ads_get_campaigns: a list of ten", server, "ads_get_campaigns", {"account_id": account}),
    ]


def _data(client: Running, tool: str, arguments: Mapping[str, Any]) -> Any:
    return client.call(tool, arguments)["structuredContent"]["data"]


class Slow(httpx.AsyncBaseTransport):
    """The sandbox behind a line that takes its time; `most` is how many requests were on it at once."""

    def __init__(self, delay_s: float) -> None:
        self._inner, self._delay_s = SandboxTransport(), delay_s
        self._now = self.most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await asyncio.sleep(self._delay_s)
            return await self._inner.handle_async_request(request)
        finally:
            self._now -= 1


def overlap(reads: int = AT_ONCE, delay_s: float = DELAY_S) -> tuple[float, int]:
    """Seconds for that many reads at once when each answer takes `delay_s`, and the most requests under way."""
    slow = Slow(delay_s)

    async def run() -> float:
        desk = engine(slow)
        account = (await desk.call("ads_get_ad_accounts", {})).structured["data"][0]["id"]
        calls = [desk.call("ads_get_campaigns", {"account_id": account, "limit": 1 + n}) for n in range(reads)]
        loop = asyncio.get_running_loop()
        started = loop.time()
        answers = await asyncio.gather(*calls)
        if any(answer.is_error for answer in answers):
            raise RuntimeError("a read failed")
        return loop.time() - started

    return asyncio.run(run()), slow.most


def main() -> None:
    empty, *server = measure()
    for timing in (empty, *server):
        added = f"added {1000 * (timing.middle - empty.middle):.2f} / {1000 * (timing.high - empty.high):.2f}"
        print(f"{timing.name:40} median {1000 * timing.middle:.2f} ms, p99 {1000 * timing.high:.2f} ms, {added}")
    durations, most = overlap()
    print(f"{AT_ONCE} reads of {DELAY_S} s each: {durations:.2f} s, {most} under way at once")


if __name__ == "__main__":
    main()
