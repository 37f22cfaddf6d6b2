"""Insights add up exactly, at every level and in every breakdown, and look like Graph's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.insights import dates, metrics, segments
from meta_ads_mcp.sandbox.insights.split import spread, take
from tests.support.fake_transport import FakeTransport

from .conftest import NOW

YESTERDAY = date(2026, 11, 24)
ADDITIVE = "impressions,spend,clicks,inline_link_clicks,actions,action_values,video_p25_watched_actions,outbound_clicks"
BREAKDOWNS = [sorted(one) for one in segments.COMBINATIONS]
PROPERTY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, Decimal]:
    """All additive figures of rows summed; action lists by action type."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for name, value in row.items():
            if isinstance(value, list):
                for action in value:
                    total[f"{name}:{action['action_type']}"] += Decimal(action["value"])
            elif name in ADDITIVE.split(","):
                total[name] += Decimal(value)
    return {name: value for name, value in total.items() if value}


def span(days_ago: int, length: int) -> dict[str, str]:
    until = YESTERDAY - timedelta(days=days_ago)
    return {"since": (until - timedelta(days=length - 1)).isoformat(), "until": until.isoformat()}


SPANS = st.builds(span, st.integers(0, 600), st.integers(1, 20))


@PROPERTY
@given(st.integers(0, 4), SPANS, st.sampled_from(["campaign", "adset", "ad"]))
async def test_levels_add_up_to_the_account(
    box: FakeTransport, number: int, time_range: dict[str, str], level: str
) -> None:
    whole = await box.insights(box.account(number), fields=ADDITIVE, time_range=time_range)
    # A deleted campaign is in the account's total and not in the list, so it is added by its own id.
    parts = await box.insights(box.account(number), fields=ADDITIVE, time_range=time_range, level=level)
    deleted = await box.get(
        f"{box.account(number)}/campaigns", effective_status=["DELETED", "ARCHIVED"], fields="status"
    )
    for row in deleted["data"]:
        if row["status"] == "DELETED":
            parts += await box.insights(row["id"], fields=ADDITIVE, time_range=time_range)
    assert figures(parts) == figures(whole)


@PROPERTY
@given(st.integers(0, 4), SPANS, st.sampled_from(["1", "3", "monthly"]))
async def test_days_add_up(box: FakeTransport, number: int, time_range: dict[str, str], step: str) -> None:
    whole = await box.insights(box.account(number), fields=ADDITIVE, time_range=time_range)
    days = await box.insights(box.account(number), fields=ADDITIVE, time_range=time_range, time_increment=step)
    assert figures(days) == figures(whole)


@PROPERTY
@given(st.sampled_from(BREAKDOWNS), st.sampled_from(["account", "campaign", "adset", "ad"]), SPANS, st.integers(1, 3))
async def test_breakdowns_add_up(
    box: FakeTransport, breakdowns: list[str], level: str, time_range: dict[str, str], number: int
) -> None:
    """Hours and regions leave out what happened off Meta and films, so the plain figures are compared there."""
    partial = bool({"region", segments.HOURLY, segments.HOURLY_AUDIENCE} & set(breakdowns))
    fields = "impressions,spend,clicks,inline_link_clicks" if partial else ADDITIVE
    asked = {"fields": fields, "time_range": time_range, "level": level}
    whole = await box.insights(box.account(number), **asked)
    parts = await box.insights(box.account(number), **asked, breakdowns=breakdowns)
    assert figures(parts) == figures(whole)
    assert all(set(breakdowns) <= set(row) for row in parts)


@PROPERTY
@given(SPANS, st.integers(0, 11))
async def test_http_tells_the_truth(box: FakeTransport, time_range: dict[str, str], place: int) -> None:
    plan = box.world.plans_of(box.world.account_ids[0])[place]
    truth = box.world.truth(plan.id, date.fromisoformat(time_range["since"]), date.fromisoformat(time_range["until"]))
    rows = await box.insights(plan.id, fields="impressions,spend,clicks,action_values", time_range=time_range)
    assume(rows)
    values = {one["action_type"]: one["value"] for one in rows[0].get("action_values", [])}
    assert int(rows[0]["impressions"]) == truth["impressions"]
    assert int(rows[0]["clicks"]) == truth["clicks"]
    assert Decimal(rows[0]["spend"]) * 100 == truth["spend"]
    bought = sum(truth[f"purchase_value:{window}"] for window in ("k1", "k7", "v1"))
    assert Decimal(values.get("omni_purchase", "0")) * 100 == bought


