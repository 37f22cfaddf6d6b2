"""The edit behind a break is the first suspect, with reasons; without a break nobody is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.planted_edits import TOOL, Score, engine_of, is_suspect, judge
from tests.support.sandbox_engine import SandboxEngine, records
from tests.support.scripted_graph import refused_unsent

# Worlds of the tests; benchmarks/explain.py takes 200 others.
SEEDS = (501, 502, 503, 504)


async def test_planted_edits_are_among_the_first_suspects_and_quiet_worlds_have_none() -> None:
    score = Score()
    for seed in SEEDS:
        await judge(seed, score)
    assert score.problems == []
    assert score.by_account == score.by_campaign == score.planted == 2 * len(SEEDS)


async def test_why_the_cost_per_purchase_rose_takes_one_call(demo: SandboxEngine) -> None:
    """The day, the factor, the edits with actor and time, and first the suspect of what moved the cost."""
    structured = await demo.good(TOOL, account_id=demo.account, metric="cost_per_purchase")
    assert len(json.dumps(structured, separators=(",", ":"))) < 5000
    answer, planted = structured["data"], demo.world.planted[0]
    first = answer["suspects"][0]
    assert (first["object"]["id"], first["time"][:10]) == (planted.edit.object_id, planted.day.isoformat())
    assert first["actor"] == planted.edit.actor.name
    assert first["reasons"]
    row = records(answer["breaks"])[0]
    assert (row["id"], row["factor"], row["day"]) == (planted.campaign_id, "ctr", planted.day.isoformat())
    assert row["share_of_change_pct"] > 50
    assert answer["change"]["after"] > answer["change"]["before"]
    assert planted.edit.actor.name in structured["summary"]


METRICS: list[tuple[str, set[str]]] = [
    ("spend", {"spend"}),
    ("ctr", {"ctr"}),
    ("cost_per_result", {"ctr", "spend"}),
    ("purchases", {"ctr", "spend"}),
    ("cpm", set()),
]


@pytest.mark.parametrize(("metric", "factors"), METRICS)
async def test_only_factors_of_the_metric_are_looked_at(demo: SandboxEngine, metric: str, factors: set[str]) -> None:
    answer = await demo.data(TOOL, account_id=demo.account, metric=metric)
    if not factors:
        assert (answer["breaks"], answer["suspects"]) == ([], [])
        return
    assert {row["factor"] for row in records(answer["breaks"])} == factors


async def test_an_edit_above_the_object_is_a_suspect() -> None:
    """A changed budget of the campaign explains the spend of its ad set and of its ad."""
    worlds = (engine_of(seed) for seed in range(600, 640))
    demo = next(demo for demo in worlds if demo.world.planted[0].edit.event_type.endswith("budget"))
    planted = demo.world.planted[0]
    ad_set = demo.store.children(planted.campaign_id, "adsets")[0]
    for object_id in (ad_set.id, demo.store.children(ad_set.id, "ads")[0].id):
        assert is_suspect(await demo.data(TOOL, object_id=object_id), planted.edit), object_id


async def test_an_edit_that_cannot_explain_the_break_is_only_listed(demo: SandboxEngine) -> None:
    answer = await demo.data(TOOL, object_id=demo.world.planted[0].campaign_id)
    assert len(answer["suspects"]) == 1
    assert answer["other_edits"]["count"] > 0
    assert all("name" in line for line in answer["other_edits"]["newest"])


DAYS = {"since": "2026-10-01", "until": "2026-10-02"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "account_id"),
    ({"account_id": "1", "object_id": "2"}, "only one"),
    ({"account_id": "1", "date_preset": "last_7d", "time_range": DAYS}, "both"),
]


@pytest.mark.parametrize(("arguments", "text"), REFUSED)
async def test_what_cannot_be_asked_is_refused_unsent(arguments: dict[str, Any], text: str) -> None:
    assert text in (await refused_unsent(TOOL, **arguments))["message"]


async def test_an_unknown_metric_names_the_nearest(demo: SandboxEngine) -> None:
    error = await demo.refused(TOOL, account_id=demo.account, metric="cost_per_purchse")
    assert "cost_per_purchase" in error["next_step"]


async def test_a_window_that_is_not_over_or_too_long_is_refused(demo: SandboxEngine) -> None:
    for preset in ("today", "last_year", "maximum"):
        error = await demo.refused(TOOL, account_id=demo.account, date_preset=preset)
        assert error["kind"] == "invalid_arguments"
