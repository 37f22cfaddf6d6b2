"""What raises spending by another name is asked for, and held to the owner's limits, too."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.policy import Policy
from tests.writes.desk import Desk, Person, desk

SCHEDULE = {"time_start": "2027-01-04T00:00:00", "time_end": "2027-01-06T00:00:00", "ad_set_id": "{ad_set}"}
ABSOLUTE = {**SCHEDULE, "budget_value": 9000, "budget_value_type": "ABSOLUTE"}
LIMITED = Policy(max_amount={"USD": 1000}, max_value={"USD": 5000})


def moved(made: Desk, each: int) -> dict[str, Any]:
    """The campaign's budget given to its ad sets, that much each."""
    ad_sets = made.store.children(made.ids["campaign"], "adsets")
    budgets = [{"adset_id": one.id, "daily_budget": each} for one in ad_sets]
    return {"campaign_id": made.ids["campaign"], "adset_budgets": budgets}


@pytest.mark.parametrize(("each", "asks"), [(100, False), (90_000, True)])
async def test_budgets_that_move_to_the_ad_sets(each: int, asks: bool) -> None:
    made = desk()
    answer = await made.call("ads_update_campaign", moved(made, each))
    assert (answer.structured["data"]["status"] == "needs_confirmation") is asks
    assert len(made.writes) == (not asks)


@pytest.mark.parametrize(
    ("before", "after", "asks"),
    [(None, 5000, False), (5000, 4000, False), (5000, 6000, True), (5000, 0, True)],
)
@pytest.mark.parametrize("cap", ["daily_spend_cap", "lifetime_spend_cap"])
async def test_an_ad_sets_own_caps(cap: str, before: int | None, after: int, asks: bool) -> None:
    made = desk()
    made.store.patch(made.ids["ad_set"], {cap: None if before is None else str(before)})
    answer = await made.call("ads_update_ad_set", {"ad_set_id": made.ids["ad_set"], cap: after})
    assert (answer.structured["data"]["status"] == "needs_confirmation") is asks, answer.text


@pytest.mark.parametrize(
    ("policy", "tool", "arguments"),
    [
        (LIMITED, "ads_create_budget_schedule", ABSOLUTE),
        (LIMITED, "ads_create_budget_schedule", {**ABSOLUTE, "budget_value": 2, "budget_value_type": "MULTIPLIER"}),
        (Policy(frozenset({"edit_budget"})), "ads_create_budget_schedule", ABSOLUTE),
        (LIMITED, "ads_update_campaign", 6000),
    ],
)
async def test_the_limits_hold_for_them(policy: Policy, tool: str, arguments: Any) -> None:
    made = desk(policy=policy)
    given = made.filled(arguments) if isinstance(arguments, dict) else moved(made, arguments)
    answer = await made.call(tool, given, Person(True))
    assert answer.structured["error"]["kind"] == "denied", answer.text
    assert made.writes == []


async def test_what_keeps_to_the_limits_passes() -> None:
    made = desk(policy=LIMITED)
    schedule = made.filled({**ABSOLUTE, "budget_value": 900})
    assert (await made.done("ads_create_budget_schedule", **schedule))["status"] == "success"
    assert (await made.done("ads_update_campaign", **moved(made, 4000)))["status"] == "success"
