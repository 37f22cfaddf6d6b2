"""Graph does the work and its answer is lost: one object exists, and the caller knows it or knows how to look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.units.unit_params import KeyedUnitParams, UnitParams
from meta_ads_mcp.sandbox import SandboxCall, graph_error
from tests.support.elicitors import Person
from tests.support.every_tool import each
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.write_examples import WRITES, makes, valid

LOST: dict[str, Any] = {
    "time-out": httpx.ReadTimeout,
    "reset": httpx.ReadError,
    "closed": httpx.RemoteProtocolError,
    "500": lambda call: httpx.Response(500, text="<html>Sorry, something went wrong"),
    "502": lambda call: httpx.Response(502),
    "unknown error": graph_error(1, "An unknown error has occurred.", status=500),
    "temporary": graph_error(2, "Service temporarily unavailable", status=503, is_transient=True),
    "no JSON": lambda call: httpx.Response(200, text="OK"),
    "no word": lambda call: httpx.Response(200, json={}),
    "no object": lambda call: httpx.Response(200, json=True),
    "half a body": lambda call: httpx.Response(200, text='{"id": "12'),
}
# Units of many objects have tests of their own for every request that is lost (tests/tools/bulk).
CREATES = [tool for tool in WRITES if makes(tool) and not issubclass(tool.params, UnitParams | KeyedUnitParams)]


def is_write(call: SandboxCall) -> bool:
    """Reads in a batch travel as a POST without a path."""
    return bool(call.path) and call.method == "POST" and "validate_only" not in call.params.get("execution_options", "")


def lose_first(made: SandboxEngine, respond: Any) -> None:
    made.sandbox.faults.add(is_write, respond=respond, after_processing=True)


async def outcome(made: SandboxEngine, tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
    return (await made.call(tool.name, given, Person(True))).structured


def keyed(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "idempotency_key": given.get("idempotency_key", "k1")}


# One tool meets every fault, the others one of each kind: no answer, a refusal, an unreadable body.
KINDS = ("time-out", "502", "half a body")
MEETINGS = [
    pytest.param(tool, fault, id=f"{tool.name}-{fault}")
    for tool in CREATES
    for fault in (LOST if tool.name == "ads_create_campaign" else KINDS)
]


# Meta drops an event whose name and id it has received before, so its events are sent again.
REPEATABLE = ("ads_send_conversion_events",)


@pytest.mark.parametrize(("tool", "fault"), MEETINGS)
async def test_a_lost_answer_makes_nothing_twice(tool: Tool, fault: str, tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    given = keyed(await valid(made, tool, tmp_path))
    expected = await count_of(tool, tmp_path)
    before = made.store.snapshot()
    lose_first(made, LOST[fault])
    answer = await outcome(made, tool, given)
    if "error" in answer:
        assert answer["error"]["kind"] == "unknown_outcome", answer
        assert answer["error"]["next_step"].startswith("Look"), answer
        assert len(made.writes) == 1
    else:
        assert answer["data"]["status"] == "success"
        assert exists(made, answer["data"]["id"])
        assert len(created(made, before)) == expected
    sent = len(made.writes)
    again = await outcome(made, tool, given)
    if tool.name in REPEATABLE:
        assert len(created(made, before)) == expected, "Meta recognizes what it has"
        return
    assert len(made.writes) == sent, "the same key sent a second time"
    if "error" not in answer:
        assert again["data"]["id"] == answer["data"]["id"]


def exists(made: SandboxEngine, object_id: Any) -> bool:
    """An image is known by its hash."""
    return not {str(object_id), f"{made.account.removeprefix('act_')}:{object_id}"}.isdisjoint(made.store.nodes)


def created(made: SandboxEngine, before: Any) -> set[str]:
    return made.store.nodes.keys() - before.nodes.keys()


COUNTED: dict[str, int] = {}


async def count_of(tool: Tool, files: Path) -> int:
    """How many objects an undisturbed call makes."""
    if tool.name in COUNTED:
        return COUNTED[tool.name]
    made = build_writer(upload_roots=(str(files),))
    given = keyed(await valid(made, tool, files))
    before = made.store.snapshot()
    await made.done(tool.name, **given)
    return COUNTED.setdefault(tool.name, len(created(made, before)))


# The tools whose new object Graph can show, so that a lost answer costs nothing at all.
FOUND = frozenset(
    """
    ads_create_campaign ads_create_ad_set ads_create_ad ads_create_ad_creative ads_duplicate_entity ads_create_ad_rule
    ads_create_custom_audience ads_create_lookalike_audience ads_create_custom_conversion ads_create_budget_schedule
    ads_create_lead_form ads_create_ad_study ads_reply_comment facebook_create_post ads_clone_ad_set_bundle
    ads_upload_ad_image ads_upload_ad_video
    """.split()
)


@each([tool for tool in CREATES if tool.name in FOUND])
async def test_what_was_made_is_found(tool: Tool, tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    given = await valid(made, tool, tmp_path)
    given |= {"idempotency_key": "k"} if tool.name == "ads_clone_ad_set_bundle" else {}
    lose_first(made, httpx.ReadTimeout)
    answer = await outcome(made, tool, given)
    assert "error" not in answer, answer
    assert exists(made, answer["data"]["id"])


@each(CREATES)
async def test_a_write_that_never_arrived_is_not_said_to_be_made(tool: Tool, tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    given = keyed(await valid(made, tool, tmp_path))
    before = made.store.snapshot()
    made.sandbox.faults.add(is_write, respond=httpx.ReadTimeout)
    answer = await outcome(made, tool, given)
    assert answer["error"]["kind"] == "unknown_outcome"
    assert len(made.writes) == 1
    assert created(made, before) == set()


@each([tool for tool in WRITES if not makes(tool)])
async def test_a_lost_answer_of_a_change_is_looked_up(tool: Tool, tmp_path: Path) -> None:
    """Never sent twice; told as done, or with what to look at."""
    made = build_writer(upload_roots=(str(tmp_path),))
    given = await valid(made, tool, tmp_path)
    made.sandbox.faults.add(
        lambda call: call.method != "GET" and "validate_only" not in call.params.get("execution_options", ""),
        respond=httpx.ReadTimeout,
        after_processing=True,
    )
    answer = await outcome(made, tool, given)
    paths = [(entry.method, entry.path, tuple(sorted(entry.params.items()))) for entry in made.writes]
    assert len(paths) == len(set(paths))
    if "error" in answer:
        assert answer["error"]["kind"] == "unknown_outcome", answer
        assert answer["error"]["next_step"]
    else:
        assert answer["data"]["status"] == "success"


@pytest.mark.parametrize("nth", range(4))
@pytest.mark.parametrize("name", ["ads_clone_ad_set_bundle", "ads_update_ad_link"])
async def test_a_lost_answer_among_several_steps(name: str, nth: int, tmp_path: Path) -> None:
    tool = next(one for one in WRITES if one.name == name)
    made = build_writer()
    given = await valid(made, tool, tmp_path)
    expected = await count_of(tool, tmp_path) if makes(tool) else None
    before = made.store.snapshot()
    seen = 0

    def is_nth(call: SandboxCall) -> bool:
        nonlocal seen
        seen += is_write(call)
        return is_write(call) and seen == nth + 1

    made.sandbox.faults.add(is_nth, respond=httpx.ReadTimeout, after_processing=True)
    data = await made.done(name, **given)
    assert data["status"] == "success"
    assert expected is None or len(created(made, before)) == expected
    assert len({entry.object_id for entry in made.engine.journal.entries()}) == len(made.writes)
    assert {entry.status for entry in made.engine.journal.entries()} == {"success"}
