"""Do the jobs that write: budgets, statuses, audiences, rules, tests, posts and comments."""

from __future__ import annotations

from datetime import date

from benchmarks.jobs.assistant import Assistant
from benchmarks.jobs.job import Truth, check, job, read_csv, rows_of

LAST_14_DAYS = (date(2026, 9, 30), date(2026, 10, 13))
PEOPLE = 500


@job(
    5,
    "Pause the three worst ads of {account} by cost per purchase, 14 days, from 100 USD of spend",
    calls=3,
    characters=6_000,
)
async def pause_worst_ads(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read(
        "ads_get_insights",
        object_id=truth.account,
        level="ad",
        date_preset="last_14d",
        fields=["spend", "purchase", "cost_per_purchase"],
        filtering=[
            {"field": "campaign.objective", "operator": "IN", "value": ["OUTCOME_SALES"]},
            {"field": "spend", "operator": "GREATER_THAN", "value": 100},
            {"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE"]},
        ],
        sort=["cost_per_purchase_descending"],
        max_items=3,
    )
    rows = rows_of(content)
    spenders = [
        (truth.spend(ad.id, *LAST_14_DAYS), truth.purchases(ad.id, *LAST_14_DAYS), ad.id)
        for plan in truth.world.plans_of(truth.account.removeprefix("act_"))
        if plan.id in truth.sales_campaigns
        for ad_set in plan.ad_sets
        for ad in ad_set.parts
        if truth.node(ad.id).get("effective_status") == "ACTIVE"
    ]
    worst = sorted(
        (row for row in spenders if row[0] > 100),
        key=lambda row: (row[1] == 0, row[0] / max(row[1], 1)),
        reverse=True,
    )[:3]
    check({row["ad_id"] for row in rows} == {ad_id for *_, ad_id in worst}, f"the three worst are {worst}")
    data = await assistant.write(
        "ads_set_status",
        account_id=truth.account,
        level="ad",
        ids=[row["ad_id"] for row in rows],
        status="PAUSED",
    )
    check(data.get("unit_id"), "no unit to undo")
    check(all(truth.node(ad_id)["status"] == "PAUSED" for *_, ad_id in worst), "an ad still runs")


