"""Do the jobs that change many objects: trees, copies, links, budgets and comments."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from benchmarks.jobs.assistant import Assistant
from benchmarks.jobs.job import Truth, check, job, rows_of

INSULTS = ("idiot", "scam", "trash", "stupid")


@job(
    7,
    "In {account}: a sales campaign with one ad set (women of 25 to 45 in New York and New Jersey who like hiking,"
    " without buyers), two image ads and a video ad, our pixel, all paused, 50 USD a day, https://shop.example/new",
    calls=6,
    characters=20_000,
)
async def create_tree(assistant: Assistant, truth: Truth) -> None:
    wanted = "list ad images and ad videos and custom audiences"
    await assistant.read("ads_find_tools", query=wanted, limit=3)
    images = (await assistant.read("ads_get_ad_images", account_id=truth.account, limit=2))["data"]
    videos = (await assistant.read("ads_get_ad_videos", account_id=truth.account, limit=1))["data"]
    audiences = (await assistant.read("ads_get_custom_audiences", account_id=truth.account, limit=1))["data"]
    ad_set = {
        "name": "Women 25-45 hiking",
        "optimization_goal": "OFFSITE_CONVERSIONS",
        "promoted_object": {"custom_event_type": "PURCHASE"},
        "targeting": {
            "age_min": 25,
            "age_max": 45,
            "genders": [2],
            "geo_locations": {"regions": ["New York", "New Jersey"]},
            "flexible_spec": [{"interests": ["hiking"]}],
            "excluded_custom_audiences": [{"id": audiences[0]["id"]}],
        },
        "ads": [
            {"name": f"Ad {number}", "creative": {"headline": "New boots", "message": "In store now.", **media}}
            for number, media in enumerate(
                [
                    {"image_hash": images[0]["hash"]},
                    {"image_hash": images[1]["hash"]},
                    {"video_id": videos[0]["id"], "image_hash": images[0]["hash"]},
                ]
            )
        ],
    }
    data = await assistant.write(
        "ads_bulk_create",
        account_id=truth.account,
        plan={
            "campaigns": [
                {
                    "name": "New season",
                    "objective": "OUTCOME_SALES",
                    "daily_budget": "50.00 USD",
                    "special_ad_categories": [],
                    "ad_sets": [ad_set],
                }
            ]
        },
        defaults={"creative": {"link_url": "https://shop.example/new"}},
        idempotency_key="new-season",
    )
    check(data.get("unit_id"), "no unit to undo")
    campaign = next(iter(truth.desk.nodes("Campaign", name="New season")), None)
    check(campaign is not None, "no campaign")
    ads = [ad for ad in truth.desk.nodes("Ad") if campaign and ad.get("campaign_id") == campaign.id]
    check(len(ads) == 3, f"{len(ads)} ads instead of 3")
    check({ad.get("status") for ad in ads} == {"PAUSED"}, "an ad is not paused")


@job(
    8,
    "Copy the best campaign of {account} into {euro_account}, for Germany, with 60 EUR a day",
    calls=4,
    characters=12_000,
)
async def copy_campaign(assistant: Assistant, truth: Truth) -> None:
    best = await assistant.read(
        "ads_get_insights",
        object_id=truth.account,
        level="campaign",
        date_preset="last_30d",
        fields=["spend", "purchase_roas"],
        sort=["purchase_roas_descending"],
        max_items=1,
    )
    await assistant.read("ads_find_tools", query="copy a campaign to another ad account", limit=1)
    campaign = rows_of(best)[0]["campaign_id"]
    call: dict[str, Any] = {
        "campaign_id": campaign,
        "target_account_id": truth.euro_account,
        "on_unmapped": "drop",
        "idempotency_key": "copy-best",
    }
    error = await assistant.refused("ads_copy_to_account", caller="ads_call_write_tool", **call)
    mapping: defaultdict[str, dict[str, str]] = defaultdict(dict)
    budget, *choices = error["choices"]
    call["budget_rate"] = round(60 / amount_in(budget["daily_budget"]), 5)
    for choice in choices:
        kind = choice["argument"].removeprefix("mapping.")
        mapping[kind][choice["old"]] = choice["candidates"][0]["id"]
    plan = await assistant.plan("ads_copy_to_account", **call, mapping={**mapping, "countries": {"US": "DE"}})
    check("60.00 EUR" in str(plan), "the sum of the budgets is not 60 EUR")
    present = len(truth.world.store.children(truth.euro_account, "campaigns"))
    await assistant.agree()
    copies = len(truth.world.store.children(truth.euro_account, "campaigns")) - present
    check(copies == 1, "there is no copy")


@job(
    11,
    "Hide all insults under our ads in {account}, and answer the question about shipping",
    calls=4,
    characters=12_000,
)
async def moderate_comments(assistant: Assistant, truth: Truth) -> None:
    comments = await assistant.read("ads_get_ad_comments", account_id=truth.account, unanswered_only=True)
    rows = rows_of(comments) if "columns" in comments["data"] else comments["data"]
    texts = {row["id"]: str(row.get("message", "")).lower() for row in rows}
    insults = [row for row in rows if any(word in texts[row["id"]] for word in INSULTS)]
    question = next(row for row in rows if "ship" in texts[row["id"]])
    await assistant.write(
        "ads_moderate_comments",
        action="hide",
        comments=[_reference(row) for row in insults],
        dry_run=False,
        idempotency_key="hide-insults",
    )
    answer = "We ship within two days."
    plan = await assistant.plan(
        "ads_moderate_comments",
        action="reply",
        message=answer,
        comments=[_reference(question)],
        dry_run=False,
        idempotency_key="answer-shipping",
    )
    check(answer in str(plan), "the plan does not show the public text")
    await assistant.agree()


def amount_in(text: str) -> float:
    """Return the number of an amount such as "1,250.00 USD"."""
    return float(text.split(maxsplit=1)[0].replace(",", ""))


def _reference(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("id", "platform", "page_id", "ad_id") if row.get(key)}


@job(
    23,
    "Change the link of all active ads of the campaign {biggest_campaign} in {account} to https://shop.example/sale",
    calls=2,
    characters=6_000,
)
async def change_links(assistant: Assistant, truth: Truth) -> None:
    link = "https://shop.example/sale"
    ads = [
        node
        for node in truth.desk.nodes("Ad", effective_status="ACTIVE")
        if node.get("campaign_id") == truth.biggest_campaign
    ]
    data = await assistant.write(
        "ads_bulk_update",
        account_id=truth.account,
        select={"level": "ad", "campaign_ids": [truth.biggest_campaign], "status_filter": ["ACTIVE"]},
        set={"link_url": link},
        idempotency_key="sale-links",
    )
    check(data.get("unit_id"), "no unit to undo")
    for ad in ads:
        creative = truth.node(truth.world.store.nodes[ad.id].get("creative")["id"])
        check(link in str(dict(creative)), f"ad {ad.id} has the old link")


@job(
    24,
    "Move 10 % of budget from the worst to the best ad set in each campaign of {account}",
    calls=2,
    characters=6_000,
)
async def shift_budgets(assistant: Assistant, truth: Truth) -> None:
    sets = truth.desk.nodes("AdSet", effective_status="ACTIVE")
    before = {node.id: int(node.get("daily_budget")) for node in sets if node.get("daily_budget")}
    data = await assistant.write(
        "ads_shift_budget",
        account_id=truth.account,
        level="ad_set",
        from_ids=["worst"],
        to_ids=["best"],
        percent=10,
        idempotency_key="shift-tenth",
    )
    check(data.get("unit_id"), "no unit to undo")
    now = {key: int(truth.node(key)["daily_budget"]) for key in before}
    cuts = {truth.node(key)["campaign_id"] for key in before if now[key] < before[key]}
    raises = {truth.node(key)["campaign_id"] for key in before if now[key] > before[key]}
    check(cuts and cuts == raises, "a campaign has a cut without a raise")
    check(sum(now.values()) == sum(before.values()), "the sum is another one")
