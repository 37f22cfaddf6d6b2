"""Every write tool of the catalogue, carried out on the sandbox: what it changes, and when it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.engine.answer.shape import shape_row
from tests.support.answers import anonymous
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS, each
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.write_examples import CONFIRMED, STAND_INS, WRITES, makes, valid

NARROW = ("ads_pause_campaign", "ads_resume_campaign", "ads_update_budget")
PAUSED = ("Campaign", "AdSet", "Ad")


# What Graph shows in another form than it takes: JSON as text, seconds as a time.
SHOWN_OTHERWISE = {"rule", "start_time", "end_time", "time_start", "time_end", "filter", "price", "params"}


def unlike_entry(made: SandboxEngine, entry: JournalEntry) -> list[str]:
    """The values of a journalled change that the sandbox does not have."""
    node = made.store.nodes.get(str(entry.object_id))
    if node is None:
        return []  # an image has its hash in place of an id
    shown = {name: value for name, value in entry.after.items() if name in made.sandbox.graph.spec.fields(node.type)}
    return [name for name, value in shown.items() if not same_value(node.get(name), value)]


def unlike_sandbox(made: SandboxEngine, data: dict[str, Any]) -> list[str]:
    """The told changes that the sandbox does not have, or that are told in other words than its values."""
    if "unit_id" in data:
        return [name for entry in made.engine.journal.of_unit(data["unit_id"]) for name in unlike_entry(made, entry)]
    node = made.store.nodes.get(str(data.get("id")))
    entry = made.engine.journal.entry(data["change_id"])
    assert entry is not None
    if node is None or entry.object_id != node.id:
        return []
    wrong = []
    for name, sent in entry.after.items():
        now = node.get(name)
        if name not in made.sandbox.graph.spec.fields(node.type) or now is None or name in SHOWN_OTHERWISE:
            continue
        told = data["changes"].get(SPELLED.get(name, name), {}).get("after")
        if not same_value(now, sent) or told not in (None, *shaped(name, now), *shaped(name, sent)):
            wrong.append(name)
    return wrong


SPELLED = {"adset_id": "ad_set_id"}


def shaped(name: str, value: Any) -> list[Any]:
    return list(shape_row({name: value}, "USD").values())


@each(WRITES)
async def test_an_allowed_write_is_done_and_told(tool: Tool, tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    given = await valid(made, tool, tmp_path)
    before = made.store.snapshot()
    answer = await made.call(tool.name, given)
    assert not answer.is_error, answer.text
    held = answer.structured["data"]["status"] == "needs_confirmation"
    assert held is (tool.name in CONFIRMED)
    if held:
        assert (made.writes, made.changed(before)) == ([], {})
        code = answer.structured["data"]["confirmation"]
        answer = await made.call(tool.name, {**given, "confirmation": code})
    data = answer.structured["data"]
    assert data["status"] == "success", answer.text
    assert made.changed(before) != {}
    assert {entry.status for entry in made.writes} == {200}
    assert unlike_sandbox(made, data) == []
    ids = [data["change_id"]] if "change_id" in data else [row[3] for row in data["items"]["rows"]]
    assert {entry and entry.status for entry in map(made.engine.journal.entry, ids)} == {"success"}


@each([tool for tool in WRITES if makes(tool)])
async def test_what_is_created_is_paused(tool: Tool, tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    before = made.store.snapshot()
    await made.done(tool.name, **await valid(made, tool, tmp_path))
    new = [node for node_id, node in made.store.nodes.items() if node_id not in before.nodes]
    assert new, "nothing was made"
    assert {node.get("status") for node in new if node.type in PAUSED} <= {"PAUSED"}
    assert {node.get("status") for node in new if node.type == "AdRule"} <= {"DISABLED"}


@each(WRITES)
async def test_a_dry_run_changes_nothing(tool: Tool, tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    given = await valid(made, tool, tmp_path)
    entries = len(made.engine.journal.entries())
    if tool.name == "ads_call_write_tool":
        given["arguments"] |= {"dry_run": True}
    else:
        given["dry_run"] = True
    before = made.store.snapshot()
    answer = await made.call(tool.name, given)
    assert not answer.is_error, answer.text
    assert answer.structured["data"]["status"] == "dry_run"
    assert answer.structured["data"]["plan"]
    assert (made.writes, made.changed(before)) == ([], {})
    assert len(made.engine.journal.entries()) == entries


@each(WRITES)
async def test_a_write_that_is_not_allowed_does_not_exist(tool: Tool, tmp_path: Path) -> None:
    allowing = build_writer(upload_roots=(str(tmp_path),))
    given = await valid(allowing, tool, tmp_path)
    made = build_writer(allow_writes=False)
    never = await made.call("ads_do_nothing_at_all", given)
    hidden = await made.call(tool.name, given)
    assert anonymous(hidden.structured, tool.name) == anonymous(never.structured, "ads_do_nothing_at_all")
    assert hidden.structured["error"]["kind"] == "not_found"
    for stand_in in ("ads_call_write_tool", "ads_call_read_tool"):
        through = await made.call(stand_in, {"name": tool.name, "arguments": given})
        assert through.structured["error"]["kind"] == "not_found"
        assert tool.name in through.structured["error"]["message"] or stand_in == "ads_call_write_tool"
    assert made.sandbox.log == []
    assert tool.name not in {listed.name for listed in made.engine.catalogue}  # type: ignore[attr-defined]


async def test_only_the_named_writes_exist(tmp_path: Path) -> None:
    made = build_writer(allow_writes=NARROW)
    assert {tool.name for tool in made.engine.catalogue if tool.effect.is_write} == {  # type: ignore[attr-defined]
        *NARROW,
        "ads_call_write_tool",
    }
    for tool in WRITES:
        given = await valid(made, tool, tmp_path) if tool.name not in ("ads_undo_change",) else {"change_id": "x"}
        made.sandbox.log.clear()
        direct = await made.call(tool.name, given, Person(True))
        through = await made.call("ads_call_write_tool", {"name": tool.name, "arguments": given}, Person(True))
        is_allowed = tool.name in (*NARROW, "ads_call_write_tool")
        assert direct.is_error is not is_allowed, direct.text
        assert through.is_error is (tool.name not in NARROW), through.text
        assert bool(made.writes) is is_allowed


@pytest.mark.parametrize("tool", sorted(CONFIRMED))
async def test_a_user_who_declines_has_the_last_word(tool: str, tmp_path: Path) -> None:
    made, user = build_writer(upload_roots=(str(tmp_path),)), Person(False)
    given = await valid(made, next(one for one in TOOLS if one.name == tool), tmp_path)
    before = made.store.snapshot()
    answer = await made.call(tool, {**given, "confirmation": "1-2.3"}, user)
    assert answer.structured["error"]["kind"] == "confirmation_required"
    assert len(user.asked) == 1
    assert (made.writes, made.changed(before)) == ([], {})


def test_the_table_names_tools_that_exist() -> None:
    from tests.support.write_examples import VALID  # noqa: PLC0415  used here alone

    names = {tool.name for tool in WRITES}
    assert names >= VALID.keys() | CONFIRMED | set(STAND_INS)
