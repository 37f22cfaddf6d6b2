"""Lists of the size that real agencies have, through the engine against the sandbox."""

from __future__ import annotations

import json
import tracemalloc
from functools import cache
from typing import Any

import pytest

from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxTransport, World
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader


@cache
def world(**size: int) -> World:
    """Nothing here changes anything, and making a world takes longer than reading it."""
    return World(today=NOW, **size)


def served(**size: int) -> SandboxEngine:
    return build_reader(SandboxTransport(world(**size), clock=lambda: NOW))


async def test_sixty_accounts_over_several_pages_all_arrive() -> None:
    demo = served(accounts=60)
    answer = await demo.good("ads_get_ad_accounts", limit=25, max_items=500)
    assert len({row["id"] for row in answer["data"]}) == 60
    assert answer["page"] == {"count": 60, "has_more": False}


async def test_sixty_accounts_page_by_page() -> None:
    demo = served(accounts=60)
    seen: list[str] = []
    after: dict[str, Any] = {}
    while True:
        answer = await demo.good("ads_get_ad_accounts", limit=25, **after)
        seen += [row["id"] for row in answer["data"]]
        if not answer["page"]["has_more"]:
            break
        after = {"after": answer["page"]["after"]}
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize("most", [None, 5000])
async def test_2500_ads_arrive_once_each_in_bounded_memory(most: int | None) -> None:
    demo = served(ads=3_100)  # archived ones among them are not listed
    account = demo.sandbox.world.account_ids[0]
    account_id = account if account.startswith("act_") else f"act_{account}"
    tracemalloc.start()
    seen: list[str] = []
    after: dict[str, Any] = {"max_items": most} if most else {}
    largest = 0
    while True:
        answer = await demo.good("ads_get_ads", account_id=account_id, limit=100, **after)
        seen += [row["id"] for row in answer["data"]]
        largest = max(largest, len(json.dumps(answer, ensure_ascii=False, separators=(",", ":"))))
        if not answer["page"]["has_more"]:
            break
        after |= {"after": answer["page"]["after"]}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(seen) == len(set(seen)) >= 2500
    assert largest <= 40_000
    assert peak < 60_000_000


async def test_the_token_in_a_paging_url_never_leaves_the_process() -> None:
    demo = served(accounts=60)
    answer = await demo.call("ads_get_ad_accounts", limit=25)
    raw = demo.sandbox.log[-1]
    assert answer.structured["page"]["has_more"]
    assert DEMO_TOKEN not in json.dumps(answer.structured) + answer.text
    assert DEMO_TOKEN not in raw.path + json.dumps(raw.params)
