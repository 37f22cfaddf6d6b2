"""Automated rules, custom conversions, studies and budget schedules. Source: docs marketing-api/ad-rules,
marketing-api/reference/custom-conversion, marketing-api/guides/split-testing, marketing-api/budget-scheduling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.writing import (
    SUCCESS,
    change,
    check_name,
    gone,
    known_node,
    make,
    need,
    now,
    readable,
)
from meta_ads_mcp.sandbox.refusal import invalid, is_required
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
# Filters that look at what an object is, not at how it delivers; any other one needs a time_preset.
OF_THE_OBJECT = frozenset(
    "entity_type id name effective_status configured_status objective buying_type daily_budget lifetime_budget "
    "bid_amount optimization_goal created_time start_time stop_time placement.page_types hours_since_creation "
    "time_preset attribution_window budget_reset_period adset.id campaign.id ad.id campaign.name adset.name "
    "account_timezone current_time active_time spend_cap is_autobid".split()
)
SCHEDULES = ("DAILY", "HOURLY", "SEMI_HOURLY", "CUSTOM")


# -- rules ------------------------------------------------------------------------------------------------------------


@serves("POST", "AdAccount/adrules_library")
def create_rule(ask: Ask) -> Json:
    """Make an ad rule."""
    params = ask.params
    need(params, "name", "evaluation_spec", "execution_spec")
    check_name(params)
    if params["evaluation_spec"].get("evaluation_type") == "SCHEDULE" and not params.get("schedule_spec"):
        raise is_required("schedule_spec")
    check_rule(ask, params)
    when = stamp(now(ask))
    fields = {
        "account_id": ask.node.account,
        "status": "ENABLED",
        "created_time": when,
        "updated_time": when,
        "created_by": {"id": ask.token.subject, "name": "Sandbox"},
        **readable(ask, "AdRule", params),
    }
    return {"id": make(ask, "AdRule", fields, [(ask.node.id, "adrules_library")], prefix="2386").id}


@serves("POST", "AdRule")
def update_rule(ask: Ask) -> Json:
    """Change an ad rule."""
    check_name(ask.params)
    check_rule(ask, ask.params)
    if ask.params.get("status") == "DELETED":
        gone(ask, ask.node)
        return SUCCESS
    change(ask, ask.node, readable(ask, "AdRule", ask.params))
    return SUCCESS


@serves("DELETE", "AdRule", "AdStudy", "HighDemandPeriod")
def delete(ask: Ask) -> Json:
    """Delete a rule, a study or a budget schedule."""
    gone(ask, ask.node)
    return SUCCESS


def check_rule(ask: Ask, params: Mapping[str, Json]) -> None:
    """Refuse a rule whose evaluation, execution or schedule is wrong."""
    if "evaluation_spec" in params:
        _check_evaluation(ask, params["evaluation_spec"])
    if "execution_spec" in params:
        _check_execution(ask, params["execution_spec"])
    schedule = params.get("schedule_spec")
    if schedule is not None and schedule.get("schedule_type") not in SCHEDULES:
        raise invalid(None, f"schedule_type is one of {', '.join(SCHEDULES)}", "schedule_spec")
    if schedule is not None and schedule["schedule_type"] == "CUSTOM" and not schedule.get("schedule"):
        raise invalid(None, "A CUSTOM schedule needs its times", "schedule_spec")


def _check_evaluation(ask: Ask, spec: Mapping[str, Json]) -> None:
    _among(ask, "AdRuleEvaluationSpec.EvaluationType", spec.get("evaluation_type"), "evaluation_spec")
    if spec["evaluation_type"] == "TRIGGER" and not spec.get("trigger"):
        raise invalid(None, "A TRIGGER rule needs a trigger", "evaluation_spec")
    filters = spec.get("filters") or []
    for item in filters:
        _among(ask, "AdRuleFilters.Operator", item.get("operator"), "evaluation_spec")
        if not item.get("field") or "value" not in item:
            raise invalid(None, "A filter has a field, an operator and a value", "evaluation_spec")
    field_names = {item["field"] for item in filters}
    if not field_names & {"entity_type", "id"}:
        raise invalid(None, "The rule needs a filter of entity_type or id", "evaluation_spec")
    if field_names - OF_THE_OBJECT and "time_preset" not in field_names:
        raise invalid(None, "A filter of results needs a time_preset", "evaluation_spec")


def _check_execution(ask: Ask, spec: Mapping[str, Json]) -> None:
    _among(ask, "AdRuleExecutionSpec.ExecutionType", spec.get("execution_type"), "execution_spec")
    options = spec.get("execution_options") or []
    for item in options:
        _among(ask, "AdRuleExecutionOptions.Operator", item.get("operator"), "execution_spec")
    if str(spec["execution_type"]).startswith("CHANGE_") and "change_spec" not in {
        item.get("field") for item in options
    }:
        raise invalid(None, f"{spec['execution_type']} needs a change_spec", "execution_spec")


def _among(ask: Ask, enum: str, value: Json, name: str) -> None:
    options = ask.graph.spec.enum(enum)
    if value not in options:
        raise invalid(None, f"{enum.partition('.')[2]} {value!r} is not one of {', '.join(options)}", name)


# -- custom conversions -----------------------------------------------------------------------------------------------


@serves("POST", "AdAccount/customconversions")
def create_conversion(ask: Ask) -> Json:
    """Make a custom conversion."""
    params = ask.params
    need(params, "name", "event_source_id", "rule", "custom_event_type")
    source = known_node(ask, "AdsPixel", params["event_source_id"])
    try:
        rule = json.loads(params["rule"])
    except ValueError:
        rule = None
    if not isinstance(rule, dict) or not rule:
        raise invalid(None, "rule is a JSON object", "rule")
    fields = {
        "account_id": ask.node.account,
        "pixel": {"id": source.id},
        "event_source_type": "pixel",
        "creation_time": stamp(now(ask)),
        "is_archived": False,
        "retention_days": 0,
        **readable(ask, "CustomConversion", params),
    }
    return {"id": make(ask, "CustomConversion", fields, [(ask.node.id, "customconversions")], prefix="5").id}


@serves("POST", "CustomConversion")
def update_conversion(ask: Ask) -> Json:
    """Change a custom conversion, unless Meta has flagged it."""
    check_name(ask.params)
    if ask.node.get("is_unavailable"):
        raise invalid(None, "This custom conversion is restricted and cannot be changed", "name")
    change(ask, ask.node, readable(ask, "CustomConversion", ask.params))
    return SUCCESS


@serves("DELETE", "CustomConversion")
def delete_conversion(ask: Ask) -> Json:
    """Delete a custom conversion. Ad sets keep its id in their promoted object."""
    gone(ask, ask.node)
    return SUCCESS
