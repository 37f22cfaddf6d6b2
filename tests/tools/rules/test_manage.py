"""Automated rules: closed specs that Graph takes, made off, and turned on only when somebody agrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, confirmed, engine, error_of

RULE = "800"
ENTITY = {"field": "entity_type", "operator": "EQUAL", "value": "ADSET"}
WEEK = {"field": "time_preset", "operator": "EQUAL", "value": "LAST_7_DAYS"}
SPENT = {"field": "spent", "operator": "GREATER_THAN", "value": 5000}
LOOK = {"evaluation_type": "SCHEDULE", "filters": [ENTITY, WEEK, SPENT]}
PAUSE = {"execution_type": "PAUSE"}
TELL = {
    "execution_type": "NOTIFICATION",
    "execution_options": [{"field": "user_ids", "operator": "EQUAL", "value": ["1"]}],
}
RAISE = {
    "execution_type": "CHANGE_BUDGET",
    "execution_options": [
        {"field": "change_spec", "operator": "EQUAL", "value": {"amount": 20, "unit": "PERCENTAGE", "limit": 9000}}
    ],
}
DAILY = {"schedule_type": "DAILY"}
NEW: dict[str, Any] = {
    "account_id": ACCOUNT,
    "name": "Stop loss",
    "evaluation_spec": LOOK,
    "execution_spec": PAUSE,
    "schedule_spec": DAILY,
}


@pytest.fixture
def client(client: ScriptedGraph) -> ScriptedGraph:
    client.objects[RULE] = {
        "id": RULE,
        "account_id": "1",
        "name": "Stop loss",
        "status": "DISABLED",
        "evaluation_spec": LOOK,
        "execution_spec": PAUSE,
        "schedule_spec": DAILY,
    }
    return client


def filters(*found: dict[str, Any], kind: str = "SCHEDULE") -> dict[str, Any]:
    return {"evaluation_spec": {"evaluation_type": kind, "filters": list(found)}}


async def test_a_rule_is_made_off_and_said_in_words(client: ScriptedGraph) -> None:
    answer = await engine(client).call("ads_create_ad_rule", NEW)
    (request,) = client.writes
    assert request.path == f"{ACCOUNT}/adrules_library"
    assert dict(request.params) == {
        "name": "Stop loss",
        "status": "DISABLED",
        "evaluation_spec": LOOK,
        "execution_spec": PAUSE,
        "schedule_spec": DAILY,
    }
    assert "In words: Off. Once a day: for ad sets whose spend is above 50.00 USD" in str(answer.structured["notes"])
    assert answer.structured["data"]["id"] == "501"


async def test_numbers_and_lists_reach_graph_as_they_are(client: ScriptedGraph) -> None:
    ids = {"field": "id", "operator": "IN", "value": ["12", "13"]}
    roas = {"field": "website_purchase_roas", "operator": "LESS_THAN", "value": 1.5}
    cost = {"field": "cost_per_purchase", "operator": "IN_RANGE", "value": [1000.0, 2000]}
    given = {**NEW, **filters(ids, WEEK, roas, cost), "execution_spec": json.dumps(RAISE)}
    await engine(client).call("ads_create_ad_rule", given)
    sent = client.writes[0].params
    assert json.dumps(sent["evaluation_spec"]["filters"][2:]) == json.dumps([roas, {**cost, "value": [1000, 2000]}])
    assert sent["evaluation_spec"]["filters"][0]["value"] == ["12", "13"]
    assert sent["execution_spec"] == RAISE


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"schedule_spec": None}, "schedule_spec is required"),
        (filters(WEEK, SPENT), "entity_type"),
        (filters(ENTITY, SPENT), "time_preset"),
        (filters(ENTITY, {"field": "cost_per_lead", "operator": "LESS_THAN", "value": 5}), "time_preset"),
        (filters(ENTITY, WEEK, {**SPENT, "field": "spend"}), "spent"),
        (filters(ENTITY, WEEK, {**SPENT, "value": 25.5}), "minor units"),
        (filters(ENTITY, WEEK, {"field": "attribution_window", "operator": "EQUAL", "value": "7D"}), "ACCOUNT_DEFAULT"),
        (filters(ENTITY, kind="TRIGGER"), "trigger is required"),
        (filters(ENTITY, {**SPENT, "operator": "INCREASE_BY"}), "change_spec"),
        ({"execution_spec": {"execution_type": "CHANGE_BUDGET"}}, "change_spec"),
        ({"schedule_spec": {"schedule_type": "CUSTOM"}}, "schedule is required"),
        ({"schedule_spec": {"schedule_type": "WEEKLY"}}, "schedule_type"),
        ({"schedule_spec": {"schedule_type": "CUSTOM", "schedule": [{"start_minute": 15}]}}, "start_minute"),
        (
            {
                "execution_spec": {
                    "execution_type": "CHANGE_BUDGET",
                    "execution_options": [{"field": "daily_budget", "operator": "INCREASE_BY", "value": 20}],
                }
            },
            "change_spec",
        ),
        (
            {
                "execution_spec": {
                    "execution_type": "CHANGE_BUDGET",
                    "execution_options": [
                        {"field": "change_spec", "operator": "EQUAL", "value": {"amount": 0, "unit": "PERCENTAGE"}}
                    ],
                }
            },
            "amount",
        ),
    ],
)
async def test_what_graph_would_refuse_is_explained(client: ScriptedGraph, wrong: dict[str, Any], said: str) -> None:
    error = error_of(await engine(client).call("ads_create_ad_rule", {**NEW, **wrong}))
    assert error["kind"] == "invalid_arguments"
    assert said in f"{error['message']} {error['next_step']}"
    assert client.sent == []


@pytest.mark.parametrize(
    ("where", "value", "accepted"),
    [
        ("evaluation_spec", {**LOOK, "filter": []}, "filters"),
        ("evaluation_spec", {**LOOK, "filters": [{**ENTITY, "op": "EQUAL"}]}, "operator"),
        ("evaluation_spec", {**LOOK, "trigger": {"type": "STATS_CHANGE", "when": 1}}, "type"),
        ("execution_spec", {**PAUSE, "options": []}, "execution_options"),
        ("schedule_spec", {**DAILY, "days": [1]}, "schedule"),
    ],
)
async def test_a_refused_key_is_named_with_the_accepted_ones(
    client: ScriptedGraph, where: str, value: dict[str, Any], accepted: str
) -> None:
    for tool, base in (("ads_create_ad_rule", NEW), ("ads_update_ad_rule", {"rule_id": RULE})):
        error = error_of(await engine(client).call(tool, {**base, where: value}))
        assert accepted in error["allowed"]
    assert client.writes == []


@pytest.mark.parametrize("execution", [PAUSE, RAISE, {"execution_type": "UNPAUSE"}])
async def test_a_rule_that_acts_is_turned_on_only_with_an_agreement(
    client: ScriptedGraph, execution: dict[str, Any]
) -> None:
    client.objects[RULE]["execution_spec"] = execution
    server = engine(client)
    call = {"rule_id": RULE, "status": "ENABLED"}
    pending = await server.call("ads_update_ad_rule", call)
    assert execution["execution_type"] in pending.structured["summary"]
    assert pending.structured["data"]["status"] == "needs_confirmation"
    assert (
        await server.call("ads_create_ad_rule", {**NEW, "execution_spec": execution, "status": "ENABLED"})
    ).structured["data"]["status"] == "needs_confirmation"
    await confirmed(server, "ads_update_ad_rule", call)
    assert client.objects[RULE]["status"] == "ENABLED"
    assert [dict(request.params) for request in client.writes] == [{"status": "ENABLED"}]


async def test_a_rule_that_only_tells_needs_none(client: ScriptedGraph) -> None:
    server = engine(client)
    new = await server.call("ads_create_ad_rule", {**NEW, "execution_spec": TELL, "status": "ENABLED"})
    assert new.structured["data"]["status"] == "success"
    client.objects[RULE]["execution_spec"] = TELL
    on = await server.call("ads_update_ad_rule", {"rule_id": RULE, "status": "ENABLED"})
    assert on.structured["data"]["status"] == "success"


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"name": "Other"}, False),
        ({"status": "DISABLED"}, False),
        ({"execution_spec": RAISE}, True),
        ({"execution_spec": TELL}, False),
        ({"evaluation_spec": LOOK}, True),
    ],
)
async def test_a_rule_that_is_on_changes_what_it_does_with_an_agreement(
    client: ScriptedGraph, change: dict[str, Any], asks: bool
) -> None:
    client.objects[RULE]["status"] = "ENABLED"
    answer = await engine(client).call("ads_update_ad_rule", {"rule_id": RULE, **change})
    assert answer.structured["data"]["status"] == ("needs_confirmation" if asks else "success")


async def test_an_update_keeps_schedule_and_kind_together(client: ScriptedGraph) -> None:
    trigger = {"evaluation_type": "TRIGGER", "filters": [ENTITY], "trigger": {"type": "METADATA_CREATION"}}
    error = error_of(await engine(client).call("ads_update_ad_rule", {"rule_id": RULE, "evaluation_spec": trigger}))
    assert "schedule_spec" in error["message"]
    assert client.writes == []


async def test_an_empty_update_is_refused(client: ScriptedGraph) -> None:
    error_of(await engine(client).call("ads_update_ad_rule", {"rule_id": RULE}))
    assert client.writes == []


async def test_a_deleted_rule_is_gone_for_good(client: ScriptedGraph, tmp_path: Path) -> None:
    server = engine(client, state_dir=tmp_path)
    answer = await confirmed(server, "ads_delete_ad_rule", {"rule_id": RULE})
    assert answer.structured["data"]["status"] == "success"
    assert RULE not in client.objects
    assert "undo" not in answer.structured["summary"].lower()
    undone = await server.call("ads_undo_change", {"change_id": answer.structured["data"]["change_id"]})
    assert error_of(undone)["kind"] == "invalid_arguments"


async def test_a_new_rule_is_undone_by_turning_it_off(client: ScriptedGraph, tmp_path: Path) -> None:
    server = engine(client, state_dir=tmp_path)
    created = await server.call("ads_create_ad_rule", {**NEW, "execution_spec": TELL, "status": "ENABLED"})
    answer = await server.call("ads_undo_change", {"change_id": created.structured["data"]["change_id"]})
    assert answer.structured["data"]["status"] == "success"
    assert client.writes[-1].params == {"status": "DISABLED"}


async def test_the_undo_of_a_pause_asks_before_a_rule_acts_again(client: ScriptedGraph, tmp_path: Path) -> None:
    client.objects[RULE]["status"] = "ENABLED"
    server = engine(client, state_dir=tmp_path)
    off = await server.call("ads_update_ad_rule", {"rule_id": RULE, "status": "DISABLED"})
    pending = await server.call("ads_undo_change", {"change_id": off.structured["data"]["change_id"]})
    assert pending.structured["data"]["status"] == "needs_confirmation"
