"""A creation whose answer was lost is repeated only if its object cannot exist, and otherwise never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.writes.units.lost_creations import SETTLE_SECONDS
from meta_ads_mcp.errors import NetworkProblem, UnknownOutcome
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

LOST = UnknownOutcome("The connection to Graph did not answer in time after the change was sent.")
EDGE = f"{ACCOUNT}/campaigns"
NEW = {"name": "Autumn", "objective": "OUTCOME_SALES"}
SKEWS = [-6 * 3600.0, 0.0, 6 * 3600.0]
Since = Callable[[ScriptedGraph], None]


def plan(*campaigns: dict[str, Any], key: str = "k") -> dict[str, Any]:
    return {"account_id": ACCOUNT, "plan": {"campaigns": list(campaigns or (NEW,))}, "idempotency_key": key}


def lose_request(graph: ScriptedGraph) -> None:
    graph.refuse = lambda request: LOST if is_creation(request) else None


def lose_answer(graph: ScriptedGraph) -> None:
    """Create the object, lose the answer, and fail the search that follows at once."""
    graph.lose = lambda request: LOST if is_creation(request) else None
    graph.refuse = lambda request: NetworkProblem("not reached") if is_list(request) else None


def repair(graph: ScriptedGraph) -> None:
    graph.refuse = graph.lose = lambda request: None


def is_creation(request: Request) -> bool:
    return request.path == EDGE and request.method == "POST" and "execution_options" not in request.params


def is_list(request: Request) -> bool:
    return request.path == EDGE and request.method == "GET"


def campaigns(graph: ScriptedGraph) -> list[dict[str, Any]]:
    return [graph.objects[key] for key in graph.edges.get(EDGE, [])]


def hide_archived(graph: ScriptedGraph) -> None:
    """List archived campaigns only to who asks for them, as Graph does."""

    def answer(request: Request) -> Any:
        if not is_list(request):
            return NotImplemented
        statuses = request.params.get("effective_status", ())
        assert "DELETED" not in statuses, "Graph refuses this"
        rows = campaigns(graph)
        return {"data": [row for row in rows if row.get("status") != "ARCHIVED" or "ARCHIVED" in statuses]}

    graph.special = answer


# ---- what can happen between the lost answer and the repeated call


def nothing(graph: ScriptedGraph) -> None:
    """Leave everything as it is."""


def rename(graph: ScriptedGraph) -> None:
    campaigns(graph)[-1]["name"] = "Renamed by a person"


def archive(graph: ScriptedGraph) -> None:
    campaigns(graph)[-1]["status"] = "ARCHIVED"


def rename_and_archive(graph: ScriptedGraph) -> None:
    rename(graph)
    archive(graph)


def other_at_once(graph: ScriptedGraph) -> None:
    """Let a person create another campaign just after the request was sent."""
    graph.stored(Request("POST", EDGE, {"name": "Another"}))


def other_later(graph: ScriptedGraph) -> None:
    graph.clock.passed_s += SETTLE_SECONDS + 60
    other_at_once(graph)


def other_earlier(graph: ScriptedGraph) -> None:
    other_at_once(graph)
    moment = graph.clock.now() + graph.skew_s - 3600
    campaigns(graph)[-1]["created_time"] = datetime.fromtimestamp(moment, UTC).isoformat()


def break_list(graph: ScriptedGraph) -> None:
    graph.refuse = lambda request: NetworkProblem("not reached") if is_list(request) else None


def cut_list(graph: ScriptedGraph) -> None:
    """End the list before its end, without a way to the next page."""
    graph.answers["GET", EDGE] = lambda request: {"data": [], "paging": {"next": "https://graph.facebook.com/"}}


def endless_list(graph: ScriptedGraph) -> None:
    """List more campaigns of other days than anybody searches."""
    row = {"name": "Old", "created_time": "2020-01-01T00:00:00+0000"}
    paging = {"cursors": {"after": "more"}, "next": "https://graph.facebook.com/"}

    def page(request: Request) -> Any:
        start = len(graph.sent) * 100
        rows = [{**row, "id": str(start + number)} for number in range(100)]
        return {"data": rows, "paging": {**paging, "cursors": {"after": str(start)}}}

    graph.answers["GET", EDGE] = page


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize(
    ("lose", "since", "status", "sent"),
    [
        (lose_request, nothing, "success", 2),
        (lose_request, other_later, "success", 2),
        (lose_request, other_earlier, "success", 2),
        (lose_request, other_at_once, "unknown_outcome", 1),
        (lose_request, break_list, "unknown_outcome", 1),
        (lose_request, cut_list, "unknown_outcome", 1),
        (lose_request, endless_list, "unknown_outcome", 1),
        (lose_answer, nothing, "success", 1),
        (lose_answer, archive, "success", 1),
        (lose_answer, other_at_once, "success", 1),
        (lose_answer, rename, "unknown_outcome", 1),
        (lose_answer, rename_and_archive, "unknown_outcome", 1),
    ],
)
async def test_a_lost_creation_is_repeated_only_if_its_object_cannot_exist(
    tmp_path: Path, lose: Since, since: Since, status: str, sent: int, skew: float
) -> None:
    graph = account_graph()
    graph.skew_s = skew
    hide_archived(graph)
    lose(graph)
    first = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", plan())
    assert first.structured["data"]["counts"] == {"unknown_outcome": 1}, first.text
    repair(graph)
    since(graph)
    again = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", plan())
    data = again.structured["data"]
    assert data["counts"] == {status: 1}, data
    assert sum(map(is_creation, graph.sent)) == sent
    if status != "success":
        assert "look" in str(data["items"]["rows"]).lower(), "the answer says what to do"
    third = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", plan())
    assert third.structured["data"]["counts"] == {status: 1}
    assert sum(map(is_creation, graph.sent)) == sent


@pytest.mark.parametrize("skew", SKEWS)
async def test_nothing_is_repeated_while_graph_can_still_work_on_it(tmp_path: Path, skew: float) -> None:
    graph = account_graph()
    graph.skew_s = skew
    lose_request(graph)
    first = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", plan())
    started = graph.clock.now()
    assert 0 < first.structured["data"]["retry_after_seconds"] <= SETTLE_SECONDS
    repair(graph)
    await engine(graph, state_dir=tmp_path).call("ads_bulk_create", plan())
    assert graph.clock.now() - started >= first.structured["data"]["retry_after_seconds"] - 1


async def test_a_clock_that_is_set_forward_meanwhile_proves_nothing(tmp_path: Path) -> None:
    graph = account_graph()
    lose_request(graph)
    await engine(graph, state_dir=tmp_path).call("ads_bulk_create", plan())
    repair(graph)
    graph.clock.passed_s += 7200
    graph.skew_s = -7200.0
    again = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", plan())
    assert again.structured["data"]["counts"] == {"success": 1}
    assert graph.clock.slept_s > SETTLE_SECONDS - 10


async def test_one_object_is_not_the_result_of_two_lost_steps(tmp_path: Path) -> None:
    graph = account_graph()
    arrivals = iter([True, False])
    graph.refuse = lambda request: LOST if is_creation(request) and not next(arrivals, False) else None
    graph.lose = lambda request: LOST if is_creation(request) else None
    twins = plan(NEW, NEW)
    await engine(graph, state_dir=tmp_path).call("ads_bulk_create", twins)
    repair(graph)
    again = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", twins)
    assert again.structured["data"]["counts"] == {"unknown_outcome": 2}
    assert len(campaigns(graph)) == 1


async def test_steps_that_can_be_told_apart_are_found_and_repeated_each_by_itself(tmp_path: Path) -> None:
    graph = account_graph()
    names = ["Autumn", "Winter", "Spring"]
    graph.refuse = lambda request: LOST if is_creation(request) and request.params["name"] == "Winter" else None
    graph.lose = lambda request: LOST if is_creation(request) else None
    arguments = plan(*({**NEW, "name": name} for name in names))
    first = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", arguments)
    assert first.structured["data"]["counts"] == {"success": 2, "unknown_outcome": 1}
    repair(graph)
    again = await engine(graph, state_dir=tmp_path).call("ads_bulk_create", arguments)
    assert again.structured["data"]["counts"] == {"success": 3}
    assert sorted(row["name"] for row in campaigns(graph)) == sorted(names)


# ---- the sandbox: a whole tree


@pytest.mark.parametrize("kind", ["campaigns", "adsets", "adcreatives", "ads"])
@pytest.mark.parametrize("after", [True, False])
async def test_a_tree_is_complete_and_has_nothing_twice(tmp_path: Path, kind: str, after: bool) -> None:
    made = build_writer(state_dir=tmp_path)
    arguments = tree(made)
    before = made.store.snapshot()
    fault = made.sandbox.faults.add(lambda call: is_new(call, kind), respond=httpx.ReadTimeout, after_processing=after)
    for _ in range(3):
        again = SandboxEngine(made.sandbox, made.clock, allow_writes=True, state_dir=tmp_path)
        answer = await again.call("ads_bulk_create", arguments, Person(True))
        assert fault.hits == 1
        made.sandbox.faults.clear()
        if answer.structured["data"]["counts"] == {"success": 3}:
            break
    assert answer.structured["data"]["counts"] == {"success": 3}, answer.structured["data"]
    new = [made.store.nodes[key].type for key in made.store.nodes if key not in before.nodes]
    kinds = ("Campaign", "AdSet", "AdCreative", "Ad")
    assert [new.count(name) for name in kinds] == [1, 1, 1, 1]


def is_new(call: Any, edge: str) -> bool:
    return bool(call.method == "POST" and call.path[-1:] == (edge,) and "execution_options" not in call.params)


def tree(made: SandboxEngine) -> dict[str, Any]:
    creative = {"page_id": made.ids["page"], "link_url": "https://shop.example/", "image_hash": made.ids["image"]}
    targeting = {"geo_locations": {"countries": ["US"]}}
    ad_set = {
        "name": "Broad",
        "optimization_goal": "LINK_CLICKS",
        "targeting": targeting,
        "daily_budget": "20.00 USD",
        "ads": [{"name": "Image", "creative": {**creative, "message": "Spring"}}],
    }
    campaign = {"name": "Spring", "objective": "OUTCOME_TRAFFIC", "ad_sets": [ad_set]}
    return {"account_id": made.account, "plan": {"campaigns": [campaign]}, "idempotency_key": "k"}
