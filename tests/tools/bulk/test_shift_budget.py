"""Money moves, and its sum stays the same to the last minor unit."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments
from meta_ads_mcp.tools.bulk.shifts import amounts_to_take, shares
from tests.support.elicitors import Person
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

S1, S2, S3 = "201", "202", "203"
BUDGETS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**7), min_size=1)


def graph(**budgets: Any) -> ScriptedGraph:
    made = account_graph()
    common = {"account_id": "1", "optimization_goal": "REACH", "campaign_id": "101", "status": "ACTIVE"}
    for object_id, budget in {S1: "5000", S2: "3000", S3: "2000", **budgets}.items():
        made.objects[object_id] = {"id": object_id, "name": f"Set {object_id}", **common, "daily_budget": budget}
    return made


def shift(**more: Any) -> dict[str, Any]:
    arguments = {"account_id": ACCOUNT, "level": "ad_set", "from_ids": [S1], "to_ids": [S2, S3], "percent": 20}
    return {**arguments, "context": False, "idempotency_key": "key", **more}


async def test_cuts_are_made_and_read_back_before_raises() -> None:
    client = graph()
    answer = await engine(client).call("ads_shift_budget", shift(), asker=Person(True))
    assert answer.structured["data"]["counts"] == {"success": 3}
    sent = [(request.method, request.path, request.params.get("daily_budget")) for request in client.asked[-6:]]
    assert sent == [
        ("POST", S1, "4000"),
        ("GET", S1, None),
        ("POST", S2, "3600"),
        ("POST", S3, "2400"),
        ("GET", S2, None),
        ("GET", S3, None),
    ]


def _refusal_of(path: str, request: Request) -> AdsError | None:
    return ApiError("Meta refused it.") if request.method == "POST" and request.path == path else None


async def test_no_raise_follows_a_refused_cut() -> None:
    client = graph()
    client.refuse = lambda request: _refusal_of(S1, request)
    answer = await engine(client).call("ads_shift_budget", shift(), asker=Person(True))
    assert answer.structured["data"]["counts"] == {"failed": 1, "not_sent": 2}
    assert [client.objects[key]["daily_budget"] for key in (S1, S2, S3)] == ["5000", "3000", "2000"]


async def test_no_raise_follows_a_cut_that_meta_ignores() -> None:
    client = graph()
    client.answers["POST", S1] = lambda request: {"success": True}
    answer = await engine(client).call("ads_shift_budget", shift(), asker=Person(True))
    assert answer.structured["data"]["counts"] == {"not_applied": 1, "not_sent": 2}
    assert [client.objects[key]["daily_budget"] for key in (S2, S3)] == ["3000", "2000"]


async def test_an_ad_set_under_a_campaign_budget_is_refused_with_the_campaign() -> None:
    client = graph()
    del client.objects[S2]["daily_budget"]
    answer = await engine(client).call("ads_shift_budget", shift(), asker=Person(True))
    assert "campaign 101" in answer.structured["error"]["message"]
    assert client.writes == []


async def test_daily_and_lifetime_budgets_do_not_mix() -> None:
    client = graph()
    client.objects[S2] |= {"daily_budget": "0", "lifetime_budget": "90000"}
    answer = await engine(client).call("ads_shift_budget", shift(), asker=Person(True))
    assert "cannot be mixed" in answer.structured["error"]["message"]
    assert client.writes == []


@settings(max_examples=200, deadline=None)
@given(
    sources=BUDGETS,
    targets=BUDGETS,
    split=st.sampled_from(("proportional", "equal")),
    floor=st.integers(1, 5000),
    percent=st.none() | st.floats(1, 90),
    amount=st.integers(1, 10**7),
)
def test_what_is_taken_is_given(
    sources: dict[str, int], targets: dict[str, int], split: Any, floor: int, percent: float | None, amount: int
) -> None:
    try:
        takes = amounts_to_take(sources, floor, split, amount=None if percent else amount, percent=percent)
    except InvalidArguments:
        return
    gains = shares(sum(takes.values()), targets, split)
    assert sum(gains.values()) == sum(takes.values()) > 0
    assert percent or sum(takes.values()) == amount
    assert all(take >= 0 for take in takes.values())
    assert all(sources[key] - take >= min(floor, sources[key]) for key, take in takes.items())
