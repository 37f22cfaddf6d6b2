from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows


@pytest.mark.parametrize(
    ("kind", "parent", "path", "node"),
    [
        ("campaign", "act_1", "act_1/campaigns", "AdAccount"),
        ("campaign", "1", "act_1/campaigns", "AdAccount"),
        ("campaign", 1, "act_1/campaigns", "AdAccount"),
        ("ad_set", "act_1", "act_1/adsets", "AdAccount"),
        ("adset", "act_1", "act_1/adsets", "AdAccount"),
        ("ad_set", "5", "5/adsets", "Campaign"),
        ("ad", "act_1", "act_1/ads", "AdAccount"),
        ("ad", "5", "5/ads", "Campaign"),
        ("ad", "5", "5/ads", "AdSet"),
    ],
)
async def test_the_parent_decides_the_path(kind: str, parent: Any, path: str, node: str) -> None:
    graph = ScriptedGraph({path: rows()})
    await call(graph, "ads_get_ad_entities", entity_type=kind, parent_id=parent, status_filter=["ACTIVE"], limit=7)
    assert graph.paths == [path]
    assert graph.params(path) == {"effective_status": ["ACTIVE"], "limit": 7}
    assert graph.complaints(**{f"_{path.split('/', 1)[0]}": node}) == []


@pytest.mark.parametrize("parent", ["act_", "act_1/ads", "me", "٣", "²", ""])
@pytest.mark.parametrize("kind", ["campaign", "ad"])
async def test_a_parent_that_is_no_id_is_refused(kind: str, parent: str) -> None:
    error = await refused_unsent("ads_get_ad_entities", entity_type=kind, parent_id=parent)
    assert "'parent_id'" in error["message"]


async def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    error = await refused_unsent("ads_get_ad_entities", entity_type="adgroup", parent_id="act_1")
    assert error["allowed"] == ["campaign", "ad_set", "ad"]


@pytest.mark.parametrize(
    ("kind", "tool"), [("campaign", "ads_get_campaigns"), ("ad_set", "ads_get_ad_sets"), ("ad", "ads_get_ads")]
)
async def test_it_answers_as_the_list_of_that_type(demo: SandboxEngine, account: str, kind: str, tool: str) -> None:
    general = await demo.good("ads_get_ad_entities", entity_type=kind, parent_id=account, limit=5)
    assert general == await demo.good(tool, account_id=account, limit=5)
