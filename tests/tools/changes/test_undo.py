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
    server = build_writer()
    campaign = server.ids["campaign"]
    old = server.store.nodes[campaign].get("name")
    change = await server.done("ads_update_campaign", campaign_id=campaign, name="New")
    undone = await server.done("ads_undo_change", change_id=change["change_id"])
    assert server.store.nodes[campaign].get("name") == old
    await server.done("ads_undo_change", change_id=undone["change_id"])
    assert server.store.nodes[campaign].get("name") == "New"


@pytest.mark.parametrize(("how", "status"), [("pause", "PAUSED"), ("delete", "DELETED")])
@pytest.mark.parametrize("tool", ["ads_create_campaign", "ads_create_ad_set", "ads_create_ad"])
async def test_what_was_created_is_stopped_or_deleted(tool: str, how: str, status: str) -> None:
    server = build_writer()
    change = await server.done(tool, **server.filled(VALID[tool]))
    server.store.patch(change["id"], {"status": "ACTIVE"})
    undone = await server.done("ads_undo_change", change_id=change["change_id"], created=how)
    assert server.store.nodes[change["id"]].get("status") == status
    assert undone["changes"]["status"] == {"before": "ACTIVE", "after": status}


async def test_a_creative_is_put_back_by_its_id() -> None:
    server = build_writer()
    swapped = await server.done("ads_update_ad", ad_id=server.ids["ad"], creative_id=server.ids["other_creative"])
    await server.done("ads_undo_change", change_id=swapped["change_id"])
    assert json.loads(server.writes[-1].params["creative"]) == {"creative_id": server.ids["creative"]}


async def test_an_audience_is_put_back_without_what_graph_adds() -> None:
    server = build_writer()
    ad_set = server.ids["ad_set"]
    audience = {"geo_locations": {"countries": ["CA"]}, "age_min": 25}
    server.store.patch(ad_set, {"targeting": {**audience, "targeting_relaxation_types": {"lookalike": 0}}})
    aimed = await server.done("ads_update_ad_set", ad_set_id=ad_set, targeting={"geo_locations": {"countries": ["US"]}})
    await server.done("ads_undo_change", change_id=aimed["change_id"])
    assert json.loads(server.writes[-1].params["targeting"]) == audience


async def test_a_budget_that_was_not_there_is_not_put_back_as_zero() -> None:
    server = build_writer()
    ad_set = server.ids["ad_set"]
    server.store.patch(ad_set, {"daily_budget": "0", "lifetime_budget": "0"})
    answer = await server.call("ads_update_ad_set", {"ad_set_id": ad_set, "daily_budget": 2000}, Person(True))
    assert "ads_undo_change" not in answer.text, "offered, and then refused"
    count = len(server.writes)
    refused = await server.call("ads_undo_change", {"change_id": answer.structured["data"]["change_id"]})
    assert "daily_budget had no value" in refused.structured["error"]["message"]
    assert len(server.writes) == count


async def test_a_copy_is_stopped_like_any_other_new_thing() -> None:
    server = build_writer()
    copy = await server.done("ads_duplicate_entity", entity_type="campaign", entity_id=server.ids["unbudgeted"])
    undone = await server.done("ads_undo_change", change_id=copy["change_id"], created="delete")
    assert server.store.nodes[copy["id"]].get("status") == "DELETED"
    assert undone["id"] == copy["id"]
