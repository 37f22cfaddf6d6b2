"""Custom conversions: changed, put back, counted and deleted after a look at the ad sets that use them."""

from __future__ import annotations

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def conversion(desk: SandboxEngine) -> str:
    node_id: str = desk.store.children(desk.account, "customconversions")[0].id
    return node_id


async def test_name_and_value_change_and_are_put_back(desk: SandboxEngine) -> None:
    node_id = conversion(desk)
    before = desk.store.nodes[node_id].get("name")
    data = await desk.done(
        "ads_update_custom_conversion", custom_conversion_id=node_id, name="Checkout", default_conversion_value=12.5
    )
    assert desk.writes[-1].params == {"name": "Checkout", "default_conversion_value": "12.5"}
    assert data["changes"]["name"] == {"before": before, "after": "Checkout"}
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert desk.store.nodes[node_id].get("name") == before
    assert desk.store.nodes[node_id].get("default_conversion_value") == 0


async def test_the_rule_cannot_be_changed(desk: SandboxEngine) -> None:
    error = await desk.refused("ads_update_custom_conversion", custom_conversion_id=conversion(desk), rule={})
    assert "rule" in error["message"]
    error = await desk.refused("ads_update_custom_conversion", custom_conversion_id=conversion(desk))
    assert "nothing to update" in error["message"]


async def test_a_deletion_names_the_ad_sets_that_use_it(desk: SandboxEngine) -> None:
    node_id = conversion(desk)
    ad_sets = desk.store.children(desk.account, "adsets")
    ad_set = next(node for node in ad_sets if node.get("effective_status") == "ACTIVE")
    promoted = {"custom_conversion_id": node_id, "pixel_id": desk.ids["pixel"]}
    desk.store.patch(ad_set.id, {"promoted_object": promoted})
    call = {"custom_conversion_id": node_id, "account_id": desk.account}
    question = await desk.call("ads_delete_custom_conversion", call)
    assert question.structured["data"]["status"] == "needs_confirmation"
    assert ad_set.id in question.text
    await desk.done("ads_delete_custom_conversion", **call)
    assert node_id not in desk.store.nodes
    other = {"custom_conversion_id": conversion(desk), "account_id": desk.ids["other"]}
    wrong = await desk.call("ads_delete_custom_conversion", other, Person(True))
    assert "belongs to" in wrong.text


async def test_counts_of_a_conversion_by_hour(desk: SandboxEngine) -> None:
    node_id = conversion(desk)
    data = await desk.data("ads_get_custom_conversions", account_id=desk.account, stats_for=node_id)
    (entry,) = [entry for entry in desk.sandbox.log if entry.path == f"{node_id}/stats"]
    assert entry.params["aggregation"] == "count"
    assert data["total"] == sum(row[-1] for row in data["series"]["rows"])
    answer = await desk.call(
        "ads_get_custom_conversions", {"account_id": desk.account, "stats_for": node_id, "aggregation": "usd_amount"}
    )
    assert "US dollars" in str(answer.structured["notes"])
    error = await desk.refused("ads_get_custom_conversions", account_id=desk.account, aggregation="count")
    assert "stats_for" in error["message"]
