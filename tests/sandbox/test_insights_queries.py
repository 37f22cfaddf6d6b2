"""Sorting, filtering and summaries of insights."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport


async def test_sorting_limit_and_summary(box: FakeTransport) -> None:
    page = await box.get(
        f"{box.account()}/insights",
        level="campaign",
        fields="campaign_name,spend,clicks",
        date_preset="last_30d",
        sort=["spend_descending"],
        limit="3",
        summary=["spend"],
    )
    spent = [float(row["spend"]) for row in page["data"]]
    assert len(spent) == 3
    assert spent == sorted(spent, reverse=True)
    rest = await box.insights(box.account(), level="campaign", fields="spend", date_preset="last_30d")
    assert Decimal(page["summary"]["spend"]) == sum(Decimal(row["spend"]) for row in rest)
    assert max(float(row["spend"]) for row in rest) == spent[0]


async def test_sorting_by_an_action(box: FakeTransport) -> None:
    rows = await box.insights(
        box.account(), level="adset", fields="actions", date_preset="last_7d", sort=["actions:link_click_ascending"]
    )
    clicks = [int(one["value"]) for row in rows for one in row["actions"] if one["action_type"] == "link_click"]
    assert len(clicks) > 50
    assert clicks == sorted(clicks)


@pytest.mark.parametrize("level", ["account", "campaign", "adset", "ad"])
async def test_filtering_by_a_parent_narrows_every_level(box: FakeTransport, level: str) -> None:
    plan = box.world.plans_of(box.world.account_ids[0])[2]
    asked = {"fields": "spend", "date_preset": "last_7d"}
    filtering = [{"field": "campaign.id", "operator": "IN", "value": [plan.id]}]
    rows = await box.insights(box.account(), **asked, level=level, filtering=filtering)
    own = await box.insights(plan.id, **asked)
    assert sum(Decimal(row["spend"]) for row in rows) == Decimal(own[0]["spend"])


async def test_filtering_by_figures(box: FakeTransport) -> None:
    asked = {"fields": "ad_id,impressions", "date_preset": "last_7d", "level": "ad"}
    rows = await box.insights(box.account(1), **asked)
    middle = sorted(int(row["impressions"]) for row in rows)[len(rows) // 2]
    for field in ("impressions", "ad.impressions"):
        filtering = [{"field": field, "operator": "GREATER_THAN", "value": middle}]
        kept = await box.insights(box.account(1), **asked, filtering=filtering)
        assert kept == [row for row in rows if int(row["impressions"]) > middle]


async def test_filtering_by_a_breakdown_value_and_by_a_name(box: FakeTransport) -> None:
    rows = await box.insights(
        box.account(),
        fields="impressions",
        breakdowns="publisher_platform",
        filtering=[{"field": "publisher_platform", "operator": "IN", "value": ["instagram"]}],
    )
    assert [row["publisher_platform"] for row in rows] == ["instagram"]
    named = await box.insights(
        box.account(),
        level="campaign",
        fields="campaign_name",
        filtering=[{"field": "campaign.name", "operator": "CONTAIN", "value": "sales"}],
    )
    assert named
    assert all("sales" in row["campaign_name"] for row in named)


async def test_a_filter_of_action_types_chooses_actions_and_keeps_rows(box: FakeTransport) -> None:
    asked = {"level": "campaign", "fields": "campaign_id,spend,actions,cost_per_action_type", "date_preset": "last_7d"}
    rows = await box.insights(box.account(), **asked)
    chosen = [{"field": "action_type", "operator": "IN", "value": ["link_click", "comment"]}]
    filtered = await box.insights(box.account(), **asked, filtering=chosen)
    assert [row["spend"] for row in filtered] == [row["spend"] for row in rows]
    for row, whole in zip(filtered, rows, strict=True):
        for name in ("actions", "cost_per_action_type"):
            expected = [entry for entry in whole[name] if entry["action_type"] in ("link_click", "comment")]
            assert row[name] == expected


async def test_video_figures_are_left_out_by_region(box: FakeTransport) -> None:
    fields = "spend,video_play_actions,video_30_sec_watched_actions,video_p25_watched_actions"
    rows = await box.insights(box.account(), fields=fields, breakdowns="region", date_preset="last_30d")
    seen = {name for row in rows for name in row}
    assert {"video_play_actions", "video_30_sec_watched_actions"} <= seen
    assert "video_p25_watched_actions" not in seen


@pytest.mark.parametrize("sort", ["spend_descending", "['spend_descending']", '["spend_descending"]'])
async def test_a_list_of_words_may_be_written_in_three_ways(box: FakeTransport, sort: str) -> None:
    page = await box.get(f"{box.account()}/insights", level="campaign", fields="spend", sort=sort)
    spent = [float(row["spend"]) for row in page["data"]]
    assert spent == sorted(spent, reverse=True)


async def test_a_report_run_shows_its_progress_without_fields(box: FakeTransport) -> None:
    """The default fields of Graph, which the loops of SDKs and data pipelines read."""
    started = await box.raw("POST", f"{box.account()}/insights", fields=["spend"], breakdowns="mmm")
    run = started.json()["report_run_id"]
    seen = [await box.get(run) for _ in range(4)]
    assert all({"id", "account_id", "time_ref", "async_status", "async_percent_completion"} <= set(one) for one in seen)
    assert seen[-1]["async_status"] == "Job Completed"
    assert seen[-1]["async_percent_completion"] == 100
    assert seen[-1]["time_completed"] >= seen[-1]["time_ref"]


@pytest.mark.parametrize("limit", ["7", "100"])
@pytest.mark.parametrize(
    "query",
    [
        {"breakdowns": "age,gender"},
        {"sort": "spend_descending"},
        {"filtering": [{"field": "impressions", "operator": "GREATER_THAN", "value": 2000}]},
        {"time_increment": "3"},
    ],
)
async def test_the_pages_of_a_run_are_the_rows_of_the_query(box: FakeTransport, query: Any, limit: str) -> None:
    """No row is lost or repeated where a page ends within a window, at its end, or behind several windows."""
    query = {
        "fields": ["campaign_id", "spend", "reach", "actions"],
        "level": "campaign",
        "time_increment": "1",
        "time_range": {"since": "2026-11-01", "until": "2026-11-06"},
        **query,
    }
    rows = await box.insights(box.account(1), **query)
    run = (await box.raw("POST", f"{box.account(1)}/insights", **query)).json()["report_run_id"]
    for _ in range(3):
        await box.get(run)
    pages, after = [], {}
    while True:
        page = await box.get(f"{run}/insights", limit=limit, **after)
        pages += page["data"]
        if "next" not in page["paging"]:
            break
        after = {"after": page["paging"]["cursors"]["after"]}
    assert len(rows) > 7
    assert pages == rows
    before = await box.get(f"{run}/insights", limit="5", before=page["paging"]["cursors"]["before"])
    start = len(rows) - len(page["data"])
    assert before["data"] == rows[max(0, start - 5) : start]