async def test_the_figures_of_a_row_agree_with_each_other(box: FakeTransport) -> None:
    wanted = (
        "impressions,clicks,spend,reach,frequency,ctr,cpc,cpm,cpp,inline_link_clicks,unique_clicks,actions,"
        "cost_per_action_type,action_values,purchase_roas,quality_ranking,ad_id,video_play_actions"
    )
    rows = await box.insights(box.account(), fields=wanted, level="ad", date_preset="last_7d")
    assert len(rows) > 700
    for row in rows:
        shown, clicks, spend = int(row["impressions"]), int(row["clicks"]), float(row["spend"])
        assert shown >= clicks >= int(row["inline_link_clicks"])
        assert shown >= int(row["reach"]) > 0
        assert shown >= sum(int(one["value"]) for one in row.get("video_play_actions", []))
        assert clicks >= int(row["unique_clicks"])
        assert float(row["ctr"]) == pytest.approx(clicks / shown * 100, abs=1e-5)
        assert float(row["cpm"]) == pytest.approx(spend / shown * 1000, abs=1e-5)
        assert ("cpc" in row) is (clicks > 0)
        assert (row["quality_ranking"] == "UNKNOWN") is (shown < 500)
        costs = {one["action_type"]: float(one["value"]) for one in row.get("cost_per_action_type", [])}
        counts = {one["action_type"]: int(one["value"]) for one in row.get("actions", [])}
        assert set(costs) == set(counts)
        assert all(costs[name] * counts[name] == pytest.approx(spend, abs=0.01) for name in costs)
        assert counts.get("page_engagement", 0) >= counts.get("post_engagement", 0) >= counts.get("link_click", 0)


async def test_every_number_is_a_string(box: FakeTransport) -> None:
    row = (await box.insights(box.account(2), fields="impressions,spend,ctr,reach,actions,results"))[0]
    assert all(isinstance(row[name], str) for name in ("impressions", "spend", "ctr", "reach"))
    assert row["spend"].isdigit(), "the yen has no subunit"
    assert all(isinstance(value, str) for action in row["actions"] for value in action.values())


async def test_reach_does_not_add_up(box: FakeTransport) -> None:
    days = await box.insights(box.account(), fields="reach", date_preset="last_30d", time_increment="1")
    whole = (await box.insights(box.account(), fields="reach,frequency", date_preset="last_30d"))[0]
    assert max(int(day["reach"]) for day in days) < int(whole["reach"]) < sum(int(day["reach"]) for day in days)
    assert 1.2 < float(whole["frequency"]) < 6


async def test_windows_add_up_to_the_default_value(box: FakeTransport) -> None:
    rows = await box.insights(
        box.account(),
        fields="actions,action_values",
        date_preset="last_30d",
        action_attribution_windows=["1d_click", "7d_click", "28d_click", "1d_view", "7d_view", "default"],
    )
    purchases = [
        one for name in ("actions", "action_values") for one in rows[0][name] if one["action_type"] == "omni_purchase"
    ]
    assert len(purchases) == 2
    for row in purchases:
        assert Decimal(row["7d_click"]) + Decimal(row["1d_view"]) == Decimal(row["value"])
        assert Decimal(row["1d_click"]) < Decimal(row["7d_click"]) < Decimal(row["28d_click"])
        assert "7d_view" not in row
    link = next(one for one in rows[0]["actions"] if one["action_type"] == "link_click")
    assert "1d_view" not in link


async def test_aliases_of_an_action_agree(box: FakeTransport) -> None:
    rows = await box.insights(box.account(), fields="actions", date_preset="last_30d")
    counts = {one["action_type"]: int(one["value"]) for one in rows[0]["actions"]}
    bought = {counts[name] for name in ("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase")}
    assert len(bought) == 1
    assert counts["lead"] == counts["offsite_conversion.fb_pixel_lead"] + counts["onsite_conversion.lead_grouped"]


async def test_an_action_breakdown_divides_each_action(box: FakeTransport) -> None:
    asked = {"fields": "actions", "date_preset": "last_7d"}
    whole = await box.insights(box.account(1), **asked)
    parts = await box.insights(box.account(1), **asked, action_breakdowns=["action_type", "action_device"])
    assert figures(parts) == figures(whole)
    assert {one["action_device"] for one in parts[0]["actions"]} == {"iphone", "android_smartphone", "desktop", "ipad"}


async def test_regions_and_hours_know_nothing_of_the_site(box: FakeTransport) -> None:
    for breakdown in ("region", segments.HOURLY):
        rows = await box.insights(box.account(), fields="actions,reach", breakdowns=breakdown, date_preset="last_7d")
        types = {one["action_type"] for row in rows for one in row["actions"]}
        assert "link_click" in types
        assert not {"purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase"} & types
    assert {row["reach"] for row in rows} == {"0"}


