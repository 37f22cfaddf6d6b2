"""Search for an object whose creation got no answer: by the clock of Graph, and never take one of another change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, NetworkProblem, UnknownOutcome
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

CREATE = "ads_create_campaign"
NEW: dict[str, Any] = {"account_id": ACCOUNT, "name": "Autumn", "objective": "OUTCOME_SALES"}
KEYED = {**NEW, "idempotency_key": "k"}
LOST = UnknownOutcome("The connection to Graph did not answer in time after the change was sent.")
SKEWS = [-6 * 3600.0, -300.0, 0.0, 300.0, 6 * 3600.0]
# A name in the form of an access token.
TOKEN_NAME = "EAASummerCampaign2026Retargeting"


def is_search(request: Request) -> bool:
    return request.method == "GET" and request.path.endswith("/campaigns")


def lose_answer(graph: ScriptedGraph) -> None:
    """Carry out writes, but lose their answers."""
    graph.lose = lambda request: LOST


def drop_writes(graph: ScriptedGraph) -> None:
    """Lose writes before they arrive."""
    graph.refuse = lambda request: LOST if request.method == "POST" else None


def break_off(graph: ScriptedGraph) -> None:
    """Carry out writes, lose their answers and fail the searches, as for a process that ends here."""
    graph.lose = lambda request: LOST
    graph.refuse = lambda request: NetworkProblem("not reached") if is_search(request) else None


def repair(graph: ScriptedGraph) -> None:
    nothing: Any = lambda request: None  # noqa: E731
    graph.lose = graph.refuse = nothing


def add_namesake(graph: ScriptedGraph, name: str = "Autumn") -> str:
    """Let somebody else create a campaign of this name now. Returns its id."""
    body: Any = graph.stored(Request("POST", f"{ACCOUNT}/campaigns", {"name": name}))
    return str(body["id"])


def campaigns(graph: ScriptedGraph) -> list[str]:
    return graph.edges.get(f"{ACCOUNT}/campaigns", [])


@pytest.mark.parametrize("skew", SKEWS)
async def test_a_created_object_is_found_by_the_clock_of_graph(skew: float) -> None:
    graph = account_graph()
    graph.skew_s = skew
    lose_answer(graph)
    answer = await engine(graph).call(CREATE, NEW)
    assert answer.structured["data"]["id"] == campaigns(graph)[0]


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("arguments", [NEW, KEYED], ids=["without a key", "with a key"])
async def test_an_older_namesake_is_never_taken(skew: float, arguments: dict[str, Any]) -> None:
    graph = account_graph()
    graph.skew_s = skew
    add_namesake(graph)
    graph.clock.passed_s += 30
    drop_writes(graph)
    answer = await engine(graph).call(CREATE, arguments)
    assert answer.structured["error"]["kind"] == "unknown_outcome"


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("minutes", [0, 16, 60 * 24])
@pytest.mark.parametrize("name", ["Autumn", TOKEN_NAME])
async def test_a_process_that_ended_leaves_an_object_that_the_key_leads_to(
    tmp_path: Path, skew: float, minutes: int, name: str
) -> None:
    graph = account_graph()
    graph.skew_s = skew
    break_off(graph)
    arguments = {**KEYED, "name": name}
    assert (await engine(graph, state_dir=tmp_path).call(CREATE, arguments)).is_error
    graph.clock.passed_s += 60 * minutes
    repair(graph)
    graph.skew_s = 0.0  # the clock of this machine was set right meanwhile
    graph.clock.passed_s += skew
    for _ in range(2):
        answer = await engine(graph, state_dir=tmp_path).call(CREATE, arguments)
        assert answer.structured["data"]["id"] == campaigns(graph)[0], answer.text
    assert len(graph.writes) == 1


@pytest.mark.parametrize("arguments", [NEW, KEYED], ids=["without a key", "with a key"])
async def test_two_namesakes_are_unknown_and_both_are_named(tmp_path: Path, arguments: dict[str, Any]) -> None:
    graph = account_graph()
    twins: list[str] = []

    def lose(request: Request) -> AdsError:
        twins.append(add_namesake(graph))
        return LOST

    graph.lose = lose
    for _ in range(2 if arguments is KEYED else 1):
        error = (await engine(graph, state_dir=tmp_path).call(CREATE, arguments)).structured["error"]
        assert error["kind"] == "unknown_outcome"
        assert all(object_id in error["message"] for object_id in campaigns(graph))
    assert (len(campaigns(graph)), len(twins)) == (2, 1)


async def test_an_object_of_another_change_is_never_taken(tmp_path: Path) -> None:
    graph = account_graph()
    other = (await engine(graph, state_dir=tmp_path).call(CREATE, NEW)).structured["data"]["id"]
    drop_writes(graph)
    answer = await engine(graph, state_dir=tmp_path).call(CREATE, KEYED)
    assert answer.structured["error"]["kind"] == "unknown_outcome"
    repair(graph)
    again = await engine(graph, state_dir=tmp_path).call(CREATE, KEYED)
    assert again.structured["error"]["kind"] == "unknown_outcome"
    assert campaigns(graph) == [other]


async def test_of_two_lost_creations_one_object_belongs_to_one(tmp_path: Path) -> None:
    """Both answers are lost and one object exists: the second key must not lead to it, too."""
    graph = account_graph()
    break_off(graph)
    await engine(graph, state_dir=tmp_path).call(CREATE, KEYED)
    drop_writes(graph)
    repair_reads = graph.refuse
    graph.refuse = lambda request: repair_reads(request) or (NetworkProblem("") if is_search(request) else None)
    await engine(graph, state_dir=tmp_path).call(CREATE, {**KEYED, "idempotency_key": "l"})
    repair(graph)
    first = await engine(graph, state_dir=tmp_path).call(CREATE, KEYED)
    second = await engine(graph, state_dir=tmp_path).call(CREATE, {**KEYED, "idempotency_key": "l"})
    assert first.structured["data"]["id"] == campaigns(graph)[0]
    assert second.structured["error"]["kind"] == "unknown_outcome"


@pytest.mark.parametrize("body", [{"success": True}, {"id": ""}, {"id": None}])
async def test_a_creation_without_an_id_is_looked_up(body: dict[str, Any]) -> None:
    graph = account_graph()
    graph.answers["POST", f"{ACCOUNT}/campaigns"] = lambda request: graph.stored(request) and body
    answer = await engine(graph).call(CREATE, NEW)
    assert answer.structured["data"]["id"] == campaigns(graph)[0]
    graph.answers["POST", f"{ACCOUNT}/campaigns"] = lambda request: body
    error = (await engine(graph).call(CREATE, {**NEW, "name": "Winter"})).structured["error"]
    assert error["kind"] == "unknown_outcome"


async def test_a_lost_change_of_a_time_is_found() -> None:
    """Unix seconds are sent, and Graph shows ISO 8601."""
    graph = account_graph()
    lose_answer(graph)
    sent: list[Any] = []

    def special(request: Request) -> Any:
        if request.method != "POST":
            return NotImplemented
        sent.append(request.params["stop_time"])
        graph.objects["101"]["stop_time"] = "2027-03-01T09:00:00+0100"
        return {"success": True}

    graph.special = special
    graph.objects["101"]["stop_time"] = "2027-02-01T09:00:00+0100"
    answer = await engine(graph).call("ads_update_campaign", {"campaign_id": "101", "stop_time": "2027-03-01T09:00:00"})
    assert not answer.is_error, answer.text
    assert len(sent) == 1
