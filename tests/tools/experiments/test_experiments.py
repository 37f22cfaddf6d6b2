"""Studies with cells, objectives and decoded results; the significance is left to another tool."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import Transient
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, engine, refused_unsent, rows

STUDY = {
    "id": "6",
    "name": "Test",
    "cells": {"data": [{"id": "61", "name": "A", "adsets": {"data": [{"id": "5", "name": "Set"}]}}]},
    "objectives": {"data": [{"id": "62", "is_primary": True, "results": ['{"lift":0.1}', "plain"]}]},
}


async def test_a_study_comes_with_cells_and_decoded_results() -> None:
    graph = ScriptedGraph({"6": STUDY})
    answer = await call(graph, "ads_get_study_details", study_id="6")
    data = answer.structured["data"]
    assert data["cells"] == [{"id": "61", "name": "A", "ad_sets": [{"id": "5", "name": "Set"}]}]
    assert data["objectives"] == [{"id": "62", "is_primary": True, "results": [{"lift": 0.1}, "plain"]}]
    assert any("ads_experiment_abtest_get_test" in note for note in answer.structured["notes"])
    assert "confidence_level" not in str(graph.asked[0].params)
    assert graph.complaints(_6="AdStudy") == []


async def test_breakdowns_are_asked_of_each_objective() -> None:
    graph = ScriptedGraph({"6": STUDY, "62": {"id": "62", "results": ['{"age":"18-24"}']}})
    answer = await call(graph, "ads_get_study_details", study_id="6", breakdowns=["age"])
    assert answer.structured["data"]["objectives"][0]["results"] == [{"age": "18-24"}]
    assert graph.params("62") == {"breakdowns": ["age"]}


async def test_a_breakdown_that_fails_leaves_the_whole_results() -> None:
    graph = ScriptedGraph({"6": STUDY, "62": Transient("later")})
    answer = await call(graph, "ads_get_study_details", study_id="6", breakdowns=["gender"])
    assert answer.structured["data"]["objectives"][0]["results"][0] == {"lift": 0.1}
    assert any("objective 62" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"account_id": "1"}, "act_1/ad_studies"),
        ({"business_id": "3"}, "3/ad_studies"),
        ({"account_id": "1", "business_id": "3"}, "3/ad_studies"),
        ({"campaign_id": "4"}, "4/ad_studies"),
        ({"ad_set_id": "5"}, "5/ad_studies"),
        ({"account_id": "1", "impacting": True}, "act_1/impacting_ad_studies"),
    ],
)
async def test_studies_are_those_of_one_owner(arguments: dict[str, Any], path: str) -> None:
    graph = ScriptedGraph({path: rows({"id": "6"}), "4": {"id": "4"}, "5": {"id": "5"}})
    await call(graph, "ads_get_ad_studies", **arguments)
    assert graph.paths[-1] == path


@pytest.mark.parametrize(
    "arguments",
    [{"campaign_id": "4", "ad_set_id": "5"}, {"campaign_id": "4", "impacting": True}, {"impacting": True}],
)
async def test_owners_that_do_not_go_together_are_refused_unsent(arguments: dict[str, Any]) -> None:
    await refused_unsent("ads_get_ad_studies", **arguments)


async def test_an_owner_is_due() -> None:
    assert "account_id" in (await refused_unsent("ads_get_ad_studies"))["message"]


async def test_a_business_is_not_listed_around_the_allowed_accounts() -> None:
    graph = ScriptedGraph({"3/ad_studies": rows({"id": "6"})})
    answer = await engine(graph, accounts=("act_1",)).call("ads_get_ad_studies", {"business_id": "3"})
    assert answer.structured["error"]["kind"] == "denied"
    assert graph.asked == []


async def test_all_work_on_the_sandbox(demo: SandboxEngine, account: str) -> None:
    listed = await demo.data("ads_get_ad_studies", account_id=account)
    details = await demo.data("ads_get_study_details", study_id=listed[0]["id"])
    assert [len(cell["ad_sets"]) for cell in details["cells"]] == [1, 1]
    assert details["objectives"][0]["results"][0]["conversions"] == 214
