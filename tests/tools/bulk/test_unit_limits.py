"""A unit within Meta's limits, beside other calls, and after its caller went away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import Throttled
from meta_ads_mcp.sandbox.faults import graph_error
from tests.support.clock import FakeClock, run_virtually
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

IDS = [str(200 + number) for number in range(4)]


def graph() -> ScriptedGraph:
    made = account_graph()
    for object_id in IDS:
        made.objects[object_id] = {
            "id": object_id,
            "name": f"Set {object_id}",
            "account_id": "1",
            "optimization_goal": "REACH",
            "campaign_id": "101",
            "status": "ACTIVE",
            "daily_budget": "5000",
        }
    return made


def cuts(**more: Any) -> dict[str, Any]:
    edits = [{"level": "ad_set", "id": object_id, "set": {"budget_change_percent": -10}} for object_id in IDS]
    return {"account_id": ACCOUNT, "edits": edits, "idempotency_key": "key", **more}


def throttled(request: Request, path: str, seconds: int) -> Throttled | None:
    is_meant = request.method == "POST" and request.path == path
    return Throttled("A quota is full. Nothing was sent.", retry_after_seconds=seconds) if is_meant else None


async def test_an_ad_set_at_its_hourly_limit_is_left_and_the_others_go_on() -> None:
    client = graph()
    client.refuse = lambda request: throttled(request, IDS[1], 2400)
    server = engine(client)
    data = (await server.call("ads_bulk_update", cuts())).structured["data"]
    assert data["counts"] == {"success": 3, "not_sent": 1}
    assert data["retry_after_seconds"] == 2400
    client.refuse = lambda request: None
    client.sent.clear()
    data = (await server.call("ads_bulk_update", cuts())).structured["data"]
    assert data["counts"] == {"success": 4}
    assert [request.path for request in client.writes] == [IDS[1]]


async def test_a_short_wait_is_made_within_the_call() -> None:
    client = graph()
    refusals = [30]
    client.refuse = lambda request: throttled(request, IDS[1], refusals.pop()) if refusals else None
    data = (await engine(client).call("ads_bulk_update", cuts())).structured["data"]
    assert data["counts"] == {"success": 4}


async def test_progress_is_reported_and_the_plan_states_the_duration() -> None:
    client, reports = graph(), list[tuple[float, float | None]]()

    async def progress(current: float, total: float | None, message: str) -> None:
        reports.append((current, total))

    person = Person(True)
    raises = cuts(edits=[{"level": "ad_set", "id": key, "set": {"budget_change_percent": 10}} for key in IDS])
    await engine(client).call("ads_bulk_update", raises, progress=progress, asker=person)
    assert reports[-1] == (4, 4)
    assert "It takes about" in person.asked[0]


async def test_a_cancelled_call_goes_on_where_it_stopped() -> None:
    client = graph()
    server, batch = engine(client), client.batch
    tasks: list[asyncio.Task[Any]] = []

    async def cancel_after_the_write(requests: list[Request]) -> list[Any]:
        answers = await batch(requests)
        if requests[0].method == "POST":
            tasks[0].cancel()
        return answers

    client.batch = cancel_after_the_write  # type: ignore[assignment,method-assign]
    tasks.append(asyncio.ensure_future(server.call("ads_bulk_update", cuts())))
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    await asyncio.sleep(0)
    client.batch = batch  # type: ignore[method-assign]
    count = len(client.writes)
    data = (await server.call("ads_bulk_update", cuts())).structured["data"]
    assert data["counts"] == {"success": 4}
    assert len(client.writes) == count == 4


async def test_two_calls_do_not_carry_out_the_same_unit() -> None:
    client = graph()
    server, batch = engine(client), client.batch
    other: list[Any] = []

    async def call_again(requests: list[Request]) -> list[Any]:
        if requests[0].method == "POST" and not other:
            other.append(None)
            other[0] = await server.call("ads_bulk_update", cuts())
        return await batch(requests)

    client.batch = call_again  # type: ignore[assignment,method-assign]
    data = (await server.call("ads_bulk_update", cuts())).structured["data"]
    assert data["counts"] == {"success": 4}
    assert other[0].structured["error"]["kind"] == "unknown_outcome"
    assert len(client.writes) == 4


def test_a_paced_unit_does_not_delay_another_account(tmp_path: Path) -> None:
    async def work() -> tuple[float, float]:
        clock = FakeClock()
        made = build_writer(clock=clock, state_dir=tmp_path)
        loop = asyncio.get_running_loop()
        ids = [node.id for node in made.nodes("Ad") if node.get("status") == "ACTIVE"][:75]
        call = {"account_id": made.account, "level": "ad", "ids": ids, "status": "PAUSED", "idempotency_key": "key"}
        campaign = made.store.children(made.ids["other"], "campaigns")[0].id

        async def timed(tool: str, arguments: dict[str, Any]) -> float:
            answer = await made.call(tool, arguments, Person(True))
            assert not answer.is_error, answer.text
            return loop.time()

        unit = asyncio.ensure_future(timed("ads_set_status", call))
        await made.clock.sleep(3)
        single = await timed("ads_update_campaign", {"campaign_id": campaign, "name": "Meanwhile"})
        return await unit, single

    unit_end, single_end = run_virtually(work())
    assert single_end < 5 < unit_end


async def test_the_whole_plan_is_held_to_max_amount() -> None:
    client = graph()
    raises = [{"level": "ad_set", "id": key, "set": {"daily_budget": 5400}} for key in IDS]
    server = engine(client, policy=Policy(max_amount={"USD": 1000}))
    answer = await server.call("ads_bulk_update", cuts(edits=raises), asker=Person(True))
    assert "the whole plan: a rise of 16.00 USD is above max_amount" in answer.structured["error"]["message"]
    assert client.writes == []
    answer = await server.call("ads_bulk_update", cuts(edits=raises[:2], idempotency_key="b"), asker=Person(True))
    assert answer.structured["data"]["counts"] == {"success": 2}


async def test_units_of_other_accounts_are_not_listed() -> None:
    made: SandboxEngine = build_writer()
    await made.done("ads_set_status", account_id=made.account, level="ad", ids=[made.ids["ad"]], status="PAUSED")
    made.engine.book.listed = (made.ids["other"],)
    assert (await made.call("ads_get_changes", {"by": "unit"})).structured["data"] == []


async def test_an_ad_fails_with_the_creative_that_meta_refuses_and_is_not_left_open() -> None:
    made = build_writer()
    made.sandbox.faults.add(
        "POST " + made.account + "/adcreatives", respond=graph_error(100, "The link is not allowed"), times=9
    )
    edits = [{"level": "ad", "id": made.ids["ad"], "set": {"link_url": "https://shop.example/new"}}]
    data = await made.done("ads_bulk_update", account_id=made.account, edits=edits, idempotency_key="key")
    assert data["counts"] == {"failed": 1}
    assert "The link is not allowed" in data["items"]["rows"][0][4]
    assert "with another idempotency_key" in data["next_step"]


def limited(**policy: Any) -> tuple[ScriptedGraph, Any]:
    client = graph()
    return client, engine(client, policy=Policy(**policy))


async def test_what_the_policy_denies_is_left_out_and_the_rest_waits_for_the_user() -> None:
    client, server = limited(max_percentage=20)
    raises = [{"level": "ad_set", "id": key, "set": {"daily_budget": 5400 + 3000 * (key == IDS[2])}} for key in IDS]
    cuts_too = cuts(edits=[*raises[1:], {"level": "ad_set", "id": IDS[0], "set": {"name": "B"}}])
    plan = (await server.call("ads_bulk_update", cuts_too)).structured["data"]
    assert (plan["status"], plan["objects"]) == ("needs_confirmation", 3)
    (row,) = plan["refused"]
    assert (row["row"], row["id"], row["name"]) == (2, IDS[2], f"Set {IDS[2]}")
    assert "a rise of 68 % is above max_percentage 20" in row["reason"]
    data = (await server.call("ads_bulk_update", {**cuts_too, "confirmation": plan["confirmation"]})).structured["data"]
    assert (data["counts"], data["refused"]) == ({"success": 3}, [row])
    assert client.objects[IDS[2]]["daily_budget"] == "5000"


async def test_harmless_edits_beside_a_denied_one_are_asked_for() -> None:
    client, server = limited(deny=frozenset({"edit_budget"}))
    edits = [{"level": "ad_set", "id": IDS[0], "set": {"name": "B"}}, cuts()["edits"][1]]
    person = Person(False)
    answer = await server.call("ads_bulk_update", cuts(edits=edits), asker=person)
    assert answer.is_error
    assert client.writes == []
    assert "1 row cannot be carried out and only the others are" in person.asked[0]


async def test_a_call_of_which_nothing_is_permitted_is_denied_with_every_object() -> None:
    client, server = limited(deny=frozenset({"edit_budget"}))
    error = (await server.call("ads_bulk_update", cuts())).structured["error"]
    assert error["kind"] == "denied"
    assert [row["id"] for row in error["rows"]] == IDS
    assert client.writes == []


async def test_money_is_not_moved_if_one_side_is_denied() -> None:
    client, server = limited(max_value={"USD": 5200})
    shift = {"account_id": ACCOUNT, "level": "ad_set", "from_ids": IDS[:1], "to_ids": IDS[1:2], "percent": 20}
    error = (await server.call("ads_shift_budget", {**shift, "idempotency_key": "key"})).structured["error"]
    assert error["kind"] == "denied"
    assert client.writes == []


async def test_an_ad_is_left_out_with_its_new_creative() -> None:
    made = build_writer(policy=Policy(deny=frozenset({"edit_creative"})))
    ads = [node.id for node in made.nodes("Ad") if node.get("status") == "ACTIVE"][:2]
    edits = [
        {"level": "ad", "id": ads[0], "set": {"link_url": "https://shop.example/new"}},
        {"level": "ad", "id": ads[1], "set": {"name": "B"}},
    ]
    data = await made.done("ads_bulk_update", account_id=made.account, edits=edits, idempotency_key="key")
    assert (data["counts"], [row["id"] for row in data["refused"]]) == ({"success": 1}, ads[:1])
    assert len(made.writes) == 1
