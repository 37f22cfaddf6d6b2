"""Whatever was edited, undoing it in reverse order brings everything back."""

from __future__ import annotations

import json

import pytest

from tests.support.edits import leftovers
from tests.support.elicitors import Person
from tests.support.sandbox_engine import build_writer
from tests.support.write_examples import VALID


@pytest.mark.parametrize("seed", range(2))
async def test_edits_undone_in_reverse_order_leave_nothing_behind(seed: int) -> None:
    assert await leftovers(150, seed) == {}


async def test_an_undo_can_be_undone() -> None:
    made = build_writer()
    campaign = made.ids["campaign"]
    old = made.store.nodes[campaign].get("name")
    change = await made.done("ads_update_campaign", campaign_id=campaign, name="New")
    undone = await made.done("ads_undo_change", change_id=change["change_id"])
    assert made.store.nodes[campaign].get("name") == old
    await made.done("ads_undo_change", change_id=undone["change_id"])
    assert made.store.nodes[campaign].get("name") == "New"


@pytest.mark.parametrize(("how", "status"), [("pause", "PAUSED"), ("delete", "DELETED")])
@pytest.mark.parametrize("tool", ["ads_create_campaign", "ads_create_ad_set", "ads_create_ad"])
async def test_what_was_created_is_stopped_or_deleted(tool: str, how: str, status: str) -> None:
    made = build_writer()
    change = await made.done(tool, **made.filled(VALID[tool]))
    made.store.patch(change["id"], {"status": "ACTIVE"})
    undone = await made.done("ads_undo_change", change_id=change["change_id"], created=how)
    assert made.store.nodes[change["id"]].get("status") == status
    assert undone["changes"]["status"] == {"before": "ACTIVE", "after": status}


async def test_a_creative_is_put_back_by_its_id() -> None:
    made = build_writer()
    swapped = await made.done("ads_update_ad", ad_id=made.ids["ad"], creative_id=made.ids["other_creative"])
    await made.done("ads_undo_change", change_id=swapped["change_id"])
    assert json.loads(made.writes[-1].params["creative"]) == {"creative_id": made.ids["creative"]}


async def test_an_audience_is_put_back_without_what_graph_adds() -> None:
    made = build_writer()
    ad_set = made.ids["ad_set"]
    audience = {"geo_locations": {"countries": ["CA"]}, "age_min": 25}
    made.store.patch(ad_set, {"targeting": {**audience, "targeting_relaxation_types": {"lookalike": 0}}})
    aimed = await made.done("ads_update_ad_set", ad_set_id=ad_set, targeting={"geo_locations": {"countries": ["US"]}})
    await made.done("ads_undo_change", change_id=aimed["change_id"])
    assert json.loads(made.writes[-1].params["targeting"]) == audience


async def test_a_budget_that_was_not_there_is_not_put_back_as_zero() -> None:
    made = build_writer()
    ad_set = made.ids["ad_set"]
    made.store.patch(ad_set, {"daily_budget": "0", "lifetime_budget": "0"})
    answer = await made.call("ads_update_ad_set", {"ad_set_id": ad_set, "daily_budget": 2000}, Person(True))
    assert "ads_undo_change" not in answer.text, "offered, and then refused"
    count = len(made.writes)
    refused = await made.call("ads_undo_change", {"change_id": answer.structured["data"]["change_id"]})
    assert "daily_budget had no value" in refused.structured["error"]["message"]
    assert len(made.writes) == count


async def test_a_copy_is_stopped_like_any_other_new_thing() -> None:
    made = build_writer()
    copy = await made.done("ads_duplicate_entity", entity_type="campaign", entity_id=made.ids["unbudgeted"])
    undone = await made.done("ads_undo_change", change_id=copy["change_id"], created="delete")
    assert made.store.nodes[copy["id"]].get("status") == "DELETED"
    assert undone["id"] == copy["id"]
