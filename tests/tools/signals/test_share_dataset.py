"""Sharing a dataset: asked for, sent as Graph takes it, and taken back by an undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer

TOOL = "ads_share_dataset"


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def last_write(desk: SandboxEngine) -> tuple[str, str, dict[str, Any]]:
    entry = desk.writes[-1]
    return entry.method, entry.path.partition("/")[2], dict(entry.params)


async def test_a_share_is_confirmed_sent_and_undone(desk: SandboxEngine) -> None:
    pixel, business, number = desk.ids["pixel"], desk.ids["business"], desk.ids["other"].removeprefix("act_")
    before = desk.store.snapshot()
    call = {"dataset_id": pixel, "action": "share_account", "account_id": desk.ids["other"]}
    question = await desk.call(TOOL, call)
    assert question.structured["data"]["status"] == "needs_confirmation"
    assert number in question.text
    data = await desk.done(TOOL, **call)
    assert last_write(desk) == ("POST", "shared_accounts", {"account_id": number, "business": business})
    assert (data["shares_before"], [row["account_id"] for row in data["shares_now"]]) == ([], [number])
    undo = await desk.call("ads_undo_change", {"change_id": data["change_id"]})
    assert undo.structured["data"]["status"] == "needs_confirmation"
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert last_write(desk) == ("DELETE", "shared_accounts", {"account_id": number, "business": business})
    assert {name: ids for name, ids in desk.changed(before).items() if ids.get("ids", (1, 2))[1]} == {}
    again = await desk.call("ads_undo_change", {"change_id": data["change_id"]}, Person(True))
    assert "undone already" in again.text


async def test_an_agency_and_a_person(desk: SandboxEngine) -> None:
    pixel = desk.ids["pixel"]
    agency = desk.store.links[desk.ids["business"], "agencies"][0]
    person = desk.store.links[desk.ids["business"], "business_users"][0]
    question = await desk.call(TOOL, {"dataset_id": pixel, "action": "unshare_business", "business_id": agency})
    assert "cannot give them back" in question.text
    await desk.done(TOOL, dataset_id=pixel, action="unshare_business", business_id=agency)
    assert last_write(desk) == ("DELETE", "agencies", {"business": agency})
    await desk.done(TOOL, dataset_id=pixel, action="share_business", business_id=agency, tasks=["ANALYZE"])
    assert last_write(desk) == ("POST", "agencies", {"business": agency, "permitted_tasks": '["ANALYZE"]'})
    data = await desk.done(TOOL, dataset_id=pixel, action="assign_user", user_id=person, tasks=["AA_ANALYZE", "EDIT"])
    assert last_write(desk) == ("POST", "assigned_users", {"user": person, "tasks": '["AA_ANALYZE","EDIT"]'})
    undo = await desk.call("ads_undo_change", {"change_id": data["change_id"]}, Person(True))
    assert undo.is_error
    users = await desk.data("ads_get_datasets", dataset_id=pixel, include=["assigned_users"])
    assert [row["id"] for row in users["assigned_users"]] == [person]


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "share_account"},
        {"action": "share_business", "business_id": "31"},
        {"action": "share_business", "business_id": "31", "tasks": ["AA_ANALYZE"]},
        {"action": "assign_user", "user_id": "5"},
        {"action": "share_account", "account_id": "1", "tasks": ["EDIT"]},
    ],
)
async def test_arguments_that_do_not_fit_the_action_send_nothing(
    desk: SandboxEngine, arguments: dict[str, Any]
) -> None:
    answer = await desk.call(TOOL, {"dataset_id": desk.ids["pixel"], **arguments})
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert desk.sandbox.log == []


async def test_what_is_shared_already_or_not_at_all_is_said(desk: SandboxEngine) -> None:
    call = {"dataset_id": desk.ids["pixel"], "account_id": desk.ids["other"]}
    answer = await desk.call(TOOL, {**call, "action": "unshare_account"}, Person(True))
    assert "not shared" in answer.text
    await desk.done(TOOL, **call, action="share_account")
    answer = await desk.call(TOOL, {**call, "action": "share_account"}, Person(True))
    assert "already" in answer.text


async def test_the_question_names_ad_sets_that_will_stop(desk: SandboxEngine) -> None:
    call = {"dataset_id": desk.ids["pixel"], "account_id": desk.ids["other"]}
    await desk.done(TOOL, **call, action="share_account")
    ad_set = next(
        node for node in desk.store.children(desk.ids["other"], "adsets") if node.get("effective_status") == "ACTIVE"
    )
    desk.store.patch(ad_set.id, {"promoted_object": {"pixel_id": desk.ids["pixel"], "custom_event_type": "PURCHASE"}})
    question = await desk.call(TOOL, {**call, "action": "unshare_account"})
    assert ad_set.id in question.text


async def test_an_account_outside_the_allowlist_gets_nothing(tmp_path: Path) -> None:
    first = build_writer()
    desk = build_writer(accounts=(first.account,))
    answer = await desk.call(
        TOOL,
        {"dataset_id": desk.ids["pixel"], "action": "share_account", "account_id": desk.ids["other"]},
        Person(True),
    )
    assert answer.structured["error"]["kind"] == "denied"
    assert desk.writes == []
