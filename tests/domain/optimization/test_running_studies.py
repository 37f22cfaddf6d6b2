"""A write of what is part of a running study says so before anybody agrees, at no further request."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, PermissionMissing
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, account_graph, engine

DAY = 86_400
RUNNING = "part of a running A/B test"


async def study(desk: SandboxEngine, edge: str, *, starts_in_s: int = 60) -> str:
    """Make a study of the first two ad sets of a campaign, or of two campaigns, and let an hour pass."""
    now = int(desk.clock.now())
    pairs = {
        "ad_sets": (desk.ids["ad_set"], desk.ids["next_ad_set"]),
        "campaigns": (desk.ids["campaign"], desk.ids["unbudgeted"]),
    }
    cells = [{"name": name, "treatment_percentage": 50, edge: [i]} for name, i in zip("AB", pairs[edge], strict=True)]
    data = await desk.done(
        "ads_create_ad_study",
        account_id=desk.account,
        name="Broad against narrow",
        type="SPLIT_TEST",
        start_time=now + starts_in_s,
        end_time=now + 20 * DAY,
        cells=cells,
    )
    desk.clock.passed_s += 3_600
    return str(data["id"])


WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("ad_sets", "ads_update_ad_set", {"ad_set_id": "{ad_set}", "name": "Renamed"}),
    ("ad_sets", "ads_update_ad", {"ad_id": "{ad}", "name": "Renamed"}),
    ("campaigns", "ads_pause_campaign", {"campaign_id": "{campaign}"}),
    ("ad_sets", "ads_delete_ad_set", {"ad_set_id": "{ad_set}"}),
    ("ad_sets", "ads_update_spend_cap", {"account_id": "{account}", "spend_cap": 900_000_000}),
    ("ad_sets", "ads_set_status", {"account_id": "{account}", "level": "ad", "ids": ["{ad}"], "status": "PAUSED"}),
    (
        "ad_sets",
        "ads_bulk_update",
        {
            "account_id": "{account}",
            "edits": [{"level": "ad_set", "id": "{ad_set}", "set": {"name": "Renamed"}}],
            "idempotency_key": "k",
        },
    ),
    (
        "campaigns",
        "ads_bulk_update",
        {
            "account_id": "{account}",
            "select": {"level": "ad_set", "campaign_ids": ["{unbudgeted}"]},
            "set": {"add_labels": ["Spring"]},
            "idempotency_key": "k",
        },
    ),
    ("campaigns", "ads_update_campaign", {"campaign_id": "{campaign}", "name": "Renamed"}),
    ("campaigns", "ads_update_ad_set", {"ad_set_id": "{ad_set}", "name": "Renamed"}),
    ("campaigns", "ads_update_ad", {"ad_id": "{ad}", "name": "Renamed"}),
    ("campaigns", "ads_update_budget", {"entity_type": "campaign", "entity_id": "{campaign}", "daily_budget": 99_000}),
]


@pytest.mark.parametrize(("edge", "tool", "arguments"), WRITES)
async def test_a_dry_run_and_a_question_name_the_running_study(edge: str, tool: str, arguments: dict[str, Any]) -> None:
    desk = build_writer()
    given = desk.filled(arguments)
    before = await desk.call(tool, {**given, "dry_run": True})
    assert RUNNING not in str(before.structured)
    count = len(desk.sandbox.log)
    study_id = await study(desk, edge)
    desk.sandbox.log.clear()
    after = await desk.call(tool, {**given, "dry_run": True})
    assert len(desk.sandbox.log) <= count
    assert RUNNING in " ".join(after.structured["notes"])
    assert study_id in " ".join(after.structured["notes"])
    question = await desk.call(tool, given)
    if question.structured["data"]["status"] == "needs_confirmation":
        assert RUNNING in question.text


async def test_a_recommendation_about_a_tested_object_names_the_study() -> None:
    desk = build_writer()
    advice = (await desk.data("ads_get_opportunity_score", account_id=desk.account))["recommendations"]
    row = next(row for row in advice if row["type"] == "FRAGMENTATION")
    desk.ids["ad_set"], desk.ids["next_ad_set"] = row["object_ids"]
    await study(desk, "ad_sets")
    arguments = {"account_id": desk.account, "recommendation_signature": row["recommendation_signature"]}
    assert RUNNING in (await desk.call("ads_apply_recommendation", arguments)).text.replace("are part", "is part")


async def test_an_undo_names_the_study() -> None:
    desk = build_writer()
    data = await desk.done("ads_update_ad_set", ad_set_id=desk.ids["ad_set"], name="Renamed")
    await study(desk, "ad_sets")
    answer = await desk.call("ads_undo_change", change_id=data["change_id"])
    assert RUNNING in " ".join(answer.structured["notes"])


async def test_a_study_that_is_planned_or_over_is_not_named() -> None:
    desk = build_writer()
    await study(desk, "ad_sets", starts_in_s=10 * DAY)
    over = desk.store.children(desk.store.children(desk.account, "ad_studies")[-1].id, "cells")[0]
    for ad_set in (desk.ids["ad_set"], desk.store.children(over.id, "adsets")[0].id):
        answer = await desk.call("ads_update_ad_set", ad_set_id=ad_set, name="Renamed", dry_run=True)
        assert RUNNING not in str(answer.structured)


def without_studies() -> ScriptedGraph:
    """A graph that refuses every read with studies in it, as for a token that may not read them."""
    graph = account_graph()

    def refuse(request: Request) -> AdsError | None:
        return PermissionMissing("No access to studies.") if "ad_studies" in str(request.params) else None

    graph.refuse = refuse
    return graph


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ads_update_campaign", {"campaign_id": "101", "name": "New"}),
        ("ads_set_status", {"account_id": "1", "level": "campaign", "ids": ["101"], "status": "PAUSED"}),
    ],
)
async def test_a_write_goes_on_where_studies_cannot_be_read(tool: str, arguments: dict[str, Any]) -> None:
    graph = without_studies()
    graph.objects["101"]["status"] = "ACTIVE"
    answer = await engine(graph).call(tool, arguments)
    assert answer.structured["data"]["status"] == "success", answer.text
    assert len(graph.writes) == 1
