"""URL parameters of all running ads of an account in one answer."""

from __future__ import annotations

import json
from collections import Counter

from meta_ads_mcp.sandbox import World
from tests.support.sandbox_engine import SandboxEngine, records
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows

CREATIVES = "ads_get_ad_creatives"


def tags_of_running_ads(world: World, account: str) -> dict[str, str | None]:
    """The parameters of each running ad by its id."""
    nodes = world.store.nodes
    return {
        node.id: nodes[node.get("creative")["id"]].get("url_tags")
        for node in nodes.values()
        if node.type == "Ad" and f"act_{node.account}" == account and node.get("effective_status") == "ACTIVE"
    }


async def test_all_running_ads_are_grouped_in_one_short_answer(demo: SandboxEngine, world: World, account: str) -> None:
    answer = await demo.good(CREATIVES, account_id=account, group_by="url_tags")
    truth = tags_of_running_ads(world, account)
    assert answer["data"]["active_ads"] == len(truth)
    groups = {row["url_tags"]: row["ads"] for row in answer["data"]["groups"]}
    assert groups == Counter(tags for tags in truth.values() if tags)
    missing = records(answer["data"]["without_url_tags"])
    assert {row["ad_id"] for row in missing} == {ad_id for ad_id, tags in truth.items() if not tags}
    assert all(row["ad_name"] and row["campaign_name"] for row in missing)
    assert len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False)) <= 6000


async def test_parameters_in_the_link_count_and_ads_without_a_page_need_none() -> None:
    story = {"link_data": {"link": "https://shop.example/?utm_source=mail"}}
    ads = (
        {"id": "1", "name": "In the link", "creative": {"id": "11", "object_story_spec": story}},
        {"id": "2", "name": "A form", "creative": {"id": "12"}},
        {"id": "3", "name": "Bare", "creative": {"id": "13", "link_url": "https://shop.example/"}},
    )
    answer = await call(ScriptedGraph({"act_1/ads": rows(*ads)}), CREATIVES, account_id="1", group_by="url_tags")
    data = answer.structured["data"]
    assert [row["url_tags"] for row in data["groups"]] == ["utm_source=mail"]
    assert [row["ad_id"] for row in records(data["without_url_tags"])] == ["3"]
    assert any("1 ads lead to no web page" in note for note in answer.structured["notes"])


async def test_groups_are_those_of_an_account() -> None:
    await refused_unsent(CREATIVES, ad_id="1", group_by="url_tags")
