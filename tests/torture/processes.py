"""Two processes on one state directory, one of them killed at a random moment."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.clock import SystemClock
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.graph.limits.state import LimitState
from tests.support.mcp_process import McpProcess
from tests.torture.client import Held, held
from tests.torture.trial import Trial, Trials, tried
from tests.torture.wire import call

KEYS = 8
CREATE = "ads_create_campaign"


def processes(full: bool) -> Trials:
    """Both make the same objects with the same idempotency keys at the same time; a third one makes them again."""
    chance = random.Random(7)  # noqa: S311  the same moments at every run, as far as a machine keeps to them
    with held() as graph:
        graph.graph.sandbox.usage.tier = "standard_access"
        for turn in range(15 if full else 1):
            with tempfile.TemporaryDirectory() as home:
                yield from _turn(Path(home), graph, f"{turn}", chance)


def _turn(home: Path, graph: Held, turn: str, chance: random.Random) -> Iterator[Trial]:
    left, right = (graph.server(home, True) for _ in range(2))
    for one in (left, right):
        one.alive("ready")
    for number in range(KEYS):
        for one in (left, right):
            one.send(_create(graph, turn, number))
    time.sleep(chance.uniform(0, 0.4))
    left.process.kill()
    left.process.wait()
    yield tried(f"{turn}: the other answers all", lambda: _answers(right))
    yield tried(f"{turn}: the other ends", right.end)
    third = graph.server(home, True)
    for number in range(KEYS):
        third.send(_create(graph, turn, number))
    yield tried(f"{turn}: a third answers all", lambda: _answers(third))
    yield tried(f"{turn}: the third ends", third.end)
    journal = Journal(home, SystemClock())
    entries = journal.entries()
    yield tried(f"{turn}: at most one half line", lambda: _at_most(journal.damaged, 1))
    store = graph.graph.sandbox.world.store
    for number in range(KEYS):
        made = [node for node in store.nodes.values() if node.get("name") == _name(turn, number)]
        yield tried(f"{turn}.{number}: one object", lambda made=made, number=number: _one(third, made, number))
        named = [entry for entry in entries if entry.key == _name(turn, number) and entry.status != "failed"]
        yield tried(f"{turn}.{number}: in the journal", lambda made=made, named=named: _at_most(len(made), len(named)))
    yield tried(f"{turn}: the circuits are readable", lambda: _readable(home))


def _name(turn: str, number: int) -> str:
    return f"Twice {turn}.{number}"


def _create(graph: Held, turn: str, number: int) -> dict[str, Any]:
    name = _name(turn, number)
    given = {"account_id": graph.account, "name": name, "objective": "OUTCOME_TRAFFIC", "idempotency_key": name}
    return call(f"c{number}", CREATE, given)


def _answers(one: McpProcess) -> None:
    """Done, or said that another is at it, or that it is not known; never a second object, never a defect."""
    for number in range(KEYS):
        content = one.answer(f"c{number}")["result"]["structuredContent"]
        kind = content.get("error", {}).get("kind")
        assert kind in (None, "unknown_outcome"), content


def _one(third: McpProcess, made: list[Any], number: int) -> None:
    """Never two; none only where the caller is told to look."""
    error = third.answer(f"c{number}")["result"]["structuredContent"].get("error")
    assert len(made) == 1 or (not made and error is not None), f"{len(made)}, {error}"


def _at_most(found: int, most: int) -> None:
    assert found <= most, f"{found}"


def _readable(home: Path) -> None:
    lost: list[bool] = []
    with LimitState(home / "score.sqlite3", lambda _, was_lost: lost.append(was_lost)).transaction(time.time()) as rows:
        rows.circuits()
    assert not lost
