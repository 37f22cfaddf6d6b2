"""Ads: the request that creates or updates one, and what is refused before a request is sent."""

from __future__ import annotations

import pytest

from tests.support.write_cases import (
    ACCOUNT,
    AD,
    AD_SET,
    CAMPAIGN,
    CREATIVE,
    OTHER_CREATIVE,
    Case,
    Refused,
    check,
)

PIXEL = [{"action.type": ["offsite_conversion"], "fb_pixel": ["41"]}]
NEW_AD = {"account_id": "1", "name": "Ad", "ad_set_id": AD_SET, "creative_id": CREATIVE}
SENT_AD = {"name": "Ad", "adset_id": AD_SET, "creative": {"creative_id": CREATIVE}, "status": "PAUSED"}
SETTINGS = {"engagement_audience": True, "display_sequence": 2, "adlabels": [{"name": "spring"}]}
AD_CASES = {
    "settings of a new ad": Case("ads_create_ad", {**NEW_AD, **SETTINGS}, f"{ACCOUNT}/ads", {**SENT_AD, **SETTINGS}),
    "settings later": Case("ads_update_ad", {"ad_id": AD, **SETTINGS}, AD, SETTINGS),
    "a new ad": Case("ads_create_ad", NEW_AD, f"{ACCOUNT}/ads", SENT_AD),
    "a new ad that tracks": Case(
        "ads_create_ad", {**NEW_AD, "tracking_specs": PIXEL}, f"{ACCOUNT}/ads", {**SENT_AD, "tracking_specs": PIXEL}
    ),
    "another creative alone": Case(
        "ads_update_ad",
        {"ad_id": AD, "creative_id": OTHER_CREATIVE},
        AD,
        {"creative": {"creative_id": OTHER_CREATIVE}},
        notes=("review",),
    ),
    "another creative, a status and a bid": Case(
        "ads_update_ad",
        {"ad_id": AD, "creative_id": OTHER_CREATIVE, "status": "ACTIVE", "bid_amount": 150, "tracking_specs": PIXEL},
        AD,
        {
            "creative": {"creative_id": OTHER_CREATIVE},
            "status": "ACTIVE",
            "bid_amount": "150",
            "tracking_specs": PIXEL,
        },
    ),
    "the tool for all": Case(
        "ads_update_entity", {"entity_type": "ad", "entity_id": AD, "updates": {"name": "New"}}, AD, {"name": "New"}
    ),
    "a first budget schedule": Case(
        "ads_create_budget_schedule",
        {
            "campaign_id": CAMPAIGN,
            "budget_value": 1000,
            "budget_value_type": "ABSOLUTE",
            "time_start": 0,
            "time_end": 1800000000,
        },
        f"{CAMPAIGN}/budget_schedules",
        {"budget_value": "1000", "budget_value_type": "ABSOLUTE", "time_start": "0", "time_end": "1800000000"},
    ),
}
ALL: dict[str, Case | Refused] = AD_CASES


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
async def test_what_is_sent_or_refused(case: Case | Refused) -> None:
    await check(case)
