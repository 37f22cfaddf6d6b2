"""Why something does worse: what is found, and what could not be checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.faults import graph_error
from meta_ads_mcp.sandbox.http import SandboxCall, SandboxResponse
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader, records

SUMMARY, DIAGNOSE = "ads_portfolio_summary", "ads_diagnose_underperformance"


def members(demo: SandboxEngine) -> list[int]:
    """How many requests each round trip carried."""
    return [len(json.loads(one.params["batch"])) if "batch" in one.params else 1 for one in demo.sandbox.log]


def truth(world: World, account: str, since: str, until: str) -> Mapping[str, int]:
    return world.truth(account, date.fromisoformat(since), date.fromisoformat(until))


def only(kind: str, *, path: str) -> Any:
    return lambda call: "/".join(call.path) == path and call.method == kind


async def diagnosed(demo: SandboxEngine, object_id: str, **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = await demo.data(DIAGNOSE, object_id=object_id, **arguments)
    return found


def checks(rows_of: list[dict[str, Any]]) -> set[str]:
    return {row["check"] for row in rows_of}


def finding(data: Mapping[str, Any], check: str, word: str = "") -> dict[str, Any]:
    return next(row for row in data["findings"] if row["check"] == check and word in row["finding"])


ALL = {
    "performance", "unusual_days", "movers", "fatigue", "rankings", "learning", "account", "campaigns", "ad_sets",
    "ads", "pacing", "pixel",
}  # fmt: skip


async def test_an_account_is_diagnosed_in_two_round_trips(demo: SandboxEngine, account: str, world: World) -> None:
    await demo.call("ads_get_account_info", account_id=account)
    demo.sandbox.log.clear()
    data = await diagnosed(demo, account)
    assert members(demo) == [8, 3]
    assert set(data["checked"]) == ALL
    assert data["not_checked"] == []
    for name in ("window", "window_before"):
        window = data[name]
        true = truth(world, account, window["since"], window["until"])
        assert window["spend"] * 100 == pytest.approx(true["spend"])
        assert window["clicks"] == true["clicks"]
    assert data["window"]["since"] == "2026-10-07"
    assert data["window_before"]["until"] == "2026-10-06"


async def test_every_finding_has_figures_a_hypothesis_and_a_next_step(demo: SandboxEngine, account: str) -> None:
    data = await diagnosed(demo, account)
    order = ["critical", "warning", "info"]
    changes = [row["check"] in ("performance", "movers") for row in data["findings"]]
    assert changes == sorted(changes, reverse=True)
    for group in (True, False):
        severities = [
            order.index(row["severity"])
            for row, is_change in zip(data["findings"], changes, strict=True)
            if is_change is group
        ]
        assert severities == sorted(severities)
    for row in data["findings"]:
        assert row.keys() == {"check", "finding", "severity", "evidence", "hypothesis", "next_step"}
        assert row["evidence"]
        assert "ads_" in row["next_step"]


async def test_planted_fault_is_found_in_its_campaign_with_its_cause(
    demo: SandboxEngine, account: str, world: World
) -> None:
    """Since seven days people click less on one campaign, and another one, which is cheaper, spends less."""
    spike = next(
        node
        for plan in world.plans.values()
        if plan.anomaly == "cpc_spike" and (node := world.store.nodes[plan.id]).account == account.removeprefix("act_")
    )
    data = await diagnosed(demo, account)
    rose = finding(data, "performance", "cost per purchase")
    share = rose["evidence"]["share_of_rise_pct"]
    assert f"because of {spike.get('name')}: mostly through ctr" in rose["finding"]
    assert share["ctr"] > 70
    assert sum(share.values()) == pytest.approx(100, abs=2)
    contributions = rose["evidence"]["contributions"]
    assert (contributions[0]["id"], contributions[0]["share_of_change_pct"] > 50) == (spike.id, True)
    assert rose["evidence"]["cost_per_result"]["now"] == data["window"]["cost_per_result"]
    assert finding(data, "ads")["severity"] == "critical"
    assert finding(data, "learning", "limited")["evidence"]["count"] > 0


@pytest.mark.parametrize(
    ("edge", "lost"),
    [
        ("ads", {"ads"}),
        ("campaigns", {"campaigns", "pacing"}),
        ("adsets", {"ad_sets", "learning", "pacing", "pixel"}),
    ],
)
async def test_a_part_that_cannot_be_read_is_told_and_costs_only_its_checks(
    demo: SandboxEngine, account: str, edge: str, lost: set[str]
) -> None:
    demo.sandbox.faults.add(only("GET", path=f"{account}/{edge}"), respond=graph_error(200, "No access"))
    answer = await demo.good(DIAGNOSE, object_id=account)
    data = answer["data"]
    assert checks(data["not_checked"]) == lost
    assert {row["kind"] for row in data["not_checked"]} == {"permission"}
    assert set(data["checked"]) == ALL - lost
    assert not lost & checks(data["not_applicable"])
    assert f"{len(lost)} check" in answer["summary"]


def insights(call: SandboxCall) -> bool:
    return call.path[-1:] == ("insights",)


async def test_figures_that_cannot_be_read_never_pass_as_fine(demo: SandboxEngine, account: str) -> None:
    demo.sandbox.faults.add(insights, respond=graph_error(100, "Too much", subcode=1487534), times=9)
    data = await diagnosed(demo, account)
    assert {"performance", "unusual_days", "movers", "fatigue", "rankings", "pacing"} <= checks(data["not_checked"])
    assert not {"performance", "fatigue"} & checks(data["findings"])


async def test_a_pixel_that_cannot_be_read_is_told(demo: SandboxEngine, account: str, world: World) -> None:
    pixel = next(node.id for node in world.store.nodes.values() if node.type == "AdsPixel")
    demo.sandbox.faults.add(only("GET", path=pixel), respond=graph_error(200, "No access"))
    data = await diagnosed(demo, account)
    assert checks(data["not_checked"]) == {"pixel"}


async def test_fewer_results_are_explained_by_campaigns_before_rates(
    demo: SandboxEngine, account: str, world: World
) -> None:
    """In the demo world, one campaign became dearer and another one spent less."""
    answer = await demo.good(DIAGNOSE, object_id=account)
    first = answer["data"]["findings"][0]
    assert first["check"] == "performance"
    assert first["finding"] in answer["summary"]
    shares = {row["id"]: row["share_of_change_pct"] for row in first["evidence"]["contributions"]}
    broken = {plan.id for plan in world.plans.values() if plan.anomaly and f"act_{plan.account.id}" == account}
    assert set(list(shares)[:2]) == broken
    assert sum(shares.values()) == pytest.approx(100, abs=3)
    movers = [row["finding"] for row in answer["data"]["findings"] if row["check"] == "movers"]
    assert len(movers) == len(broken)


async def test_daily_costs_count_only_what_is_meant_for_the_event(demo: SandboxEngine, account: str) -> None:
    data = await diagnosed(demo, account)
    costs = [
        row["value"]
        for item in data["findings"]
        if item["check"] == "unusual_days"
        for row in item["evidence"]["days"]
        if row["metric"] == "cost_per_result"
    ]
    assert costs
    assert all(cost < 1.6 * data["window"]["cost_per_result"] for cost in costs)


async def test_worn_ads_and_the_threshold_are_in_the_diagnosis(
    demo: SandboxEngine, small_account: str, world: World, running: dict[str, str]
) -> None:
    worn = {
        ad.id
        for plan in world.plans.values()
        if f"act_{plan.account.id}" == small_account
        for ad_set in plan.ad_sets
        for ad in ad_set.parts
        if any(drift.metric == "clicks" for drift in ad.drifts)
    }
    data = await diagnosed(demo, small_account)
    found = finding(data, "fatigue", "worn out")
    assert {row["ad_id"] for row in found["evidence"]["ads"]} == worn
    for level, object_id in running.items():
        fatigue = (await diagnosed(demo, object_id, level=level))["fatigue"]
        assert "20 %" in fatigue["threshold"]["worn_out"]
        assert fatigue["ads_judged"] >= 1


@pytest.fixture
def running(world: World) -> dict[str, str]:
    """An active campaign of the large account, and an ad set and ad in it that run as well."""
    nodes = world.store.nodes.values()
    ad = next(
        node
        for node in nodes
        if node.type == "Ad"
        and node.get("effective_status") == "ACTIVE"
        and node.account == world.account_ids[0]
        and world.store.nodes[str(node.get("adset_id"))].get("effective_status") == "ACTIVE"
    )
    return {"campaign": str(ad.get("campaign_id")), "ad_set": str(ad.get("adset_id")), "ad": ad.id}


@pytest.mark.parametrize(("level", "requests"), [("campaign", 8), ("ad_set", 6), ("ad", 4)])
async def test_each_level_takes_the_requests_that_it_needs(
    demo: SandboxEngine, running: dict[str, str], level: str, requests: int
) -> None:
    await diagnosed(demo, running[level], level=level)  # whose it is is known from here on
    demo.sandbox.log.clear()
    data = await diagnosed(demo, running[level], level=level)
    assert members(demo)[0] == requests
    assert len(members(demo)) <= 2
    assert sum(members(demo)[1:]) <= 2
    assert data["object"]["id"] == running[level]
    assert "performance" in {*data["checked"], *checks(data["not_checked"])}
    assert ("movers" in data) == (level != "ad")


async def test_the_movers_are_the_parts_with_their_true_spend(demo: SandboxEngine, account: str, world: World) -> None:
    data = await diagnosed(demo, account)
    for row in records(data["movers"]):
        window = data["window"]
        assert row["spend"] * 100 == pytest.approx(truth(world, row["id"], window["since"], window["until"])["spend"])


async def test_a_wrong_level_is_said_and_not_diagnosed(demo: SandboxEngine, running: dict[str, str]) -> None:
    error = await demo.refused(DIAGNOSE, object_id=running["ad"], level="campaign")
    assert error["kind"] == "invalid_arguments"
    assert "level" in error["next_step"]


async def test_a_disabled_account_is_critical(demo: SandboxEngine, world: World) -> None:
    data = await diagnosed(demo, f"act_{world.account_ids[4]}")
    assert finding(data, "account", "DISABLED")["severity"] == "critical"
    assert finding(data, "performance")["severity"] == "critical"


async def test_a_day_that_is_not_over_is_not_compared_by_amounts(demo: SandboxEngine, account: str) -> None:
    answer = await demo.good(DIAGNOSE, object_id=account, date_preset="today")
    data = answer["data"]
    assert data["window"]["since"] == data["window"]["until"] == "2026-10-14"
    assert {"pacing", "unusual_days"} <= checks(data["not_checked"])
    assert not any("shrank" in row["finding"] or "Results fell" in row["finding"] for row in data["findings"])


async def test_today_is_left_out_of_a_longer_window(demo: SandboxEngine, account: str) -> None:
    data = await diagnosed(demo, account, date_preset="this_month")
    assert (data["window"]["since"], data["window"]["until"]) == ("2026-10-01", "2026-10-13")
    assert data["window_before"]["since"] == "2026-09-18"


async def test_a_window_without_one_before_is_refused(demo: SandboxEngine, account: str) -> None:
    assert (await demo.refused(DIAGNOSE, object_id=account, date_preset="maximum"))["kind"] == "invalid_arguments"


class Told:
    """Answers of Graph for one ad set by path, below the sandbox's place."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes

    def __call__(self, call: SandboxCall) -> SandboxResponse:
        path = "/".join(call.path)
        if path.endswith("insights"):
            return SandboxResponse(200, {"data": self._figures(call)})
        if path.endswith("/ads"):
            return SandboxResponse(200, {"data": []})
        if path.startswith("act_"):
            node = {"id": "act_1", "account_id": "1", "name": "Shop", "currency": "EUR", "account_status": 1}
            return SandboxResponse(
                200, node | {"timezone_name": "Europe/Berlin", "spend_cap": "0", "amount_spent": "5"}
            )
        if path == "77":
            return SandboxResponse(200, {"id": "77", "name": "Pixel", **PIXEL, **self.changes.get("pixel", {})})
        return SandboxResponse(
            200, {"id": "5", "account_id": "1", "name": "Set", **AD_SET, **self.changes.get("ad_set", {})}
        )

    def _figures(self, call: SandboxCall) -> list[dict[str, Any]]:
        if call.params.get("time_increment"):
            first = NOW.date() - timedelta(days=63)
            return [self._row(first + timedelta(days=day), 1, "before") for day in range(63)]
        return [
            self._row(date(2026, 9, 30), 7, "before"),
            self._row(date(2026, 10, 7), 7, "now"),
        ]

    def _row(self, start: date, days: int, side: str) -> dict[str, Any]:
        known = {"spend": 100, "impressions": 10_000, "clicks": 200, "results": 20, "reach": 8_000 * days // 2 or 8_000}
        known = {name: value * (1 if name == "reach" else days) for name, value in known.items()}
        known |= self.changes.get(side, {}) if days > 1 else {}
        purchases = [{"action_type": "omni_purchase", "value": str(known["results"])}]
        row = {name: str(value) for name, value in known.items() if name != "results"}
        stop = start + timedelta(days=days - 1)
        ranks = dict.fromkeys(("quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking"), "AVERAGE")
        return {
            **row, **ranks, "actions": purchases, "ad_id": "6", "ad_name": "Ad",
            "date_start": start.isoformat(), "date_stop": stop.isoformat(),
        }  # fmt: skip


AD_SET = {
    "effective_status": "ACTIVE",
    "daily_budget": "10000",
    "start_time": "2026-01-01T00:00:00+0100",
    "learning_stage_info": {"status": "SUCCESS"},
    "promoted_object": {"pixel_id": "77"},
}
PIXEL = {
    "last_fired_time": "2026-10-14T15:00:00+0000",
    "is_unavailable": False,
    "enable_automatic_matching": True,
    "match_rate_approx": 87,
}


async def of_set(**changes: Any) -> Mapping[str, Any]:
    told = Told(**changes)
    sandbox = SandboxTransport(World(today=NOW, accounts=1, ads=12), clock=lambda: datetime.now(UTC))
    sandbox.faults.add(lambda call: bool(call.path), respond=told, times=99)
    return await build_reader(sandbox).good(DIAGNOSE, object_id="5", level="ad_set")


async def test_nothing_notable_only_when_everything_was_checked() -> None:
    answer = await of_set()
    assert answer["data"]["findings"] == []
    assert answer["data"]["not_checked"] == []
    assert answer["summary"].startswith("Nothing notable for 5: all 11 checks ran.")


@pytest.mark.parametrize(
    ("changes", "check", "severity", "word"),
    [
        ({"now": {"impressions": 0, "spend": 0, "clicks": 0, "results": 0}}, "performance", "critical", "stopped"),
        ({"now": {"impressions": 49_000}}, "performance", "warning", "-30 %"),
        ({"now": {"results": 100}}, "performance", "warning", "conversion rate"),
        ({"now": {"results": 70}}, "performance", "critical", "conversion rate"),
        ({"now": {"clicks": 1000, "results": 100}}, "performance", "warning", "through ctr"),
        ({"now": {"spend": 980}}, "performance", "warning", "through cpm"),
        ({"now": {"reach": 20_000, "clicks": 1200}}, "fatigue", "warning", "more often"),
        ({"now": {"reach": 20_000}, "before": {"reach": 20_000}}, "fatigue", "info", "3.5 in 7 days"),
        ({"now": {"spend": 400}}, "pacing", "warning", "less than 70%"),
        ({"now": {"spend": 900}}, "pacing", "info", "more than 120%"),
        ({"ad_set": {"learning_stage_info": {"status": "FAIL"}}}, "learning", "warning", "learning limited"),
        ({"ad_set": {"learning_stage_info": {"status": "LEARNING"}}}, "learning", "info", "still learning"),
        ({"ad_set": {"effective_status": "PAUSED"}}, "object", "info", "PAUSED"),
        ({"ad_set": {"campaign": {"id": "4", "effective_status": "WITH_ISSUES"}}}, "object", "warning", "1 campaign"),
        ({"pixel": {"match_rate_approx": 40}}, "pixel", "warning", "match rate is below"),
        ({"pixel": {"last_fired_time": None}}, "pixel", "critical", "never fired"),
        ({"pixel": {"enable_automatic_matching": False}}, "pixel", "info", "matching is off"),
    ],
)
async def test_each_trouble_is_a_finding(changes: dict[str, Any], check: str, severity: str, word: str) -> None:
    data = (await of_set(**changes))["data"]
    found = finding(data, check, word)
    assert found["severity"] == severity
    assert "ads_" in found["next_step"]


@pytest.mark.parametrize(
    "changes",
    [
        {"now": {"results": 130, "clicks": 1330, "spend": 750}},
        {"pixel": {"match_rate_approx": -1}},
        {"ad_set": {"start_time": "2026-10-10T00:00:00+0200"}, "now": {"spend": 650}},
    ],
)
async def test_what_is_no_trouble_is_no_finding(changes: dict[str, Any]) -> None:
    """Small changes, a match rate that Meta does not know, a budget that did not run all days."""
    assert (await of_set(**changes))["data"]["findings"] == []


async def test_too_few_impressions_are_not_judged() -> None:
    few = {"impressions": 200, "clicks": 4, "spend": 2, "results": 0, "reach": 150}
    data = (await of_set(now=few, before=few))["data"]
    assert {"performance", "fatigue"} <= checks(data["not_checked"])
    assert {row["kind"] for row in data["not_checked"]} == {"too_little_data"}


async def test_a_lost_connection_is_told_like_any_other_failure(demo: SandboxEngine, account: str) -> None:
    demo.sandbox.faults.add(only("POST", path=""), respond=httpx.ReadTimeout("slow"), times=9)
    assert (await demo.refused(DIAGNOSE, object_id=account))["kind"] == "network"
