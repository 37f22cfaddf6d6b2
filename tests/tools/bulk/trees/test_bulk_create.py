"""Campaign trees from one plan: checked as a whole, created PAUSED and once, taken back as a whole."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.killed_calls import each_death
from tests.support.sandbox_engine import SandboxEngine, build_writer

US = {"geo_locations": {"countries": ["US"]}}
NEW_KINDS = ("Campaign", "AdSet", "AdCreative", "Ad", "AdVideo")


def story(made: SandboxEngine, **more: Any) -> dict[str, Any]:
    return {
        "page_id": made.ids["page"],
        "link_url": "https://shop.example/spring",
        "message": "Spring is here",
        "image_hash": made.ids["image"],
        **more,
    }


def ad_set(made: SandboxEngine, name: str, *ads: dict[str, Any], **more: Any) -> dict[str, Any]:
    values = {"optimization_goal": "LINK_CLICKS", "targeting": US, "daily_budget": "20.00 USD"}
    return {"name": name, **values, **more, "ads": list(ads)}


def tree(made: SandboxEngine) -> dict[str, Any]:
    """A campaign with two ad sets and three ads, two of which have equal creatives."""
    image, text = {"creative": story(made)}, {"creative": story(made, message="Another text")}
    ad_sets = [
        ad_set(made, "Broad", {"name": "Image", **image}, {"name": "Text", **text}),
        ad_set(made, "Narrow", {"name": "Image again", **image}),
    ]
    return {"campaigns": [{"name": "Spring", "objective": "OUTCOME_TRAFFIC", "ad_sets": ad_sets}]}


def arguments(made: SandboxEngine, plan: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"account_id": made.account, "plan": plan, "idempotency_key": "k", **more}


def new_objects(made: SandboxEngine, before: Any) -> Counter[str]:
    """How many objects of each kind are new."""
    ids = [key for key in made.changed(before) if key in made.store.nodes]
    kinds = [made.store.nodes[object_id].type for object_id in ids if object_id not in before.nodes]
    return Counter(kind for kind in kinds if kind in NEW_KINDS)


async def test_a_tree_is_created_paused_with_its_references() -> None:
    made = build_writer()
    data = await made.done("ads_bulk_create", **arguments(made, tree(made)))
    assert data["counts"] == {"success": 6}
    rows = {row[1]: made.store.nodes[row[0]] for row in data["items"]["rows"]}
    assert {node.get("status") for node in rows.values()} == {"PAUSED"}
    assert rows["Broad"].get("campaign_id") == rows["Spring"].id
    assert rows["Text"].get("adset_id") == rows["Broad"].id
    assert rows["Image"].get("creative") == rows["Image again"].get("creative"), "equal creatives are made once"
    assert rows["Image"].get("creative") != rows["Text"].get("creative")


async def test_a_dry_run_checks_everything_and_creates_nothing() -> None:
    made = build_writer()
    before = made.store.snapshot()
    data = await made.data("ads_bulk_create", **arguments(made, tree(made), dry_run=True))
    assert (data["status"], data["objects"], made.changed(before)) == ("dry_run", 6, {})
    assert data["totals"]["daily_budget"]["after"]["minor"] == 4000
    (batch,) = (json.loads(entry.params["batch"]) for entry in made.sandbox.log if "batch" in entry.params)
    assert sorted(member["relative_url"].rpartition("/")[2] for member in batch) == [
        "adcreatives",
        "adcreatives",
        "campaigns",
    ]
    assert all("validate_only" in member["body"] for member in batch)


async def test_what_graph_would_refuse_is_known_before_the_first_object() -> None:
    made = build_writer()
    plan = tree(made)
    plan["campaigns"][0]["spend_cap"] = 1
    error = await made.refused("ads_bulk_create", **arguments(made, plan))
    assert error["kind"] == "invalid_arguments"
    assert made.writes == []


async def test_a_new_video_is_ready_before_its_creative_is_made() -> None:
    made = build_writer()
    creative = story(made, video={"file_url": "https://example.com/spring.mp4"})
    plan = {
        "campaigns": [
            {"id": made.ids["unbudgeted"], "ad_sets": [ad_set(made, "New", {"name": "Video", "creative": creative})]}
        ]
    }
    data = await made.done("ads_bulk_create", **arguments(made, plan))
    assert data["counts"] == {"success": 2}
    ad = made.store.nodes[data["items"]["rows"][-1][0]]
    spec = made.store.nodes[ad.get("creative")["id"]].get("object_story_spec")
    assert made.store.nodes[spec["video_data"]["video_id"]].type == "AdVideo"


async def test_the_only_pixel_of_the_account_counts_an_event_that_names_none() -> None:
    made = build_writer()
    values = {"optimization_goal": "OFFSITE_CONVERSIONS", "promoted_object": {"custom_event_type": "PURCHASE"}}
    campaign = {"name": "Sales", "objective": "OUTCOME_SALES", "ad_sets": [ad_set(made, "Buyers", **values)]}
    answer = await made.good("ads_bulk_create", **arguments(made, {"campaigns": [campaign]}))
    new = made.store.nodes[answer["data"]["items"]["rows"][-1][0]]
    assert new.get("promoted_object")["pixel_id"] == made.ids["pixel"]
    assert any(made.ids["pixel"] in note for note in answer["notes"])


async def test_ads_can_be_added_below_existing_objects() -> None:
    made = build_writer()
    existing = {"id": made.ids["ad_set"], "ads": [{"name": "New", "creative_id": made.ids["other_creative"]}]}
    plan = {"campaigns": [{"id": made.ids["unbudgeted"], "ad_sets": [existing]}]}
    data = await made.done("ads_bulk_create", **arguments(made, plan))
    assert [row[1] for row in data["items"]["rows"]] == ["New"]
    assert made.store.nodes[data["items"]["rows"][0][0]].get("adset_id") == made.ids["ad_set"]


async def test_a_unit_is_undone_with_one_call() -> None:
    made = build_writer()
    before = made.store.snapshot()
    data = await made.done("ads_bulk_create", **arguments(made, tree(made)))
    await made.done("ads_undo_change", unit_id=data["unit_id"], created="delete")
    live = [
        node.type
        for node in made.store.nodes.values()
        if node.id not in before.nodes and node.get("status") not in ("DELETED", None)
    ]
    assert live == []


async def test_many_objects_are_asked_for_and_declined() -> None:
    made, user = build_writer(), Person(False)
    ads = [{"name": f"Ad {number}", "creative_id": made.ids["other_creative"]} for number in range(10)]
    plan = {"campaigns": [{"name": "S", "objective": "OUTCOME_TRAFFIC", "ad_sets": [ad_set(made, "A", *ads)]}]}
    answer = await made.call("ads_bulk_create", arguments(made, plan), user)
    assert answer.structured["error"]["kind"] == "confirmation_required"
    assert "20.00 USD" in user.asked[0]
    assert made.writes == []


async def test_a_policy_holds_for_the_sum_of_the_budgets() -> None:
    made = build_writer(policy=Policy(deny=frozenset({"create_ad_set"})))
    error = await made.refused("ads_bulk_create", **arguments(made, tree(made)))
    assert error["kind"] == "denied"
    assert made.writes == []


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"status": "ACTIVE"}, "plan.campaigns[0]", "PAUSED"),
        ({"colour": "red"}, "plan.campaigns[0]", "colour"),
        ({"objective": "SALES"}, "plan.campaigns[0]", "OUTCOME_SALES"),
        ({"daily_budget": "10.00 EUR"}, "plan.campaigns[0]", "EUR"),
        ({"daily_budget": "10.00 USD"}, "plan.campaigns[0].ad_sets[0]", "budget"),
    ],
)
async def test_a_wrong_entry_is_refused_with_its_place(change: dict[str, Any], place: str, reason: str) -> None:
    made = build_writer()
    plan = tree(made)
    plan["campaigns"][0] |= change
    error = await made.refused("ads_bulk_create", **arguments(made, plan))
    assert (error["rows"][0]["column"], reason in error["rows"][0]["reason"]) == (place, True)
    assert made.writes == []


@pytest.mark.parametrize(
    "plan",
    [
        {"campaigns": []},
        {"campaigns": [{"name": "S", "ad_sets": "none"}]},
        {"campaigns": [{"id": "1", "name": "S"}]},
        {"campaigns": [{"name": "S", "ad_sets": [{"name": "A", "ads": [{"name": "no creative"}]}]}]},
        {"campaigns": [{"name": "S", "ad_sets": [{"ads": [{"name": "x", "creative_id": "1", "creative": {}}]}]}]},
        {"campaigns": [{"name": "S", "ad_sets": [{"name": "A"}] * 51}]},
    ],
)
async def test_a_plan_without_form_is_refused(plan: dict[str, Any]) -> None:
    made = build_writer()
    error = await made.refused("ads_bulk_create", **arguments(made, plan))
    assert error["kind"] == "invalid_arguments"
    assert made.sandbox.log == [] or made.writes == []


async def test_a_call_that_was_killed_at_any_request_goes_on_and_creates_nothing_twice(tmp_path: Path) -> None:
    ends = 0
    async for server, last, when in each_death(tmp_path):
        made = server.start()
        call = arguments(made, tree(made))
        before = made.store.snapshot()
        if not await server.killed_call("ads_bulk_create", call, last, when):
            break
        ends += 1
        data = (await server.call("ads_bulk_create", call)).structured["data"]
        assert data["counts"] == {"success": 6}, (last, when, data)
        assert new_objects(made, before) == {"Campaign": 1, "AdSet": 2, "AdCreative": 2, "Ad": 3}, (last, when)
    assert ends > 10


async def test_a_tree_that_ends_early_names_what_exists(tmp_path: Path) -> None:
    made = build_writer()
    plan = tree(made)
    plan["campaigns"][0]["ad_sets"][1]["ads"][0] = {"name": "Bad", "creative_id": made.ids["audience"]}
    data = await made.done("ads_bulk_create", **arguments(made, plan))
    outcomes = {row[1]: (row[2], bool(row[0])) for row in data["items"]["rows"]}
    assert outcomes["Spring"] == outcomes["Broad"] == ("success", True)
    assert outcomes["Bad"][0] == "failed"
    assert data["status"] == "partial"


async def test_a_user_is_asked_once(tmp_path: Path) -> None:
    made, user = build_writer(), Person(True)
    plan = tree(made)
    await made.call("ads_bulk_create", arguments(made, plan), user)
    await made.call("ads_bulk_create", arguments(made, plan), user)
    assert len(user.asked) <= 1
    assert len([entry for entry in made.writes if entry.path.endswith("/campaigns")]) == 1
