"""Soak: many mixed calls to one served process, and what it holds and how fast it is meanwhile."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.support.answers import KINDS
from tests.support.mcp_process import McpProcess
from tests.torture.client import DEMO
from tests.torture.trial import Trials, tried
from tests.torture.wire import call, start_process

FAST = ("-m", "tests.torture.fast_server")
WINDOW = 8
CALLS, LONGEST_S = 100_000, 600.0
SHORT = 400
SLICES = 20
# Of the second half: what grows with the calls grows more than this.
MOST_GROWTH_MB, MOST_SLOWER = 12.0, 2.0


@dataclass
class Course:
    """What was measured in each slice: resident megabytes, open descriptors, milliseconds per call."""

    megabytes: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def calls(self) -> int:
        return self.outcomes.total()

    def told(self) -> str:
        return (
            f"{self.calls} calls in {self.seconds:.0f} s; resident {self.megabytes[SLICES // 2]:.0f} MB half-way, "
            f"{self.megabytes[-1]:.0f} MB at the end; {self.descriptors[-1]} descriptors; "
            f"{statistics.median(self.milliseconds):.1f} ms per call"
        )


def mixed(account: str, campaign: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Reads, searches, refusals and writes, in one order for ever."""
    own: dict[str, Any] = {"account_id": account}
    return cycle(
        [
            ("ads_get_ad_accounts", {}),
            ("ads_get_campaigns", {**own, "limit": 10}),
            ("ads_find_tools", {"query": "budget of a campaign"}),
            ("ads_get_campaign_details", {"campaign_id": campaign}),
            ("ads_no_such_tool", {}),
            ("ads_get_ad_sets", {**own, "limit": 5}),
            ("ads_get_campaigns", {**own, "colour": "red"}),
            ("ads_get_ads", {**own, "limit": 5}),
            ("ads_get_campaign_details", {"campaign_id": "999999999999"}),
            ("ads_call_read_tool", {"name": "ads_get_account_info", "arguments": own}),
            ("ads_rate_status", {}),
            ("ads_update_campaign", {"campaign_id": campaign, "name": "Soaked", "dry_run": True}),
            ("ads_list_tokens", {}),
            ("ads_get_insights", {"object_id": campaign, "date_preset": "yesterday"}),
        ]
    )


def soaked(calls: int, longest_s: float) -> Course:
    """A course of so many calls, or as many as fit into the seconds."""
    with tempfile.TemporaryDirectory() as home:
        rude = start_process(Path(home), *DEMO, server=FAST, LOG_LEVEL="ERROR")
        account = _first(rude, "ads_get_ad_accounts", {})
        campaign = _first(rude, "ads_get_campaigns", {"account_id": account, "limit": 1})
        course, feed, started = Course(), mixed(account, campaign), time.monotonic()
        for part in range(SLICES):
            begun = time.monotonic()
            size = calls // SLICES
            for start in range(0, size, WINDOW):
                _together(rude, [next(feed) for _ in range(min(WINDOW, size - start))], course)
                if time.monotonic() - started > longest_s * (part + 1) / SLICES:
                    break
            course.milliseconds.append((time.monotonic() - begun) * 1000 / max(1, min(size, start + WINDOW)))
            course.megabytes.append(_resident(rude.process.pid))
            course.descriptors.append(_open(rude.process.pid))
        course.seconds = time.monotonic() - started
        rude.end()
    return course


def _first(rude: McpProcess, tool: str, arguments: dict[str, Any]) -> str:
    rude.send(call(tool, tool, arguments))
    found: str = rude.answer(tool)["result"]["structuredContent"]["data"][0]["id"]
    return found


def _together(rude: McpProcess, calls: list[tuple[str, dict[str, Any]]], course: Course) -> None:
    rude.answers.clear()
    for number, (tool, arguments) in enumerate(calls):
        rude.send(call(f"s{number}", tool, arguments))
    assert rude.answered([f"s{number}" for number in range(len(calls))])
    for answer in rude.answers:
        content = answer["result"]["structuredContent"]
        course.outcomes[content["error"]["kind"] if "error" in content else "success"] += 1


def _resident(pid: int) -> float:
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _open(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


TOLD: list[str] = []


def soak(full: bool) -> Trials:
    """One trial a call, and three for what the process holds."""
    if not Path("/proc/self/statm").exists():
        return
    course = soaked(CALLS, LONGEST_S) if full else soaked(SHORT, LONGEST_S)
    TOLD[:] = [course.told(), json.dumps(course.outcomes)]
    expected = {"success", "not_found", "invalid_arguments", "throttled", "circuit_open"}
    for kind, count in course.outcomes.items():
        for _ in range(count):
            yield kind, None if kind in KINDS & expected or kind == "success" else "not expected"
    yield tried("memory", lambda: _flat(course))
    yield tried("descriptors", lambda: _equal(course.descriptors))
    yield tried("latency", lambda: _steady(course.milliseconds))


def _flat(course: Course) -> None:
    growth = course.megabytes[-1] - course.megabytes[SLICES // 2]
    assert growth < MOST_GROWTH_MB, f"{growth:.1f} MB more in the second half: {course.megabytes}"


def _equal(descriptors: list[int]) -> None:
    assert max(descriptors) <= descriptors[0] + 2, f"{descriptors}"


def _steady(milliseconds: list[float]) -> None:
    """Of the last quarter and the second one: a machine with other work is slow at times, so the medians."""
    quarter = SLICES // 4
    early, late = statistics.median(milliseconds[quarter : 2 * quarter]), statistics.median(milliseconds[-quarter:])
    assert late <= MOST_SLOWER * early, f"from {early:.1f} to {late:.1f} ms"
