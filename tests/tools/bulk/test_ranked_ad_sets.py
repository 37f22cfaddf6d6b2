"""Budget moves from the worst to the best ad set of each campaign, which the plan finds by their figures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import refused_unsent


def call(made: SandboxEngine, **more: Any) -> dict[str, Any]:
    ids = {"from_ids": ["worst"], "to_ids": ["best"]}
    return {"account_id": made.account, "level": "ad_set", **ids, "percent": 10, "idempotency_key": "k", **more}


def budgets(made: SandboxEngine) -> dict[str, int]:
    return {node.id: int(node.get("daily_budget")) for node in made.nodes("AdSet") if node.get("daily_budget")}


async def test_money_moves_within_each_campaign_by_cost_per_result() -> None:
    made = build_writer()
    before, person = budgets(made), Person(True)
    data = (await made.call("ads_shift_budget", call(made), person)).structured["data"]
    now = budgets(made)
    moved = {key: now[key] - before[key] for key in before if now[key] != before[key]}
    assert data["counts"] == {"success": len(moved)}
    assert "by cost per result, last 14d" in person.asked[0]
    by_campaign: dict[str, list[int]] = {}
    for key, delta in moved.items():
        by_campaign.setdefault(made.store.nodes[key].get("campaign_id"), []).append(delta)
    assert by_campaign
    assert all(sorted(deltas) == [-max(deltas), max(deltas)] for deltas in by_campaign.values())


async def test_the_plan_shows_that_a_source_costs_more_than_its_target() -> None:
    made = build_writer()
    plan = (await made.call("ads_shift_budget", call(made, dry_run=True))).structured["data"]["shift"]
    rows = [dict(zip(plan["columns"], row, strict=True)) for row in plan["rows"]]
    costs: dict[str, dict[bool, float]] = {}
    for row in rows:
        campaign = made.store.nodes[row["id"]].get("campaign_id")
        costs.setdefault(campaign, {})[row["delta"].startswith("-")] = row["cost_per_result"]
    assert all(cost[True] is None or cost[True] > cost[False] for cost in costs.values())


@pytest.mark.parametrize(
    "wrong",
    [{"to_ids": ["201"]}, {"from_ids": ["worst", "201"]}, {"level": "campaign"}, {"percent": None, "amount": 100}],
)
async def test_ranks_go_together(wrong: dict[str, Any]) -> None:
    arguments = {"account_id": "act_1", "level": "ad_set", "from_ids": ["worst"], "to_ids": ["best"], "percent": 10}
    merged = {**arguments, "idempotency_key": "k", **wrong}
    await refused_unsent("ads_shift_budget", **{key: value for key, value in merged.items() if value is not None})
