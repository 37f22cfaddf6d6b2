"""Reads of ad sets ask for the fields that cannot be changed later."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scripted_graph import ScriptedGraph, call, rows

REGIONAL = {
    "regional_regulated_categories": ["SINGAPORE_UNIVERSAL"],
    "regional_regulation_identities": {"singapore_universal_beneficiary": "7"},
}


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("ads_get_ad_sets", {"account_id": "1"}, "act_1/adsets"),
        ("ads_get_ad_sets", {"campaign_id": "5"}, "5/adsets"),
        ("ads_get_ad_entities", {"entity_type": "ad_set", "parent_id": "5"}, "5/adsets"),
        ("ads_get_ad_set_details", {"ad_set_id": "9"}, "9"),
    ],
)
async def test_every_read_of_ad_sets_asks_for_what_cannot_be_changed_later(
    tool: str, arguments: dict[str, Any], path: str
) -> None:
    row = {"id": "9", "account_id": "1", "effective_status": "ACTIVE", "is_dynamic_creative": True, **REGIONAL}
    scripted = ScriptedGraph({path: rows(row) if "/" in path else row})
    data = (await call(scripted, tool, **arguments)).structured["data"]
    shown = data[0] if "/" in path else data
    assert {name: shown[name] for name in REGIONAL} == REGIONAL
    assert shown["is_dynamic_creative"] is True
    assert {*REGIONAL, "is_dynamic_creative"} <= set(scripted.fields(path))
