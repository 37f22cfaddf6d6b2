"""The verdict on a split test: too early, a winner or no difference, with the named test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from scipy.stats import binomtest

from meta_ads_mcp.core.request import Request
from tests.support.sandbox_engine import build_writer
from tests.support.scripted_graph import ACCOUNT_ROW, ScriptedGraph, engine

TOOL = "ads_experiment_abtest_get_test"
STUDY: dict[str, Any] = {
    "id": "9",
    "name": "Red or blue",
    "type": "SPLIT_TEST",
    "start_time": "2026-01-01T00:00:00+0100",
    "end_time": "2026-01-29T00:00:00+0100",
}


def cells(*shares: int) -> dict[str, Any]:
    return {
        "data": [
            {
                "id": f"c{number}",
                "name": f"Cell {number}",
                "treatment_percentage": share,
                "adsets": {"data": [{"id": str(201 + number), "account_id": "1"}]},
            }
            for number, share in enumerate(shares)
        ]
    }


def figures(*results: int, spend: tuple[float, ...] = (1_000, 1_000, 1_000)) -> list[dict[str, Any]]:
    return [
        {
            "adset_id": str(201 + number),
            "spend": str(spend[number]),
            "impressions": "100000",
            "reach": "40000",
            "clicks": "1500",
            "actions": [{"action_type": "omni_purchase", "value": str(count)}],
            "action_values": [{"action_type": "omni_purchase", "value": str(count * 40)}],
        }
        for number, count in enumerate(results)
    ]


async def judge(rows: list[dict[str, Any]], study: Mapping[str, Any] = STUDY, **arguments: Any) -> dict[str, Any]:
    shares = [100 // len(rows)] * len(rows)

    def answer(request: Request) -> Any:
        if request.path.endswith("/insights"):
            return {"data": rows}
        return {**study, "cells": cells(*shares)} if request.path == "9" else ACCOUNT_ROW

    result = await engine(ScriptedGraph(answer=answer)).call(TOOL, {"study_id": "9", **arguments})
    assert not result.is_error, result.text
    return result.structured


async def test_a_clear_difference_has_a_winner_with_its_exact_test() -> None:
    content = await judge(figures(200, 300))
    data = content["data"]
    assert data["verdict"] == "winner"
    assert 'cell "Cell 1" has the better cost_per_result' in content["summary"]
    (pair,) = data["pairs"]
    assert pair["p_value"] == pytest.approx(binomtest(200, 500).pvalue, abs=1e-6)
    assert pair["low"] < 1.5 < pair["high"]
    assert data["cells"][0]["cost_per_result"]["value"] == pytest.approx(5)
    assert data["period"] == {"since": "2026-01-01", "until": "2026-01-28", "full_days": 28}


@pytest.mark.parametrize("metric", ["cost_per_result", "result_rate", "ctr", "roas"])
async def test_equal_cells_have_no_winner(metric: str) -> None:
    data = (await judge(figures(200, 203), metric=metric))["data"]
    assert data["verdict"] == "no difference seen"


@pytest.mark.parametrize(
    ("change", "results", "reason"),
    [
        ({"end_time": "2099-01-01T00:00:00+0000"}, (200, 300), "planned end"),
        ({"end_time": "2026-01-05T00:00:00+0100"}, (200, 300), "4 full days"),
        ({}, (99, 300), "99 results"),
    ],
)
async def test_an_early_look_calls_no_winner(change: dict[str, str], results: tuple[int, int], reason: str) -> None:
    data = (await judge(figures(*results), {**STUDY, **change}))["data"]
    assert data["verdict"] == "too early"
    assert any(reason in text for text in data["waiting_for"])
    is_over = "planned end" not in reason
    assert ("ads_create_ad_study" in data["next_step"]) == is_over


async def test_three_cells_are_compared_in_pairs_with_adjusted_p_values() -> None:
    data = (await judge(figures(200, 220, 320)))["data"]
    assert len(data["pairs"]) == 3
    assert all(pair["p_adjusted"] >= pair["p_value"] for pair in data["pairs"])
    assert data["verdict"] == "winner"


async def test_a_split_that_did_not_hold_is_noted() -> None:
    content = await judge(figures(200, 203, spend=(1_000, 300)))
    assert any("the split did not hold" in note for note in content["notes"])


async def test_the_finished_test_of_the_demo_is_judged() -> None:
    desk = build_writer()
    study = desk.store.children(desk.account, "ad_studies")[0]
    data = await desk.data(TOOL, study_id=study.id)
    assert [cell["cell"] for cell in data["cells"]] == ["Cell A", "Cell B"]
    assert all(cell["spend"] > 0 for cell in data["cells"])
