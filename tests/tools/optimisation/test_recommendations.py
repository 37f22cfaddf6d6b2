"""A recommendation is applied by its signature: shown first, held to the policy, and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, confirmed, engine, rows

APPLY, SCORE, UNDO = "ads_apply_recommendation", "ads_get_opportunity_score", "ads_undo_change"


async def signature(desk: SandboxEngine, kind: str) -> str:
    advice = (await desk.data(SCORE, account_id=desk.account))["recommendations"]
    return next(str(row["recommendation_signature"]) for row in advice if row["type"] == kind)


async def applied(desk: SandboxEngine, kind: str) -> dict[str, Any]:
    arguments = {"account_id": desk.account, "recommendation_signature": await signature(desk, kind)}
    return await desk.done(APPLY, **arguments)


@pytest.mark.parametrize("kind", ["SCALE_GOOD_CAMPAIGN", "FRAGMENTATION", "ADVANTAGE_PLUS_AUDIENCE"])
async def test_what_meta_changed_is_shown_and_put_back(kind: str) -> None:
    desk = build_writer()
    before = desk.store.snapshot()
    data = await applied(desk, kind)
    changed = {node: fields for node, fields in desk.store.changes(before).items() if node != desk.account}
    assert {row["id"] for row in data["changed_objects"]} == changed.keys()
    assert {name for row in data["changed_objects"] for name in row["changes"]} <= {
        n for f in changed.values() for n in f
    }
    await desk.done(UNDO, change_id=data["change_id"])
    for node, fields in changed.items():
        for name in fields.keys() - {"updated_time", "configured_status"}:
            assert desk.store.nodes[node].get(name) == before.nodes[node].get(name)


async def test_the_question_says_what_is_known_and_what_is_not() -> None:
    desk = build_writer()
    arguments = {"account_id": desk.account, "recommendation_signature": await signature(desk, "SCALE_GOOD_CAMPAIGN")}
    text = (await desk.call(APPLY, arguments)).text
    assert desk.writes == []
    for part in ("it can raise budgets", "Meta says:", "daily budget", "USD", "Graph does not say beforehand", "terms"):
        assert part in text


async def test_an_undo_is_refused_when_somebody_changed_the_object_since() -> None:
    desk = build_writer()
    data = await applied(desk, "SCALE_GOOD_CAMPAIGN")
    desk.store.patch(data["changed_objects"][0]["id"], {"daily_budget": "777"})
    assert "has changed since" in (await desk.refused(UNDO, change_id=data["change_id"]))["message"]


async def test_undoing_a_pause_is_asked_for_because_it_starts_delivery() -> None:
    desk = build_writer()
    data = await applied(desk, "FRAGMENTATION")
    assert "starts delivery" in (await desk.call(UNDO, change_id=data["change_id"])).text


async def test_a_stale_signature_is_refused_with_the_present_ones() -> None:
    desk = build_writer()
    error = await desk.refused(APPLY, account_id=desk.account, recommendation_signature="stale")
    assert await signature(desk, "FRAGMENTATION") in error["message"]
    assert desk.writes == []


def listed(kind: str, objects: list[str], **content: Any) -> ScriptedGraph:
    """An account with one recommendation about its campaign of 50.00 USD a day."""
    advice = {
        "recommendation_signature": "abc",
        "type": kind,
        "object_ids": objects,
        "recommendation_content": {"body": "Do it.", "opportunity_score_lift": 3, **content},
    }
    graph = account_graph()
    graph.bodies = {f"{ACCOUNT}/recommendations": rows({"recommendations": [advice]})}
    graph.answers["POST", f"{ACCOUNT}/recommendations"] = lambda _: {"success": True}
    return graph


CALL = {"account_id": "1", "recommendation_signature": "abc"}
RAISE = {"recommended_daily_budget": 6000}


@pytest.mark.parametrize(
    ("kind", "content", "policy", "allowed"),
    [
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(), True),
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(deny=frozenset({"edit_budget"})), False),
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(deny=frozenset({"edit_targeting"})), True),
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(max_value={"USD": 5500}), False),
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(max_value={"USD": 6000}), True),
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(max_amount={"USD": 900}), False),
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(max_percentage=25), True),
        ("SCALE_GOOD_CAMPAIGN", RAISE, Policy(max_percentage=15), False),
        # Amounts that are not known are not within any limit.
        ("BUDGET_LIMITED", {}, Policy(max_value={"USD": 999_999}), False),
        ("ADVANTAGE_PLUS_AUDIENCE", {}, Policy(max_value={"USD": 100}), True),
        ("ADVANTAGE_PLUS_AUDIENCE", {}, Policy(deny=frozenset({"edit_targeting"})), False),
        # A kind that nobody knows, and one that makes objects, can do everything.
        ("SOMETHING_NEW", {}, Policy(deny=frozenset({"edit_status"})), False),
        ("SCALE_GOOD_CAMPAIGN_DUPLICATION", RAISE, Policy(deny=frozenset({"create_campaign"})), False),
    ],
)
async def test_a_recommendation_is_held_to_the_policy(
    kind: str, content: dict[str, Any], policy: Policy, *, allowed: bool
) -> None:
    graph = listed(kind, ["101"], **content)
    answer = await engine(graph, policy=policy).call(APPLY, CALL, asker=Person(True))
    assert answer.is_error is not allowed, answer.text
    assert bool(graph.writes) is allowed


async def test_the_request_has_the_signature_and_the_values_of_the_call() -> None:
    graph = listed("MUSIC", ["101"])
    more = {"extra_data": {"a": 1}, "parameters": {"music_parameters": {"b": 2}}}
    await confirmed(engine(graph), APPLY, {**CALL, **more})
    assert [(request.path, dict(request.params)) for request in graph.writes] == [
        (
            f"{ACCOUNT}/recommendations",
            {"recommendation_signature": "abc", "extra_data": {"a": 1}, "music_parameters": {"b": 2}},
        )
    ]


async def test_objects_of_another_account_are_not_touched() -> None:
    graph = listed("MUSIC", ["777"])
    graph.objects["777"] = {"id": "777", "account_id": "2", "name": "Foreign", "objective": "X", "status": "ACTIVE"}
    answer = await engine(graph).call(APPLY, CALL, asker=Person(True))
    assert answer.is_error
    assert graph.writes == []


async def test_no_visible_difference_leads_to_the_activity_log() -> None:
    graph = listed("MUSIC", ["101"])
    answer = await confirmed(engine(graph), APPLY, CALL)
    assert "ads_account_get_activity_logs" in " ".join(answer.structured["notes"])
