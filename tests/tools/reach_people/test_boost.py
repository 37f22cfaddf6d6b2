"""Boosting a post: four objects, all paused, in one plan with one undo; what Meta does not let be boosted is left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer, records
from tests.support.scripted_graph import refused_unsent

TOOL = "ads_boost_ig_post"
TARGETING = {"geo_locations": {"countries": ["US"]}, "age_min": 25}
BUDGET = {"daily_budget": "20.00 USD", "duration_days": 7}


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def page_post(desk: SandboxEngine, number: int = 0, **more: Any) -> dict[str, Any]:
    post = desk.store.links[desk.ids["page"], "feed"][number]
    return {
        "account_id": desk.account,
        "page_post_id": post,
        "targeting": TARGETING,
        "idempotency_key": "b",
        **BUDGET,
        **more,
    }


def media(desk: SandboxEngine, number: int = 0, **more: Any) -> dict[str, Any]:
    instagram, page = desk.ids["instagram"], desk.ids["page"]
    chosen = desk.store.links[instagram, "media"][number]
    call = page_post(desk, ig_media_id=chosen, ig_account_id=instagram, page_id=page, **more)
    return {name: value for name, value in call.items() if name != "page_post_id"}


def sent(desk: SandboxEngine, edge: str) -> dict[str, Any]:
    entry = next(entry for entry in desk.writes if entry.path.endswith(f"/{edge}"))
    return {name: value for name, value in entry.params.items() if name != "access_token"}


async def test_a_page_post_becomes_four_paused_objects_with_one_undo(desk: SandboxEngine) -> None:
    before = desk.store.snapshot()
    data = await desk.data(TOOL, **page_post(desk))
    items = records(data["items"])
    kinds = [desk.store.nodes[item["id"]].type for item in items]
    assert kinds == ["Campaign", "AdSet", "AdCreative", "Ad"]
    assert {desk.store.nodes[item["id"]].get("status") for item in items if item != items[2]} == {"PAUSED"}
    assert {item["message"] for item in items} == {None}
    assert [item["kind"] for item in items] == ["campaign", "ad set", "ad creative", "ad"]
    assert "pauses what was created" in data["next_step"]
    assert "earlier values" not in data["next_step"]
    creative = sent(desk, "adcreatives")
    assert (creative.keys(), creative["object_story_id"]) == (
        {"name", "object_story_id"},
        page_post(desk)["page_post_id"],
    )
    assert data["boost"]["most_in_all"]["amount"] == "140.00"
    assert desk.account.removeprefix("act_") in data["boost"]["ads_manager_url"]
    undo = {"unit_id": data["unit_id"], "created": "delete"}
    await desk.done("ads_undo_change", **undo)
    assert {desk.store.nodes[item["id"]].get("status") for item in items} == {"DELETED"}
    assert all(name not in before.nodes for name in [item["id"] for item in items])
    assert desk.store.nodes[page_post(desk)["page_post_id"]].get("is_published") is True


async def test_an_instagram_post_is_named_with_its_account_and_page(desk: SandboxEngine) -> None:
    call = media(desk, lifetime_budget=20000, daily_budget=None)
    await desk.data(TOOL, **call)
    creative = sent(desk, "adcreatives")
    assert {name: creative[name] for name in creative if name != "name"} == {
        "source_instagram_media_id": call["ig_media_id"],
        "instagram_user_id": call["ig_account_id"],
        "object_id": call["page_id"],
    }
    ad_set = sent(desk, "adsets")
    assert ad_set["lifetime_budget"] == "20000"
    assert int(ad_set["end_time"]) == int(desk.clock.now()) + 7 * 86_400
    assert json.loads(ad_set["promoted_object"]) == {"page_id": call["page_id"]}


@pytest.mark.parametrize(
    ("objective", "goal", "destination"),
    [
        ("OUTCOME_ENGAGEMENT", "POST_ENGAGEMENT", "ON_POST"),
        ("OUTCOME_AWARENESS", "REACH", None),
        ("OUTCOME_TRAFFIC", "LINK_CLICKS", "WEBSITE"),
        ("OUTCOME_LEADS", "LINK_CLICKS", "WEBSITE"),
        ("OUTCOME_SALES", "LINK_CLICKS", "WEBSITE"),
    ],
)
async def test_the_objective_decides_the_goal(
    desk: SandboxEngine, objective: str, goal: str, destination: str | None
) -> None:
    link = {"link_url": "https://shop.example/a", "call_to_action_type": "SHOP_NOW"} if destination == "WEBSITE" else {}
    await desk.data(TOOL, **page_post(desk, objective=objective, **link))
    ad_set = sent(desk, "adsets")
    assert (ad_set["optimization_goal"], ad_set.get("destination_type")) == (goal, destination)
    if link:
        assert json.loads(sent(desk, "adcreatives")["call_to_action"]) == {
            "type": "SHOP_NOW",
            "value": {"link": "https://shop.example/a"},
        }


async def test_what_meta_does_not_let_be_boosted_is_named_and_nothing_is_made(desk: SandboxEngine) -> None:
    before = desk.store.snapshot()
    instagram = await desk.refused(TOOL, **media(desk, 3))
    assert "MUSIC_NOT_LICENSED" in instagram["message"]
    page = await desk.refused(TOOL, **page_post(desk, 2))
    assert "does not let" in page["message"]
    scheduled = desk.store.links[desk.ids["page"], "scheduled_posts"][0]
    assert "not published" in (await desk.refused(TOOL, **{**page_post(desk), "page_post_id": scheduled}))["message"]
    desk.store.patch(desk.ids["page_post"], {"allowed_advertising_objectives": ["LINK_CLICKS"]})
    objective = await desk.refused(TOOL, **page_post(desk))
    assert objective["allowed"] == ["OUTCOME_TRAFFIC"]
    assert desk.writes == []
    assert set(desk.changed(before)) == {desk.ids["page_post"]}


async def test_a_post_of_another_account_is_not_boosted(desk: SandboxEngine) -> None:
    other = next(
        node for node in desk.store.nodes.values() if node.type == "IGUser" and node.id != desk.ids["instagram"]
    )
    error = await desk.refused(TOOL, **{**media(desk), "ig_account_id": other.id})
    assert "is not a post of account" in error["message"]


async def test_a_dry_run_shows_everything_and_a_repeat_makes_nothing_twice(desk: SandboxEngine) -> None:
    call = page_post(desk)
    before = desk.store.snapshot()
    plan = await desk.data(TOOL, **call, dry_run=True)
    assert (plan["status"], plan["objects"], desk.changed(before)) == ("dry_run", 4, {})
    first = await desk.data(TOOL, **call)
    count = len(desk.writes)
    again = await desk.data(TOOL, **call)
    assert (again["unit_id"], len(desk.writes)) == (first["unit_id"], count)


async def test_a_step_that_fails_leaves_what_was_made_to_the_undo(desk: SandboxEngine) -> None:
    desk.store.patch(desk.account, {"tos_accepted": {}})
    call = page_post(desk, optimization_goal="VALUE")
    data = await desk.data(TOOL, **call)
    statuses = [item["status"] for item in records(data["items"])]
    assert (statuses[:2], data["status"]) == (["success", "failed"], "partial")
    undo = await desk.call("ads_undo_change", {"unit_id": data["unit_id"], "created": "delete"}, Person(True))
    assert not undo.is_error
    campaign = records(data["items"])[0]["id"]
    assert desk.store.nodes[campaign].get("status") == "DELETED"


@pytest.mark.parametrize(
    "change",
    [
        {"page_post_id": None},
        {"ig_media_id": "5"},
        {"page_post_id": None, "ig_media_id": "5"},
        {"daily_budget": None},
        {"lifetime_budget": 500},
        {"daily_budget": None, "lifetime_budget": 500, "duration_days": None},
        {"end_time": "2026-12-24T18:00"},
        {"duration_days": 91},
        {"link_url": "https://shop.example/"},
        {"targeting": None},
        {"targeting": {"geo_location": {}}},
        {"objective": "OUTCOME_APP_PROMOTION"},
        {"special_ad_categories": ["HOUSING"]},
        {"idempotency_key": None},
        {"page_id": "8"},
    ],
)
async def test_wrong_arguments_send_nothing(change: dict[str, Any]) -> None:
    call = {
        "account_id": "1",
        "page_post_id": "9_100",
        "targeting": TARGETING,
        "idempotency_key": "b",
        **BUDGET,
        **change,
    }
    await refused_unsent(TOOL, **{name: value for name, value in call.items() if value is not None})


@pytest.mark.parametrize("word", ["create_campaign", "create_ad_set", "create_ad"])
async def test_a_boost_of_which_the_policy_denies_a_part_creates_nothing(word: str) -> None:
    desk = build_writer(policy=Policy(deny=frozenset({word})))
    answer = await desk.call(TOOL, page_post(desk), Person(True))
    assert answer.structured["error"]["kind"] == "denied"
    assert desk.writes == []
