"""One call of every tool that works in the demo world.

Most tools are here by themselves: needed ids are those of the demo world, other needed arguments the simplest value of
their schema, and where one of several is needed, the first that validates. `MORE` says what is needed besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from meta_ads_mcp.core.schema import full_schema
from meta_ads_mcp.core.tool import Effect, Tool
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.sandbox import World

# What keys inside an argument name.
_NODES = {"entity_id": "ProductCatalog", "creative_id": "AdCreative", "ad_sets": "AdSet"}
# Stands for an id of the class that the argument names.
ID = object()

AMERICANS: dict[str, Any] = {"geo_locations": {"countries": ["US"]}, "age_min": 25, "age_max": 45}
WOMEN_MORE: dict[str, Any] = {
    "name": "Women",
    "adjust_sign": "INCREASE",
    "adjust_value": 30,
    "criterias": [{"criteria_type": "GENDER", "criteria_values": ["FEMALE"], "criteria_value_types": ["NONE"]}],
}
MORE: dict[str, dict[str, Any]] = {
    "ads_call_read_tool": {"name": "ads_get_ad_accounts", "arguments": {"limit": 2}},
    "ads_call_write_tool": {"name": "ads_pause_campaign", "arguments": {"campaign_id": ID}},
    "ads_create_ad_rule": {
        "evaluation_spec": {
            "evaluation_type": "SCHEDULE",
            "filters": [
                {"field": "entity_type", "operator": "EQUAL", "value": "ADSET"},
                {"field": "time_preset", "operator": "EQUAL", "value": "LAST_7_DAYS"},
                {"field": "spent", "operator": "GREATER_THAN", "value": 5000},
            ],
        },
        "execution_spec": {"execution_type": "PAUSE"},
        "schedule_spec": {"schedule_type": "DAILY"},
    },
    "ads_create_ad_study": {
        "business_id": ID,
        "start_time": "2027-01-04T00:00:00+0000",
        "end_time": "2027-01-18T00:00:00+0000",
        "cells": [
            {"name": "A", "treatment_percentage": 50, "ad_sets": ID},
            {"name": "B", "treatment_percentage": 50, "campaigns": ID},
        ],
    },
    "ads_experiment_lift_create_test": {
        "business_id": ID,
        "start_time": "2027-01-04T00:00:00+0000",
        "end_time": "2027-01-18T00:00:00+0000",
        "holdout_percent": 10,
        "objectives": [{"name": "Purchases", "type": "CONVERSIONS"}],
    },
    "ads_experiment_abtest_update_test": {"action": "update", "name": "Renamed"},
    "ads_update_ad_labels": {"operation": "create", "names": ["Spring"]},
    "ads_bulk_create": {
        "plan": {"campaigns": [{"name": "Spring", "objective": "OUTCOME_TRAFFIC", "daily_budget": 5000}]},
        "idempotency_key": "tree-1",
    },
    "ads_create_ad_set": {"optimization_goal": "LINK_CLICKS", "targeting": AMERICANS},
    "ads_create_budget_schedule": {
        "campaign_id": ID,
        "budget_value": 1000,
        "time_start": "2027-01-04T00:00:00+0000",
        "time_end": "2027-01-06T00:00:00+0000",
    },
    "ads_create_custom_audience": {"customer_file_source": "USER_PROVIDED_ONLY"},
    "ads_create_custom_conversion": {"rule": {"and": [{"event": {"eq": "Purchase"}}]}},
    "ads_create_lead_form": {
        "questions": [{"type": "EMAIL"}],
        "privacy_policy_url": "https://example.com/privacy",
    },
    "ads_send_conversion_events": {
        "source": "physical_store",
        "test_event_code": "TEST1",
        "upload_tag": "till",
        "idempotency_key": "events-1",
        "events": [
            {
                "event_name": "Purchase",
                "event_time": "2026-11-20T10:00:00+00:00",
                "event_id": "order-1",
                "user_data": {"em": "mary@example.com"},
                "custom_data": {"value": 9.99, "currency": "USD"},
            }
        ],
    },
    "ads_boost_ig_post": {
        "page_post_id": ID,
        "daily_budget": 2000,
        "duration_days": 7,
        "targeting": AMERICANS,
        "idempotency_key": "boost-1",
    },
    "ads_library_search": {"countries": ["DE"], "search_terms": "coffee"},
    "ads_update_page_post": {"post_id": ID, "is_pinned": True, "dry_run": False},
    "ads_update_partnership_permission": {"action": "request", "ig_account_id": ID, "creator_username": "lena.hikes"},
    "ads_update_lead_form": {"status": "ARCHIVED"},
    "ads_get_datasets": {"business_id": ID},
    "ads_share_dataset": {"action": "assign_user", "user_id": ID, "tasks": ["ANALYZE"]},
    "ads_create_lookalike_audience": {"country": ["DE"]},
    "ads_update_audience_users": {"file_path": "/uploads/people.csv"},
    "facebook_create_post": {"message": "Our winter menu is here.", "dry_run": False},
    "facebook_delete_post": {"post_id": ID},
    "ads_catalog_create_feed_rule": {
        "attribute": "title",
        "rule_type": "letter_case_rule",
        "params": {"type": "to_upper"},
    },
    "ads_catalog_event_source_connect": {"event_source_ids": ["123"], "action": "disconnect"},
    "ads_catalog_items_batch": {"requests": [{"method": "UPDATE", "data": {"id": "HP-00001", "price": "9.99 USD"}}]},
    "ads_catalog_update_entity": {"entity_id": ID, "entity_type": "catalog", "values": {"name": "Spring"}},
    "ads_catalog_delete_entity": {"entity_id": ID, "entity_type": "catalog"},
    "ads_catalog_list_products": {"entity_id": ID},
    "ads_catalog_list_product_sets": {"entity_id": ID},
    "ads_catalog_list_product_feeds": {"entity_id": ID},
    "ads_create_campaign": {"objective": "OUTCOME_TRAFFIC"},
    "ads_delete_comment": {"page_id": ID},
    "ads_get_ad_comments": {"ad_id": ID},
    "ads_moderate_comments": {
        "action": "hide",
        "account_id": ID,
        "rules": {"contains_any": ["idiots"], "since": "2026-11-01"},
        "max_comments": 5,
        "dry_run": False,
    },
    "ads_hide_comment": {"page_id": ID},
    "ads_reply_comment": {"page_id": ID},
    "ads_estimate_audience_size": {"targeting_spec": AMERICANS},
    "ads_find_tools": {"query": "budget"},
    "ads_generate_preview": {"creative": {"creative_id": ID}},
    "ads_get_ad_entities": {"entity_type": "ad_set"},
    "ads_get_help_article": {"query": "learning phase"},
    "ads_get_interest_suggestions": {"interest_list": ["Coffee"]},
    "ads_register_token": {"env_var": "TOKEN_OF_ANOTHER_BUSINESS"},
    "ads_search_geo_locations": {"query": "Berlin"},
    "ads_search_interests": {"query": "coffee"},
    "ads_upload_ad_image": {"image_base64": "R0lGODlhAQABAAAAACwAAAAAAQABAAA="},
    "ads_upload_ad_video": {"file_url": "https://example.com/spring.mp4"},
    "ads_import_structure": {"file_path": "/uploads/structure.csv"},
    "ads_update_budget": {"entity_type": "campaign", "daily_budget": 4000},
    "ads_set_status": {"ids": ID},
    "ads_bulk_update": {
        "select": {"level": "campaign", "name_contains": " "},
        "set": {"name": "Spring"},
        "idempotency_key": "k",
    },
    "ads_shift_budget": {
        "level": "campaign",
        "from_ids": ID,
        "to_ids": ["1"],
        "percent": 10,
        "context": False,
        "idempotency_key": "k",
    },
    "ads_save_value_rule_set": {"name": "Women", "rules": [WOMEN_MORE]},
    "ads_update_account_controls": {"filter_levels": ["FEED_STRICT"]},
    "ads_create_reach_frequency_prediction": {
        "action": "quote",
        "budget": 500_000,
        "destination_ids": ["109599103843739"],
        "start_time": "2027-01-04T00:00:00+0000",
        "stop_time": "2027-01-18T00:00:00+0000",
        "targeting": AMERICANS,
        "idempotency_key": "quote-1",
    },
    "ads_sync": {"account_ids": ID, "since": "2026-11-24", "plan": True},
    "ads_get_account_on_date": {"date": "2026-11-10"},
    "ads_get_anomalies": {"account_ids": ID},
    "ads_get_pacing": {"account_id": ID, "monthly_budget": 1000},
    "ads_query": {"sql": "SELECT date, sum(spend) FROM insights_daily GROUP BY date"},
    "ads_undo_change": {"change_id": "c20261125T100000-0123abcd"},
    "ads_update_entity": {"entity_type": "campaign", "updates": {"name": "Spring"}},
}


def example(tool: Tool, id_of: Callable[[str], str]) -> dict[str, Any]:
    """Arguments of a call that works; `id_of` gives the id of an object of a class."""
    for tried in _tries(tool):
        given = {name: _filled(tool, name, found, id_of) for name, found in tried.items()}
        try:
            tool.params.model_validate(given)
        except (ValidationError, InvalidArguments):
            continue
        return given
    raise AssertionError(f"add what a call of {tool.name} needs to MORE in tests/support/examples.py")


def _tries(tool: Tool) -> Iterator[dict[str, Any]]:
    """What is needed, alone and with each of the other arguments, ids first."""
    properties = full_schema(tool.params)["properties"]
    needed = full_schema(tool.params).get("required", [])
    base = {name: ID if name in tool.ids else simplest(properties[name]) for name in needed} | MORE.get(tool.name, {})
    if tool.effect is Effect.UPDATE and "name" in properties:
        base = {"name": "Spring"} | base
    yield base
    for name in sorted(properties.keys() - base.keys(), key=lambda name: (name not in tool.ids, name)):
        yield base | {name: ID if name in tool.ids else simplest(properties[name])}


def simplest(schema: Mapping[str, Any]) -> Any:
    """The plainest value of a schema: the first of an enum, the least number, an object with its needed keys."""
    if "anyOf" in schema:
        return simplest(schema["anyOf"][0])
    accepted = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if accepted:
        return accepted[0]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if kind == "array":
        return [simplest(schema.get("items", {"type": "string"}))]
    if kind == "object":
        return {name: simplest(schema["properties"][name]) for name in schema.get("required", [])}
    return _TEXTS.get(schema.get("format", "")) or _number_id(schema) if kind == "string" else _SCALARS[kind](schema)


_TEXTS = {"date": "2026-11-01", "uri": "https://example.com/"}
_SCALARS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "integer": lambda schema: schema.get("minimum", 1),
    "number": lambda schema: schema.get("minimum", 1),
    "boolean": lambda _: False,
}


def _number_id(schema: Mapping[str, Any]) -> str:
    return "123" if "0-9" in schema.get("pattern", "") else "Spring"


def _filled(tool: Tool, name: str, found: Any, id_of: Callable[[str], str]) -> Any:
    if isinstance(found, dict):
        return {key: _filled(tool, key, inner, id_of) for key, inner in found.items()}
    if isinstance(found, list):
        return [_filled(tool, name, inner, id_of) for inner in found]
    if found is not ID:
        return found
    node = tool.ids[name].name if name in tool.ids else _NODES.get(name, "Campaign")
    made = id_of("Campaign" if node == "any" else node)
    return [made] if full_schema(tool.params)["properties"].get(name, {}).get("type") == "array" else made


def demo_ids(world: World) -> Callable[[str], str]:
    """The first object of each class in the demo world."""

    def id_of(node: str) -> str:
        found = next((node_id for node_id, made in world.store.nodes.items() if made.type == node), None)
        assert found is not None, f"the demo world has no {node}"
        return found

    return id_of


# What cannot work in the demo, with the kind of its error and the reason.
IN_DEMO = {
    "ads_apply_recommendation": ("invalid_arguments", "signatures are read from the list first"),
    "ads_copy_to_account": ("invalid_arguments", "the first campaign is in the first account"),
    "ads_update_audience_users": ("denied", "no folder is given to upload from"),
    "ads_import_structure": ("denied", "no folder is given to upload from"),
    "ads_undo_change": ("not_found", "nothing was changed yet"),
    "ads_query": ("not_found", "nothing was synced yet"),
    "ads_shift_budget": ("not_found", "the example has one campaign, and a shift takes two"),
    "ads_register_token": ("invalid_arguments", "the variable does not exist"),
    "ads_set_active_token": ("not_found", "there is no such profile"),
    "ads_delete_token": ("not_found", "there is no such profile"),
    "ads_refresh_token": ("token", "needs the app's secret"),
}
