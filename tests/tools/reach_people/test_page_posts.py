"""Posts of a Page: listed with their dates, and changed with the whole text agreed to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, refused_unsent, rows

POST = "9_100"
LIST, UPDATE = "ads_get_page_posts", "ads_update_page_post"


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def page_graph(**fields: Any) -> ScriptedGraph:
    graph = ScriptedGraph()
    graph.objects = {POST: {"id": POST, "message": "Old", "is_published": True, "is_hidden": False, **fields}}
    graph.of_page = {POST: "9"}
    return graph


@pytest.mark.parametrize(
    ("which", "edge", "dates"),
    [
        ("ads", "ads_posts", {"since": 1795435200}),
        ("published", "published_posts", {}),
        ("scheduled", "scheduled_posts", {}),
    ],
)
async def test_only_the_posts_of_ads_are_filtered_by_graph(which: str, edge: str, dates: dict[str, int]) -> None:
    graph = ScriptedGraph({f"9/{edge}": rows()})
    await graph.data(LIST, page_id="9", which=which, since="1795435200")
    assert graph.params(f"9/{edge}") == {"limit": 25, **dates}
    assert graph.sent[-1].page == "9"


async def test_dates_are_kept_while_paging_and_end_the_list() -> None:
    days = ("2026-11-20", "2026-11-10", "2026-10-01")
    posts = [{"id": f"9_{number}", "created_time": f"{day}T10:00:00+0000"} for number, day in enumerate(days)]
    graph = ScriptedGraph({"9/published_posts": rows(*posts, after="next")})
    answer = await graph.call(LIST, page_id="9", since="2026-11-01", until="2026-11-15")
    assert [row["id"] for row in answer.structured["data"]] == ["9_1"]
    assert answer.structured["page"] == {"count": 1, "has_more": False}
    assert "2 posts outside the dates" in str(answer.structured["notes"])


async def test_a_page_whose_oldest_post_is_within_the_dates_leads_on() -> None:
    graph = ScriptedGraph(
        {"9/published_posts": rows({"id": "9_1", "created_time": "2026-11-20T10:00:00+0000"}, after="n")}
    )
    answer = await graph.call(LIST, page_id="9", since="2026-11-01")
    assert answer.structured["page"]["after"] == "n"


async def test_each_kind_of_post_of_the_demo_is_listed(desk: SandboxEngine) -> None:
    page = desk.ids["page"]
    lists = {which: await desk.data(LIST, page_id=page, which=which) for which in ("published", "scheduled", "ads")}
    assert {len(posts) > 0 for posts in lists.values()} == {True}
    assert [post["is_published"] for post in lists["scheduled"]] == [False]
    assert lists["scheduled"][0]["scheduled_publish_time"].startswith("2026-11-28T")
    assert False in [post["is_eligible_for_promotion"] for post in lists["published"]]


async def test_pinning_is_sent_at_once_and_taken_back() -> None:
    graph = page_graph()
    data = await graph.data(UPDATE, post_id=POST, is_pinned=True, dry_run=False)
    assert [(request.method, request.path, dict(request.params)) for request in graph.writes] == [
        ("POST", POST, {"is_pinned": True})
    ]
    assert data["changes"] == {"is_pinned": {"before": False, "after": True}}
    await graph.data("ads_undo_change", change_id=data["change_id"])
    assert dict(graph.writes[-1].params) == {"is_pinned": False}
    assert {request.page for request in graph.writes} == {"9"}
    assert "is_pinned" not in "".join(str(request.params.get("fields")) for request in graph.sent)


@pytest.mark.parametrize("change", [{"message": "New. " * 60}, {"is_published": True}])
async def test_public_text_is_agreed_to_in_full(change: dict[str, Any]) -> None:
    text = "A long text that nobody has seen yet. " * 9
    graph = page_graph(message=text, is_published=False)
    held = await graph.call(UPDATE, post_id=POST, dry_run=False, **change)
    assert held.structured["data"]["status"] == "needs_confirmation"
    assert (change.get("message") or text).strip() in held.text
    assert graph.writes == []


async def test_a_text_is_put_back_and_a_publication_is_not(desk: SandboxEngine) -> None:
    post, scheduled = desk.ids["page_post"], desk.store.links[desk.ids["page"], "scheduled_posts"][0]
    before = desk.store.nodes[post].get("message")
    data = await desk.done(UPDATE, post_id=post, message="New text", dry_run=False)
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert desk.store.nodes[post].get("message") == before
    data = await desk.done(UPDATE, post_id=scheduled, is_published=True, dry_run=False)
    assert "Undo" not in str(data.get("next_step"))
    undo = await desk.call("ads_undo_change", {"change_id": data["change_id"]}, Person(True))
    assert undo.is_error
    assert desk.store.nodes[scheduled].get("is_published") is True


async def test_a_scheduled_post_gets_another_time_in_the_zone_of_its_account(desk: SandboxEngine) -> None:
    scheduled = desk.store.links[desk.ids["page"], "scheduled_posts"][0]
    data = await desk.done(UPDATE, post_id=scheduled, scheduled_publish_time="2026-12-04T18:00-05:00", dry_run=False)
    assert data["changes"]["scheduled_publish_time"]["after"].startswith("2026-12-04T18:00-05:00")
    published = await desk.refused(
        UPDATE, post_id=desk.ids["page_post"], scheduled_publish_time="2026-12-04T18:00-05:00"
    )
    assert "published already" in published["message"]


async def test_a_text_that_was_advertised_stays(desk: SandboxEngine) -> None:
    """Graph's refusal is passed on, and said before."""
    before = desk.store.snapshot()
    answer = await desk.call(UPDATE, {"post_id": desk.ids["post"], "message": "x", "dry_run": False}, Person(True))
    assert answer.is_error
    assert desk.changed(before) == {}


async def test_a_dry_run_is_the_default(desk: SandboxEngine) -> None:
    before = desk.store.snapshot()
    assert (await desk.data(UPDATE, post_id=desk.ids["page_post"], message="x"))["status"] == "dry_run"
    assert desk.changed(before) == {}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"is_hidden": True, "page_id": "8"},
        {"is_published": True, "scheduled_publish_time": "2026-12-04T18:00-05:00"},
        {"timeline_visibility": "never"},
        {"message": ""},
    ],
)
async def test_wrong_arguments_send_nothing(arguments: dict[str, Any]) -> None:
    await refused_unsent(UPDATE, post_id=POST, **arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"which": "ads", "include_hidden": True}, {"since": "2026-11-02", "until": "2026-11-01"}, {"which": "all"}],
)
async def test_wrong_filters_send_nothing(arguments: dict[str, Any]) -> None:
    await refused_unsent(LIST, page_id="9", **arguments)
