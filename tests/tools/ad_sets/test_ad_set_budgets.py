"""Budgets and bids of ad sets: the request, and what is refused before a request is sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.write_cases import (
    ACCOUNT,
    AD_SET,
    BARE_AD_SET,
    BROAD,
    CAMPAIGN,
    LIFETIME,
    OFF,
    OPEN,
    UNDER_DAILY,
    UNDER_LIFETIME,
    Case,
    Refused,
    check,
)

NEW_AD_SET: dict[str, Any] = {
    "campaign_id": OPEN,
    "name": "Broad",
    "optimization_goal": "REACH",
    "billing_event": "IMPRESSIONS",
    "status": "PAUSED",
    "targeting": OFF,
}
NEW, CHANGE = "ads_create_ad_set", "ads_update_ad_set"
AD_SETS = f"{ACCOUNT}/adsets"
NO_LOOK = {(OPEN, "daily_budget"): 0}
ONE_LOOK = {(OPEN, "daily_budget"): 1, (OPEN, "lifetime_budget"): 1}
AD_SET_CASES = {
    "no budget: none is invented, and the campaign is not looked at": Case(
        NEW, BROAD, AD_SETS, NEW_AD_SET, reads=NO_LOOK
    ),
    "a budget, and no strategy": Case(
        NEW,
        {**BROAD, "daily_budget": 5000},
        AD_SETS,
        {**NEW_AD_SET, "daily_budget": "5000", "bid_strategy": "LOWEST_COST_WITHOUT_CAP"},
        reads=ONE_LOOK,
    ),
    "none where the campaign has one": Case(
        NEW, {**BROAD, "campaign_id": CAMPAIGN}, AD_SETS, {**NEW_AD_SET, "campaign_id": CAMPAIGN}
    ),
    "a bid": Case(
        NEW,
        {**BROAD, "bid_strategy": "LOWEST_COST_WITH_BID_CAP", "bid_amount": 500},
        AD_SETS,
        {**NEW_AD_SET, "bid_strategy": "LOWEST_COST_WITH_BID_CAP", "bid_amount": "500"},
        reads=NO_LOOK,
    ),
    "a bid on what is there": Case(
        CHANGE,
        {"ad_set_id": AD_SET, "bid_strategy": "COST_CAP", "bid_amount": 500},
        AD_SET,
        {"bid_strategy": "COST_CAP", "bid_amount": "500"},
        reads=NO_LOOK,
    ),
    "a floor of return": Case(
        NEW,
        {
            **BROAD,
            "optimization_goal": "VALUE",
            "bid_strategy": "LOWEST_COST_WITH_MIN_ROAS",
            "bid_constraints": {"roas_average_floor": 20000},
        },
        AD_SETS,
        {
            **NEW_AD_SET,
            "optimization_goal": "VALUE",
            "bid_strategy": "LOWEST_COST_WITH_MIN_ROAS",
            "bid_constraints": {"roas_average_floor": 20000},
        },
        absent=("bid_amount",),
    ),
    "a lifetime budget with its end": Case(
        NEW,
        {**BROAD, "lifetime_budget": 90000, "end_time": "2027-02-01T00:00:00+0100"},
        AD_SETS,
        {"lifetime_budget": "90000", "end_time": "2027-02-01T00:00:00+0100"},
        some=True,
        absent=("daily_budget",),
    ),
    "a first budget of what is there": Case(
        CHANGE,
        {"ad_set_id": BARE_AD_SET, "daily_budget": 5000},
        BARE_AD_SET,
        {"daily_budget": "5000"},
        reads=ONE_LOOK,
    ),
}
BOTH_BUDGETS = {
    f"{tool}: {own} under {name}": Refused(
        tool,
        {**base, own: 5000, **({"end_time": "2027-02-01T00:00:00+0100"} if own == "lifetime_budget" else {})},
        [campaign, repr(name), its.replace("_", " "), "ads_update_campaign adset_budgets"],
        {(campaign, "daily_budget"): 1, (campaign, "lifetime_budget"): 1},
    )
    for own in ("daily_budget", "lifetime_budget")
    for campaign, name, its, there in (
        (CAMPAIGN, "Spring", "daily_budget", UNDER_DAILY),
        (LIFETIME, "Summer", "lifetime_budget", UNDER_LIFETIME),
    )
    for tool, base in ((NEW, {**BROAD, "campaign_id": campaign}), (CHANGE, {"ad_set_id": there}))
}
CAPPED = ("LOWEST_COST_WITH_BID_CAP", "COST_CAP")
ON = {NEW: BROAD, CHANGE: {"ad_set_id": AD_SET}}
AD_SET_REFUSALS = {
    **BOTH_BUDGETS,
    **{
        f"{tool}: {word}": Refused(tool, {**ON[tool], "bid_strategy": word}, says, nothing_read=True)
        for tool in ON
        for word, says in (
            ("LOWEST_COST", ["bid_strategy", "LOWEST_COST_WITHOUT_CAP", *CAPPED]),
            ("TARGET_COST", ["bid_strategy", "COST_CAP", "bid_amount"]),
            ("CHEAPEST", ["bid_strategy", *CAPPED, "LOWEST_COST_WITHOUT_CAP", "LOWEST_COST_WITH_MIN_ROAS"]),
            ("COST_CAP", ["COST_CAP", "bid_amount", "LOWEST_COST_WITHOUT_CAP"]),
            ("LOWEST_COST_WITH_BID_CAP", ["LOWEST_COST_WITH_BID_CAP", "bid_amount", "LOWEST_COST_WITHOUT_CAP"]),
            ("LOWEST_COST_WITH_MIN_ROAS", ["bid_constraints", "roas_average_floor", "10000", "VALUE"]),
        )
    },
    "a lifetime budget without an end": Refused(NEW, {**BROAD, "lifetime_budget": 90000}, ["end_time"]),
    "and on what is there": Refused(CHANGE, {"ad_set_id": BARE_AD_SET, "lifetime_budget": 90000}, ["end_time"]),
    "two budgets": Refused(
        NEW, {**BROAD, "daily_budget": 1, "lifetime_budget": 1}, ["daily_budget or lifetime_budget"], nothing_read=True
    ),
    "an update of nothing": Refused(CHANGE, {"ad_set_id": AD_SET}, ["nothing to update"], nothing_read=True),
    "an empty id": Refused(CHANGE, {"ad_set_id": "", "name": "x"}, ["ad_set_id"], nothing_read=True),
    **{
        f"without {name}": Refused(NEW, {k: v for k, v in BROAD.items() if k != name}, [name], nothing_read=True)
        for name in ("campaign_id", "name", "optimization_goal", "targeting")
    },
    "an argument that nobody declared": Refused(NEW, {**BROAD, "budget": 5000}, ["budget", "daily_budget"]),
}


@pytest.mark.parametrize("case", AD_SET_CASES.values(), ids=AD_SET_CASES)
async def test_the_request_is_this(case: Case) -> None:
    await check(case)


@pytest.mark.parametrize("case", AD_SET_REFUSALS.values(), ids=AD_SET_REFUSALS)
async def test_nothing_is_sent(case: Refused) -> None:
    await check(case)
