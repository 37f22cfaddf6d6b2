"""The demo world agrees with itself, whatever the seed: people, leads, pixel events, comments, times, money, edits.

Everything is read over Graph, as a client would; only what Graph does not show (which edits are planted) comes from the
world. The worlds are small, and their days differ, so that changes of the clock and times around midnight are among
them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.insights.segments import COMBINATIONS, HOUR
from meta_ads_mcp.sandbox.world.comments import INSULT, SHIPPING
from tests.support.fake_transport import FakeTransport
from tests.support.seeded_worlds import count_of, last_days, local_now, moment_of

Rows = Sequence[dict[str, Any]]
LEVELS = ("account", "campaign", "adset", "ad")
BREAKDOWNS = [tuple(sorted(names)) for names, family in COMBINATIONS.items() if family != HOUR]
# Action of ads -> event of the pixel.
COVERED = {
    "landing_page_view": "PageView",
    "offsite_conversion.fb_pixel_view_content": "ViewContent",
    "offsite_conversion.fb_pixel_add_to_cart": "AddToCart",
    "offsite_conversion.fb_pixel_initiate_checkout": "InitiateCheckout",
    "offsite_conversion.fb_pixel_purchase": "Purchase",
    "offsite_conversion.fb_pixel_lead": "Lead",
}
FUNNEL = ("Purchase", "InitiateCheckout", "AddToCart", "ViewContent", "PageView")


@pytest.fixture
def box(seeded: World) -> FakeTransport:
    return FakeTransport(SandboxTransport(seeded, clock=lambda: seeded.today))


# -- people -----------------------------------------------------------------------------------------------------------


def check_people(whole: Rows, parts: Rows, keys: Sequence[str]) -> None:
    """A whole has as many people as its largest part or more, and at most their sum; `keys` join parts and whole."""
    reaches: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in parts:
        reaches[tuple(row[key] for key in keys)].append(int(row["reach"]))
    assert len(whole) == len(reaches)
    for row in whole:
        below, reach = reaches[tuple(row[key] for key in keys)], int(row["reach"])
        assert max(below) <= reach <= sum(below), (keys, reach, max(below), sum(below))
        assert reach <= int(row["impressions"])
        assert float(row["frequency"]) == pytest.approx(int(row["impressions"]) / reach, abs=1e-5)


async def test_people_are_counted_once_over_objects_and_days(box: FakeTransport) -> None:
    number = box.world.seed % 4
    for days in (1, 30, 10):
        asked = {"time_range": last_days(box, number, days, 1), "fields": people_fields()}
        rows = {level: await box.insights(box.account(number), level=level, **asked) for level in LEVELS}
        for above, below in pairwise(LEVELS):
            check_people(rows[above], rows[below], [f"{above}_id"])
        check_people(rows["account"], rows["ad"], ["account_id"])
    for level in ("account", "campaign", "ad"):
        daily = await box.insights(box.account(number), level=level, time_increment="1", **asked)
        check_people(rows[level], daily, [f"{level}_id"])
    monthly = await box.insights(box.account(number), time_increment="7", **asked)
    check_people(rows["account"], monthly, ["account_id"])


def people_fields() -> str:
    return "account_id,campaign_id,adset_id,ad_id,reach,impressions,frequency"


async def test_people_are_counted_once_over_breakdowns(box: FakeTransport) -> None:
    number = box.world.seed % 4
    asked = {"time_range": last_days(box, number, 14, 1), "fields": people_fields()}
    levels = ("account", "campaign", "adset", "ad")
    plain = {level: await box.insights(box.account(number), level=level, **asked) for level in levels}
    first = box.world.seed % 3
    for breakdowns in BREAKDOWNS[first::3]:
        broken = {
            level: await box.insights(box.account(number), level=level, breakdowns=list(breakdowns), **asked)
            for level in levels
        }
        for level in levels:
            check_people(plain[level], broken[level], [f"{level}_id"])
        for above, below in pairwise(levels):
            check_people(broken[above], broken[below], [f"{above}_id", *breakdowns])


async def test_people_of_a_margin_are_those_of_its_cells(box: FakeTransport) -> None:
    number = box.world.seed % 4
    asked = {"time_range": last_days(box, number, 28, 1), "fields": people_fields(), "level": "campaign"}
    for cell in (("age", "gender"), ("publisher_platform", "platform_position")):
        cells = await box.insights(box.account(number), breakdowns=list(cell), **asked)
        margin = await box.insights(box.account(number), breakdowns=[cell[0]], **asked)
        check_people(margin, cells, ["campaign_id", cell[0]])


# -- leads and events -------------------------------------------------------------------------------------------------


async def leads_of(box: FakeTransport, number: int) -> list[dict[str, Any]]:
    forms = box.world.store.links[box.world.page_ids[number], "leadgen_forms"]
    fields = "created_time,ad_id,campaign_id"
    return [lead for form in forms for lead in (await box.get(f"{form}/leads", fields=fields, limit="100000"))["data"]]


async def test_forms_hold_the_leads_that_insights_count(box: FakeTransport) -> None:
    number = box.world.seed % 4
    zone = local_now(box, number).tzinfo
    leads = await leads_of(box, number)
    days = Counter(datetime.fromisoformat(lead["created_time"]).astimezone(zone).date() for lead in leads)
    span = last_days(box, number, 35)
    rows = await box.insights(box.account(number), fields="actions", time_increment="1", time_range=span)
    counts = {date.fromisoformat(row["date_start"]): count_of(row, "onsite_conversion.lead_grouped") for row in rows}
    held = {day: count for day, count in days.items() if day.isoformat() >= span["since"]}
    assert held == {day: count for day, count in counts.items() if count}
    assert sum(held.values()) > 100


async def test_ads_have_the_leads_that_their_insights_count(box: FakeTransport) -> None:
    number = box.world.seed % 4
    span = last_days(box, number, 3, 1)
    zone = local_now(box, number).tzinfo
    held: Counter[str] = Counter()
    for lead in await leads_of(box, number):
        day = datetime.fromisoformat(lead["created_time"]).astimezone(zone).date().isoformat()
        held[lead["ad_id"]] += span["since"] <= day <= span["until"]
    rows = await box.insights(
        box.account(number), fields="ad_id,actions", level="ad", time_range=span, time_increment="1"
    )
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row["ad_id"]] += count_of(row, "onsite_conversion.lead_grouped")
    assert +held == +counted


async def test_the_count_of_a_form_is_what_it_holds(box: FakeTransport) -> None:
    number = box.world.seed % 4
    for form in box.world.store.links[box.world.page_ids[number], "leadgen_forms"]:
        leads = (await box.get(f"{form}/leads", limit="100000"))["data"]
        assert box.world.store.nodes[form].get("leads_count") == len(leads)


async def test_the_pixel_counts_what_ads_claim(box: FakeTransport) -> None:
    for number in range(4):
        account = box.account(number)
        now = local_now(box, number)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        start = midnight - timedelta(days=2)
        asked = {"start_time": str(int(start.timestamp())), "aggregation": "event", "limit": "1000"}
        pixel = (await box.get(f"{account}/adspixels"))["data"][0]["id"]
        buckets = (await box.get(f"{pixel}/stats", **asked))["data"]
        events: dict[str, Counter[str]] = defaultdict(Counter)
        for bucket in buckets:
            hour = {entry["value"]: entry["count"] for entry in bucket["data"]}
            funnel = [hour.get(event, 0) for event in FUNNEL]
            assert funnel == sorted(funnel)
            day = datetime.fromisoformat(bucket["start_time"]).astimezone(now.tzinfo).date()
            events[day.isoformat()].update(hour)
        for row in await box.insights(
            account, fields="actions", time_increment="1", time_range=last_days(box, number, 2)
        ):
            for action, event in COVERED.items():
                assert count_of(row, action) <= events[row["date_start"]][event], (action, row["date_start"])
        visits = [events[day]["PageView"] for day in sorted(events)][:2]
        assert max(visits) < 2 * min(visits)


# -- comments ---------------------------------------------------------------------------------------------------------


async def test_comments_stand_below_running_ads_and_posts_of_the_page(box: FakeTransport) -> None:
    store = box.world.store
    for number in range(4):
        page, account = box.world.page_ids[number], box.account(number)
        token = next(token for token, owner in box.world.page_tokens().items() if owner == page)
        ads = (await box.get(f"{account}/ads", limit="5000", fields="effective_status,created_time,creative"))["data"]
        span = last_days(box, number, 7, 1)
        delivered = {row["ad_id"] for row in await box.insights(account, fields="ad_id", level="ad", time_range=span)}
        running = {ad["creative"]["id"]: ad for ad in ads if ad["effective_status"] == "ACTIVE"}
        creatives = (
            await box.get(
                f"{account}/adcreatives",
                limit="5000",
                fields="effective_object_story_id,effective_instagram_media_id",
            )
        )["data"]
        found = 0
        for creative in creatives:
            story, media = creative["effective_object_story_id"], creative["effective_instagram_media_id"]
            if not ((story, "comments") in store.links or (media, "comments") in store.links):
                continue
            found += 1
            ad = running[creative["id"]]
            assert ad["id"] in delivered
            facebook = (await box.get(f"{story}/comments", access_token=token, fields="message,created_time"))["data"]
            instagram = (await box.get(f"{media}/comments", fields="text,timestamp,username"))["data"]
            assert {SHIPPING.text, INSULT.text} <= {comment["message"] for comment in facebook}
            assert {SHIPPING.text, INSULT.text} <= {comment["text"] for comment in instagram}
            times = [*(row["created_time"] for row in facebook), *(row["timestamp"] for row in instagram)]
            created = datetime.fromisoformat(ad["created_time"])
            assert all(created <= datetime.fromisoformat(text) <= box.world.today for text in times)
        posts = (await box.get(f"{page}/feed", access_token=token, fields="comments{message}"))["data"]
        assert found >= 5
        assert 0 < sum("comments" in post for post in posts) < len(posts)
        hidden = {row["id"] for row in creatives} - set(running)
        assert not any(
            (row["effective_object_story_id"], "comments") in store.links for row in creatives if row["id"] in hidden
        )


# -- times, statuses and money ----------------------------------------------------------------------------------------


async def test_nothing_is_updated_before_it_is_created_or_in_the_future(box: FakeTransport) -> None:
    now = box.world.today
    for node in box.world.store.nodes.values():
        created, updated = (node.get(name) for name in ("created_time", "updated_time"))
        for text in (created, updated):
            assert text is None or datetime.fromisoformat(text) <= now, (node.type, node.id, text)
        if created and updated:
            assert datetime.fromisoformat(created) <= datetime.fromisoformat(updated), (node.type, node.id)


async def test_only_what_runs_spends(box: FakeTransport) -> None:
    number = box.world.seed % 4
    account = box.account(number)
    statuses = ["ACTIVE", "PAUSED", "ARCHIVED", "ADSET_PAUSED", "CAMPAIGN_PAUSED", "DISAPPROVED", "WITH_ISSUES"]
    asked = {"fields": "effective_status,created_time,updated_time", "effective_status": statuses, "limit": "5000"}
    ads = {ad["id"]: ad for ad in (await box.get(f"{account}/ads", **asked))["data"]}
    span = last_days(box, number, 30)
    rows = await box.insights(account, fields="ad_id,spend", level="ad", time_range=span, time_increment="1")
    spent: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        spent[row["ad_id"]][row["date_start"]] = float(row["spend"])
    for ad_id, ad in ads.items():
        assert min(spent[ad_id], default="9") >= ad["created_time"][:10]
        if ad["effective_status"] in ("ACTIVE", "WITH_ISSUES"):
            assert sum(spent[ad_id].values()) > 0, ad
        elif ad["effective_status"] in ("PAUSED", "DISAPPROVED", "ARCHIVED"):
            assert max(spent[ad_id], default="0") <= ad["updated_time"][:10], ad


async def test_a_refused_ad_stops_on_the_day_of_the_refusal() -> None:
    world = World(seed=3, today=moment_of(3), accounts=1, ads=440)
    box = FakeTransport(SandboxTransport(world, clock=lambda: world.today))
    refused = (await box.get(f"{box.account()}/ads", effective_status=["DISAPPROVED"], limit="50"))["data"]
    assert refused
    for ad in refused:
        log = (
            await box.get(f"{box.account()}/activities", oid=ad["id"], since="1700000000", category="AD", limit="9")
        )["data"]
        day = next(row["event_time"][:10] for row in log if row["event_type"] == "ad_review_declined")
        rows = await box.insights(ad["id"], fields="spend", time_increment="1", date_preset="maximum")
        assert max(row["date_stop"] for row in rows) == day


# -- creatives --------------------------------------------------------------------------------------------------------


def weekly(rows: Iterable[dict[str, Any]], figure: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        found[row["ad_id"]].append(float(row[figure]))
    return found


async def test_some_creatives_wear_out_and_others_do_not(box: FakeTransport) -> None:
    number = 1 + box.world.seed % 3
    rows = await box.insights(
        box.account(number),
        fields="ad_id,ctr,frequency,impressions,clicks",
        level="ad",
        time_range=last_days(box, number, 49, 1),
        time_increment="7",
    )
    worn = {ad.id for plan in box.world.plans_of(box.world.account_ids[number]) for ad in plan.every_ad() if ad.drifts}
    assert worn
    left = {ad: rates[-1] / max(rates) for ad, rates in weekly(rows, "ctr").items() if len(rates) == 7}
    often = weekly(rows, "frequency")
    busy = {row["ad_id"] for row in rows if int(row["clicks"]) > 60}
    assert all(left[ad] < 0.6 and often[ad][-1] > often[ad][0] for ad in worn)
    others = [share for ad, share in left.items() if ad in busy - worn]
    assert mean(others) > 0.75
    assert mean(often[ad][-1] for ad in worn) > 1.3 * mean(often[ad][-1] for ad in left if ad not in worn)
