"""What Graph refuses to write is refused here, with its codes, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_writes import DE, US, at, untouched

CAMPAIGN: dict[str, Any] = {
    "name": "C",
    "objective": "OUTCOME_SALES",
    "special_ad_categories": [],
    "daily_budget": 5000,
}
UNSHARED: dict[str, Any] = {key: value for key, value in CAMPAIGN.items() if key != "daily_budget"} | {
    "is_adset_budget_sharing_enabled": "false"
}
AD_SET: dict[str, Any] = {
    "name": "S",
    "campaign_id": "{split}",
    "billing_event": "IMPRESSIONS",
    "optimization_goal": "LINK_CLICKS",
    "targeting": US,
    "daily_budget": 5000,
    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
}
AD: dict[str, Any] = {"name": "A", "adset_id": "{ad_set}", "creative": {"creative_id": "{creative}"}}
LINK: dict[str, Any] = {"link": "https://shop.example/", "image_hash": "{image}", "message": "Hi"}
CREATIVE: dict[str, Any] = {"name": "K", "object_story_spec": {"page_id": "{page}", "link_data": LINK}}
FILTERS: list[dict[str, Any]] = [{"field": "entity_type", "operator": "EQUAL", "value": "AD"}]
RULE: dict[str, Any] = {
    "name": "R",
    "evaluation_spec": {"evaluation_type": "SCHEDULE", "filters": FILTERS},
    "execution_spec": {"execution_type": "PAUSE"},
    "schedule_spec": {"schedule_type": "DAILY"},
}
AUDIENCE: dict[str, Any] = {"name": "L", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
LOOKALIKE: dict[str, Any] = {"name": "Like", "subtype": "LOOKALIKE", "origin_audience_id": "{audience}"}
FLAGGED: dict[str, Any] = {"origin_audience_id": "{flagged}", "lookalike_spec": {"country": "US", "ratio": 0.01}}
NOT_ONE: dict[str, Any] = FLAGGED | {"origin_audience_id": "{pixel}"}
SPENT: dict[str, Any] = {"field": "spent", "operator": "GREATER_THAN", "value": 1}
SPEC: dict[str, Any] = {"country": "US", "ratio": 0.01}
CONVERSION: dict[str, Any] = {
    "name": "V",
    "event_source_id": "{pixel}",
    "custom_event_type": "LEAD",
    "rule": '{"and":[]}',
}
CELLS: list[dict[str, Any]] = [
    {"name": "A", "treatment_percentage": 50, "adsets": ["{ad_set}"]},
    {"name": "B", "adsets": ["{ad_set}"]},
]
STUDY: dict[str, Any] = {"name": "T", "type": "SPLIT_TEST", "start_time": at(1), "end_time": at(9), "cells": CELLS}
FORM: dict[str, Any] = {
    "name": "F",
    "questions": [{"type": "EMAIL"}],
    "privacy_policy": {"url": "https://shop.example/p"},
}
PERIOD: dict[str, Any] = {"budget_value": 100, "budget_value_type": "ABSOLUTE", "time_start": at(1), "time_end": at(2)}
ROWS: dict[str, Any] = {"schema": ["EMAIL"], "data": [["0" * 64]]}
CARD: dict[str, Any] = {"link": "https://shop.example/1", "image_hash": "{image}"}


def scheduled(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"evaluation_type": "SCHEDULE", "filters": list(filters)}


def without(params: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in params.items() if key not in names}


def link(**more: Any) -> dict[str, Any]:
    return {**CREATIVE, "object_story_spec": {"page_id": "{page}", "link_data": LINK | more}}


AUDIENCES = "{account}/customaudiences"
RULES = "{account}/adrules_library"
CREATIVES = "{account}/adcreatives"
STUDIES = "{business}/ad_studies"
FEED = "{page}/feed"
Case = tuple[str, dict[str, Any], int, int | None, str]
CAMPAIGNS: list[Case] = [
    *(("{account}/campaigns", without(CAMPAIGN, name), 100, None, name)
      for name in ("name", "objective", "special_ad_categories")),
    ("{account}/campaigns", CAMPAIGN | {"status": "ARCHIVED"}, 100, None, "status"),
    ("{account}/campaigns", CAMPAIGN | {"objective": "LINK_CLICKS"}, 100, None, "OUTCOME_"),
    ("{account}/campaigns", CAMPAIGN | {"buying_type": "FIXED"}, 100, None, "buying_type"),
    ("{account}/campaigns", CAMPAIGN | {"smart_promotion_type": "GUIDED_CREATION"}, 100, None, "smart_promotion_type"),
    ("{account}/campaigns", CAMPAIGN | {"objective": "SELL"}, 100, None, "must be one of"),
    ("{account}/campaigns", CAMPAIGN | {"special_ad_categories": ["CREDIT"]}, 100, None, "FINANCIAL_PRODUCTS"),
    ("{account}/campaigns", CAMPAIGN | {"special_ad_categories": "HOUSING"}, 100, None, "JSON"),
    ("{account}/campaigns", CAMPAIGN | {"special_ad_categories": ["HOUSING"]}, 100, None, "countries"),
    ("{account}/campaigns", CAMPAIGN | {"lifetime_budget": 9000}, 100, 1885621, "not both"),
    ("{account}/campaigns", CAMPAIGN | {"daily_budget": 99}, 100, 1885272, "least"),
    ("{account}/campaigns", without(CAMPAIGN, "daily_budget"), 100, None, "is_adset_budget_sharing_enabled"),
    ("{account}/campaigns", UNSHARED | {"bid_strategy": "COST_CAP"}, 100, None, "bid strategy"),
    ("{account}/campaigns", UNSHARED | {"lifetime_budget": 9000}, 100, None, "stop_time"),
    ("{account}/campaigns", CAMPAIGN | {"stop_time": "2026-11-01T00:00:00+0000"}, 100, 1487033, "past"),
    ("{account}/campaigns", CAMPAIGN | {"start_time": str(at(9)), "stop_time": str(at(8))}, 100, 1487033, "after"),
    ("{account}/campaigns", CAMPAIGN | {"spend_cap": 5000}, 100, 2446307, "spend cap"),
    ("{account}/campaigns", CAMPAIGN | {"adset_budgets": []}, 100, None, "adset_budgets"),
    ("{account}/campaigns", CAMPAIGN | {"execution_options": ["include_recommendations"]}, 100, None, "by itself"),
    ("{shared}", {"daily_budget": 10}, 100, 1885272, "least"),
    ("{shared}", {"daily_budget": 5000, "lifetime_budget": 5000}, 100, 1885621, "not both"),
    ("{shared}", {"lifetime_budget": 5000}, 100, None, "stop_time"),
    ("{shared}", {"adset_budgets": [{"adset_id": "{shared_ad_set}", "daily_budget": 500}]}, 100, None, "no budget for"),
    ("{shared}", {"adset_budgets": [{"adset_id": "{ad_set}", "daily_budget": 500}]}, 100, 1885621, "one budget"),
    ("{split}", {"bid_strategy": "COST_CAP"}, 100, None, "bid strategy"),
    ("{split}", {"special_ad_categories": ["HOUSING"]}, 100, None, "countries"),
    ("{split}", {"name": " "}, 100, None, "empty"),
    ("{archived}", {"status": "ACTIVE"}, 100, 1487566, "archived"),
    ("{archived}", {"spend_cap": 20000}, 100, 1487566, "archived"),
    ("{deleted}", {"status": "PAUSED"}, 100, 1487056, "deleted"),
    ("{archived}/copies", {}, 100, 1487566, "archived"),
    ("{split}/copies", {"deep_copy": "true"}, 100, None, "too large"),
    ("12345", {"name": "x"}, 100, 33, "does not exist"),
]  # fmt: skip
AD_SETS: list[Case] = [
    ("{account}/adsets", AD_SET | {"multi_advertiser_ads": 0}, 100, None, "Unexpected key"),
    ("{ad_set}", {"multi_advertiser_ads": 0}, 100, None, "Unexpected key"),
    *(("{account}/adsets", without(AD_SET, name), 100, None, name)
      for name in ("name", "campaign_id", "billing_event", "optimization_goal", "targeting", "daily_budget")),
    *(("{account}/adsets", AD_SET | {"optimization_goal": goal}, 100, 2490408, "OUTCOME_LEADS")
      for goal in ("APP_INSTALLS", "AD_RECALL_LIFT", "VALUE", "THRUPLAY", "PAGE_LIKES")),
    ("{ad_set}", {"optimization_goal": "APP_INSTALLS"}, 100, 2490408, "OUTCOME_LEADS"),
    ("{account}/adsets", AD_SET | {"bid_amount": -1}, 100, None, "below 0"),
    *(("{account}/adsets", AD_SET | {"attribution_spec": [{"event_type": event, "window_days": 7}]}, 100, None, event)
      for event in ("VIEW_THROUGH", "ENGAGED_VIDEO_VIEW")),
    ("{account}/adsets", AD_SET | {"billing_event": "THRUPLAY"}, 100, None, "billed"),
    ("{ad_set}", {"billing_event": "LINK_CLICKS"}, 100, None, "billed"),
    ("{account}/adsets", AD_SET | {"campaign_id": "12345"}, 100, 33, "12345"),
    ("{account}/adsets", AD_SET | {"campaign_id": "{ad}"}, 100, 33, "does not exist"),
    ("{other}/adsets", AD_SET, 100, 33, "does not exist"),
    ("{account}/adsets", AD_SET | {"campaign_id": "{archived}"}, 100, 1487566, "archived"),
    ("{account}/adsets", AD_SET | {"campaign_id": "{deleted}"}, 100, 1487056, "deleted"),
    ("{account}/adsets", AD_SET | {"campaign_id": "{shared}"}, 100, 1885621, "campaign has a budget"),
    ("{account}/adsets", AD_SET | {"lifetime_budget": 9000}, 100, 1885621, "not both"),
    ("{account}/adsets", without(AD_SET, "daily_budget") | {"lifetime_budget": 9000}, 100, None, "end_time"),
    ("{account}/adsets", AD_SET | {"daily_budget": 1}, 100, 1885272, "least"),
    ("{account}/adsets", AD_SET | {"end_time": str(at(-1))}, 100, 1487033, "past"),
    ("{account}/adsets", AD_SET | {"bid_strategy": "COST_CAP"}, 100, None, "Bid amount"),
    ("{account}/adsets", without(AD_SET, "bid_strategy"), 100, None, "LOWEST_COST_WITH_BID_CAP"),
    ("{account}/adsets", AD_SET | {"bid_strategy": "LOWEST_COST_WITH_MIN_ROAS"}, 100, None, "roas_average_floor"),
    (
        "{account}/adsets",
        AD_SET | {"bid_strategy": "LOWEST_COST_WITH_MIN_ROAS", "bid_constraints": {"roas_average_floor": 20000}},
        100, None, "VALUE",
    ),
    ("{account}/adsets", AD_SET | {"bid_strategy": "LOWEST_COST"}, 100, None, "must be one of"),
    ("{account}/adsets", AD_SET | {"targeting": {"age_min": 20}}, 100, 1885364, "location"),
    ("{account}/adsets", AD_SET | {"targeting": {"geo_location": {}}}, 100, None, "unknown key"),
    (
        "{account}/adsets",
        AD_SET | {"targeting": {"geo_locations": {"countries": ["US"], "location_types": ["home"]}}},
        100, 1870199, "location_types",
    ),
    ("{account}/adsets", AD_SET | {"targeting": US | {"age_min": 50, "age_max": 40}}, 100, None, "age"),
    (
        "{account}/adsets",
        AD_SET | {"targeting": US | {"age_max": 40, "targeting_automation": {"advantage_audience": 1}}},
        100, None, "age_max",
    ),
    ("{account}/adsets", AD_SET | {"targeting": US | {"custom_audiences": [{"id": "7"}]}}, 100, 33, "'7'"),
    ("{account}/adsets", AD_SET | {"targeting": DE}, 100, 3858079, "pays"),
    ("{account}/adsets", AD_SET | {"targeting": DE, "dsa_payor": "Shop"}, 100, 3858081, "benefits"),
    ("{account}/adsets", AD_SET | {"optimization_goal": "OFFSITE_CONVERSIONS"}, 100, None, "promoted_object"),
    ("{account}/adsets", AD_SET | {"promoted_object": {"pixel_id": "5"}}, 100, 33, "'5'"),
    ("{account}/adsets", AD_SET | {"dsa_payer": "Shop"}, 100, None, "Unexpected key"),
    ("{ad_set}", {"targeting": DE}, 100, 3858079, "pays"),
    ("{ad_set}", {"attribution_spec": [{"event_type": "CLICK_THROUGH", "window_days": 1}]}, 100, None, "creation"),
    ("{ad_set}", {"bid_strategy": "COST_CAP"}, 100, None, "Bid amount"),
    ("{ad_set}", {"lifetime_budget": 9000}, 100, None, "end_time"),
    ("{shared_ad_set}", {"daily_budget": 9000}, 100, 1885621, "campaign has a budget"),
    ("{ad_set}/copies", {"deep_copy": "true"}, 100, None, "too large"),
    ("{ad_set}/copies", {"campaign_id": "{shared}"}, 100, 1885621, "never both"),
    ("{shared_ad_set}/copies", {"campaign_id": "{split}"}, 100, 1885621, "or none"),
    ("{ad_set}/copies", {"end_time": str(at(-2))}, 100, 1487033, "past"),
    ("{shared_ad_set}/budget_schedules", PERIOD, 100, None, "daily budget"),
    ("{ad_set}/budget_schedules", PERIOD | {"time_end": at(0.5)}, 100, 1487033, "period"),
    ("{ad_set}/budget_schedules", PERIOD | {"time_start": "2026-12-01"}, 100, None, "integer"),
]  # fmt: skip
ADS: list[Case] = [
    *(("{account}/ads", without(AD, name), 100, None, name) for name in ("name", "adset_id", "creative")),
    ("{account}/ads", AD | {"adset_id": "1"}, 100, 33, "does not exist"),
    ("{account}/ads", AD | {"creative": {"creative_id": "1"}}, 100, 33, "does not exist"),
    ("{account}/ads", AD | {"creative": {"name": "inline, of nothing"}}, 100, None, "needs an object_story_spec"),
    ("{account}/ads", AD | {"status": "DELETED"}, 100, None, "status"),
    (
        "{account}/ads",
        AD | {"creative": {**CREATIVE, "asset_feed_spec": {"images": [{"hash": "{image}"}]}}},
        100, 1885553, "is_dynamic_creative",
    ),
    ("{ad}", {"creative": {"creative_id": "1"}}, 100, 33, "does not exist"),
    ("{ad}", {"adset_id": "{shared_ad_set}"}, 100, None, "Unexpected key"),
    ("{ad}/copies", {"adset_id": "1"}, 100, 33, "does not exist"),
    (CREATIVES, {"name": "K"}, 100, None, "needs"),
    (CREATIVES, {"object_story_spec": {"link_data": LINK}}, 100, None, "page_id"),
    (CREATIVES, {"object_story_spec": {"page_id": "{foreign_page}", "link_data": LINK}}, 100, 33, "exist"),
    (CREATIVES, {"object_story_spec": {"page_id": "{page}"}}, 100, None, "link_data"),
    (CREATIVES, link(link="our shop"), 100, None, "not a URL"),
    (CREATIVES, link(call_to_action={"type": "BUY_IT"}), 100, None, "BUY_IT"),
    (CREATIVES, {"object_story_id": "1_2"}, 100, 33, "1_2"),
    (CREATIVES, link(image_hash="0" * 32), 100, None, "image hash"),
    (CREATIVES, link(child_attachments=[CARD]), 100, 1885553, "carousel"),
    (CREATIVES, link(child_attachments=[CARD, {"image_hash": "{image}"}]), 100, 1885553, "link"),
    (
        CREATIVES,
        link(call_to_action={"type": "CALL_NOW", "value": {"phone_number": "+1"}}),
        100, None, "phone_number",
    ),
    (
        CREATIVES,
        {"object_story_spec": {"page_id": "{page}", "video_data": {"video_id": "{video}", "link": "x"}}},
        100, None, "unknown key 'link'",
    ),
    (CREATIVES, {"object_story_spec": {"page_id": "{page}", "video_data": {"video_id": "1"}}}, 100, 33, "'1'"),
    (
        CREATIVES,
        {"object_story_spec": {"page_id": "{page}", "instagram_user_id": "1", "link_data": LINK}},
        100, 1815199, "Instagram",
    ),
    (CREATIVES, {"object_story_spec": {"page_id": "{page}", "instagram_actor_id": "1"}}, 100, None, "unknown"),
    (
        CREATIVES,
        CREATIVE | {"degrees_of_freedom_spec": {"creative_features_spec": {"standard_enhancements": {}}}},
        100, 3858504, "standard_enhancements",
    ),
    (
        CREATIVES,
        CREATIVE | {"asset_feed_spec": {"images": [{"hash": "{image}"}] * 11}},
        100, None, "more than 10",
    ),
    ("{creative}", {"object_story_spec": CREATIVE["object_story_spec"]}, 100, None, "Unexpected key"),
    ("{account}/adimages", {}, 100, None, "bytes"),
    ("{account}/adimages", {"bytes": "no base64"}, 100, None, "base64"),
    ("{account}/adimages", {"bytes": "aGVsbG8="}, 100, None, "picture"),
    ("{account}/adimages", {"copy_from": {"source_account_id": "1", "hash": "0"}}, 100, 33, "exist"),
    ("{account}/advideos", {"name": "F"}, 100, None, "file_url"),
    ("{account}/advideos", {"file_url": "https://films.invalid/1.mp4"}, 389, None, "fetch"),
    ("{account}/advideos", {"upload_phase": "start", "file_size": 1}, 100, None, "graph-video"),
    ("{account}/advideos", {"upload_phase": "resume"}, 100, None, "must be one of"),
]  # fmt: skip
OTHERS: list[Case] = [
    (AUDIENCES, {"subtype": "CUSTOM"}, 100, None, "name"),
    (AUDIENCES, {"name": "L", "subtype": "CUSTOM"}, 100, None, "customer_file_source"),
    (AUDIENCES, {"name": "L", "subtype": "SECRET"}, 100, None, "must be one of"),
    (AUDIENCES, {"name": "L", "rule": "{}"}, 2654, None, "inclusions"),
    (AUDIENCES, {"name": "L", "rule": "{}", "subtype": "WEBSITE"}, 2654, None, "subtype"),
    (AUDIENCES, LOOKALIKE, 100, None, "lookalike_spec"),
    (AUDIENCES, LOOKALIKE | {"lookalike_spec": {"ratio": 0.01}}, 100, None, "country"),
    (AUDIENCES, LOOKALIKE | {"lookalike_spec": SPEC | {"ratio": 0.3}}, 100, None, "0.01 to 0.20"),
    (AUDIENCES, LOOKALIKE | {"lookalike_spec": SPEC | {"type": "similarity"}}, 100, None, "or a ratio"),
    (AUDIENCES, LOOKALIKE | FLAGGED, 100, 1713232, "flagged"),
    (AUDIENCES, LOOKALIKE | NOT_ONE, 100, 33, "exist"),
    ("{audience}/users", {}, 100, None, "payload"),
    ("{audience}/users", {"payload": {"data": [["x"]]}}, 100, None, "schema"),
    ("{audience}/users", {"payload": ROWS | {"data": [["0" * 64]] * 10_001}}, 100, None, "10000"),
    ("{audience}/usersreplace", {"payload": ROWS, "session": {"session_id": 1}}, 2650, 1870147, "batch"),
    ("{visitors}/usersreplace", {"payload": ROWS, "session": {"session_id": 1, "batch_seq": 1}}, 2650, None, "lists"),
    ("{audience}/adaccounts", {"adaccounts": ["{other}"]}, 100, None, "without act_"),
    ("{audience}/adaccounts", {"adaccounts": ["12345"]}, 100, 33, "exist"),
    ("{account}/customconversions", CONVERSION | {"rule": "no JSON"}, 100, None, "rule"),
    ("{account}/customconversions", CONVERSION | {"pixel_id": "1"}, 100, None, "Unexpected key"),
    ("{account}/customconversions", CONVERSION | {"event_source_id": "1"}, 100, 33, "exist"),
    (RULES, without(RULE, "schedule_spec"), 100, None, "schedule_spec"),
    (RULES, RULE | {"schedule_spec": {"schedule_type": "WEEKLY"}}, 100, None, "SEMI_HOURLY"),
    (RULES, RULE | {"schedule_spec": {"schedule_type": "CUSTOM"}}, 100, None, "times"),
    (RULES, RULE | {"execution_spec": {"execution_type": "STOP"}}, 100, None, "ExecutionType"),
    (RULES, RULE | {"execution_spec": {"execution_type": "CHANGE_BUDGET"}}, 100, None, "change_spec"),
    (RULES, RULE | {"evaluation_spec": {"evaluation_type": "TRIGGER", "filters": FILTERS}}, 100, None, "trigger"),
    (RULES, RULE | {"evaluation_spec": scheduled()}, 100, None, "entity_type"),
    (
        RULES,
        RULE | {"evaluation_spec": scheduled(*FILTERS, SPENT)},
        100, None, "time_preset",
    ),
    ("{rule}", {"evaluation_spec": scheduled({"field": "id", "operator": "IS", "value": 1})}, 100, None, "Operator"),
    (STUDIES, STUDY | {"cells": CELLS[:1]}, 100, None, "two cells"),
    (STUDIES, STUDY | {"cells": [CELLS[0] | {"treatment_percentage": 80}] * 2}, 100, None, "100 per cent"),
    (STUDIES, STUDY | {"cells": [{"name": "A", "adsets": [{"id": "1"}]}, CELLS[1]]}, 100, 33, "exist"),
    (STUDIES, STUDY | {"end_time": at(0.5)}, 100, 1487033, "ends"),
    (STUDIES, STUDY | {"type": "LIFT_STUDY"}, 100, None, "must be one of"),
    ("{account}/ad_studies", STUDY, 100, 33, "exist"),
    ("{account}", {"spend_cap": "lots"}, 100, None, "number"),
    ("{account}", {"spend_cap": "10.005"}, 100, None, "amount"),
    ("{account}", {"spend_cap_action": "explode"}, 100, None, "reset"),
    ("{account}/async_batch_requests", {"name": "x"}, 100, None, "adbatch"),
]  # fmt: skip
PAGES: list[Case] = [
    *(("{page}/leadgen_forms", without(FORM, name), 100, None, name) for name in FORM),
    ("{page}/leadgen_forms", FORM | {"questions": [{"type": "CUSTOM"}]}, 100, None, "label"),
    ("{page}/leadgen_forms", FORM | {"privacy_policy_url": "https://a.example"}, 100, None, "Unexpected key"),
    ("{page}/leadgen_forms", FORM | {"name": "Harbor & Pine Outdoor Enquiry"}, 100, None, "of this name"),
    (FEED, {}, 100, None, "message"),
    (FEED, {"message": "Hi", "scheduled_publish_time": str(at(1))}, 100, None, "published=false"),
    (FEED, {"message": "Hi", "published": "false", "scheduled_publish_time": str(at(90))}, 100, None, "75 days"),
    ("{page}/photos", {"message": "Hi"}, 100, None, "url"),
    ("{comment}/comments", {}, 100, None, "message"),
    ("{foreign_page}/feed", {"message": "Hi"}, 190, 2069032, "Page Access Token"),
]  # fmt: skip
WITHOUT_PAGE_TOKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "{page}/leadgen_forms", FORM),
    ("POST", FEED, {"message": "Hi"}),
    ("POST", "{page}/photos", {"url": "https://shop.example/1.jpg"}),
    ("POST", "{comment}", {"is_hidden": "true"}),
    ("POST", "{comment}/comments", {"message": "Hi"}),
    ("POST", "{post}/comments", {"message": "Hi"}),
    ("POST", "{post}", {"message": "Hi"}),
    ("POST", "{form}", {"status": "ARCHIVED"}),
    ("DELETE", "{comment}", {}),
    ("DELETE", "{post}", {}),
]


@pytest.mark.parametrize("case", [*CAMPAIGNS, *AD_SETS, *ADS, *OTHERS])
async def test_a_wrong_write_is_refused_and_changes_nothing(case: Case) -> None:
    path, params, code, subcode, words = case
    error = await untouched().refused("POST", path, params)
    assert (error["code"], error.get("error_subcode")) == (code, subcode), error
    assert words in f"{error['message']} {error.get('error_user_msg')} {error.get('error_data')}"


@pytest.mark.parametrize("case", PAGES)
async def test_a_wrong_post_in_the_name_of_a_page_is_refused(case: Case) -> None:
    path, params, code, subcode, words = case
    error = await untouched().refused("POST", path, params, page=True)
    assert (error["code"], error.get("error_subcode")) == (code, subcode), error
    assert words in f"{error['message']} {error.get('error_user_msg')} {error.get('error_data')}"


@pytest.mark.parametrize("case", WITHOUT_PAGE_TOKEN)
async def test_a_users_token_does_not_speak_for_a_page(case: tuple[str, str, dict[str, Any]]) -> None:
    error = await untouched().refused(*case)
    assert (error["code"], error["error_subcode"]) == (190, 2069032)


VALIDATING = ("{account}/campaigns", "{account}/adsets", "{account}/ads", CREATIVES, "{split}", "{ad_set}", "{ad}")


@pytest.mark.parametrize("case", [case for case in (*CAMPAIGNS, *AD_SETS, *ADS) if case[0] in VALIDATING])
async def test_what_is_refused_does_not_pass_the_validation(case: Case) -> None:
    path, params, code, subcode, _ = case
    error = await untouched().refused("POST", path, {"execution_options": ["validate_only"], **params})
    assert (error["code"], error.get("error_subcode")) == (code, subcode), error
