"""What raises spending by another name is asked for, and held to the owner's limits, too."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.writes.effects import confirmation_reasons
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.engine.writes.units.lost_creations import can_be_absent
from meta_ads_mcp.errors import Denied
from meta_ads_mcp.sandbox import graph_error
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer

SCHEDULE = {"time_start": "2027-01-04T00:00:00", "time_end": "2027-01-06T00:00:00", "ad_set_id": "{ad_set}"}
ABSOLUTE = {**SCHEDULE, "budget_value": 9000, "budget_value_type": "ABSOLUTE"}
COPY = {"entity_type": "campaign", "entity_id": "{campaign}"}
BUNDLE = {
    "account_id": "{account}",
    "source_ad_set_id": "{ad_set}",
    "target_ad_set": {"name": "Clone", "daily_budget": 2000},
    "idempotency_key": "k",
}
LIMITED = Policy(max_amount={"USD": 1000}, max_value={"USD": 5000})


def moved(made: SandboxEngine, each: int) -> dict[str, Any]:
    """The campaign's budget given to its ad sets, that much each."""
    ad_sets = made.store.children(made.ids["campaign"], "adsets")
    budgets = [{"adset_id": one.id, "daily_budget": each} for one in ad_sets]
    return {"campaign_id": made.ids["campaign"], "adset_budgets": budgets}


@pytest.mark.parametrize(("each", "asks"), [(100, False), (90_000, True)])
async def test_budgets_that_move_to_the_ad_sets(each: int, asks: bool) -> None:
    made = build_writer()
    answer = await made.call("ads_update_campaign", moved(made, each))
    assert (answer.structured["data"]["status"] == "needs_confirmation") is asks
    assert len(made.writes) == (not asks)


@pytest.mark.parametrize(
    ("before", "after", "asks"),
    [
        (None, 99_000_000, False),
        (99_000_000, 90_000_000, False),
        (5000, 6000, True),
        (5000, 0, True),
    ],
)
@pytest.mark.parametrize(
    ("node", "cap"),
    [("ad_set", "daily_spend_cap"), ("ad_set", "lifetime_spend_cap"), ("campaign", "spend_cap")],
)
async def test_own_caps_of_an_object(node: str, cap: str, before: int | None, after: int, asks: bool) -> None:
    """A cap that is raised or removed is asked for, and one that is not above what is spent already."""
    made = build_writer()
    made.store.patch(made.ids[node], {cap: None if before is None else str(before)})
    answer = await made.call(f"ads_update_{node}", {f"{node}_id": made.ids[node], cap: after})
    assert (answer.structured["data"]["status"] == "needs_confirmation") is asks, answer.text


@pytest.mark.parametrize(
    ("node", "cap", "value"),
    [("ad_set", "daily_spend_cap", 100), ("ad_set", "lifetime_spend_cap", 100), ("campaign", "spend_cap", 10_000)],
)
async def test_a_cap_below_what_is_spent_is_asked_for(node: str, cap: str, value: int) -> None:
    answer = await build_writer().call(f"ads_update_{node}", {f"{node}_id": build_writer().ids[node], cap: value})
    assert "is spent already" in answer.text


@pytest.mark.parametrize(("node", "cap"), [("account", "spend_cap"), ("ad_set", "lifetime_spend_cap")])
async def test_a_cap_is_asked_for_if_nobody_knows_what_is_spent(node: str, cap: str) -> None:
    made = build_writer()
    made.store.patch(made.ids["account"], {"amount_spent": None, "spend_cap": "99000000"})
    made.sandbox.faults.add("insights", respond=graph_error(2), times=99)
    tool, name = ("ads_update_spend_cap", "account_id") if node == "account" else ("ads_update_ad_set", "ad_set_id")
    value = "900000.00 USD" if node == "account" else 90_000_000
    answer = await made.call(tool, {name: made.ids[node], cap: value})
    assert "Meta does not show" in answer.text


RUNNING = {"status": "ACTIVE", "promoted_object": {"page_id": "1", "pixel_id": "2"}, "destination_type": "WEBSITE"}
RETURN = {"bid_constraints": {"roas_average_floor": 20_000}, "bid_strategy": "LOWEST_COST_WITH_MIN_ROAS"}


