"""A plan of which objects changed since is refused object by object, whichever process carries it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.confirmation import Reply
from tests.support.elicitors import LaterReply
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

IDS = [str(200 + number) for number in range(3)]


def graph() -> ScriptedGraph:
    client = account_graph()
    for number, object_id in enumerate(IDS):
        client.objects[object_id] = {
            "id": object_id,
            "name": f"Set {number}",
            "account_id": "1",
            "optimization_goal": "REACH",
            "campaign_id": "101",
            "campaign": {"id": "101", "name": "Spring"},
            "status": "ACTIVE",
            "daily_budget": "5000",
        }
    client.edges[f"{ACCOUNT}/adsets"] = list(IDS)
    return client


def raises(**more: Any) -> dict[str, Any]:
    select = {"level": "ad_set", "name_contains": "Set"}
    return {
        "account_id": ACCOUNT,
        "select": select,
        "set": {"budget_change_percent": 10},
        "idempotency_key": "k",
        **more,
    }


async def second_call(client: ScriptedGraph, folder: Path | None, call: dict[str, Any]) -> dict[str, Any]:
    """Return the error of the call with the code that another process issued before `client` was changed."""
    plan = (await engine(client, state_dir=folder).call("ads_bulk_update", call)).structured["data"]
    client.sent.clear()
    client.objects[IDS[0]]["daily_budget"] = "4000"
    client.objects[IDS[1]]["name"] = "Other"
    answer = await engine(client, state_dir=folder).call(
        "ads_bulk_update", {**call, "dry_run": False, "confirmation": plan["confirmation"]}
    )
    assert client.writes == []
    error: dict[str, Any] = answer.structured["error"]
    return error


@pytest.mark.parametrize("dry_run", [False, True])
async def test_another_process_refuses_a_stale_plan_with_the_difference_of_each_object(
    tmp_path: Path, dry_run: bool
) -> None:
    error = await second_call(graph(), tmp_path, raises(dry_run=dry_run))
    assert error["kind"] == "confirmation_required"
    first, second = error["stale"]
    assert first == {
        "object": "ad set 200",
        "id": "200",
        "name": "Set 0",
        "fields": {"daily_budget": {"in_plan": "50.00 USD", "now": "40.00 USD", "wanted": "55.00 USD"}},
    }
    assert (second["id"], second["reason"]) == ("201", "It no longer matches, or can no longer be changed so.")
    assert "daily_budget was 50.00 USD, is 40.00 USD, was to be 55.00 USD" in error["message"]


async def test_a_question_of_another_process_is_stale_alike(tmp_path: Path) -> None:
    client, call = graph(), raises()
    question: Any = await engine(client, state_dir=tmp_path).call("ads_bulk_update", call, asker=LaterReply())
    client.objects[IDS[2]]["daily_budget"] = "100"
    agreed = LaterReply(Reply(True, question.question.code))
    answer = await engine(client, state_dir=tmp_path).call("ads_bulk_update", call, asker=agreed)
    assert [row["id"] for row in answer.structured["error"]["stale"]] == [IDS[2]]
    assert client.writes == []


async def test_new_values_that_the_user_did_not_see_make_a_plan_stale(tmp_path: Path) -> None:
    client = graph()
    call = raises(set={}, rename={"template": "{campaign} {n}"}, max_objects=20)
    del call["set"]
    client.objects |= {str(300 + n): {**client.objects[IDS[0]], "id": str(300 + n)} for n in range(9)}
    client.edges[f"{ACCOUNT}/adsets"] += [str(300 + n) for n in range(9)]
    plan = (await engine(client, state_dir=tmp_path).call("ads_bulk_update", call)).structured["data"]
    for node in client.objects.values():
        if "campaign" in node:
            node["campaign"] = {"id": "101", "name": "Autumn"}
    answer = await engine(client, state_dir=tmp_path).call(
        "ads_bulk_update", {**call, "confirmation": plan["confirmation"]}
    )
    row = answer.structured["error"]["stale"][0]["fields"]["name"]
    assert (row["wanted"], row["wanted_now"]) == ('"Spring 1"', '"Autumn 1"')
    assert client.writes == []


async def test_a_plan_that_is_as_it_was_is_carried_out_by_another_process(tmp_path: Path) -> None:
    client, call = graph(), raises()
    plan = (await engine(client, state_dir=tmp_path).call("ads_bulk_update", call)).structured["data"]
    answer = await engine(client, state_dir=tmp_path).call(
        "ads_bulk_update", {**call, "confirmation": plan["confirmation"]}
    )
    assert answer.structured["data"]["counts"] == {"success": 3}
    assert not list((tmp_path / "plans").iterdir())


async def test_plans_are_private_and_few(tmp_path: Path) -> None:
    server = engine(graph(), state_dir=tmp_path)
    for number in range(25):
        await server.call("ads_bulk_update", raises(set={"budget_change_percent": number + 1}))
    files = list((tmp_path / "plans").iterdir())
    assert len(files) == 20
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
