"""Exclusions of a whole account are read, changed after a question, and put back."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, confirmed, engine, refused_unsent, rows

READ, UPDATE, UNDO = "ads_get_account_controls", "ads_update_account_controls", "ads_undo_change"
BLOCK_LIST = "801"
NO_MARKETPLACE = {"placement_exclusions": ["facebook_marketplace"]}


def controlled() -> ScriptedGraph:
    graph = account_graph()
    graph.bodies = {
        f"{ACCOUNT}/account_controls": lambda request: (
            rows({"audience_controls": {"age_min": 20}, "status": "ACTIVE"})
            if request.method == "GET"
            else {"success": True}
        ),
        f"{BLOCK_LIST}/paged_web_publishers": rows({"id": "1", "domain_url": "b.example"}),
        f"{BLOCK_LIST}/append_publisher_urls": {"success": True},
    }
    graph.objects[BLOCK_LIST] = {"id": BLOCK_LIST, "name": "Unsafe", "is_auto_blocking_on": False}
    return graph


def written(graph: ScriptedGraph) -> list[tuple[str, dict[str, Any]]]:
    return [(request.path, dict(request.params)) for request in graph.writes]


async def test_the_present_audience_controls_are_sent_along() -> None:
    graph = controlled()
    await confirmed(engine(graph), UPDATE, {"account_id": "1", "placement_controls": NO_MARKETPLACE})
    params = {"audience_controls": {"age_min": 20}, "placement_controls": NO_MARKETPLACE}
    assert written(graph) == [(f"{ACCOUNT}/account_controls", params)]


async def test_publishers_that_are_on_the_list_are_not_sent_again() -> None:
    graph = controlled()
    block_list = {"id": BLOCK_LIST, "add_urls": ["a.example", "b.example"]}
    await confirmed(engine(graph), UPDATE, {"account_id": "1", "block_list": block_list})
    assert written(graph) == [(f"{BLOCK_LIST}/append_publisher_urls", {"publisher_urls": ["a.example"]})]
    answer = await engine(graph).call(
        UPDATE, {"account_id": "1", "block_list": {"id": BLOCK_LIST, "add_urls": ["b.example"]}}
    )
    assert "Nothing is left to do" in answer.text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "at least one"),
        ({"audience_controls": {"age_min": 30}}, "age_min"),
        ({"audience_controls": {"age": 20}}, "age_min"),
        ({"filter_levels": ["FEED_STRICT", "FEED_RELAXED"]}, "one level per surface"),
        ({"filter_levels": ["FEED_DNM"]}, "filter_levels"),
        ({"block_list": {"id": BLOCK_LIST}}, "add_urls"),
        ({"block_list": {"name": "x", "delete": True}}, "id of a list"),
        ({"block_list": {"id": BLOCK_LIST, "name": "x", "add_urls": ["a.example"]}}, "id for a list"),
        ({"placement_controls": NO_MARKETPLACE, "business_id": "5"}, "filter_levels"),
    ],
)
async def test_wrong_controls_are_refused_unsent(arguments: dict[str, Any], text: str) -> None:
    error = await refused_unsent(UPDATE, account_id="1", **arguments)
    assert text in f"{error['message']} {error['next_step']} {error.get('allowed')}"


async def test_controls_levels_and_a_new_list_are_put_back() -> None:
    desk = build_writer()
    arguments = {
        "account_id": desk.account,
        "audience_controls": {"age_min": 21},
        "placement_controls": NO_MARKETPLACE,
        "filter_levels": ["FEED_STRICT"],
        "block_list": {"name": "New", "add_urls": ["a.example", "c.example"]},
    }
    before = await desk.data(READ, account_id=desk.account)
    data = await desk.done(UPDATE, **arguments)
    changed = await desk.data(READ, account_id=desk.account)
    assert changed["controls"]["audience_controls"] == {"age_min": 21}
    assert "FEED_STRICT" in changed["filter_levels"]
    new = data["block_list"]["id"]
    assert [row["domain_url"] for row in await desk.data(READ, account_id=desk.account, block_list_id=new)] == [
        "c.example",
        "a.example",
    ]
    controls, levels, created, _ = data["change_ids"]
    assert "each of change_ids" in data["next_step"]
    for change_id in (created, levels, controls):
        await desk.done(UNDO, change_id=change_id)
    assert await desk.data(READ, account_id=desk.account) == before


async def test_the_question_names_the_reason_and_both_values() -> None:
    desk = build_writer()
    text = (await desk.call(UPDATE, account_id=desk.account, filter_levels=["FEED_STRICT"])).text
    assert "every campaign of the account is touched" in text
    assert "FEED_RELAXED" in text
    assert "FEED_STRICT" in text


async def test_a_new_block_list_is_not_taken_for_the_account() -> None:
    desk = build_writer()
    text = (
        await desk.call(UPDATE, account_id=desk.account, block_list={"name": "New", "add_urls": ["a.example"]})
    ).text
    assert f'new block list in {desk.account} name: none → "New"' in text
    assert text.count(f'new block list in {desk.account} ("New")') == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"placement_controls": NO_MARKETPLACE},
        {"filter_levels": ["FEED_STRICT"]},
        {"block_list": {"id": "{block_list}", "add_urls": ["a.example"]}},
        {"block_list": {"name": "New"}},
        {"block_list": {"id": "{block_list}", "delete": True}},
    ],
)
async def test_controls_count_as_targeting_for_the_policy(arguments: dict[str, Any]) -> None:
    desk = build_writer(policy=Policy(deny=frozenset({"edit_targeting"})))
    answer = await desk.call(UPDATE, {"account_id": desk.account, **desk.filled(arguments)}, Person(True))
    assert answer.structured["error"]["kind"] == "denied"
    assert desk.writes == []


async def test_what_is_excluded_is_said_in_words(demo: SandboxEngine, account: str) -> None:
    answer = await demo.good(READ, account_id=account)
    assert "minimum age 18; placements excluded: audience_network_rewarded_video" in answer["summary"]