@job(
    6,
    "Raise the daily budget of the best ad set of {account} by 20 %, not above 1,000 USD",
    calls=3,
    characters=4_000,
)
async def raise_budget(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read(
        "ads_get_insights",
        object_id=truth.account,
        level="adset",
        date_preset="last_14d",
        fields=["spend", "purchase_roas"],
        filtering=[{"field": "spend", "operator": "GREATER_THAN", "value": 500}],
        sort=["purchase_roas_descending"],
        max_items=5,
    )
    for row in rows_of(content):
        before = truth.node(row["ad_set_id"]).get("daily_budget")
        if before:
            break
    plan = await assistant.plan(
        "ads_bulk_update",
        account_id=truth.account,
        edits=[{"level": "ad_set", "id": row["ad_set_id"], "set": {"budget_change_percent": 20}}],
        idempotency_key="raise-best",
    )
    wanted = int(before) * 120 // 100
    check(f"{wanted / 100:,.2f} USD" in plan["summary"] + str(plan["data"]), "the plan does not show the new budget")
    check(wanted <= 100_000, "above the ceiling")
    await assistant.agree()
    check(int(truth.node(row["ad_set_id"])["daily_budget"]) == wanted, "the budget is another one")
    truth.raised = (row["ad_set_id"], before)


@job(18, "Undo what you did in the job before: the raise of the budget", calls=2, characters=2_000)
async def undo_raise(assistant: Assistant, truth: Truth) -> None:
    changes = await assistant.read("ads_get_changes", limit=3)
    ad_set, before = truth.raised
    unit = next(row["unit_id"] for row in changes["data"] if row.get("unit_id") and ad_set in str(row))
    await assistant.write("ads_undo_change", unit_id=unit)
    check(truth.node(ad_set)["daily_budget"] == before, "the old budget is not back")


@job(
    9,
    "A customer list from {people_file} in {account}, then a 1 % lookalike in DE and AT",
    calls=4,
    characters=6_000,
)
async def create_customer_list(assistant: Assistant, truth: Truth) -> None:
    await assistant.read("ads_find_tools", query="customer list from a CSV, lookalike audience")
    audience = await assistant.write(
        "ads_create_custom_audience",
        account_id=truth.account,
        name="Customers",
        customer_file_source="USER_PROVIDED_ONLY",
        idempotency_key="customers",
    )
    added = await assistant.write(
        "ads_update_audience_users",
        audience_id=audience["id"],
        operation="add",
        file_path=truth.people_file,
        default_country="DE",
    )
    check(str(PEOPLE) in str(added), f"not every person is in the list: {added}")
    error = await assistant.refused(
        "ads_create_lookalike_audience",
        caller="ads_call_write_tool",
        account_id=truth.account,
        name="Like customers",
        origin_audience_id=audience["id"],
        ratio=0.01,
        country=["DE", "AT"],
        idempotency_key="like-customers",
    )
    check("24 hours" in error["next_step"], "nothing says when the lookalike can be created")


@job(10, "Download all leads of last week of {account}", calls=1, characters=2_000)
async def download_leads(assistant: Assistant, truth: Truth) -> None:
    content = await assistant.read("ads_export_leads", account_id=truth.account, since="2026-10-05", until="2026-10-11")
    data = content["data"]
    people = read_csv(data["path"])
    check(len(people) == data["leads"] == data["leads_in_insights"], "leads are missing")
    check(all("@" not in str(value) for value in data.values()), "personal data is in the answer")


@job(
    13,
    "Pause ad sets of {account} when their cost per purchase passes 80 USD after 200 USD of spend",
    calls=3,
    characters=6_000,
)
async def create_rule(assistant: Assistant, truth: Truth) -> None:
    await assistant.read("ads_find_tools", query="automatically pause ad sets by rule")
    data = await assistant.write(
        "ads_create_ad_rule",
        account_id=truth.account,
        name="Pause dear ad sets",
        evaluation_spec={
            "evaluation_type": "SCHEDULE",
            "filters": [
                {"field": "entity_type", "operator": "EQUAL", "value": "ADSET"},
                {"field": "time_preset", "operator": "EQUAL", "value": "LAST_7D"},
                {"field": "spent", "operator": "GREATER_THAN", "value": 20_000},
                {"field": "cost_per_purchase_fb", "operator": "GREATER_THAN", "value": 8_000},
            ],
        },
        execution_spec={"execution_type": "PAUSE"},
        schedule_spec={"schedule_type": "SEMI_HOURLY"},
        status="ENABLED",
        idempotency_key="dear-ad-sets",
    )
    check(truth.node(data["id"])["status"] == "ENABLED", "the rule is off")


@job(14, "Start an A/B test of two ad sets of {account}", calls=3, characters=5_000)
async def start_test(assistant: Assistant, truth: Truth) -> None:
    await assistant.read("ads_find_tools", query="start an A/B test of two ad sets")
    ad_sets = await assistant.read("ads_get_ad_sets", account_id=truth.account, limit=2, status_filter=["ACTIVE"])
    first, second = (row["id"] for row in ad_sets["data"])
    data = await assistant.write(
        "ads_create_ad_study",
        account_id=truth.account,
        name="Two audiences",
        start_time="2026-10-16T00:00:00",
        end_time="2026-10-30T00:00:00",
        cells=[
            {"name": "A", "treatment_percentage": 50, "ad_sets": [first]},
            {"name": "B", "treatment_percentage": 50, "ad_sets": [second]},
        ],
        idempotency_key="two-audiences",
    )
    check(truth.node(data["id"]), "there is no test")


@job(
    17,
    "Post on the Page of {account} on Friday at 18:00, and tell me last week's figures of the Page",
    calls=4,
    characters=5_000,
)
async def schedule_post(assistant: Assistant, truth: Truth) -> None:
    await assistant.read("ads_find_tools", query="publish a Page post, read Page insights", limit=4)
    pages = await assistant.read("ads_get_pages_for_business", account_id=truth.account)
    page = pages["data"][0]["id"]
    text = "New season, new boots: see what is in store from Saturday."
    plan = await assistant.plan(
        "facebook_create_post",
        page_id=page,
        message=text,
        scheduled_publish_time="2026-10-16T18:00:00",
        idempotency_key="boots-post",
        dry_run=False,
    )
    check(text in str(plan), "the plan does not show the whole text")
    check("2026-10-16T18:00" in str(plan), "the plan does not show the time")
    await assistant.agree()
    await assistant.read("facebook_get_page_insights", page_id=page, since="2026-10-05", until="2026-10-11")
