"""Ad sets: audiences, destinations, what regulators require, and what cannot be changed later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.write_cases import (
    ACCOUNT,
    AD,
    AD_SET,
    BROAD,
    CREATIVE,
    OFF,
    PAGE,
    US,
    Case,
    Refused,
    check,
    shop,
)

NEW, CHANGE = "ads_create_ad_set", "ads_update_ad_set"
GERMANY = {"geo_locations": {"countries": ["DE"]}}


def new(arguments: Mapping[str, Any], sent: Mapping[str, Any] | None = None, **more: Any) -> Case:
    """A new ad set with these arguments, which go out as they are unless `sent` says how."""
    return Case(NEW, {**BROAD, **arguments}, f"{ACCOUNT}/adsets", sent or arguments, some=True, **more)


def change(arguments: Mapping[str, Any], sent: Mapping[str, Any] | None = None, **more: Any) -> Case:
    return Case(CHANGE, {"ad_set_id": AD_SET, **arguments}, AD_SET, sent or arguments, **more)


SINGAPORE = {
    "regional_regulated_categories": ["SINGAPORE_UNIVERSAL"],
    "regional_regulation_identities": {"singapore_universal_beneficiary": "11", "singapore_universal_payer": "12"},
}
CAPS = [
    {"event": "IMPRESSIONS", "interval_days": 7, "max_frequency": 1},
    {"event": "IMPRESSIONS", "interval_days": 30, "max_frequency": 3},
]
HOURS = [{"start_minute": 540, "end_minute": 1080, "days": [1, 2]}]
APP = {"application_id": "31", "object_store_url": "https://apps.apple.com/app/id31"}
DSA = {"dsa_beneficiary": 'Müller & Söhne "GmbH"', "dsa_payor": "Zahler, O'Neill"}
# Parameters that a new ad set and a change take alike.
SETTINGS = {
    "placement_soft_opt_out": {"facebook_positions": ["feed"]},
    "is_incremental_attribution_enabled": True,
    "value_rule_set_id": "999",
    "value_rules_applied": True,
    "optimization_sub_event": "TRAVEL_INTENT",
    "min_budget_spend_percentage": 10,
    "max_budget_spend_percentage": 60,
    "existing_customer_budget_percentage": 20,
    "is_sac_cfca_terms_certified": True,
    "adlabels": [{"name": "spring"}],
}
SCHEDULE = {"budget_value": 1000, "budget_value_type": "ABSOLUTE", "time_start": "1798000000", "time_end": "1798100000"}
SENT_SCHEDULE = {**SCHEDULE, "time_start": 1798000000, "time_end": 1798100000}
CASES = {
    **{f"{name} of a new ad set": new({name: value}) for name, value in SETTINGS.items()},
    **{f"{name} later": change({name: value}) for name, value in SETTINGS.items()},
    "a value rule set is detached": change({"value_rules_applied": False}, {"value_rules_applied": "false"}),
    "a budget schedule of a new ad set": new(
        {"daily_budget": 5000, "budget_schedule_specs": [SCHEDULE]},
        {"budget_schedule_specs": [SENT_SCHEDULE], "is_budget_schedule_enabled": "true"},
    ),
    "a budget schedule later": change(
        {"budget_schedule_specs": [SCHEDULE]},
        {"budget_schedule_specs": [SENT_SCHEDULE], "is_budget_schedule_enabled": "true"},
    ),
    "advantage_audience is said": new({}, {"targeting": OFF}),
    "advantage_audience stays as given": new(
        {"targeting": {**US, "targeting_automation": {"advantage_audience": 1}}},
    ),
    "the rest of the automation stays": new(
        {"targeting": {**US, "targeting_automation": {"individual_setting": {"age": 1}}}},
        {"targeting": {**US, "targeting_automation": {"individual_setting": {"age": 1}, "advantage_audience": 0}}},
    ),
    "targeting as JSON text": new({"targeting": '{"geo_locations":{"countries":["US"]}}'}, {"targeting": OFF}),
    "another audience": change({"targeting": US}, {"targeting": OFF}, notes=("replaces",)),
    "an app": new({"promoted_object": APP}, absent=("pixel_id",)),
    "an Android app and a pixel": new(
        {
            "promoted_object": {
                "application_id": "31",
                "object_store_url": "https://play.google.com/store/apps/details?id=a.b",
                "pixel_id": "41",
                "custom_event_type": "PURCHASE",
            }
        }
    ),
    "no promoted object": new({}, {"targeting": OFF}, absent=("promoted_object",)),
    **{
        f"the destination {word}": new({"destination_type": word, "promoted_object": {"page_id": PAGE}})
        for word in ("WHATSAPP", "ON_AD", "DEEPLINK", "MADE_UP_2030")
    },
    "engagement on a post without a Page": new(
        {"destination_type": "ON_POST"}, notes=("promoted_object.page_id", "cannot be added later")
    ),
    "a Page as a number": new({"promoted_object": {"page_id": int(PAGE)}}, {"promoted_object": {"page_id": PAGE}}),
    "who benefits and who pays": new({"targeting": GERMANY, **DSA}, DSA, no_notes=("dsa_",)),
    "an audience in the EU without them": new(
        {"targeting": GERMANY}, {"billing_event": "IMPRESSIONS"}, notes=("dsa_beneficiary", "dsa_payor")
    ),
    "a group of countries that holds the EU": new(
        {"targeting": {"geo_locations": {"country_groups": ["worldwide"]}}},
        {"billing_event": "IMPRESSIONS"},
        notes=("dsa_beneficiary",),
    ),
    "a city in the EU": new(
        {"targeting": {"geo_locations": {"cities": [{"key": "1", "country": "HR"}]}}},
        {"billing_event": "IMPRESSIONS"},
        notes=("dsa_beneficiary",),
    ),
    "an audience that moves to the EU": change(
        {"targeting": {**GERMANY, "targeting_automation": {"advantage_audience": 1}}}, notes=("dsa_beneficiary",)
    ),
    "an audience elsewhere": new({}, {"billing_event": "IMPRESSIONS"}, no_notes=("dsa_",)),
    "regulation of a region": new(SINGAPORE),
    "and later": change(SINGAPORE),
    "several frequency caps in order": new({"frequency_control_specs": CAPS}, no_notes=("Frequency",)),
    "no frequency caps": new({}, {"billing_event": "IMPRESSIONS"}, absent=("frequency_control_specs",)),
    "frequency caps for another goal": new(
        {"frequency_control_specs": CAPS, "optimization_goal": "LINK_CLICKS"}, notes=("REACH", "THRUPLAY")
    ),
    "frequency caps later": change({"frequency_control_specs": CAPS}, notes=("1815198",)),
    "hours as they were given": new(
        {"adset_schedule": HOURS, "lifetime_budget": 90000, "end_time": "2027-02-01T00:00:00+0000"},
        {"adset_schedule": HOURS},
    ),
    "dynamic creatives are not sent by themselves": new(
        {}, {"billing_event": "IMPRESSIONS"}, absent=("is_dynamic_creative",)
    ),
    "stories of Messenger": new(
        {"targeting": {**US, "publisher_platforms": ["messenger"], "messenger_positions": ["story"]}},
        {"billing_event": "IMPRESSIONS"},
        notes=("messenger_positions story",),
    ),
    "a setting of v27.0": new(
        {"targeting": {**US, "targeting_automation": {"advantage_audience": 1, "device": 0}}},
        {"targeting": {**US, "targeting_automation": {"advantage_audience": 1, "device": 0}}},
    ),
    "an Advantage+ audience from 25 years on": new(
        {"targeting": {**US, "age_min": 25, "targeting_automation": {"advantage_audience": 1}}},
        {"targeting": {**US, "age_min": 25, "targeting_automation": {"advantage_audience": 1}}},
    ),
    "dynamic creatives": new({"is_dynamic_creative": True}, {"is_dynamic_creative": "true"}),
    "dynamic creatives later": change(
        {"is_dynamic_creative": True}, {"is_dynamic_creative": "true"}, notes=("ignores",)
    ),
    "attribution": new({"attribution_spec": [{"event_type": "CLICK_THROUGH", "window_days": 7}]}),
    "adjusted bids": new({"bid_adjustments": {"user_groups": {"gender": {"1": 0.8}}}}),
}
REFUSALS = {
    **{
        f"multi_advertiser_ads {value} of {tool}": Refused(
            tool,
            {**arguments, "multi_advertiser_ads": value},
            ["multi_advertiser_ads", "contextual_multi_ads"],
            nothing_read=True,
        )
        for tool, arguments in ((NEW, BROAD), (CHANGE, {"ad_set_id": AD_SET}))
        for value in (0, 1)
    },
    **{
        f"{days} days after {event}": Refused(
            NEW,
            {**BROAD, "attribution_spec": [{"event_type": event, "window_days": days}]},
            [event, "1 day"],
            nothing_read=True,
        )
        for event in ("VIEW_THROUGH", "ENGAGED_VIDEO_VIEW")
        for days in (7, 28)
    },
    "a strange placement key": Refused(
        NEW, {**BROAD, "placement_soft_opt_out": {"facebook": ["feed"]}}, ["facebook_positions"], nothing_read=True
    ),
    "a minimum above the maximum": Refused(
        NEW,
        {**BROAD, "min_budget_spend_percentage": 50, "max_budget_spend_percentage": 40},
        ["min_budget_spend_percentage", "max_budget_spend_percentage"],
        nothing_read=True,
    ),
    "a schedule that ends before it starts": Refused(
        NEW, {**BROAD, "budget_schedule_specs": [{**SCHEDULE, "time_end": "1797000000"}]}, ["time_end"]
    ),
    "an Advantage+ audience from 30 years on": Refused(
        NEW,
        {**BROAD, "targeting": {**US, "age_min": 30, "targeting_automation": {"advantage_audience": 1}}},
        ["age_min", "25"],
        nothing_read=True,
    ),
    "no audience": Refused(NEW, {**BROAD, "targeting": {}}, ["targeting", "geo_locations"], nothing_read=True),
    "an audience of an age alone": Refused(
        NEW, {**BROAD, "targeting": {"age_min": 18, "age_max": 65}}, ["geo_locations"], nothing_read=True
    ),
    "Advantage+ with an age": Refused(
        NEW,
        {**BROAD, "targeting": {**US, "age_max": 44, "targeting_automation": {"advantage_audience": 1}}},
        ["advantage_audience", "age_max"],
        nothing_read=True,
    ),
    "attribution later": Refused(
        CHANGE,
        {"ad_set_id": AD_SET, "attribution_spec": [{"event_type": "CLICK_THROUGH", "window_days": 7}]},
        ["attribution_spec", "duplicate"],
        nothing_read=True,
    ),
    "who pays inside the audience": Refused(
        NEW, {**BROAD, "targeting": {**GERMANY, "dsa_payor": "x"}}, ["dsa_payor"], nothing_read=True
    ),
    "an ad without its ad set": Refused(
        "ads_create_ad", {"account_id": ACCOUNT, "name": "Ad", "creative_id": CREATIVE}, ["ad_set_id"]
    ),
    "an ad with nothing to update": Refused(
        "ads_update_ad", {"ad_id": AD}, ["nothing to update", "creative"], nothing_read=True
    ),
    "an ad without an id": Refused("ads_update_ad", {"ad_id": "", "name": "x"}, ["ad_id"], nothing_read=True),
    "an update through the tool for all with a strange field": Refused(
        "ads_update_entity",
        {"entity_type": "ad", "entity_id": AD, "updates": {"daily_budget": 5}},
        ["daily_budget", "bid_amount"],
        nothing_read=True,
    ),
}
ALL: dict[str, Case | Refused] = {**CASES, **REFUSALS}


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
async def test_what_is_sent_or_refused(case: Case | Refused) -> None:
    await check(case)


async def test_the_accounts_own_beneficiary_is_named() -> None:
    client = shop()
    client.objects[ACCOUNT] |= {"default_dsa_beneficiary": "Shop GmbH", "default_dsa_payor": "Shop GmbH"}
    await check(new({"targeting": GERMANY}, {"billing_event": "IMPRESSIONS"}, notes=("Shop GmbH",)), client)
