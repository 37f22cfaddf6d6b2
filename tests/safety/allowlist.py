"""Property 1: no request names an object outside META_ADS_ACCOUNTS, or of another business than META_ADS_BUSINESS_ID.

It holds for every tool, for undo and for calls that are made again, whatever the arguments, the journal and Graph's
answers name. The sandbox decides who owns an object.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
from hypothesis import strategies as st

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.sandbox import SandboxCall
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.ownership import LOOK_UPS, Ownership
from tests.support.planted_ids import SHAPES, Planter
from tests.support.rival_business import add_rival
from tests.support.sandbox_bench import FOR_EVER, Bench, is_write
from tests.support.sandbox_engine import SandboxEngine

# Undo and the tools that copy what Graph answers are drawn more often than the others.
_OFTEN = ("ads_undo_change", "ads_duplicate_entity", "ads_clone_ad_set_bundle", "ads_update_ad_link")
_CHOICES = [*TOOLS, *(tool for tool in TOOLS if tool.name in _OFTEN for _ in range(4))]
_UNDOABLE = ("AdAccount", "Campaign", "AdSet", "Ad", "AdCreative", "AdRule")
_CHANGE_ID = "c20261125T100000-0123abcd"


class ForeignRequest(AssertionError):
    """A request named an object of a foreign account."""


@cache
def bench() -> Bench:
    return Bench(Path(tempfile.mkdtemp(prefix="uploads-")), accounts=3, change=add_rival)


@cache
def ownership(number: int) -> Ownership:
    """The judge for a server that may touch the first accounts of the world."""
    return Ownership(bench().sandbox.world, accounts(number))


def accounts(number: int) -> tuple[str, ...]:
    return tuple(f"act_{account}" for account in bench().sandbox.world.account_ids[:number])


async def check(data: st.DataObject, tools: Sequence[Tool] = _CHOICES) -> None:
    """Make one call of one of the tools and raise ForeignRequest if a request names a foreign object."""
    tool = data.draw(st.sampled_from(tools))
    # The first business has two accounts: to be limited to it is to be limited to these and to its assets.
    number, limits = data.draw(
        st.sampled_from(
            [
                (1, {"accounts": accounts(1)}),
                (2, {"accounts": accounts(2)}),
                (1, {"accounts": accounts(1), "business_id": bench().sandbox.world.business_id}),
                (2, {"business_id": bench().sandbox.world.business_id}),
            ]
        )
    )
    judge = ownership(number)
    planter = Planter(data, judge)
    with tempfile.TemporaryDirectory() as state:
        engine, example = await bench().ready(tool, accounts=(), state_dir=Path(state))
        given = planter.arguments(tool, example)
        if tool.name == "ads_undo_change":
            given = _journalled(engine, planter, data)
        elif "idempotency_key" in tool.params.model_fields and data.draw(st.booleans()):
            given |= {"idempotency_key": "key-1"}
            await _lose(engine, tool, given)
        engine = bench().again(**limits, state_dir=Path(state))
        _lie(judge, Random(data.draw(st.integers(0, 9))))  # noqa: S311  repeatable choices
        if data.draw(st.sampled_from([False, False, False, True])):
            _lose_writes(engine)
        await engine.call(tool.name, given, Person(True))
        leaks = judge.leaks(engine.sandbox.log)
    if leaks:
        raise ForeignRequest(f"{tool.name} {given} {limits}: {leaks[0]}")


def _journalled(engine: SandboxEngine, planter: Planter, data: st.DataObject) -> dict[str, Any]:
    """Put a change into the journal that may be of any account, and return the arguments of its undo."""
    node = data.draw(st.sampled_from(_UNDOABLE))
    before: dict[str, Any] = data.draw(
        st.sampled_from(
            (
                {"name": "Before"},
                {"status": "PAUSED"},
                {"targeting": SHAPES["targeting"][0]},
                {"creative": {"id": "{AdCreative}"}},
                {"promoted_object": {"page_id": "{Page}"}},
            )
        )
    )
    entry = JournalEntry(
        _CHANGE_ID,
        "",
        "ads_update_campaign",
        data.draw(st.sampled_from(("update", "create"))),
        node,
        account=data.draw(st.sampled_from((None, planter.id_of("AdAccount")))),
        page=data.draw(st.sampled_from((None, None, planter.id_of("Page")))),
        object_id=planter.id_of(node),
        before=planter.fill(before),
        after=dict.fromkeys(before, "After"),
    )
    engine.engine.journal.intent(entry)
    engine.engine.journal.outcome(_CHANGE_ID, "success", object_id=entry.object_id)
    created = data.draw(st.sampled_from(("pause", "delete")))
    return {"change_id": _CHANGE_ID, "force": data.draw(st.booleans()), "created": created}


async def _lose(engine: SandboxEngine, tool: Tool, given: Mapping[str, Any]) -> None:
    """Make the call once without an allowlist and lose Graph's answer, so that the journal has an open entry."""
    _lose_writes(engine)
    await engine.call(tool.name, given, Person(True))


def _lose_writes(engine: SandboxEngine) -> None:
    engine.sandbox.faults.add(is_write, respond=httpx.ReadTimeout, times=FOR_EVER, after_processing=True)


def _lie(judge: Ownership, random: Random) -> None:
    """Let Graph's answers refer to foreign objects. What an answer says about the object itself stays true."""
    sandbox = bench().sandbox

    def respond(call: SandboxCall) -> Any:
        answer = sandbox.graph.answer(call)
        told = json.dumps(_exchanged(answer.body, judge, random, top=True)).encode()
        return httpx.Response(answer.status, content=told, headers=answer.headers)

    sandbox.faults.add(_is_answer_about_objects, respond=respond, times=FOR_EVER)


def _is_answer_about_objects(call: SandboxCall) -> bool:
    return call.method == "GET" and bool(call.path) and call.params.get("fields") not in LOOK_UPS


def _exchanged(value: Any, judge: Ownership, random: Random, *, top: bool) -> Any:
    """Replace about a third of the ids that an object refers to. `top` marks the object itself, and rows of a list."""
    if isinstance(value, dict):
        return {
            key: item
            if key in ("account_id", "paging") or (top and key == "id")
            else _exchanged(item, judge, random, top=key == "data")
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_exchanged(item, judge, random, top=top) for item in value]
    pool = judge.foreign.get(judge.kinds.get(value, "")) if isinstance(value, str) else None
    return random.choice(pool) if pool and random.random() < 0.3 else value
