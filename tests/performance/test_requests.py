"""Every tool makes as many of Graph's calls as it needs: `requests.json` has their number.

A tool that needs another number is looked at once, and its number changed by hand.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.tool import Tool
from tests.support.every_tool import TOOLS, each
from tests.support.programs import run_benchmark

# Tool → [calls, round trips, calls of the same read again]; null where its example does not succeed in the demo world.
KNOWN = json.loads(Path(__file__).with_name("requests.json").read_text(encoding="utf-8"))


@cache
def measured() -> dict[str, Any]:
    counts: dict[str, Any] = run_benchmark("requests")
    return counts


@each()
def test_a_call_makes_no_more_requests_than_it_needs(tool: Tool) -> None:
    found = measured()["tools"][tool.name]
    shown = found and [found["calls"], found["round_trips"], found["again"]]
    assert tool.name in KNOWN, f"add to requests.json: {tool.name}: {json.dumps(shown)}"
    assert shown == KNOWN[tool.name]


def test_no_number_is_left_of_a_tool_that_is_gone() -> None:
    assert KNOWN.keys() == {tool.name for tool in TOOLS}


def test_a_portfolio_asks_each_account_once_in_as_few_round_trips_as_graph_allows() -> None:
    found = measured()["portfolio"]
    assert (found["calls"], found["round_trips"]) == (measured()["portfolio_accounts"] + 1, 1 + 2)


def test_each_pause_of_a_list_reads_writes_and_reads_back() -> None:
    found = measured()["bulk_pause"]
    paused = int(found["what"].split("each of ")[1].split()[0])
    assert paused > 1
    assert found["calls"] == 3 * paused


@pytest.mark.parametrize(
    ("what", "items", "most"),
    [("report rows", 1_000, 8), ("portfolio accounts", 120, 4), ("list of ads", 1_000, 20)],
)
def test_round_trips_grow_no_faster_than_pages(what: str, items: int, most: int) -> None:
    assert run_benchmark("growth", what, str(items)) <= most
