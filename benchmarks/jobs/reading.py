"""Do the jobs that read: figures, comparisons, diagnoses and files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from benchmarks.jobs.assistant import Assistant
from benchmarks.jobs.job import Truth, check, is_close, job, read_csv, rows_of

SEPTEMBER = (date(2026, 9, 1), date(2026, 9, 30))
AUGUST = (date(2026, 8, 1), date(2026, 8, 31))
LAST_30_DAYS = (date(2026, 9, 14), date(2026, 10, 13))


@job(
    1,
    "How did all my accounts do last month against the month before? Which one needs me?",
    calls=1,
    characters=5_000,
)
async def compare_accounts(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read("ads_portfolio_summary", date_preset="last_month", compare_to="previous_period")
    rows = rows_of(content, "by_account")
    check(len(rows) == len(truth.world.account_ids), "an account is missing")
    check(rows[0]["account_status"] == "DISABLED", "the disabled account is not first")
    attention = content["data"]["attention"][0]
    check(attention["account_id"] == rows[0]["account_id"] and "RISK_PAYMENT" in attention["reason"], "no reason")
    harbor = next(row for row in rows if row["account_id"] == truth.account)
    check(is_close(harbor["spend"], truth.spend(truth.account, *SEPTEMBER)), "spend of the month is wrong")
    check(is_close(harbor["spend_before"], truth.spend(truth.account, *AUGUST)), "spend of the month before is wrong")
    check(is_close(harbor["spend_per_day"], harbor["spend"] / 30), "spend per day is wrong")
    check(harbor["cost_per_result"] and harbor["cost_per_result_before"], "cost per result is missing")


@job(
    2,
    "Find wasted spend in {account}, 30 days: ads with spend and no purchase, by placement and age too",
    calls=3,
    characters=12_000,
)
async def find_wasted_spend(assistant: Assistant, truth: Truth) -> None:
    wasted = {
        "object_id": truth.account,
        "level": "ad",
        "date_preset": "last_30d",
        "fields": ["spend", "purchase"],
        "filtering": [
            {"field": "campaign.objective", "operator": "IN", "value": ["OUTCOME_SALES"]},
            {"field": "spend", "operator": "GREATER_THAN", "value": 0},
            {"field": "purchase", "operator": "EQUAL", "value": 0},
        ],
        "sort": ["spend_descending"],
        "max_items": 40,
    }
    content = await assistant.read("ads_get_insights", **wasted)
    rows = rows_of(content)
    expected = sum(
        spend
        for plan in truth.world.plans_of(truth.account.removeprefix("act_"))
        if plan.id in truth.sales_campaigns
        for ad_set in plan.ad_sets
        for ad in ad_set.parts
        if not truth.purchases(ad.id, *LAST_30_DAYS) and (spend := truth.spend(ad.id, *LAST_30_DAYS))
    )
    check(rows and all(row["purchase"] == 0 for row in rows), "an ad with purchases is in the list")
    check(f"spend={expected:.2f}".rstrip("0").rstrip(".") in str(content["notes"]), f"the sum is not {expected:.2f}")
    for breakdowns in (["publisher_platform", "platform_position"], ["age"]):
        parts = await assistant.read(
            "ads_get_insights",
            object_id=truth.account,
            level="account",
            date_preset="last_30d",
            breakdowns=breakdowns,
            fields=["spend", "purchase", "cost_per_purchase"],
            filtering=[{"field": "campaign.objective", "operator": "IN", "value": ["OUTCOME_SALES"]}],
            sort=["spend_descending"],
        )
        check(len(rows_of(parts)) > 3, f"no rows by {breakdowns}")


@job(
    3,
    "What changed around the day on which the cost per purchase rose in {account}?",
    calls=2,
    characters=8_000,
)
async def explain_rise(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read("ads_explain_change", account_id=truth.account, metric="cost_per_purchase")
    planted = next(each for each in truth.world.planted if each.account_id in truth.account)
    text = str(content["data"])
    check(planted.day.isoformat() in text, "the day is missing")
    check(planted.edit.object_id in text and planted.edit.actor.name in text, "the edit or its actor is missing")


@job(4, "A weekly report for my boss about {account}, with a chart", calls=4, characters=20_000)
async def write_weekly_report(assistant: Assistant, truth: Truth) -> None:
    await assistant.read("ads_find_tools", query="trend of the week with a chart", limit=2)
    trend = await assistant.read(
        "ads_insights_performance_trend",
        object_id=truth.account,
        date_preset="last_7d",
        compare_to="previous_period",
        chart=True,
    )
    spend = next(row for row in rows_of(trend, "comparison") if row["metric"] == "spend")
    check(is_close(spend["now"], truth.spend(truth.account, date(2026, 10, 7), date(2026, 10, 13))), "spend is wrong")
    check(assistant.pictures == 1, "there is no chart")
    diagnosis = await assistant.read("ads_diagnose_underperformance", object_id=truth.account, date_preset="last_7d")
    findings = diagnosis["data"]["findings"]
    check(len(findings) >= 3, "fewer than three findings")
    check(
        "Always-on sales | US | 01" in str(findings[:3]), "the campaign that explains the rise is not among the first"
    )


@job(12, "Which creatives of {account} are worn out?", calls=1, characters=6_000)
async def rank_fatigue(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read("ads_get_creative_fatigue", account_id=truth.account)
    text = str(content)
    check("frequency" in text, "no frequency")
    check("threshold" in text, "no threshold")


@job(
    15,
    "Two years of daily figures per ad of {small_account} with age and gender as a file; best ROAS month by country",
    calls=3,
    characters=5_000,
)
async def export_two_years(assistant: Assistant, truth: Truth) -> None:
    query = {
        "object_id": truth.small_account,
        "level": "ad",
        "time_range": {"since": "2024-11-01", "until": "2026-10-13"},
        "time_increment": 1,
        "breakdowns": ["age", "gender"],
        "fields": ["spend", "purchase"],
        "save_as": "csv",
    }
    await assistant.read("ads_find_tools", query="two years of daily figures as a file", limit=2)
    content = await assistant.read("ads_run_report_and_wait", **query)
    for _ in range(4):  # the same call continues where the last one stopped
        if content["data"].get("path"):
            break
        content = await assistant.read("ads_run_report_and_wait", **query)
    spend = sum(float(row["spend"] or 0) for row in read_csv(content["data"]["path"]))
    check(
        is_close(spend, truth.spend(truth.small_account, date(2024, 11, 1), date(2026, 10, 13))),
        "the file is incomplete",
    )
    months = await assistant.read(
        "ads_run_report_and_wait",
        object_id=truth.small_account,
        level="account",
        time_range={"since": "2024-11-01", "until": "2026-09-30"},
        time_increment="monthly",
        breakdowns=["country"],
        fields=["spend", "purchase_roas"],
        sort=["purchase_roas_descending"],
    )
    months_spend = truth.spend(truth.small_account, date(2024, 11, 1), date(2026, 9, 30))
    best: dict[str, float] = {}
    for row in rows_of(months):
        best.setdefault(row["country"], row["purchase_roas"])
    check(best and all(best.values()), "no best month per country")
    check(is_close(sum(row["spend"] for row in rows_of(months)), months_spend), "a month or a country is missing")


@job(16, "Why does this ad not deliver: {rejected_ad}?", calls=2, characters=5_000)
async def explain_no_delivery(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read("ads_diagnose_underperformance", object_id=truth.rejected_ad, level="ad")
    first = content["data"]["findings"][0]
    check("reject" in first["finding"].lower() or "disapproved" in first["finding"].lower(), "the reason is not first")


@job(
    19,
    "The reach of people of 18 to 30 in Tokyo who are interested in hot springs, in {account}",
    calls=3,
    characters=2_000,
)
async def estimate_reach(assistant: Assistant, truth: Truth) -> None:
    await assistant.read("ads_find_tools", query="audience size of a targeting", limit=1)
    content = await assistant.read(
        "ads_estimate_audience_size",
        account_id=truth.account,
        targeting_spec={
            "age_min": 18,
            "age_max": 30,
            "geo_locations": {"cities": ["Tokyo"]},
            "flexible_spec": [{"interests": ["hot springs"]}],
        },
    )
    check("lower" in str(content["data"]), "no bounds")
    check("Tokyo" in str(content.get("notes")), "the answer does not say which city it took")


@job(
    20,
    "Purchases with 1-day click against 7-day click per campaign of {account}, last month",
    calls=1,
    characters=3_000,
)
async def compare_windows(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read(
        "ads_get_insights",
        object_id=truth.account,
        level="campaign",
        date_preset="last_month",
        fields=["purchase"],
        action_attribution_windows=["1d_click", "7d_click"],
    )
    for row in rows_of(content):
        day = truth.purchases(row["campaign_id"], *SEPTEMBER, ("k1",))
        week = truth.purchases(row["campaign_id"], *SEPTEMBER, ("k1", "k7"))
        check((row["purchase_1d_click"], row["purchase_7d_click"]) == (day, week), f"wrong: {row}")


@job(21, "UTM parameters of all active ads of {account}; which have none?", calls=1, characters=6_000)
async def list_url_tags(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read("ads_get_ad_creatives", account_id=truth.account, group_by="url_tags")
    groups: defaultdict[str, int] = defaultdict(int)
    for node in truth.desk.nodes("Ad", effective_status="ACTIVE"):
        creative = truth.node(node.get("creative")["id"])
        groups[str(creative.get("url_tags") or "")] += 1
    check(str(sum(groups.values())) in content["summary"], "an active ad is missing")


@job(22, "Am I near Meta's limit?", calls=1, characters=1_500)
async def read_limits(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read("ads_rate_status")
    check(content["summary"].count(".") <= 4, "the answer is not a sentence")


@job(25, "Is the pixel of {account} healthy?", calls=2, characters=5_000)
async def check_pixel(assistant: Assistant, truth: Truth) -> None:
    await assistant.read("ads_find_tools", query="is my pixel healthy", limit=3)
    pixels = await assistant.read("ads_get_pixels", account_id=truth.account)
    content = await assistant.read("ads_get_dataset_quality", dataset_id=pixels["data"][0]["id"])
    failing = [row["key"] for row in content["data"].get("failing_checks", ())]
    verdict: Any = content["summary"]
    check(not failing or "100 of 100" not in verdict, "a full score beside a failing check")
    check(all(key in verdict for key in failing[:1]), "the verdict does not name the failing check")
