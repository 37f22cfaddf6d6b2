"""Accounts of a portfolio in two windows, those that require action first."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from meta_ads_mcp.sandbox import World
from meta_ads_mcp.sandbox.faults import graph_error
from tests.support.sandbox_engine import SandboxEngine, records

SUMMARY, INSIGHTS = "ads_portfolio_summary", "ads_get_insights"


def truth(world: World, account: str, since: str, until: str) -> Any:
    return world.truth(account, date.fromisoformat(since), date.fromisoformat(until))


async def test_two_months_of_all_accounts_are_one_short_answer(demo: SandboxEngine, world: World) -> None:
    answer = await demo.good(SUMMARY, date_preset="last_month", compare_to="previous_period")
    assert len(json.dumps(answer, ensure_ascii=False, separators=(",", ":"))) <= 5000
    table = records(answer["data"]["by_account"])
    assert {row["account_id"] for row in table} == {f"act_{account}" for account in world.account_ids}
    for row in table:
        units = 1 if row["currency"] == "JPY" else 100
        windows = answer["data"].get("window"), answer["data"].get("window_before")
        now = windows[0] or {"since": row["since"], "until": row["until"]}
        before = windows[1] or {"since": row["since_before"], "until": row["until_before"]}
        spend = [truth(world, row["account_id"], **days)["spend"] / units for days in (now, before)]
        assert [row["spend"], row["spend_before"]] == pytest.approx(spend)
        lengths = [(date.fromisoformat(d["until"]) - date.fromisoformat(d["since"])).days + 1 for d in (now, before)]
        per_day = [amount / length for amount, length in zip(spend, lengths, strict=True)]
        assert [row["spend_per_day"], row["spend_per_day_before"]] == pytest.approx(per_day, rel=1e-3)
        assert row["cost_per_result"]
        assert row["result_event"]


async def test_disabled_account_is_first_with_its_reason(demo: SandboxEngine, world: World) -> None:
    disabled = f"act_{world.account_ids[4]}"
    for compare_to in ({}, {"compare_to": "previous_period"}):
        answer = await demo.good(SUMMARY, date_preset="last_month", **compare_to)
        first = answer["data"]["attention"][0]
        assert (first["account_id"], first["severity"]) == (disabled, "critical")
        assert "DISABLED" in first["reason"]
        assert "RISK_PAYMENT" in first["reason"]
        assert "RISK_PAYMENT" in answer["summary"]
        assert disabled in first["next_step"]
    assert records(answer["data"]["by_account"])[0]["account_id"] == disabled


async def test_costs_are_those_of_the_account_alone(demo: SandboxEngine, small_account: str) -> None:
    period = {"date_preset": "last_month", "compare_to": "previous_period"}
    (row,) = records((await demo.data(SUMMARY, account_ids=[small_account], **period))["by_account"])
    alone = {item["metric"]: item for item in records(await demo.data(INSIGHTS, object_id=small_account, **period))}
    for name in ("results", "cost_per_result", "purchase_roas"):
        assert (row[name], row[f"{name}_before"]) == (alone[name]["now"], alone[name]["before"])


async def test_account_that_fails_is_named_and_in_no_sum(demo: SandboxEngine, world: World) -> None:
    failing = f"act_{world.account_ids[0]}"
    demo.sandbox.faults.add(
        lambda call: "/".join(call.path) == f"{failing}/insights", respond=graph_error(200, "No access"), times=2
    )
    answer = await demo.good(SUMMARY, date_preset="last_7d", compare_to="last_year")
    assert [row["account_id"] for row in answer["data"]["errors"]] == [failing]
    assert failing not in {row["account_id"] for row in records(answer["data"]["by_account"])}
    assert [row["accounts"] for row in answer["data"]["totals"]] == [1, 1, 1, 1]


async def test_a_range_and_a_preset_exclude_each_other(demo: SandboxEngine) -> None:
    days = {"since": "2026-09-01", "until": "2026-09-07"}
    await demo.refused(SUMMARY, date_preset="last_7d", time_range=days)
    data = await demo.data(SUMMARY, time_range=days)
    assert (data["since"], data["until"]) == ("2026-09-01", "2026-09-07")


async def test_a_picture_shows_the_later_window(demo: SandboxEngine) -> None:
    answer = await demo.call(SUMMARY, date_preset="last_7d", compare_to="previous_period", chart=True)
    assert len(answer.images) == 1