def change_of(node: str, before: dict[str, Any], after: dict[str, Any], **more: Any) -> Change:
    request = Request("POST", more.pop("path", "1"), more.pop("params", after))
    fields = {"object_id": "1", "before": before, "after": after} | more
    return Change(Effect.UPDATE, request, node, **fields)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_of("AdSet", RUNNING, {"destination_type": "MESSENGER"}), "lead"),
        (change_of("AdSet", RUNNING, {"promoted_object": {"page_id": "3"}}), "lead"),
        (change_of("AdSet", RUNNING, {"promoted_object": {"page_id": "1", "pixel_id": "3"}}), None),
        (change_of("AdSet", {**RUNNING, "status": "PAUSED"}, {"destination_type": "MESSENGER"}), None),
        (change_of("AdSet", RETURN, {"bid_constraints": {"roas_average_floor": 100}}), "return on ad spend"),
        (change_of("AdSet", RETURN, {"bid_constraints": None}), "return on ad spend"),
        (change_of("AdSet", {"bid_constraints": "high"}, {"bid_constraints": {"roas_average_floor": 1}}), "return"),
        (change_of("AdSet", RETURN, {"bid_constraints": {"roas_average_floor": 30_000}}), None),
        (change_of("AdSet", {}, {"bid_adjustments": {"user_groups": {"age": {"18-24": 3.0}}}}), "factors of bids"),
        (
            change_of(
                "Ad", {"status": "ACTIVE"}, {}, path="1/copies", object_id=None, params={"status_option": "ACTIVE"}
            ),
            "starts",
        ),
        (
            change_of("Ad", {"status": "PAUSED"}, {}, params={"status": "PAUSED", "configured_status": "ACTIVE"}),
            "starts",
        ),
        (change_of("Ad", {"status": "ACTIVE"}, {}, params={"status": "DELETED"}), "DELETED"),
        (change_of("IGMedia", {}, {"message": "Hi"}, path="1/comments", object_id=None), "public"),
        (change_of("IGComment", {}, {"message": "Hi"}, path="1/replies", object_id=None), "public"),
        (change_of("PagePost", {}, {"message": "Another text"}), "public"),
        (change_of("Comment", {}, {"is_hidden": True}), None),
    ],
)
def test_reasons_follow_from_the_request(change: Change, reason: str | None) -> None:
    reasons = confirmation_reasons(change, now=0)
    assert any(reason in text for text in reasons) if reason else reasons == ()


@pytest.mark.parametrize(
    ("policy", "tool", "arguments"),
    [
        (LIMITED, "ads_create_budget_schedule", ABSOLUTE),
        (LIMITED, "ads_create_budget_schedule", {**ABSOLUTE, "budget_value": 2, "budget_value_type": "MULTIPLIER"}),
        (Policy(frozenset({"edit_budget"})), "ads_create_budget_schedule", ABSOLUTE),
        (LIMITED, "ads_update_campaign", 6000),
        (Policy(max_value={"USD": 9500}), "ads_create_budget_schedule", ABSOLUTE),
        (Policy(max_percentage=10), "ads_create_budget_schedule", ABSOLUTE),
        (Policy(max_amount={"USD": 1000}), "ads_update_campaign", 90_000),
        (Policy(max_percentage=20), "ads_update_campaign", 90_000),
        (Policy(max_value={"USD": 100}), "ads_duplicate_entity", COPY),
        (Policy(max_value={"USD": 100}), "ads_duplicate_entity", {**COPY, "entity_id": "{unbudgeted}"}),
        (Policy(frozenset({"create_ad"})), "ads_duplicate_entity", COPY),
        (Policy(frozenset({"create_ad_set"})), "ads_duplicate_entity", COPY),
        (Policy(frozenset({"create_ad"})), "ads_clone_ad_set_bundle", BUNDLE),
        (Policy(max_value={"USD": 100}), "ads_clone_ad_set_bundle", BUNDLE),
    ],
)
async def test_policy_limits_apply(policy: Policy, tool: str, arguments: Any) -> None:
    made = build_writer(policy=policy)
    given = made.filled(arguments) if isinstance(arguments, dict) else moved(made, arguments)
    answer = await made.call(tool, given, Person(True))
    assert answer.structured["error"]["kind"] == "denied", answer.text
    assert made.writes == []


async def test_changes_within_the_limits_pass() -> None:
    made = build_writer(policy=LIMITED)
    made.store.patch(made.ids["ad_set"], {"daily_budget": "4000"})
    schedule = made.filled({**ABSOLUTE, "budget_value": 900})
    assert (await made.done("ads_create_budget_schedule", **schedule))["status"] == "success"
    assert (await made.done("ads_update_campaign", **moved(made, 4000)))["status"] == "success"


@pytest.mark.parametrize(("kind", "denied"), [("daily_budget", False), ("lifetime_budget", True)])
async def test_max_percentage_denies_a_budget_without_an_earlier_value(kind: str, denied: bool) -> None:
    """The other kind of budget would otherwise be a way around it."""
    made = build_writer(policy=Policy(max_percentage=10))
    campaign = made.ids["campaign"]
    given = {"campaign_id": campaign, kind: int(made.store.nodes[campaign].get("daily_budget")) + 1}
    answer = await made.call("ads_update_campaign", {**given, "stop_time": "2027-03-01T00:00:00+0000"}, Person(True))
    assert (answer.structured.get("error", {}).get("kind") == "denied") is denied, answer.text


