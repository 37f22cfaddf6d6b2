"""The list of changes shows what was changed by name, not by id alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import build_writer

CHANGES: list[tuple[str, dict[str, Any], str]] = [
    ("ads_pause_campaign", {"campaign_id": "{campaign}"}, "{campaign}"),
    ("ads_update_budget", {"entity_type": "ad_set", "entity_id": "{ad_set}", "daily_budget": 7700}, "{ad_set}"),
    ("ads_update_ad", {"ad_id": "{ad}", "status": "PAUSED"}, "{ad}"),
    (
        "ads_set_status",
        {"account_id": "{account}", "level": "ad", "ids": ["{ad}"], "status": "PAUSED", "idempotency_key": "k"},
        "{ad}",
    ),
]


@pytest.mark.parametrize(("tool", "arguments", "object_id"), CHANGES)
async def test_a_change_names_its_object(tool: str, arguments: dict[str, Any], object_id: str) -> None:
    demo = build_writer()
    node = demo.store.nodes[demo.filled(object_id)]
    await demo.done(tool, **demo.filled(arguments))
    changes = await demo.data("ads_get_changes", object_id=node.id)
    assert [change["object"] for change in changes] == [{"type": node.type, "id": node.id, "name": node.get("name")}]


async def test_a_new_object_has_the_name_that_it_got_and_a_renamed_one_its_earlier_name() -> None:
    demo = build_writer()
    created = await demo.done(
        "ads_create_campaign",
        account_id=demo.account,
        name="First",
        objective="OUTCOME_SALES",
        special_ad_categories=[],
    )
    await demo.done("ads_update_campaign", campaign_id=created["id"], name="Second")
    renamed, new = await demo.data("ads_get_changes", object_id=created["id"])
    assert (new["object"]["name"], renamed["object"]["name"]) == ("First", "First")
    assert renamed["changes"]["name"] == {"before": "First", "after": "Second"}
