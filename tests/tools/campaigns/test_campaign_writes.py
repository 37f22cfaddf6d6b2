"""Campaigns: the request that creates or updates one, and what is refused before a request is sent."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.clock import FakeClock
from tests.support.elicitors import Person
from tests.support.scripted_graph import account_graph, engine
from tests.support.write_cases import (
    ACCOUNT,
    CAMPAIGN,
    Case,
    Refused,
    check,
    shop,
)
from tests.support.write_cases import call as write

SALES = {"account_id": ACCOUNT, "name": "Spring", "objective": "OUTCOME_SALES"}
NEW_CAMPAIGN: dict[str, Any] = {
    "name": "Spring",
    "objective": "OUTCOME_SALES",
    "status": "PAUSED",
    "buying_type": "AUCTION",
    "special_ad_categories": [],
}
CREATE, UPDATE = "ads_create_campaign", "ads_update_campaign"
CAMPAIGNS = f"{ACCOUNT}/campaigns"
# Parameters that a new campaign and a change take alike.
SETTINGS = {
    "pacing_type": ["standard"],
    "frequency_control_specs": [{"event": "IMPRESSIONS", "interval_days": 7, "max_frequency": 2}],
    "is_skadnetwork_attribution": True,
    "adlabels": [{"name": "spring"}],
}
SCHEDULE = {"budget_value": 1000, "budget_value_type": "ABSOLUTE", "time_start": "1798000000", "time_end": "1798100000"}
SENT_SCHEDULE = {
    "budget_schedule_specs": [{**SCHEDULE, "time_start": 1798000000, "time_end": 1798100000}],
    "is_budget_schedule_enabled": "true",
}
CAMPAIGN_CASES = {
    **{
        f"{name} of a new campaign": Case(CREATE, {**SALES, name: value}, CAMPAIGNS, {name: value}, some=True)
        for name, value in SETTINGS.items()
    },
    **{
        f"{name} later": Case(UPDATE, {"campaign_id": CAMPAIGN, name: value}, CAMPAIGN, {name: value})
        for name, value in SETTINGS.items()
    },
    "a budget schedule of a new campaign": Case(
        CREATE,
        {**SALES, "daily_budget": 1000, "budget_schedule_specs": [SCHEDULE]},
        CAMPAIGNS,
        SENT_SCHEDULE,
        some=True,
    ),
    "a budget schedule later": Case(
        UPDATE, {"campaign_id": CAMPAIGN, "budget_schedule_specs": [SCHEDULE]}, CAMPAIGN, SENT_SCHEDULE
    ),
    "a migration to Advantage+": Case(
        UPDATE,
        {"campaign_id": CAMPAIGN, "migrate_to_advantage_plus": True},
        CAMPAIGN,
        {"migrate_to_advantage_plus": "true"},
    ),
    "paused, no category, and budgets on the ad sets": Case(
        CREATE,
        SALES,
        CAMPAIGNS,
        {**NEW_CAMPAIGN, "is_adset_budget_sharing_enabled": False},
        absent=("daily_budget", "lifetime_budget", "bid_strategy"),
        notes=("set the budgets on its ad sets",),
        no_notes=("special ad category",),
    ),
    "an id without act_": Case(
        CREATE,
        {**SALES, "account_id": "1"},
        CAMPAIGNS,
        {**NEW_CAMPAIGN, "is_adset_budget_sharing_enabled": "false"},
    ),
    "leads without a word on categories": Case(
        CREATE,
        {**SALES, "objective": "OUTCOME_LEADS"},
        CAMPAIGNS,
        {"objective": "OUTCOME_LEADS", "special_ad_categories": []},
        some=True,
        notes=("HOUSING", "EMPLOYMENT", "FINANCIAL_PRODUCTS_SERVICES"),
    ),
    "leads with an explicit none": Case(
        CREATE,
        {**SALES, "objective": "OUTCOME_LEADS", "special_ad_categories": []},
        CAMPAIGNS,
        {"special_ad_categories": []},
        some=True,
        no_notes=("HOUSING",),
    ),
    "a campaign budget": Case(
        CREATE,
        {**SALES, "daily_budget": 1000},
        CAMPAIGNS,
        {**NEW_CAMPAIGN, "daily_budget": "1000", "bid_strategy": "LOWEST_COST_WITHOUT_CAP"},
    ),
    "a campaign budget as money, and a cap": Case(
        CREATE,
        {**SALES, "daily_budget": "10.00 USD", "spend_cap": "300 USD", "bid_strategy": "COST_CAP"},
        CAMPAIGNS,
        {**NEW_CAMPAIGN, "daily_budget": "1000", "spend_cap": "30000", "bid_strategy": "COST_CAP"},
    ),
    "a start time": Case(
        CREATE,
        {**SALES, "start_time": "2027-01-04T00:00:00+0100"},
        CAMPAIGNS,
        {"start_time": "2027-01-04T00:00:00+0100"},
        some=True,
        notes=("scheduled on the ad set",),
    ),
    "budgets that move to the ad sets": Case(
        UPDATE,
        {
            "campaign_id": CAMPAIGN,
            "adset_budgets": [
                {"adset_id": "111", "daily_budget": 5000},
                {"adset_id": "222", "daily_budget": 7000},
            ],
        },
        CAMPAIGN,
        {"adset_budgets": [{"adset_id": "111", "daily_budget": 5000}, {"adset_id": "222", "daily_budget": 7000}]},
        notes=("at ad set level",),
    ),
    "budgets that move, as money": Case(
        UPDATE,
        {"campaign_id": CAMPAIGN, "adset_budgets": [{"adset_id": 111, "lifetime_budget": "50.00 USD"}]},
        CAMPAIGN,
        {"adset_budgets": [{"adset_id": "111", "lifetime_budget": 5000}]},
    ),
    "an update without them": Case(UPDATE, {"campaign_id": CAMPAIGN, "name": "New"}, CAMPAIGN, {"name": "New"}),
}
CAMPAIGN_REFUSALS = {
    "an old objective": Refused(CREATE, {**SALES, "objective": "LINK_CLICKS"}, ["OUTCOME_TRAFFIC"], nothing_read=True),
    "another old one": Refused(
        CREATE, {**SALES, "objective": "CONVERSIONS"}, ["OUTCOME_SALES", "OUTCOME_AWARENESS"], nothing_read=True
    ),
    "an update of nothing": Refused(
        UPDATE, {"campaign_id": CAMPAIGN}, ["nothing to update", "daily_budget"], nothing_read=True
    ),
    "two budgets": Refused(
        CREATE, {**SALES, "daily_budget": 1000, "lifetime_budget": 9000}, ["daily_budget or lifetime_budget"]
    ),
    "a bid strategy without a budget": Refused(CREATE, {**SALES, "bid_strategy": "COST_CAP"}, ["bid_strategy"]),
    "an ad set that gets no budget": Refused(
        UPDATE, {"campaign_id": CAMPAIGN, "adset_budgets": [{"adset_id": "111"}]}, ["daily_budget or lifetime_budget"]
    ),
    "another currency for one of them": Refused(
        UPDATE,
        {"campaign_id": CAMPAIGN, "adset_budgets": [{"adset_id": "111", "daily_budget": "50.00 EUR"}]},
        ["EUR", "USD"],
    ),
    "another currency": Refused(CREATE, {**SALES, "daily_budget": "10.00 EUR"}, ["EUR", "USD"]),
    "an old category": Refused(
        CREATE, {**SALES, "special_ad_categories": ["CREDIT"]}, ["FINANCIAL_PRODUCTS_SERVICES"], nothing_read=True
    ),
    "a category without its country": Refused(
        CREATE, {**SALES, "special_ad_categories": ["HOUSING"]}, ["special_ad_category_country"], nothing_read=True
    ),
    "a default budget is never invented": Refused(
        CREATE, {**SALES, "lifetime_budget": 9000}, ["stop_time"], nothing_read=True
    ),
}


@pytest.mark.parametrize("case", CAMPAIGN_CASES.values(), ids=CAMPAIGN_CASES)
async def test_the_request_is_this(case: Case) -> None:
    await check(case)


@pytest.mark.parametrize("case", CAMPAIGN_REFUSALS.values(), ids=CAMPAIGN_REFUSALS)
async def test_nothing_is_sent(case: Refused) -> None:
    await check(case)


@pytest.mark.parametrize(
    ("currency", "given", "minor", "amount"),
    [
        ("USD", "50.00 USD", 5000, "50.00"),
        ("USD", 5000, 5000, "50.00"),
        ("JPY", "5000 JPY", 5000, "5000"),
        ("JPY", 5000, 5000, "5000"),
    ],
)
async def test_a_budget_may_be_said_in_either_unit_and_is_echoed_in_both(
    currency: str, given: int | str, minor: int, amount: str
) -> None:
    client = account_graph(FakeClock(), currency)
    client.objects[CAMPAIGN]["daily_budget"] = "4000"
    answer = await write(client, "ads_update_campaign", {"campaign_id": CAMPAIGN, "daily_budget": given})
    assert [str(request.params["daily_budget"]) for request in client.writes] == [str(minor)]
    changed = answer.structured["data"]["changes"]["daily_budget"]
    assert changed["after"] == {"minor": minor, "amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("change", "said"),
    [({"migrate_to_advantage_plus": True}, "undone"), ({"budget_schedule_specs": [SCHEDULE]}, "raises the budget")],
)
async def test_what_costs_or_cannot_be_undone_needs_a_confirmation(change: dict[str, Any], said: str) -> None:
    client = shop()
    answer = await engine(client).call(UPDATE, {"campaign_id": CAMPAIGN, **change})
    assert answer.structured["data"]["status"] == "needs_confirmation"
    assert said in answer.text
    assert client.writes == []


async def test_the_policy_limits_budget_schedules_too() -> None:
    client = shop()
    policy = Policy(max_value={"USD": 5_500})
    answer = await engine(client, policy=policy).call(
        UPDATE, {"campaign_id": CAMPAIGN, "budget_schedule_specs": [SCHEDULE]}, asker=Person(True)
    )
    assert answer.is_error
    assert "budget schedule" in answer.text
    assert client.writes == []
