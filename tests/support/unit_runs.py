"""Units on one sandbox world: runs that are interrupted and repeated, and random edits that are taken back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from hypothesis import strategies as st

from meta_ads_mcp.domain.copying import writable_creative
from meta_ads_mcp.sandbox import SandboxCall
from meta_ads_mcp.sandbox.store import GraphNode, Snapshot
from tests.support.elicitors import Person
from tests.support.sandbox_bench import Bench, is_write
from tests.support.sandbox_engine import SandboxEngine

OBJECTS = 60
_STATES = ("ACTIVE", "PAUSED")
_SHOWN = ("name", "status", "daily_budget", "bid_amount", "url_tags", "adlabels", "creative")
_LEVELS = {"campaign": "Campaign", "ad_set": "AdSet", "ad": "Ad"}
_CREATED = ("AdCreative", "AdLabel", "Campaign", "AdSet", "Ad")

State = dict[str, Any]


class Killed(BaseException):
    """The process ends here."""


# What happens to a request: the process ends, or there is no answer. Each before or after Graph has done the work.
FAULTS: Mapping[str, Any] = {"killed": Killed, "no answer": httpx.ReadTimeout}
# One fault for the whole request, or for one member of a batch.
PLACES: Mapping[str, Callable[[SandboxCall], bool]] = {
    "batch": lambda call: not call.path and call.method == "POST",
    "member": is_write,
}


@cache
def bench() -> Bench:
    return Bench(Path(tempfile.mkdtemp(prefix="uploads-")))


def desk(**options: Any) -> SandboxEngine:
    """An engine on the world as it was at first."""
    return bench().again(**options)


def editable(made: SandboxEngine, level: str) -> list[GraphNode]:
    return [node for node in made.nodes(_LEVELS[level]) if node.get("status") in _STATES]


def sixty_edits(made: SandboxEngine) -> dict[str, Any]:
    """A call that changes 60 objects: budgets up and down, names, statuses both ways, links, URL tags, labels."""
    sets = [node for node in editable(made, "ad_set") if node.get("daily_budget")][:12]
    rows = [
        *(("campaign", node, {"name": f"C {i}", "add_labels": ["New"]}) for i, node in _first(made, "campaign", 4)),
        *(
            ("ad_set", node, {"budget_change_percent": (10, -10)[i % 2], "name": f"S {i}"})
            for i, node in enumerate(sets)
        ),
        *(("ad", node, _ad_values(i, node)) for i, node in _first(made, "ad", OBJECTS - 4 - len(sets))),
    ]
    edits = [{"level": level, "id": node.id, "set": values} for level, node, values in rows]
    assert len(edits) == OBJECTS
    return {"account_id": made.account, "edits": edits, "idempotency_key": "key", "on_error": "continue"}


def _first(made: SandboxEngine, level: str, count: int) -> list[tuple[int, GraphNode]]:
    return list(enumerate(editable(made, level)[:count]))


def _ad_values(index: int, node: GraphNode) -> dict[str, Any]:
    kinds: tuple[dict[str, Any], ...] = (
        {"status": "PAUSED" if node.get("status") == "ACTIVE" else "ACTIVE"},
        {"link_url": "https://shop.example/new"},
        {"url_tags": f"utm_content={index}", "name": f"A {index}"},
        {"name_replace": {"find": " ", "replace": "_"}, "add_labels": ["New", "Other"]},
    )
    return kinds[index % len(kinds)]


def state_of(made: SandboxEngine, before: Snapshot) -> State:
    """What a unit left: the values of all changed objects, creatives and labels by their content, and new objects."""
    nodes = made.store.nodes
    touched = [
        node for key, node in nodes.items() if node.type in _LEVELS.values() and node is not before.nodes.get(key)
    ]
    state: State = {node.id: _values(made, node) for node in touched}
    for kind in _CREATED:
        new = [node for key, node in nodes.items() if node.type == kind and key not in before.nodes]
        state[f"new {kind}"] = sorted(str(node.get("name")) for node in new)
    return state


def _values(made: SandboxEngine, node: GraphNode) -> State:
    values = {name: node.get(name) for name in _SHOWN}
    values["adlabels"] = [label["name"] for label in values["adlabels"] or ()]
    if values["creative"]:
        values["creative"] = writable_creative(made.store.nodes[values["creative"]["id"]].fields)
    return values


async def uninterrupted_run() -> tuple[State, dict[str, int]]:
    """The state after a run without a fault, and how many requests there are at each place."""
    made = desk()
    before, arguments = made.store.snapshot(), sixty_edits(made)
    data = await made.done("ads_bulk_update", **arguments)
    assert data["counts"] == {"success": OBJECTS}, data
    batches = sum(not entry.path for entry in made.sandbox.log)
    return state_of(made, before), {"batch": batches, "member": len(made.writes)}


async def interrupted_run(place: str, at: int, fault: str, *, after: bool) -> State:
    """The state after a run whose request number `at` meets a fault, and its repetition in new processes."""
    folder = Path(tempfile.mkdtemp(prefix="state-"))
    made = desk(state_dir=folder)
    before, arguments = made.store.snapshot(), sixty_edits(made)
    counts = iter(range(1, 10**6))
    made.sandbox.faults.add(
        lambda call: PLACES[place](call) and next(counts) == at, respond=FAULTS[fault], after_processing=after
    )
    with suppress(Killed):
        await made.call("ads_bulk_update", arguments, Person(True))
    made.sandbox.faults.clear()
    data: State = {"counts": {}}
    for _ in range(3):
        again = SandboxEngine(made.sandbox, made.clock, allow_writes=True, state_dir=folder)
        answer = await again.call("ads_bulk_update", arguments, Person(True))
        assert not answer.is_error, answer.text
        data = answer.structured["data"]
        if data["counts"] == {"success": OBJECTS}:
            break
    assert data["counts"] == {"success": OBJECTS}, data
    return state_of(made, before)


def differences(state: State, expected: State) -> dict[str, Any]:
    """The objects that are not as they are after an uninterrupted run."""
    keys = [key for key in {*state, *expected} if state.get(key) != expected.get(key)]
    return {key: (state.get(key), expected.get(key)) for key in keys}


# ---- random units


async def check_undo(data: st.DataObject) -> None:
    """Carry out a random unit, take it back, and compare the account with what it was before."""
    made = desk()
    before = made.store.snapshot()
    edits = draw_edits(made, data)
    answer = await made.call(
        "ads_bulk_update",
        {"account_id": made.account, "edits": edits, "idempotency_key": "key", "on_error": "continue"},
        Person(True),
    )
    unit_id = {} if answer.is_error else answer.structured["data"]
    if "unit_id" not in unit_id:
        return
    undo = await made.call("ads_undo_change", {"unit_id": unit_id["unit_id"]}, Person(True))
    if undo.is_error:
        assert "no value" in undo.text, (edits, undo.text)
    left = {node_id: change for node_id, change in unlike(made, before).items() if not _was_refused(undo, node_id)}
    assert not left, (edits, left, undo.text)


def _was_refused(undo: Any, node_id: str) -> bool:
    return node_id in str(undo.structured.get("error") or undo.structured["data"].get("refused"))


def unlike(made: SandboxEngine, before: Snapshot) -> dict[str, Any]:
    """The campaigns, ad sets and ads that have other values than before."""
    changed: dict[str, Any] = {}
    for node_id, fields in made.changed(before).items():
        if node_id in before.nodes and before.nodes[node_id].type in _LEVELS.values():
            rest = {name: values for name, values in fields.items() if name != "updated_time"}
            changed |= {node_id: rest} if rest else {}
    return changed


def draw_edits(made: SandboxEngine, data: st.DataObject) -> list[dict[str, Any]]:
    """Up to eight edits of different objects, of any kind that the objects have."""
    levels = data.draw(st.lists(st.sampled_from(sorted(_LEVELS)), min_size=1, max_size=8))
    edits: dict[str, dict[str, Any]] = {}
    for level in levels:
        node = data.draw(st.sampled_from(editable(made, level)))
        edits[node.id] = {"level": level, "id": node.id, "set": _draw_values(level, node, data)}
    return list(edits.values())


def _draw_values(level: str, node: GraphNode, data: st.DataObject) -> dict[str, Any]:
    choices: dict[str, st.SearchStrategy[Any]] = {
        "status": st.sampled_from(_STATES),
        "name": st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=30).filter(
            lambda text: text == text.strip()
        ),
        "add_labels": st.lists(st.sampled_from(("A", "B", "Q4")), min_size=1, max_size=2, unique=True),
    }
    budget = next((name for name in ("daily_budget", "lifetime_budget") if node.get(name)), None)
    if budget is not None:
        choices["budget_change_percent"] = st.sampled_from((-20, -0.5, 1, 10, 55.5))
    if level == "ad_set":
        choices["end_time"] = st.just("2027-03-01T00:00:00")
    if level == "ad":
        choices["link_url"] = st.just("https://shop.example/new")
        choices["url_tags"] = st.sampled_from(("utm_source=a", "utm_source=b&utm_medium=c"))
    names = data.draw(st.lists(st.sampled_from(sorted(choices)), min_size=1, max_size=3, unique=True))
    return {name: data.draw(choices[name]) for name in names}


async def check_interrupted(data: st.DataObject) -> None:
    """Interrupt the run of a unit at a random request, and compare the end with that of an uninterrupted run."""
    expected, counts = await uninterrupted_run()
    place = data.draw(st.sampled_from(sorted(PLACES)))
    at, after = data.draw(st.integers(1, counts[place])), data.draw(st.booleans())
    fault = data.draw(st.sampled_from(sorted(FAULTS))) if place == "batch" else "no answer"
    state = await interrupted_run(place, at, fault, after=after)
    assert not (rest := differences(state, expected)), (place, at, fault, after, rest)