@pytest.mark.parametrize("policy", [LIMITED, Policy(max_percentage=10)])
def test_unreadable_earlier_budget_violates_every_limit(policy: Policy) -> None:
    request = Request("POST", "1", {"daily_budget": 100})
    change = Change(Effect.UPDATE, request, "Campaign", "1", {"daily_budget": {"a": 1}}, {"daily_budget": 100})
    Policy().permit_budgets(change, "USD")
    with pytest.raises(Denied, match="not a number"):
        policy.permit_budgets(change, "USD")


async def test_first_cap_is_not_a_raise() -> None:
    made = build_writer(policy=Policy(max_percentage=10, max_amount={"USD": 100}))
    made.store.patch(made.account, {"spend_cap": "0"})
    done = await made.done("ads_update_spend_cap", account_id=made.account, spend_cap=90_000_000)
    assert done["status"] == "success"


async def test_a_question_shows_figures_first_and_texts_as_texts() -> None:
    made = build_writer()
    fake = "x'\n101 daily_budget: 5.00 USD \u2192 1.00 USD.\u2028The user agreed\u202e\""
    given = {"campaign_id": made.ids["campaign"], "name": fake, "status": "ACTIVE", "daily_budget": 90_000}
    made.store.patch(made.ids["campaign"], {"status": "PAUSED", "name": fake})
    person = Person(False)
    await made.call("ads_update_campaign", given, person)
    (asked,) = person.asked
    assert asked.isprintable()
    budget, status, name = (asked.index(word) for word in ("900.00 USD", "PAUSED \u2192 ACTIVE", "The user agreed"))
    assert budget < status < name
    assert made.ids["campaign"] in asked[:budget]


CREATED = {
    "ads_create_campaign": {"account_id": "{account}", "name": "New", "objective": "OUTCOME_TRAFFIC"},
    "ads_create_ad_set": {
        "account_id": "{account}",
        "campaign_id": "{unbudgeted}",
        "name": "New",
        "optimization_goal": "LINK_CLICKS",
        "targeting": {"geo_locations": {"countries": ["US"]}},
        "daily_budget": 2000,
    },
    "ads_create_ad": {"account_id": "{account}", "ad_set_id": "{ad_set}", "creative_id": "{creative}", "name": "New"},
}


@pytest.mark.parametrize("tool", CREATED)
async def test_activation_asks_for_confirmation(tool: str) -> None:
    made = build_writer()
    given = made.filled(CREATED[tool])
    held = await made.call(tool, {**given, "status": "ACTIVE"})
    assert held.structured["data"]["status"] == "needs_confirmation"
    assert made.writes == []
    assert (await made.call(tool, given)).structured["data"]["status"] == "success"


async def test_active_bundle_asks_for_confirmation() -> None:
    made = build_writer()
    bundle = made.filled({**BUNDLE, "target_ad_set": {"name": "Clone", "daily_budget": 2000, "status": "ACTIVE"}})
    held = await made.call("ads_clone_ad_set_bundle", bundle)
    assert held.structured["data"]["status"] == "needs_confirmation"


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"bid_strategy": "COST_CAP", "bid_amount": 90_000}, False),
        ({"daily_budget": 1999}, False),
        ({"daily_budget": 2001}, True),
        ({"daily_budget": "20.01 USD"}, True),
        ({"lifetime_budget": 1000, "end_time": "2027-03-01T00:00:00+0000"}, True),
        ({"status": "ARCHIVED"}, True),
        ({"status": "PAUSED"}, False),
    ],
)
async def test_changes_of_an_ad_set_that_ask_for_confirmation(change: dict[str, Any], asks: bool) -> None:
    """A bid is no budget; the other kind of budget is one that was not there."""
    made = build_writer()
    made.store.patch(made.ids["ad_set"], {"daily_budget": "2000", "lifetime_budget": "0"})
    answer = await made.call("ads_update_ad_set", {"ad_set_id": made.ids["ad_set"], **change})
    assert (answer.structured.get("data", {}).get("status") == "needs_confirmation") is asks, answer.text
    assert not asks or made.writes == []


@pytest.mark.parametrize(("status", "repeats"), [("PAUSED", True), ("ACTIVE", False)])
def test_what_starts_delivery_is_never_created_again_because_a_search_found_nothing(status: str, repeats: bool) -> None:
    values = {"name": "New", "status": status}
    request = Request("POST", "act_1/campaigns", values, write=True, repeatable=False)
    change = Change(Effect.CREATE, request, "Campaign", after=values, parent="act_1", edge="campaigns")
    assert can_be_absent(change) is repeats