async def test_reach_of_long_ago_is_left_out_with_breakdowns(box: FakeTransport) -> None:
    old = {"since": "2025-09-01", "until": "2025-09-30"}
    rows = await box.insights(box.account(), fields="reach,impressions", breakdowns="age", time_range=old)
    assert all("reach" not in row for row in rows)
    assert "reach" in (await box.insights(box.account(), fields="reach", time_range=old))[0]


async def test_breakdowns_that_need_an_opt_in_give_no_rows_without_it(box: FakeTransport) -> None:
    asked = {"fields": "impressions", "breakdowns": "publisher_platform,impression_device", "date_preset": "last_7d"}
    assert await box.insights(box.account(), **asked)
    transport = SandboxTransport(World(today=NOW, ads=20), clock=lambda: NOW)
    transport.world.opted_in = False
    assert await FakeTransport(transport).insights(box.account(), **asked) == []


async def test_what_never_delivered_has_no_rows(box: FakeTransport) -> None:
    page = await box.get(f"{box.account(4)}/insights", date_preset="last_7d")
    assert page == {"data": []}


async def test_deleted_campaigns_stay_in_totals_and_leave_lists(box: FakeTransport) -> None:
    asked = {"fields": "spend", "time_range": {"since": "2025-06-01", "until": "2025-06-30"}}
    whole = Decimal((await box.insights(box.account(), **asked))[0]["spend"])
    listed = sum(Decimal(row["spend"]) for row in await box.insights(box.account(), **asked, level="campaign"))
    gone = [plan.id for plan in box.world.plans.values() if box.world.store.nodes[plan.id].get("status") == "DELETED"]
    own = sum([Decimal(row["spend"]) for node in gone for row in await box.insights(node, **asked)])
    assert whole == listed + own
    assert own > 0


async def test_the_planted_anomalies_can_be_found(box: FakeTransport) -> None:
    fields = "campaign_id,cpc,spend"
    last = {"since": (YESTERDAY - timedelta(days=5)).isoformat(), "until": YESTERDAY.isoformat()}
    before = {
        "since": (YESTERDAY - timedelta(days=35)).isoformat(),
        "until": (YESTERDAY - timedelta(days=8)).isoformat(),
    }
    now = {
        row["campaign_id"]: row
        for row in await box.insights(box.account(), level="campaign", fields=fields, time_range=last)
    }
    then = {
        row["campaign_id"]: row
        for row in await box.insights(box.account(), level="campaign", fields=fields, time_range=before)
    }
    price = {key: float(now[key]["cpc"]) / float(then[key]["cpc"]) for key in now}
    spend = {key: (float(now[key]["spend"]) / 6) / (float(then[key]["spend"]) / 28) for key in now}
    planned = {plan.anomaly: plan.id for plan in box.world.plans.values() if plan.anomaly}
    assert [key for key, change in price.items() if change > 1.8] == [planned["cpc_spike"]]
    assert [key for key, change in spend.items() if change < 0.5] == [planned["spend_drop"]]


async def test_the_day_is_the_accounts_day(world: World) -> None:
    """At 15:30 UTC it is already the next day in Tokyo."""
    now = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
    transport = SandboxTransport(world, clock=lambda: now)
    box = FakeTransport(transport)
    days = [(await box.insights(box.account(n), date_preset="yesterday"))[0]["date_stop"] for n in (0, 2)]
    assert days == ["2026-11-24", "2026-11-25"]


async def test_today_grows_with_the_hours_and_ends_as_the_whole_day(world: World) -> None:
    shown = []
    clock = {"now": NOW}
    transport = SandboxTransport(world, clock=lambda: clock["now"])
    box = FakeTransport(transport)
    for hour in (6, 12, 20, 29):
        clock["now"] = datetime(2026, 11, 25, 0, 30, tzinfo=UTC) + timedelta(hours=hour)
        one_day = {"since": "2026-11-25", "until": "2026-11-25"}
        shown.append(
            int((await box.insights(box.account(), fields="impressions", time_range=one_day))[0]["impressions"])
        )
    assert shown == sorted(set(shown))
    plans = world.plans_of(world.account_ids[0])
    whole = sum(metrics.campaign_day(plan, date(2026, 11, 25).toordinal()).get("impressions", 0) for plan in plans)
    assert shown[-1] == whole


