"""One idempotency key is one object: in concurrent calls, in later ones, and for the same arguments only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.writes.confirmation import Reply
from meta_ads_mcp.engine.writes.idempotency import resolve_open_entry
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import UnknownOutcome
from meta_ads_mcp.sandbox import SandboxCall
from tests.support.elicitors import LaterReply, Person
from tests.support.every_tool import each
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.write_examples import WRITES, makes, valid

CREATES = [tool for tool in WRITES if makes(tool)]
NEW = {"name": "Keyed", "objective": "OUTCOME_TRAFFIC", "idempotency_key": "k"}


def named(made: SandboxEngine, name: str) -> int:
    return len(made.nodes("Campaign", name=name))


def is_search(call: SandboxCall) -> bool:
    return call.method == "GET" and call.path[-1] == "campaigns"


def lose_all(made: SandboxEngine) -> None:
    """Carry out the next creation, and lose its answer and those of the look-ups that follow."""
    made.sandbox.faults.add("POST act_", respond=httpx.ReadTimeout, after_processing=True)
    made.sandbox.faults.add(is_search, respond=httpx.ConnectError, times=50)


@each(CREATES)
async def test_the_same_key_gives_the_first_answer_again(tool: Tool, tmp_path: Path) -> None:
    made = build_writer(state_dir=tmp_path / "state", upload_roots=(str(tmp_path),))
    given = {**await valid(made, tool, tmp_path), "idempotency_key": "k"}
    first = await made.done(tool.name, **given)
    sent = len(made.writes)
    assert await made.done(tool.name, **given) == first
    restarted = build_writer(
        made.sandbox, clock=made.clock, state_dir=tmp_path / "state", upload_roots=(str(tmp_path),)
    )
    assert await restarted.done(tool.name, **given) == first
    assert len(made.writes) == sent


async def test_calls_at_the_same_time_make_one_object() -> None:
    made = build_writer()
    given = {"account_id": made.account, **NEW}
    answers = await asyncio.gather(*(made.call("ads_create_campaign", given) for _ in range(5)))
    assert named(made, "Keyed") == 1
    told = [answer.structured for answer in answers]
    kinds = {one["error"]["kind"] if "error" in one else one["data"]["status"] for one in told}
    assert kinds <= {"success", "unknown_outcome"}
    assert (await made.done("ads_create_campaign", **given))["status"] == "success"
    assert named(made, "Keyed") == 1


async def test_two_processes_with_one_journal_make_one_object(tmp_path: Path) -> None:
    first = build_writer(state_dir=tmp_path)
    second = build_writer(first.sandbox, clock=first.clock, state_dir=tmp_path)
    given = {"account_id": first.account, **NEW}
    await asyncio.gather(first.call("ads_create_campaign", given), second.call("ads_create_campaign", given))
    assert named(first, "Keyed") == 1


async def test_a_key_belongs_to_its_arguments() -> None:
    made = build_writer()
    await made.done("ads_create_campaign", account_id=made.account, **NEW)
    other = await made.call("ads_create_campaign", {"account_id": made.account, **NEW, "name": "Other"})
    assert other.structured["error"]["kind"] == "invalid_arguments"
    assert named(made, "Other") == 0


async def test_a_search_that_finds_nothing_never_frees_a_key() -> None:
    made = build_writer()
    given = {"account_id": made.account, **NEW}
    made.sandbox.faults.add("POST act_", respond=httpx.ReadTimeout)
    for minutes in (0, 14, 16, 60 * 24):
        made.clock.passed_s += 60 * minutes
        answer = await made.call("ads_create_campaign", given)
        assert answer.structured["error"]["kind"] == "unknown_outcome"
    assert "named 'Keyed'" in answer.structured["error"]["next_step"]
    assert len(made.writes) == 1
    assert (await made.done("ads_create_campaign", **{**given, "idempotency_key": "k2"}))["status"] == "success"
    assert named(made, "Keyed") == 1


async def test_an_object_renamed_meanwhile_does_not_free_the_key() -> None:
    made = build_writer()
    given = {"account_id": made.account, **NEW}
    lose_all(made)
    await made.call("ads_create_campaign", given)
    made.sandbox.faults.clear()
    made.store.patch(made.nodes("Campaign", name="Keyed")[0].id, {"name": "Renamed"})
    made.clock.passed_s += 3600
    answer = await made.call("ads_create_campaign", given)
    assert answer.structured["error"]["kind"] == "unknown_outcome"
    assert len(made.writes) == 1


@pytest.mark.parametrize("minutes", [1, 60])
async def test_what_cannot_be_looked_for_is_never_made_again(tmp_path: Path, minutes: int) -> None:
    """Graph cannot be asked: the key stays taken, however long ago it was."""
    made = build_writer()
    given = {"account_id": made.account, **NEW}
    made.sandbox.faults.add("POST act_", respond=httpx.ReadTimeout)
    await made.call("ads_create_campaign", given)
    made.clock.passed_s += 60 * minutes
    made.sandbox.faults.add("GET act_", respond=httpx.ConnectError, times=50)
    answer = await made.call("ads_create_campaign", given)
    assert answer.structured["error"]["kind"] == "unknown_outcome"
    assert len(made.writes) == 1


async def test_a_refused_call_leaves_its_key_free() -> None:
    made = build_writer()
    given: dict[str, Any] = {"account_id": made.account, **NEW, "daily_budget": 1}
    refused = await made.call("ads_create_campaign", given)
    assert refused.structured["error"]["kind"] == "invalid_arguments"
    assert refused.structured["error"]["subcode"] == 1885272
    made.store.patch(made.account, {"currency": "XYZ"})
    again = await made.call("ads_create_campaign", given)
    assert again.structured["error"].get("subcode") == 1885272


async def test_the_policy_holds_for_an_undo_too(tmp_path: Path) -> None:
    """Lowering a budget and undoing it would raise it past what the owner allows."""
    made = build_writer(state_dir=tmp_path)
    given: dict[str, Any] = {"entity_type": "campaign", "entity_id": made.ids["campaign"], "daily_budget": 500}
    answer = await made.call("ads_update_budget", given)
    assert f"done, campaign {made.ids['campaign']}" in answer.text
    lowered = answer.structured["data"]
    strict = build_writer(made.sandbox, clock=made.clock, policy=Policy(max_percentage=20), state_dir=tmp_path)
    undo = await strict.call("ads_undo_change", {"change_id": lowered["change_id"]}, Person(True))
    assert undo.structured["error"]["kind"] == "denied"
    assert made.store.nodes[made.ids["campaign"]].get("daily_budget") == "500"


async def test_a_kind_that_cannot_be_told_from_others_is_never_made_again() -> None:
    """That none is found says nothing where nothing tells it from others."""
    made = build_writer()
    entry = JournalEntry("c1", "", "ads_new_tool", "create", "Campaign", after={"status": "PAUSED"}, key="k")
    with pytest.raises(UnknownOutcome, match="has not ended") as refused:
        await resolve_open_entry(entry, made.engine.client, made.engine.journal)
    assert "new key" in refused.value.next_step


REPLY = {"page_id": "{page}", "comment_id": "{comment}", "message": "Thanks"}


async def test_a_code_is_good_for_one_call() -> None:
    made = build_writer()
    given = made.filled(REPLY)
    held = (await made.call("ads_reply_comment", given)).structured["data"]
    code = {"confirmation": held["confirmation"]}
    assert (await made.call("ads_reply_comment", given | code)).structured["data"]["status"] == "success"
    again = await made.call("ads_reply_comment", given | code)
    assert again.structured["data"]["status"] == "needs_confirmation"
    assert len(made.writes) == 1


async def test_a_reply_is_good_for_one_call() -> None:
    made = build_writer()
    given = made.filled(REPLY)
    asked = await made.call("ads_reply_comment", given, LaterReply())
    assert asked.question is not None
    reply = Reply(True, asked.question.code)
    assert not (await made.call("ads_reply_comment", given, LaterReply(reply))).is_error
    repeated = await made.call("ads_reply_comment", given, LaterReply(reply))
    assert repeated.structured["error"]["kind"] == "confirmation_required"
    assert len(made.writes) == 1


PNG = b"\x89PNG\r\n\x1a\n" + bytes(16) + b"first"
EVENTS = (
    b"event_name,event_time,event_id,value,currency,em\nPurchase,2026-11-20T10:00:00+00:00,o1,5,USD,a@example.com\n"
)
# Content of the file, and the arguments beside its path.
FILES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "ads_upload_ad_image": (PNG, {"account_id": "{account}", "image_path": "{file}"}),
    "ads_upload_ad_video": (b"\0\0\0\x18ftypmp42first", {"account_id": "{account}", "file_path": "{file}"}),
    "facebook_create_post": (PNG, {"page_id": "{page}", "message": "Hi", "photo_paths": ["{file}"], "dry_run": False}),
    "ads_catalog_items_batch": (b"id,price\nHP-00001,12.50 USD\n", {"catalog_id": "{catalog}", "file_path": "{file}"}),
    "ads_catalog_create_feed_upload_session": (
        b"id,price\nHP-00001,12.50 USD\n",
        {"product_feed_id": "{product_feed}", "file_path": "{file}"},
    ),
    "ads_send_conversion_events": (
        EVENTS,
        {"dataset_id": "{pixel}", "file_path": "{file}", "source": "physical_store", "test_event_code": "TEST1"},
    ),
}


def fill_in(value: Any, made: SandboxEngine, path: Path) -> Any:
    if isinstance(value, list):
        return [fill_in(item, made, path) for item in value]
    return value.format(**made.ids, file=path) if isinstance(value, str) else value


@pytest.mark.parametrize("name", FILES)
async def test_a_key_belongs_to_the_content_of_its_files(name: str, tmp_path: Path) -> None:
    state, roots = tmp_path / "state", (str(tmp_path),)
    made = build_writer(state_dir=state, upload_roots=roots)
    content, rest = FILES[name]
    suffix = "mp4" if "video" in name else "png" if content is PNG else "csv"
    path = tmp_path / f"file.{suffix}"
    path.write_bytes(content)
    call = {**{key: fill_in(value, made, path) for key, value in rest.items()}, "idempotency_key": "k"}
    first = await made.done(name, **call)
    sent = len(made.writes)
    path.write_bytes(content.replace(b"first", b"other").replace(b",5,", b",6,").replace(b"12.50", b"13.50"))
    restarted = build_writer(made.sandbox, clock=made.clock, state_dir=state, upload_roots=roots)
    for process in (made, restarted):
        error = (await process.call(name, call, Person(True))).structured["error"]
        assert (error["kind"], path.name in error["message"]) == ("invalid_arguments", True)
    assert len(made.writes) == sent
    path.write_bytes(content)
    assert (await restarted.done(name, **call))["status"] == first["status"]
    path.unlink()
    assert (await restarted.done(name, **call))["status"] == first["status"]
    assert len(made.writes) == sent


def test_every_keyed_tool_with_a_file_is_checked() -> None:
    keyed = {tool.name for tool in WRITES if "idempotency_key" in tool.arguments["properties"]}
    with_file = {
        tool.name for tool in WRITES if {"file_path", "image_path", "photo_paths"} & {*tool.arguments["properties"]}
    }
    # An import is a unit, whose plan is kept: tests/engine/writes/units/test_agreed_content.py.
    assert keyed & with_file == {*FILES, "ads_import_structure"}
