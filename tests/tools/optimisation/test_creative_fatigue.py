"""Worn ads of the demo world, and what the answer says when there are none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.faults import SandboxResponse, graph_error
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader, records

FATIGUE = "ads_get_creative_fatigue"


def worn_ads(world: World, account: str) -> set[str]:
    """The ads of an account whose clicks decline by plan."""
    return {
        ad.id
        for plan in world.plans.values()
        if plan.account.id == account
        for ad_set in plan.ad_sets
        for ad in ad_set.parts
        if any(drift.metric == "clicks" for drift in ad.drifts)
    }


def in_state(answer: Mapping[str, Any], state: str) -> set[str]:
    return {row["ad_id"] for row in records(answer["data"]["ads"]) if row["state"] == state}


@pytest.mark.parametrize("number", range(4))
async def test_exactly_the_worn_ads_are_found(demo: SandboxEngine, world: World, number: int) -> None:
    account = world.account_ids[number]
    answer = await demo.good(FATIGUE, account_id=account)
    assert worn_ads(world, account)
    assert in_state(answer, "worn_out") == worn_ads(world, account)
    assert len(json.dumps(answer, ensure_ascii=False, separators=(",", ":"))) <= 6000


@pytest.mark.parametrize("seed", [2, 5])
async def test_worn_ads_of_other_worlds_are_found(seed: int) -> None:
    other = World(today=NOW, seed=seed, ads=90)
    demo = build_reader(SandboxTransport(other, clock=lambda: NOW))
    for account in other.account_ids[1:4]:
        assert in_state(await demo.good(FATIGUE, account_id=account), "worn_out") == worn_ads(other, account)


async def test_each_ad_has_its_figures_and_its_creative(demo: SandboxEngine, world: World, small_account: str) -> None:
    rows = records((await demo.data(FATIGUE, account_id=small_account, limit=100))["ads"])
    for row in rows:
        assert world.store.nodes[row["ad_id"]].get("creative")["id"] == row["creative_id"]
        assert row["days_running"] > 0
    worn = [row for row in rows if row["state"] == "worn_out"]
    assert rows[: len(worn)] == worn
    assert all(row["days_left"] == 0 and row["frequency_7d"] > row["frequency_best"] for row in worn)
    assert {row["days_left"] for row in rows if row["state"] == "not_yet"} == {"not yet"}


async def test_ad_set_without_worn_ads_names_the_threshold(demo: SandboxEngine, world: World, account: str) -> None:
    worn = worn_ads(world, account.removeprefix("act_"))
    ad_set = next(
        part.id
        for plan in world.plans.values()
        if plan.account.id == account.removeprefix("act_")
        for part in plan.ad_sets
        if len(part.parts) > 5 and not worn & {ad.id for ad in part.parts} and not part.drifts
    )
    answer = await demo.good(FATIGUE, account_id=account, ad_set_id=ad_set)
    assert answer["data"]["counts"]["worn_out"] == 0
    assert "20 %" in answer["summary"]
    assert answer["data"]["threshold"]["min_clicks"] == 50


async def test_limit_keeps_the_worst_and_says_how_many_there_are(demo: SandboxEngine, small_account: str) -> None:
    whole = await demo.good(FATIGUE, account_id=small_account, limit=100)
    few = await demo.good(FATIGUE, account_id=small_account, limit=3)
    assert records(few["data"]["ads"]) == records(whole["data"]["ads"])[:3]
    assert few["data"]["counts"] == whole["data"]["counts"]
    assert any("worst 3 of" in note for note in few["notes"])


async def test_min_spend_leaves_ads_out_and_says_so(demo: SandboxEngine, small_account: str) -> None:
    answer = await demo.good(FATIGUE, account_id=small_account, min_spend="500.00 EUR", limit=100)
    assert all(row["spend"] >= 500 for row in records(answer["data"]["ads"]))
    assert any("too little spend" in note for note in answer["notes"])


async def test_refused_fields_of_meta_leave_the_measure(demo: SandboxEngine, world: World, small_account: str) -> None:
    """The fields are new; an account may not have them."""
    demo.sandbox.faults.add(
        lambda call: "creative_fatigue_summary" in str(call.params.get("fields")), respond=graph_error(100, "No field")
    )
    answer = await demo.good(FATIGUE, account_id=small_account)
    assert in_state(answer, "worn_out") == worn_ads(world, small_account.removeprefix("act_"))
    assert any("creative_fatigue_summary" in note for note in answer["notes"])


async def test_figures_of_meta_are_passed_on(demo: SandboxEngine, world: World, small_account: str) -> None:
    ad_id = next(iter(worn_ads(world, small_account.removeprefix("act_"))))
    summary = [{"status": "CREATIVE_FATIGUE"}]
    body = {"data": [{"ad_id": ad_id, "creative_fatigue_summary": summary}]}
    demo.sandbox.faults.add(
        lambda call: "creative_fatigue_summary" in str(call.params.get("fields")),
        respond=SandboxResponse(200, body, {}),
    )
    data = await demo.data(FATIGUE, account_id=small_account)
    assert data["meta_fatigue"] == [{"ad_id": ad_id, "creative_fatigue_summary": summary}]
