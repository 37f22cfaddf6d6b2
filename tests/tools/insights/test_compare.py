"""Two windows in one answer: both values, the change, the change per day, and costs of the event that was bought."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from meta_ads_mcp.sandbox import World
from tests.support.sandbox_engine import SandboxEngine, records
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows

INSIGHTS, TREND = "ads_get_insights", "ads_insights_performance_trend"
SEPTEMBER, AUGUST = ("2026-09-01", "2026-09-30"), ("2026-08-01", "2026-08-31")


def truth(world: World, object_id: str, window: tuple[str, str]) -> Any:
    return world.truth(object_id, *map(date.fromisoformat, window))


def by_metric(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["metric"]: row for row in records(table)}


@pytest.mark.parametrize("tool", [INSIGHTS, TREND])
async def test_account_is_compared_in_full_and_per_day(
    demo: SandboxEngine, world: World, account: str, tool: str
) -> None:
    data = await demo.data(tool, object_id=account, date_preset="last_month", compare_to="previous_period")
    spend = by_metric(data if tool == INSIGHTS else data["comparison"])["spend"]
    now, before = (truth(world, account, window)["spend"] / 100 for window in (SEPTEMBER, AUGUST))
    assert (spend["now"], spend["before"]) == pytest.approx((now, before))
    assert spend["change"] == pytest.approx(now - before)
    assert spend["change_pct"] == pytest.approx((now / before - 1) * 100, abs=0.06)
    assert spend["per_day"] == pytest.approx(now / 30, rel=1e-3)
    assert spend["change_per_day_pct"] == pytest.approx((now / 30 / (before / 31) - 1) * 100, abs=0.06)


async def test_cost_of_an_account_is_that_of_campaigns_meant_for_the_event(
    demo: SandboxEngine, world: World, account: str
) -> None:
    answer = await demo.good(INSIGHTS, object_id=account, date_preset="last_month", compare_to="previous_period")
    campaigns = records(
        await demo.data(
            INSIGHTS, object_id=account, level="campaign", date_preset="last_month", fields=["spend", "results"]
        )
    )
    meant = [row for row in campaigns if row["result_event"] == "purchase"]
    cost = sum(row["spend"] for row in meant) / sum(row["results"] for row in meant)
    assert by_metric(answer["data"])["cost_per_result"]["now"] == pytest.approx(cost, rel=1e-3)
    assert any("purchase" in note and str(len(meant)) in note for note in answer["notes"])
    trend = await demo.data(TREND, object_id=account, date_preset="last_month", granularity="monthly")
    assert records(trend["periods"])[0]["cost_per_result"] == pytest.approx(cost, rel=1e-3)


async def test_rows_of_both_windows_are_joined_and_added_up(demo: SandboxEngine, world: World, account: str) -> None:
    answer = await demo.good(
        INSIGHTS, object_id=account, level="campaign", date_preset="last_month", compare_to="previous_period"
    )
    table = records(answer["data"])
    for row in table:
        now, before = (truth(world, row["campaign_id"], window)["spend"] / 100 for window in (SEPTEMBER, AUGUST))
        assert (row["spend"], row["spend_before"]) == pytest.approx((now, before))
        assert row["spend_per_day_before"] == pytest.approx(before / 31, rel=1e-3)
        assert row["campaign_name"]
    assert [row["spend"] for row in table] == sorted((row["spend"] for row in table), reverse=True)
    assert any(note.startswith(f"Totals of all {len(table)} rows") for note in answer["notes"])


@pytest.mark.parametrize("column", ["spend_change_pct", "spend_before", "cost_per_result"])
async def test_every_column_sorts_and_filters(demo: SandboxEngine, account: str, column: str) -> None:
    query = {"object_id": account, "level": "campaign", "date_preset": "last_7d", "compare_to": "previous_period"}
    whole = records(await demo.data(INSIGHTS, **query, sort=[f"{column}_ascending"]))
    values = [row[column] for row in whole if row[column] is not None]
    assert values == sorted(values)
    limit = values[len(values) // 2]
    condition = {"field": column, "operator": "GREATER_THAN", "value": [limit]}
    part = records(await demo.data(INSIGHTS, **query, filtering=[condition]))
    assert sorted(row[column] for row in part) == [value for value in values if value > limit]


async def test_pages_of_a_comparison_are_the_whole(demo: SandboxEngine, account: str) -> None:
    query = {"object_id": account, "level": "adset", "date_preset": "last_7d", "compare_to": "last_week"}
    whole = await demo.good(INSIGHTS, **query, limit=1000)
    ids: list[str] = []
    after: dict[str, Any] = {}
    while True:
        answer = await demo.good(INSIGHTS, **query, **after, limit=7)
        ids += [row["ad_set_id"] for row in records(answer["data"])]
        if not answer["page"]["has_more"]:
            break
        after = {"after": answer["page"]["after"]}
    assert ids == [row["ad_set_id"] for row in records(whole["data"])]


def ad(ad_id: str, since: str, until: str, spend: float) -> dict[str, Any]:
    return {
        "ad_id": ad_id,
        "ad_name": f"Ad {ad_id}",
        "spend": str(spend),
        "impressions": str(int(spend * 100)),
        "date_start": since,
        "date_stop": until,
    }


async def test_object_in_one_window_only_counts_as_zero_in_the_other() -> None:
    """Graph returns no row for a window without delivery."""
    graph = ScriptedGraph(
        {
            "act_1/insights": rows(
                ad("1", "2026-10-01", "2026-10-02", 10),
                ad("2", "2026-09-01", "2026-09-02", 20),
            )
        }
    )
    days = {"since": "2026-10-01", "until": "2026-10-02"}
    earlier = {"since": "2026-09-01", "until": "2026-09-02"}
    answer = await call(
        graph, INSIGHTS, object_id="act_1", level="ad", time_range=days, compare_to=earlier, fields=["spend"]
    )
    table = {row["ad_id"]: row for row in records(answer.structured["data"])}
    assert (table["1"]["spend"], table["1"]["spend_before"]) == (10, 0)
    assert (table["2"]["spend"], table["2"]["spend_before"]) == (0, 20)
    assert "Spend 10.00 EUR, before 20.00 EUR (-50 %)" in answer.structured["summary"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"time_increment": "1"},
        {"time_ranges": [{"since": "2026-10-01", "until": "2026-10-02"}]},
        {"compare_to": "last_decade"},
        {"filtering": [{"field": "spend", "operator": "CONTAIN", "value": ["1"]}]},
    ],
)
async def test_what_cannot_be_compared_is_refused_unsent(arguments: dict[str, Any]) -> None:
    await refused_unsent(INSIGHTS, **{"object_id": "act_1", "compare_to": "previous_period", **arguments})


async def test_an_unknown_window_is_answered_with_the_known_ones() -> None:
    error = await refused_unsent(INSIGHTS, object_id="act_1", compare_to="last_decade")
    assert "previous_period" in error["message"]
    assert "2026-09-01 to 2026-09-30" in error["message"]


async def test_a_picture_shows_the_rows_of_the_later_window(demo: SandboxEngine, account: str) -> None:
    query = {"object_id": account, "date_preset": "last_7d", "compare_to": "previous_period", "chart": True}
    with_rows = await demo.call(INSIGHTS, **query, level="campaign")
    assert len(with_rows.images) == 1
    whole = await demo.call(INSIGHTS, **query)
    assert whole.images == ()
    assert any("picture" in note for note in whole.structured["notes"])


async def test_costs_of_an_account_over_all_spend_are_marked(demo: SandboxEngine, account: str) -> None:
    answer = await demo.good(INSIGHTS, object_id=account, date_preset="last_7d")
    assert any("all of its spend" in note for note in answer["notes"])


@pytest.mark.parametrize("tool", ["ads_insights_advertiser_context", "ads_diagnose_underperformance"])
async def test_costs_per_thousand_are_marked_wherever_they_are(demo: SandboxEngine, account: str, tool: str) -> None:
    query = {"account_id": account, "top_n_campaigns": 20} if "context" in tool else {"object_id": account}
    answer = await demo.good(tool, **query)
    assert any("reach is per 1,000" in note for note in answer["notes"])


async def test_results_of_windows_of_other_lengths_are_compared_per_day(demo: SandboxEngine, account: str) -> None:
    """People who were reached are not divided by days."""
    query = {"object_id": account, "level": "campaign", "date_preset": "last_7d", "fields": ["results"]}
    table = records(await demo.data(INSIGHTS, **query, compare_to="2026-09-01 to 2026-09-14"))
    for row in table:
        if row["result_event"] == "reach":
            assert row["results_per_day"] is None
        else:
            assert row["results_per_day"] == pytest.approx(row["results"] / 7, rel=1e-3)
            assert row["results_per_day_before"] == pytest.approx(row["results_before"] / 14, rel=1e-3)


@pytest.mark.parametrize("level", [None, "campaign"])
async def test_a_window_that_is_not_over_says_so(demo: SandboxEngine, account: str, level: str | None) -> None:
    query = {"object_id": account, "date_preset": "this_month", "compare_to": "same_days_last_month"}
    answer = await demo.good(INSIGHTS, **query, **({"level": level} if level else {}))
    assert any("Today is not over" in note for note in answer["notes"])