async def test_the_same_seed_gives_the_same_world(box: FakeTransport, world: World) -> None:
    twin, other = World(today=NOW), World(today=NOW, seed=8)
    assert list(twin.store.nodes) == list(world.store.nodes)
    assert not set(other.account_ids) & set(world.account_ids)
    plan = next(iter(world.plans))
    assert twin.truth(plan, YESTERDAY, YESTERDAY) == world.truth(plan, YESTERDAY, YESTERDAY)


PRESETS = {
    "today": ("2026-11-25", "2026-11-25"),
    "yesterday": ("2026-11-24", "2026-11-24"),
    "last_3d": ("2026-11-22", "2026-11-24"),
    "last_7d": ("2026-11-18", "2026-11-24"),
    "last_30d": ("2026-10-26", "2026-11-24"),
    "this_month": ("2026-11-01", "2026-11-25"),
    "last_month": ("2026-10-01", "2026-10-31"),
    "this_quarter": ("2026-10-01", "2026-11-25"),
    "last_quarter": ("2026-07-01", "2026-09-30"),
    "this_year": ("2026-01-01", "2026-11-25"),
    "last_year": ("2025-01-01", "2025-12-31"),
    "this_week_mon_today": ("2026-11-23", "2026-11-25"),
    "this_week_sun_today": ("2026-11-22", "2026-11-25"),
    "last_week_mon_sun": ("2026-11-16", "2026-11-22"),
    "last_week_sun_sat": ("2026-11-15", "2026-11-21"),
    "maximum": ("2023-10-25", "2026-11-25"),
}


@pytest.mark.parametrize(("preset", "expected"), PRESETS.items())
def test_date_presets(preset: str, expected: tuple[str, str]) -> None:
    since, until = dates.PRESETS[preset](date(2026, 11, 25))
    assert (since.isoformat(), until.isoformat()) == expected


@given(
    st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 400), st.sampled_from(["1", "7", "90", "monthly"])
)
def test_windows_cover_the_range_without_gaps(since: date, length: int, step: str) -> None:
    until = since + timedelta(days=length)
    windows = dates.divided((since, until), step)
    assert windows[0][0] == since
    assert windows[-1][1] == until
    assert all(b[0] - a[1] == timedelta(days=1) for a, b in pairwise(windows))


WEIGHTS = st.lists(st.floats(0, 1000), min_size=1, max_size=30)


@given(st.integers(0, 10**7), WEIGHTS, st.floats(0, 1))
def test_spread_loses_nothing_and_gives_nothing_to_zero(total: int, weights: list[float], phase: float) -> None:
    assume(sum(weights) > 1e-3)
    parts = spread(total, weights, phase)
    assert sum(parts) == total
    assert all(part >= 0 for part in parts)
    assert all(abs(part - total * weight / sum(weights)) < 1.01 for part, weight in zip(parts, weights, strict=True))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20), st.integers(0, 5000), st.floats(0, 1))
def test_take_never_takes_more_than_there_is(left: list[int], amount: int, phase: float) -> None:
    taken = take(amount, left, phase)
    assert sum(taken) == min(amount, sum(left))
    assert all(0 <= part <= column for part, column in zip(taken, left, strict=True))


async def test_a_deleted_ad_leaves_the_list_and_stays_in_the_total() -> None:
    world = World(today=NOW, ads=108)
    plan = world.plans_of(world.account_ids[0])[0]
    ad = plan.ad_sets[0].parts[0].id
    transport = SandboxTransport(world, clock=lambda: NOW)
    asked = {"fields": "ad_id,spend", "date_preset": "last_7d"}
    box = FakeTransport(transport)
    before, listed = await box.insights(plan.id, **asked), await box.insights(plan.id, **asked, level="ad")
    world.store.patch(ad, {"status": "DELETED"})
    assert await box.insights(plan.id, **asked) == before
    assert await box.insights(plan.id, **asked, level="ad") == [row for row in listed if row["ad_id"] != ad]
    assert await box.insights(ad, **asked) == [row for row in listed if row["ad_id"] == ad]


async def test_a_cell_hardly_ever_exceeds_the_cell_it_is_a_part_of(box: FakeTransport) -> None:
    """Rows and columns of a table of whole numbers are both exact; in a few tiny cells that leaves no other way."""
    rows = await box.insights(
        box.account(1),
        fields="impressions,clicks,inline_link_clicks",
        level="ad",
        breakdowns="age,gender",
        date_preset="last_30d",
    )
    wrong = [row for row in rows if not int(row["impressions"]) >= int(row["clicks"]) >= int(row["inline_link_clicks"])]
    assert len(rows) > 900
    assert len(wrong) < len(rows) / 50
    assert all(int(row["impressions"]) >= int(row["clicks"]) for row in rows)
