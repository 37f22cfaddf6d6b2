"""Comments below the ads of an account or a Page, on both networks, in one list that can be continued."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import PermissionMissing
from tests.support.sandbox_engine import SandboxEngine, build_writer, records
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows

OWNER = "shop"


def ad(number: int, *, story: str | None = "55_1", media: str | None = "1790") -> dict[str, Any]:
    creative = {"id": "4", "effective_object_story_id": story, "effective_instagram_media_id": media}
    return {"id": str(number), "name": f"Ad {number}", "creative": {k: v for k, v in creative.items() if v}}


def facebook(number: int, minute: int, *repliers: str) -> dict[str, Any]:
    replies = [{"from": {"id": who}} for who in repliers]
    shown = {"comments": {"data": replies}, "comment_count": len(replies)} if replies else {}
    author = {"id": f"7{number}", "name": f"Person {number}"}
    return {"id": f"1_{number}", "message": f"f{number}", "created_time": at(minute), "from": author, **shown}


def instagram(number: int, minute: int, *repliers: str) -> dict[str, Any]:
    replies = {"replies": {"data": [{"username": who} for who in repliers]}} if repliers else {}
    return {"id": f"17{number}", "text": f"i{number}", "username": f"p{number}", "timestamp": at(minute), **replies}


def at(minute: int) -> str:
    return f"2026-11-01T10:{minute:02}:00+0000"


def graph_of(ads: list[dict[str, Any]], posts: dict[str, list[dict[str, Any]]], **more: Any) -> ScriptedGraph:
    def edge(found: list[dict[str, Any]]) -> Any:
        def page(request: Request) -> Any:
            start, limit = int(str(request.params.get("after") or 0)), int(str(request.params["limit"]))
            more_follow = start + limit < len(found)
            return rows(*found[start : start + limit], after=str(start + limit) if more_follow else None)

        return page

    edges = {f"{post}/comments": edge(found) for post, found in posts.items()}
    return ScriptedGraph({"act_1/ads": rows(*ads), "1790": {"id": "1790", "username": OWNER}, **edges, **more})


async def listed(graph: ScriptedGraph, **arguments: Any) -> list[dict[str, Any]]:
    answer = await call(graph, "ads_get_ad_comments", **{"account_id": "1", **arguments})
    return records(answer.structured["data"])


async def test_both_networks_in_one_list_newest_first_with_the_ad() -> None:
    posts = {"55_1": [facebook(2, 9), facebook(1, 1)], "1790": [instagram(1, 5)]}
    graph = graph_of([ad(7), ad(8)], posts)
    found = await listed(graph)
    assert [row["message"] for row in found] == ["f2", "i1", "f1"]
    assert [row["platform"] for row in found] == ["facebook", "instagram", "facebook"]
    assert {(row["ad_id"], row["ad_name"]) for row in found} == {("7", "Ad 7 (+1 ads)")}
    assert found[1]["username"] == "p1"
    assert graph.params("act_1/ads")["effective_status"] == ["ACTIVE"]
    assert {request.page for request in graph.asked if request.path.endswith("/comments")} == {"55"}


async def test_stopped_ads_are_read_on_request() -> None:
    graph = graph_of([ad(7)], {"55_1": [], "1790": []})
    await listed(graph, include_stopped=True)
    assert "effective_status" not in graph.params("act_1/ads")


async def test_the_list_continues_without_a_gap_or_a_repeat() -> None:
    posts = {
        "55_1": [facebook(number, 59 - number) for number in range(30)],
        "1790": [instagram(number, 59 - 2 * number) for number in range(25)],
    }
    graph, seen, after = graph_of([ad(7)], posts), [], None
    for _ in range(12):
        answer = await call(
            graph, "ads_get_ad_comments", account_id="1", limit=7, **({"after": after} if after else {})
        )
        seen += [row["id"] for row in records(answer.structured["data"])]
        after = answer.structured["page"].get("after")
        if not answer.structured["page"]["has_more"]:
            break
    assert len(seen) == len(set(seen)) == 55


async def test_an_answered_comment_is_left_out_on_request() -> None:
    posts = {
        "55_1": [facebook(1, 9, "55"), facebook(2, 8, "999"), facebook(3, 7)],
        "1790": [instagram(1, 6, OWNER), instagram(2, 5, "other"), instagram(3, 4)],
    }
    graph = graph_of([ad(7)], posts)
    assert [row["message"] for row in await listed(graph, unanswered_only=True)] == ["f2", "f3", "i2", "i3"]
    assert [row["answered"] for row in await listed(graph)] == [True, False, False, True, False, False]


@pytest.mark.parametrize(
    ("platform", "messages"), [("facebook", ["f1"]), ("instagram", ["i1"]), ("both", ["f1", "i1"])]
)
async def test_a_network_can_be_chosen(platform: str, messages: list[str]) -> None:
    graph = graph_of([ad(7)], {"55_1": [facebook(1, 9)], "1790": [instagram(1, 5)]})
    assert [row["message"] for row in await listed(graph, platform=platform)] == messages


async def test_a_page_stands_for_the_ads_that_show_its_posts() -> None:
    posts = {"55_1": [facebook(1, 9)], "66_1": [facebook(2, 8)], "1790": [], "1791": []}
    ads = [ad(7), ad(8, story="66_1", media="1791")]
    graph = graph_of(ads, posts, **{"me/adaccounts": rows({"id": "act_1"})})
    answer = await call(graph, "ads_get_ad_comments", page_id="66")
    assert [row["ad_id"] for row in records(answer.structured["data"])] == ["8"]


async def test_posts_that_cannot_be_read_are_told() -> None:
    graph = graph_of([ad(7)], {"55_1": [facebook(1, 9)]}, **{"1790/comments": PermissionMissing("(#10) no")})
    answer = await call(graph, "ads_get_ad_comments", account_id="1")
    assert len(answer.structured["data"]["rows"]) == 1
    assert any("1 of 2 posts" in note and "instagram" in note for note in answer.structured["notes"])


async def test_scopes_exclude_each_other() -> None:
    error = await refused_unsent("ads_get_ad_comments", account_id="1", campaign_id="2")
    assert "campaign_id" in error["message"]


@pytest.fixture(scope="module")
def demo() -> SandboxEngine:
    return build_writer()


async def test_all_comments_of_the_demos_running_ads_are_found(demo: SandboxEngine) -> None:
    answer = await demo.call("ads_get_ad_comments", account_id=demo.account, max_items=1000)
    running = {node.get("creative")["id"] for node in demo.nodes("Ad", effective_status="ACTIVE")}
    creatives = [demo.store.nodes[creative] for creative in running]
    names = ("effective_object_story_id", "effective_instagram_media_id")
    posts = {str(creative.get(name)) for creative in creatives for name in names}
    expected = {node.id for post in posts for node in demo.store.children(post, "comments") if not node.get("parent")}
    assert {row["id"] for row in records(answer.structured["data"])} == expected
    assert len(expected) > 20
    paths = [entry.path for entry in demo.sandbox.log]
    assert len(paths) < 30, "posts are read in batches"
