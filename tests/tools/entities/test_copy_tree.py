"""A copy with more ads than one request takes is complete, or its error names every object that is missing."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.sandbox import SandboxTransport, World, graph_error
from meta_ads_mcp.tools.entities.copy_tree import MAX_OBJECTS, plan_children
from tests.support.clock import FakeClock
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer

TOOL = "ads_duplicate_entity"
OPEN = ("ACTIVE", "PAUSED")


@pytest.fixture
def engine() -> SandboxEngine:
    clock = FakeClock()
    world = World(today=clock.moment(), accounts=1, ads=440)
    return build_writer(SandboxTransport(world, clock=clock.moment), clock=clock)


def tree(engine: SandboxEngine, node_id: str) -> list[Any]:
    """The names of everything below an object, and the creative of each ad."""
    edge = {"Campaign": "adsets", "AdSet": "ads"}.get(engine.store.nodes[node_id].type)
    nodes = engine.store.children(node_id, edge) if edge else []
    return [
        [node.get("name"), node.get("creative"), tree(engine, node.id)] for node in nodes if node.get("status") in OPEN
    ]


def large(engine: SandboxEngine, kind: str) -> str:
    """A running campaign or ad set without an end that has more than three ads."""
    nodes = [node for node in engine.nodes(kind) if node.get("status") == "ACTIVE" and not node.get("end_time")]
    return next(node.id for node in nodes if 3 < len(engine.store.children(node.id, "ads")) < MAX_OBJECTS // 2)


@pytest.mark.parametrize(("kind", "node"), [("campaign", "Campaign"), ("ad_set", "AdSet")])
async def test_a_large_copy_is_complete(engine: SandboxEngine, kind: str, node: str) -> None:
    source = large(engine, node)
    data = await engine.done(TOOL, entity_type=kind, entity_id=source)
    assert tree(engine, data["id"]) == tree(engine, source)
    assert {entry.path.rpartition("/")[2] for entry in engine.writes} == {"copies"}
    copies = [row["id"] for row in data["created"]]
    assert copies[0] == data["id"]
    assert sorted(copies) == sorted(set(copies))
    assert all(engine.store.nodes[item].get("status") == "PAUSED" for item in copies)
    assert len(copies) == 1 + sum(1 + len(below) for _, _, below in tree(engine, source))


async def test_what_is_refused_is_named_and_the_rest_is_copied(engine: SandboxEngine) -> None:
    source = large(engine, "Campaign")
    ad_set = engine.store.children(source, "adsets")[0]
    engine.sandbox.faults.add(f"POST {ad_set.id}/copies", respond=graph_error(100, message="This one no"))
    answer = await engine.call(TOOL, {"entity_type": "campaign", "entity_id": source}, Person(True))
    error = answer.structured["error"]
    assert error["kind"] == "invalid_arguments"
    (missing,) = error["not_copied"]
    assert missing["source_id"] == ad_set.id
    assert missing["target_parent_id"] == error["created"][0]["id"]
    assert "ads_delete_campaign" in error["next_step"]
    names = {row[0] for row in tree(engine, missing["target_parent_id"])}
    assert names == {row[0] for row in tree(engine, source)} - {ad_set.get("name")}
    # As the next step says:
    copy = {"entity_type": "ad_set", "entity_id": ad_set.id, "target_parent_id": missing["target_parent_id"]}
    await engine.done(TOOL, **copy, rename_suffix="")
    assert sorted(map(str, tree(engine, missing["target_parent_id"]))) == sorted(map(str, tree(engine, source)))


async def test_a_limit_ends_the_copy_and_names_the_rest(engine: SandboxEngine) -> None:
    source = large(engine, "AdSet")
    ads = engine.store.children(source, "ads")
    engine.sandbox.faults.add(f"POST {ads[-2].id}/copies", respond=graph_error(17, subcode=2446079))
    answer = await engine.call(TOOL, {"entity_type": "ad_set", "entity_id": source}, Person(True))
    error = answer.structured["error"]
    assert (error["kind"], error["retry_after_seconds"] > 0) == ("throttled", True)
    assert [row["source_id"] for row in error["not_copied"]] == [ad.id for ad in reversed(ads[:-1])]
    assert len(tree(engine, error["created"][0]["id"])) == 1


async def test_the_plan_has_every_request(engine: SandboxEngine) -> None:
    source = large(engine, "Campaign")
    data = await engine.data(TOOL, entity_type="campaign", entity_id=source, dry_run=True)
    assert not engine.writes
    planned = [row["path"] for row in data["plan"]]
    await engine.done(TOOL, entity_type="campaign", entity_id=source)
    assert [entry.path for entry in engine.writes] == planned


def test_too_many_objects_are_refused() -> None:
    ads = [{"id": str(number), "name": "a"} for number in range(MAX_OBJECTS)]
    assert len(plan_children("ad_set", "1", [], ads[1:])) == MAX_OBJECTS - 1
    with pytest.raises(InvalidArguments, match=f"at most {MAX_OBJECTS} objects"):
        plan_children("ad_set", "1", [], ads)
