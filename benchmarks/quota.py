"""How long work takes under Meta's limits, and how often Meta refuses: the governor against a client without one.

    python benchmarks/quota.py

Meta is simulated with the limits it documents, on a virtual clock. Both clients use eight workers per process. The
governed caller that is sent away waits the named time and comes again. The naive client makes its calls as fast as it
can, retries a refused call three times after 1, 2 and 4 seconds, and takes it up again a minute later.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import tempfile
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from meta_ads_mcp.errors import GraphError, Throttled
from meta_ads_mcp.graph.classify import classify
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.graph.limits.outcome import Outcome
from tests.support.clock import FakeClock, pause, run_virtually
from tests.support.recorders import EventRecorder

WORKERS = 8
LATENCY_S = 0.3
GIVEN_UP_S = 6 * 3600.0
_EPOCH = 1_800_000_000.0
T = TypeVar("T")


# -- Meta


@dataclass(frozen=True)
class Quota:
    """What a tier allows an account: score points in 300 s, the length of a block, calls in an hour per use case."""

    tier: str
    max_score: int
    block_s: float
    hourly: dict[str, int]


# Without active ads, which would only add to the hourly quotas.
DEVELOPMENT = Quota("development_access", 60, 300.0, {"ads_management": 300, "ads_insights": 600})
STANDARD = Quota("standard_access", 9_000, 60.0, {"ads_management": 100_000, "ads_insights": 190_000})


@dataclass
class Meta:
    """The limits of Graph. A call during a block starts the block anew."""

    quota: Quota
    refusals: int = 0
    longest_block_s: float = 0.0
    _score: defaultdict[str, deque[tuple[float, int]]] = field(default_factory=lambda: defaultdict(deque))
    _calls: defaultdict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _blocked: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def answer(self, call: GraphCall) -> Outcome:
        await pause(LATENCY_S / 2)
        outcome = self._judged(call, asyncio.get_running_loop().time())
        await pause(LATENCY_S / 2)
        return outcome

    def _judged(self, call: GraphCall, now: float) -> Outcome:
        account = call.account or ""
        points, calls = self._aged(account, call.use_case, now)
        cost = 3 if call.write else 1
        since, until = self._blocked.get(account, (now, now))
        full = sum(point for _, point in points) + cost > self.quota.max_score
        if now < until or full:
            self._block(account, since if now < until else now, now)
            return self._refused(17, 2446079, call, now)
        if len(calls) + 1 > self.quota.hourly[call.use_case]:
            self.refusals += 1
            return self._refused(80004, None, call, now)
        points.append((now, cost))
        calls.append(now)
        return classify(call, 200, self._headers(account, call, now), None)

    def _aged(self, account: str, use_case: str, now: float) -> tuple[deque[tuple[float, int]], deque[float]]:
        points, calls = self._score[account], self._calls[account, use_case]
        while points and points[0][0] <= now - 300:
            points.popleft()
        while calls and calls[0] <= now - 3600:
            calls.popleft()
        return points, calls

    def _block(self, account: str, since: float, now: float) -> None:
        self.refusals += 1
        self._blocked[account] = (since, now + self.quota.block_s)
        self.longest_block_s = max(self.longest_block_s, now + self.quota.block_s - since)

    def _refused(self, code: int, subcode: int | None, call: GraphCall, now: float) -> Outcome:
        error = GraphError(code, "User request limit reached", subcode, http_status=400)
        return classify(call, 400, self._headers(call.account or "", call, now), error)

    def _headers(self, account: str, call: GraphCall, now: float) -> dict[str, str]:
        score = sum(point for _, point in self._score[account])
        calls = self._calls[account, call.use_case]
        used = 100 * len(calls) // self.quota.hourly[call.use_case]
        regain_minutes = math.ceil((calls[0] + 3600 - now) / 60) if used >= 100 else 0
        business = {
            "type": call.use_case,
            "call_count": used,
            "total_cputime": 1,
            "total_time": 1,
            "estimated_time_to_regain_access": regain_minutes,
            "ads_api_access_tier": self.quota.tier,
        }
        account_usage = {
            "acc_id_util_pct": round(100 * score / self.quota.max_score, 2),
            "reset_time_duration": 300,
            "ads_api_access_tier": self.quota.tier,
        }
        return {
            "X-Business-Use-Case-Usage": json.dumps({account.removeprefix("act_"): [business]}),
            "X-Ad-Account-Usage": json.dumps(account_usage),
        }


# -- the work


@dataclass(frozen=True)
class Workload:
    """Calls of one or more processes that start together."""

    name: str
    processes: tuple[tuple[GraphCall, ...], ...]

    def shortest_s(self, quota: Quota) -> float:
        """No schedule whatsoever is faster: the fullest account's windows, or the workers' round trips."""
        windows = max(self._waits(quota), default=0.0)
        rounds = max(math.ceil(len(calls) / WORKERS) for calls in self.processes)
        return max(windows + LATENCY_S, rounds * LATENCY_S)

    def _waits(self, quota: Quota) -> list[float]:
        points: defaultdict[str, int] = defaultdict(int)
        calls: defaultdict[tuple[str, str], int] = defaultdict(int)
        for call in (call for process in self.processes for call in process):
            points[call.account or ""] += 3 if call.write else 1
            calls[call.account or "", call.use_case] += 1
        score = [300.0 * (math.ceil(total / quota.max_score) - 1) for total in points.values()]
        hours = [3600.0 * (math.ceil(total / quota.hourly[case]) - 1) for (_, case), total in calls.items()]
        return score + hours


def workloads(scale: float = 1.0) -> list[Workload]:
    """The kinds of work; `scale` below 1 makes them smaller."""

    def many(full: int) -> range:
        return range(max(1, round(full * scale)))

    burst = [_call("act_1", index) for index in many(200)]
    edits = [_call(f"act_{index % 6}", index, write=write) for index in many(300) for write in (False, True)]
    report = [
        _call(f"act_{account}", index, use_case)
        for account in many(60)
        for index, use_case in enumerate(("ads_management", "ads_insights", "ads_insights"))
    ]
    mixed = [_call(f"act_{index % 2}", index, write=index % 5 == 4) for index in many(150)]
    long = [_call("act_1", index) for index in many(350)]
    return [
        Workload("an agent's burst of 200 reads", (tuple(burst),)),
        Workload("bulk edit of 300 ad sets, 6 accounts", (tuple(edits),)),
        Workload("portfolio report, 60 accounts", (tuple(report),)),
        Workload("two processes at once, 2 accounts", (tuple(mixed), tuple(mixed))),
        Workload("350 reads, more than an hour's quota", (tuple(long),)),
    ]


def _call(account: str, index: int, use_case: str = "ads_management", *, write: bool = False) -> GraphCall:
    return GraphCall("0123abcd", account, use_case, write=write, object_id=str(1000 + index))


@dataclass(frozen=True)
class Result:
    """How one run went; `seconds` is None when it was given up."""

    seconds: float | None
    answered: int
    refusals: int
    longest_block_s: float


Send = Callable[[GraphCall], Awaitable[None]]


async def _governed(governor: Governor, meta: Meta, call: GraphCall) -> None:
    while True:
        try:
            await governor.admit(call)
        except Throttled as refusal:
            await pause(refusal.retry_after_seconds or 1)
            continue
        outcome = await meta.answer(call)
        governor.settle(call, outcome)
        if outcome.error is None:
            return


async def _naive(meta: Meta, call: GraphCall) -> None:
    while True:
        for pause_s in (1, 2, 4, 60):
            if (await meta.answer(call)).error is None:
                return
            await pause(pause_s)


async def _work(process: Sequence[GraphCall], send: Send, answered: list[GraphCall]) -> None:
    """Eight workers, one queue."""
    remaining = iter(process)

    async def worker() -> None:
        for call in remaining:
            await send(call)
            answered.append(call)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))


async def _run(work: Workload, quota: Quota, sender: Callable[[Meta], Send]) -> Result:
    meta, answered = Meta(quota), list[GraphCall]()
    runs = [_work(process, sender(meta), answered) for process in work.processes]
    try:
        async with asyncio.timeout(GIVEN_UP_S):
            await asyncio.gather(*runs)
    except TimeoutError:
        return Result(None, len(answered), meta.refusals, meta.longest_block_s)
    return Result(asyncio.get_running_loop().time(), len(answered), meta.refusals, meta.longest_block_s)


def governed(work: Workload, quota: Quota) -> Result:
    """Every process with its own governor; they share only the state directory."""
    with tempfile.TemporaryDirectory() as directory:

        def sender(meta: Meta) -> Send:
            governor = Governor(clock=FakeClock(_EPOCH), events=EventRecorder(), state_dir=Path(directory))
            return lambda call: _governed(governor, meta, call)

        return run_virtually(_run(work, quota, sender))


def naive(work: Workload, quota: Quota) -> Result:
    return run_virtually(_run(work, quota, lambda meta: lambda call: _naive(meta, call)))


def _row(work: Workload, quota: Quota) -> str:
    paced, theirs, shortest_s = governed(work, quota), naive(work, quota), work.shortest_s(quota)
    total = sum(len(process) for process in work.processes)
    cells = [work.name, quota.tier.removesuffix("_access"), f"{shortest_s:.1f} s"]
    for result in (paced, theirs):
        time = (
            f"{result.seconds:.1f} s"
            if result.seconds is not None
            else f"given up ({result.answered} of {total} calls)"
        )
        ratio = f" ({result.seconds / shortest_s:.2f} x)" if result.seconds is not None else ""
        cells += [time + ratio, str(result.refusals), f"{result.longest_block_s:.0f} s"]
    return f"| {' | '.join(cells)} |"


def as_json(scale: float) -> list[dict[str, Any]]:
    """The governed runs of every workload, and the naive one of the first under the lowest quota."""
    runs = [
        (work, quota, "governed", governed(work, quota))
        for work in workloads(scale)
        for quota in (DEVELOPMENT, STANDARD)
    ]
    first = workloads(scale)[0]
    runs.append((first, DEVELOPMENT, "naive", naive(first, DEVELOPMENT)))
    return [
        {
            "work": work.name,
            "tier": quota.tier,
            "client": client,
            "calls": sum(len(process) for process in work.processes),
            "shortest_s": work.shortest_s(quota),
            **asdict(result),
        }
        for work, quota, client, result in runs
    ]


def main() -> None:
    if "--json" in sys.argv:
        print(json.dumps(as_json(float(sys.argv[-1]))))
        return
    print("| work | tier | shortest | governed | refusals | block | naive | refusals | block |")
    print("| --- | --- | --: | --: | --: | --: | --: | --: | --: |")
    for work in workloads():
        for quota in (DEVELOPMENT, STANDARD):
            print(_row(work, quota))


if __name__ == "__main__":
    main()
