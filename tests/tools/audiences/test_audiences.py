"""Audiences: codes in words, sizes as Meta knows them, and whom they are shared with."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.tools.audiences.audiences import readable
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (
            {"delivery_status": {"code": 300, "description": "small"}},
            {"delivery_status": {"code": 300, "label": "TOO_SMALL", "description": "small"}},
        ),
        ({"operation_status": {"code": 471}}, {"operation_status": {"code": 471, "label": "FLAGGED"}}),
        ({"operation_status": {"code": 999, "description": "new"}},) * 2,
        ({"time_created": 1755083743}, {"time_created": "2025-08-13T11:15:43+00:00"}),
        ({"time_updated": 0}, {"time_updated": None}),
        ({"approximate_count_lower_bound": -1, "approximate_count_upper_bound": -1}, {}),
        ({"approximate_count_lower_bound": 1000}, {"approximate_count_lower_bound": 1000}),
        ({"rule": '{"inclusions":{}}'}, {"rule": {"inclusions": {}}}),
        ({"rule": "not json {"}, {"rule": "not json {"}),
    ],
)
def test_an_audience_is_made_readable(raw: dict[str, Any], shown: dict[str, Any]) -> None:
    assert readable({"id": "6", **raw}) == {"id": "6", **shown}


async def test_a_filter_is_passed_on() -> None:
    graph = ScriptedGraph({"act_1/customaudiences": rows()})
    await call(
        graph,
        "ads_get_custom_audiences",
        account_id="1",
        filtering=[{"field": "name", "operator": "CONTAIN", "value": "buyers"}],
    )
    sent = graph.params("act_1/customaudiences")
    assert sent["filtering"] == [{"field": "name", "operator": "CONTAIN", "value": "buyers"}]
    assert graph.complaints(_act_1="AdAccount") == []


async def test_a_filter_with_another_key_is_refused_unsent() -> None:
    filtering = [{"field": "name", "op": "CONTAIN", "value": "x"}]
    assert "op" in (await refused_unsent("ads_get_custom_audiences", account_id="1", filtering=filtering))["message"]


async def test_shared_accounts_keep_their_ids() -> None:
    """Rows of other accounts: their account_id is no repetition of the audience's owner."""
    graph = ScriptedGraph({"6/shared_account_info": rows({"account_id": "2", "account_name": "Partner"})})
    data = (await call(graph, "ads_get_audience_shared_accounts", audience_id="6")).structured["data"]
    assert data == [{"account_id": "2", "account_name": "Partner"}]


async def test_all_work_on_the_sandbox(demo: SandboxEngine, account: str) -> None:
    listed = await demo.data("ads_get_custom_audiences", account_id=account)
    assert [row["operation_status"]["label"] for row in listed] == ["NORMAL", "NORMAL", "NORMAL", "FLAGGED"]
    details = await demo.data("ads_get_audience_details", audience_id=listed[1]["id"])
    assert details["rule"]["inclusions"]
    shared = await demo.data("ads_get_audience_shared_accounts", audience_id=listed[0]["id"])
    assert shared[0]["account_id"] == demo.sandbox.world.account_ids[1]
