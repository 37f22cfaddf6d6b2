"""The log of an account's edits: it agrees with the objects and their figures, and writes are added to it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.edges.activities import category_of
from meta_ads_mcp.sandbox.insights.metrics import ANOMALIES
from tests.support import sdk
from tests.support.fake_transport import FakeTransport
from tests.support.sandbox_writes import US, writing
from tests.support.seeded_worlds import count_of, last_days

NAMES_ONLY = {"update_campaign_name", "update_ad_set_name", "update_ad_friendly_name", "update_ad_labels"}
# Edits of single ads, which are too small a part of a campaign to move it.
OF_ADS = {"create_ad", "ad_review_approved", "ad_review_declined", "update_ad_run_status"}


@pytest.fixture
def box(seeded: World) -> FakeTransport:
    return FakeTransport(SandboxTransport(seeded, clock=lambda: seeded.today))


async def log_of(box: FakeTransport, number: int, days: int = 100) -> list[dict[str, Any]]:
    since = str(int((box.world.today - timedelta(days=days)).timestamp()))
    return (await box.get(f"{box.account(number)}/activities", since=since, limit="5000"))["data"]


def family_of(box: FakeTransport, campaign_id: str) -> set[str]:
    plan = box.world.plans[campaign_id]
    return {plan.id, *(part.id for part in plan.ad_sets), *(ad.id for ad in plan.every_ad())}


async def daily_figures(box: FakeTransport, campaign_id: str, days: int) -> dict[date, dict[str, float]]:
    """Per day, the figures that an anomaly can change."""
    span = last_days(box, 0, days, 1)
    rows = await box.insights(
        campaign_id, fields="spend,impressions,clicks,actions", time_increment="1", time_range=span
    )
    return {date.fromisoformat(row["date_start"]): rates(row) for row in rows}


def rates(row: dict[str, Any]) -> dict[str, float]:
    clicks = int(row["clicks"])
    return {
        "spend": float(row["spend"]),
        "impressions": int(row["impressions"]) / float(row["spend"]),
        "clicks": clicks / int(row["impressions"]),
        "events": count_of(row, "purchase") / max(clicks, 1),
    }


def change(figures: dict[date, dict[str, float]], metric: str, day: date) -> float:
    """The median of a metric from a day on, relative to the ten days before."""
    after = [row[metric] for at, row in figures.items() if at >= day]
    before = [row[metric] for at, row in figures.items() if day - timedelta(days=10) <= at < day]
    return median(after) / median(before)


async def test_a_break_comes_with_one_edit_that_causes_it(box: FakeTransport) -> None:
    log = await log_of(box, 0)
    assert len(box.world.planted) == 2
    for planted in box.world.planted:
        metric, factor = ANOMALIES[planted.anomaly]
        figures = await daily_figures(box, planted.campaign_id, 25)
        assert change(figures, metric, planted.day) == pytest.approx(factor, rel=0.25)
        near = [
            row
            for row in log
            if row["object_id"] in family_of(box, planted.campaign_id)
            and abs(date.fromisoformat(row["event_time"][:10]) - planted.day) <= timedelta(days=2)
            and row["event_type"] not in NAMES_ONLY | OF_ADS
        ]
        assert [(row["event_type"], row["object_id"]) for row in near] == [
            (planted.edit.event_type, planted.edit.object_id)
        ]
        assert near[0]["event_time"][:10] == planted.day.isoformat()


async def test_other_campaigns_and_quiet_worlds_do_not_break(box: FakeTransport) -> None:
    quiet = World(seed=box.world.seed, today=box.world.today, accounts=1, ads=20, quiet=True)
    assert quiet.planted == ()
    broken = {planted.campaign_id for planted in box.world.planted}
    calm = [plan.id for plan in box.world.plans_of(box.world.account_ids[0]) if plan.stop > 10**6]
    quiet_box = FakeTransport(SandboxTransport(quiet, clock=lambda: quiet.today))
    for where, campaigns in ((box, set(calm) - broken), (quiet_box, broken)):
        for campaign in campaigns:
            figures = await daily_figures(where, campaign, 21)
            for metric in ("spend", "impressions", "clicks"):
                day = max(figures) - timedelta(days=5)
                assert 0.7 < change(figures, metric, day) < 1.4, (campaign, metric)


async def test_the_log_agrees_with_the_objects(box: FakeTransport) -> None:
    for number in range(4):
        log = await log_of(box, number, days=700)
        assert [row["event_time"] for row in log] == sorted(
            (row["event_time"] for row in log), key=datetime.fromisoformat, reverse=True
        )
        latest: dict[str, str] = {}
        for row in log:
            if row["object_type"] == "ACCOUNT":
                continue
            node = box.world.store.nodes[row["object_id"]]
            latest.setdefault(row["object_id"], row["event_time"])
            extra = json.loads(row["extra_data"])
            if row["event_type"].endswith("budget"):
                assert str(extra["new_value"]) == node.get("daily_budget")
            if row["event_type"].endswith("name"):
                assert extra["new_value"] == node.get("name") == row["object_name"]
            if row["event_type"].endswith("run_status"):
                assert node.get("status") == {"Inactive": "PAUSED"}.get(extra["new_value"], extra["new_value"].upper())
        for node in box.world.store.nodes.values():
            paused = node.type in ("Campaign", "AdSet", "Ad") and node.get("status") == "PAUSED"
            if paused and node.account == box.world.account_ids[number]:
                assert latest[node.id] == node.get("updated_time")


async def test_the_log_is_filtered(box: FakeTransport) -> None:
    account = box.account()
    since = str(int((box.world.today - timedelta(days=100)).timestamp()))
    every = (await box.get(f"{account}/activities", since=since, limit="5000"))["data"]
    planted = box.world.planted[0]
    by_object = (await box.get(f"{account}/activities", since=since, oid=planted.edit.object_id))["data"]
    assert by_object == [row for row in every if row["object_id"] == planted.edit.object_id]
    family = (
        await box.get(f"{account}/activities", since=since, limit="5000", oid=planted.campaign_id, add_children="true")
    )["data"]
    assert family == [row for row in every if row["object_id"] in family_of(box, planted.campaign_id)]
    budgets = (await box.get(f"{account}/activities", since=since, category="BUDGET", limit="5000"))["data"]
    assert budgets == [row for row in every if row["event_type"].endswith("budget")]
    actor = every[0]["actor_id"]
    by_actor = (await box.get(f"{account}/activities", since=since, uid=actor, limit="5000"))["data"]
    assert by_actor == [row for row in every if row["actor_id"] == actor]
    first = await box.get(f"{account}/activities", since=since, limit="2")
    rest = await box.get(f"{account}/activities", since=since, limit="5000", after=first["paging"]["cursors"]["after"])
    assert [*first["data"], *rest["data"]] == every


LOGGED: list[tuple[str, dict[str, Any], str, str]] = [
    ("{split}", {"name": "Renamed"}, "update_campaign_name", "CAMPAIGN"),
    ("{split}", {"status": "PAUSED"}, "update_campaign_run_status", "STATUS"),
    ("{shared}", {"daily_budget": 7700}, "update_campaign_budget", "BUDGET"),
    ("{ad_set}", {"daily_budget": 7700}, "update_ad_set_budget", "BUDGET"),
    ("{ad_set}", {"targeting": US | {"age_min": 33}}, "update_ad_set_target_spec", "TARGETING"),
    ("{ad}", {"status": "PAUSED"}, "update_ad_run_status", "STATUS"),
]


@pytest.mark.parametrize(("path", "params", "event_type", "category"), LOGGED)
async def test_a_write_appears_in_the_activity_log(
    path: str, params: dict[str, Any], event_type: str, category: str
) -> None:
    made = writing()
    asked = {"oid": made.filled(path), "category": category, "limit": "100"}
    before = (await made.done("GET", "{account}/activities", asked))["data"]
    await made.done("POST", path, params)
    after = (await made.done("GET", "{account}/activities", asked))["data"]
    assert after[1:] == before
    assert (after[0]["event_type"], after[0]["object_id"]) == (event_type, made.filled(path))
    assert json.loads(after[0]["extra_data"])["old_value"] != json.loads(after[0]["extra_data"])["new_value"]
    await made.done("POST", path, params)
    assert (await made.done("GET", "{account}/activities", asked))["data"] == after


async def test_the_spend_of_each_month_is_billed(box: FakeTransport) -> None:
    account = box.world.accounts[box.world.account_ids[0]]
    since = str(int((box.world.today - timedelta(days=100)).timestamp()))
    log = await box.get(f"{box.account()}/activities", since=since, category="ACCOUNT")
    bills = [row for row in log["data"] if row["event_type"] == "ad_account_billing_charge"]
    assert 3 <= len(bills) <= 4
    day = datetime.fromisoformat(bills[0]["event_time"]).astimezone(account.zone).date()
    last = day - timedelta(days=1)
    extra = json.loads(bills[0]["extra_data"])
    assert extra["new_value"] == box.world.truth(account.id, last.replace(day=1), last)["spend"]
    assert (bills[0]["object_id"], bills[0]["object_name"], extra["currency"]) == (
        account.id, box.world.store.nodes[box.account()].get("name"), account.currency,
    )  # fmt: skip


def test_every_event_type_of_the_sdk_has_a_category_of_the_sdk() -> None:
    categories = {category_of(name) for name in sdk.enum("AdActivity.EventType")}
    assert categories == set(sdk.enum("AdActivity.Category"))
