"""The status of many objects of one level and account."""

from __future__ import annotations

from tests.support.elicitors import Person
from tests.support.sandbox_engine import build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

C1, C2 = "111", "112"


def graph() -> ScriptedGraph:
    made = account_graph()
    common = {"account_id": "1", "objective": "OUTCOME_SALES", "name": "Sale"}
    made.objects |= {C1: {"id": C1, "status": "PAUSED", **common}, C2: {"id": C2, "status": "ACTIVE", **common}}
    return made


async def test_what_has_the_status_already_gets_no_request() -> None:
    client = graph()
    call = {"account_id": ACCOUNT, "level": "campaign", "ids": [C1, C2], "status": "ACTIVE"}
    answer = await engine(client).call("ads_set_status", call, asker=Person(True))
    rows = {row[0]: (row[2], row[4]) for row in answer.structured["data"]["items"]["rows"]}
    assert rows == {C1: ("success", None), C2: ("success", "unchanged")}
    assert [(request.path, dict(request.params)) for request in client.writes] == [(C1, {"status": "ACTIVE"})]


async def test_an_id_of_another_level_stops_the_whole_call() -> None:
    desk = build_writer()
    ids = [desk.ids["campaign"], desk.ids["ad_set"]]
    error = await desk.refused("ads_set_status", account_id=desk.account, level="campaign", ids=ids, status="PAUSED")
    assert desk.ids["ad_set"] in error["message"]
    assert desk.writes == []


async def test_an_id_of_another_account_stops_the_whole_call() -> None:
    desk = build_writer()
    other = next(node.id for node in desk.store.children(desk.ids["other"], "campaigns"))
    call = {"account_id": desk.account, "level": "campaign", "ids": [desk.ids["campaign"], other]}
    error = await desk.refused("ads_set_status", **call, status="PAUSED")
    assert other in error["message"]
    assert desk.writes == []


async def test_archiving_and_pausing_many_are_asked_for() -> None:
    desk = build_writer()
    ads = [node.id for node in desk.nodes("Ad") if node.get("status") == "ACTIVE"][:11]
    for ids, status, asked in [(ads[:10], "PAUSED", False), (ads, "PAUSED", True), (ads[:1], "ARCHIVED", True)]:
        call = {"account_id": desk.account, "level": "ad", "ids": ids, "status": status}
        data = await desk.data("ads_set_status", **call, dry_run=True)
        assert ("confirmation" in data) is asked
