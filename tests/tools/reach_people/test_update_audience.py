"""Changing an audience: a name at once, its people only after an agreement, and back again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, confirmed, engine, refused_unsent, rows

TOOL = "ads_update_custom_audience"
EMPTY = {"inclusions": {"operator": "or", "rules": []}}
VISITORS = {
    "inclusions": {
        "operator": "or",
        "rules": [
            {"event_sources": [{"id": "31", "type": "pixel"}], "retention_seconds": 864000, "template": "ALL_VISITORS"}
        ],
    }
}


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def audience(**fields: Any) -> ScriptedGraph:
    graph = ScriptedGraph({"7/ads": rows({"id": "40", "effective_status": "ACTIVE"})})
    row = {"id": "7", "account_id": "1", "name": "Visitors", "subtype": "WEBSITE", "rule": json.dumps(VISITORS)}
    graph.objects = {
        "7": {**row, "approximate_count_lower_bound": 5, **fields},
        "act_1": {"id": "act_1", "currency": "EUR"},
    }
    return graph


async def test_a_name_is_changed_at_once() -> None:
    graph = audience()
    await graph.data(TOOL, audience_id="7", name="N")
    assert [(request.path, dict(request.params)) for request in graph.writes] == [("7", {"name": "N"})]
    assert "7/ads" not in graph.paths


async def test_a_rule_is_sent_as_text_after_an_agreement_that_names_the_ads() -> None:
    graph = audience()
    held = await graph.call(TOOL, audience_id="7", rule=EMPTY)
    assert "40 (ACTIVE)" in held.text
    assert "whom ads with this audience reach" in held.text
    await confirmed(engine(audience_again := audience()), TOOL, {"audience_id": "7", "rule": EMPTY})
    (request,) = audience_again.writes
    assert dict(request.params) == {"rule": '{"inclusions":{"operator":"or","rules":[]}}'}


async def test_the_rule_that_is_there_already_is_not_asked_for() -> None:
    graph = audience()
    answer = await graph.call(TOOL, audience_id="7", rule=VISITORS)
    assert answer.structured["data"]["status"] == "success"


async def test_rule_and_retention_are_put_back_exactly(desk: SandboxEngine) -> None:
    audience_id = desk.ids["visitors"]
    rule = json.loads(json.dumps(VISITORS).replace('"31"', json.dumps(desk.ids["pixel"])))
    old = desk.store.nodes[audience_id].get("rule")
    data = await desk.done(TOOL, audience_id=audience_id, rule=rule, retention_days=60)
    assert json.loads(desk.store.nodes[audience_id].get("rule")) == rule
    held = await desk.call("ads_undo_change", change_id=data["change_id"])
    assert held.structured["data"]["status"] == "needs_confirmation"
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert (desk.store.nodes[audience_id].get("rule"), desk.store.nodes[audience_id].get("retention_days")) == (old, 30)


@pytest.mark.parametrize(
    ("fields", "change", "said"),
    [
        ({"permission_for_actions": {"can_edit": False}}, {"name": "N"}, "shared"),
        ({"operation_status": {"code": 471}}, {"name": "N"}, "flagged"),
        ({"subtype": "CUSTOM"}, {"rule": VISITORS}, "no rule"),
        ({"subtype": "LOOKALIKE"}, {"retention_days": 9}, "no rule"),
    ],
)
async def test_what_meta_refuses_is_said_and_nothing_is_sent(
    fields: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    graph = audience(**fields)
    error = await graph.error(TOOL, audience_id="7", **change)
    assert said in error["message"]
    assert graph.writes == []


@pytest.mark.parametrize(
    "arguments",
    [{}, {"retention_days": 181}, {"rule": {"any": []}}, {"opt_out_link": "http://localhost/"}, {"name": ""}],
)
async def test_wrong_arguments_change_nothing(arguments: dict[str, Any]) -> None:
    await refused_unsent(TOOL, audience_id="7", **arguments)


async def test_people_and_shares_are_not_offered_to_an_undo(desk: SandboxEngine) -> None:
    data = await desk.done(
        "ads_share_custom_audience", audience_id=desk.ids["audience"], ad_account_ids=[desk.ids["other"]]
    )
    error = await desk.refused("ads_undo_change", change_id=data["change_id"])
    assert "counterpart" in error["next_step"]


PEOPLE = "ads_update_audience_users"


@pytest.mark.parametrize(
    ("tool", "arguments", "is_denied"),
    [
        (TOOL, {"audience_id": "{visitors}", "rule": EMPTY}, True),
        (TOOL, {"audience_id": "{visitors}", "retention_days": 60}, True),
        (TOOL, {"audience_id": "{visitors}", "name": "N"}, False),
        (PEOPLE, {"audience_id": "{audience}", "operation": "add"}, True),
        (PEOPLE, {"audience_id": "{audience}", "operation": "remove"}, True),
        (PEOPLE, {"audience_id": "{audience}", "operation": "replace"}, True),
        (
            "ads_create_custom_audience",
            {"account_id": "{account}", "name": "N", "customer_file_source": "USER_PROVIDED_ONLY"},
            False,
        ),
    ],
)
async def test_other_people_of_an_audience_count_as_targeting(
    tool: str, arguments: dict[str, Any], is_denied: bool, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text("email\nmary@example.com\n")
    desk = build_writer(policy=Policy(deny=frozenset({"edit_targeting"})), upload_roots=(str(tmp_path),))
    file = {"file_path": str(tmp_path / "list.csv")} if tool == PEOPLE else {}
    answer = await desk.call(tool, {**desk.filled(arguments), **file}, Person(True))
    assert (answer.structured.get("error", {}).get("kind") == "denied") is is_denied, answer.text
    assert bool(desk.writes) is not is_denied


async def test_the_undo_of_a_rule_counts_as_targeting(tmp_path: Path) -> None:
    desk = build_writer(state_dir=tmp_path)
    data = await desk.done(TOOL, audience_id=desk.ids["visitors"], retention_days=60)
    strict = build_writer(
        desk.sandbox, clock=desk.clock, state_dir=tmp_path, policy=Policy(deny=frozenset({"edit_targeting"}))
    )
    undo = await strict.call("ads_undo_change", {"change_id": data["change_id"]}, Person(True))
    assert undo.structured["error"]["kind"] == "denied"
