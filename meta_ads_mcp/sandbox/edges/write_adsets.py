"""Making and changing ad sets. Source: docs marketing-api/reference/ad-account/adsets, marketing-api/bidding,
marketing-api/audiences/reference/targeting; the Digital Services Act: marketing-api/reference/ad-campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.sandbox.edges import budgets
from meta_ads_mcp.sandbox.edges.estimates import PLACES
from meta_ads_mcp.sandbox.edges.goals import check_goal
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.targeting import check_targeting, without_dropped_placements
from meta_ads_mcp.sandbox.edges.value_rules import value_rule_fields
from meta_ads_mcp.sandbox.edges.writing import (
    SUCCESS,
    account_of,
    change,
    check_editable,
    check_name,
    check_new_status,
    check_open,
    known_node,
    make_delivering,
    moment,
    need,
    now,
    readable,
)
from meta_ads_mcp.sandbox.refusal import invalid, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
NO_PAYOR, NO_BENEFICIARY = 3858079, 3858081
CONVERSIONS = ("OFFSITE_CONVERSIONS", "VALUE")
EU = frozenset("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split())
# Fixed when the ad set is made: an update answers success and leaves them. docs: marketing-api/dynamic-creative
FIXED = ("is_dynamic_creative",)


@serves("POST", "AdAccount/adsets")
def create(ask: Ask) -> Json:
    """Make an ad set."""
    params = ask.params
    need(params, "name", "campaign_id", "billing_event", "optimization_goal", "targeting")
    check_name(params)
    check_new_status(params)
    campaign = known_node(ask, "Campaign", params["campaign_id"])
    check_open(campaign)
    _check_new_budget(ask, campaign)
    budgets.check_flight(ask, params.get("start_time"), params.get("end_time"), "end_time")
    check_goal(campaign, params["optimization_goal"], params["billing_event"])
    strategy = strategy_of(params, campaign)
    budgets.check_bid(
        strategy, params.get("bid_amount"), params.get("bid_constraints"), params.get("optimization_goal")
    )
    _check_attribution(params.get("attribution_spec"))
    check_targeting(ask, params["targeting"], campaign, creating=True)
    check_dsa(ask, params["targeting"], params)
    check_promoted(ask, params.get("promoted_object"), params["optimization_goal"])
    fields = {
        "campaign": {"id": campaign.id},
        "start_time": stamp(now(ask)),
        "pacing_type": ["standard"],
        "budget_remaining": "0",
        "is_dynamic_creative": False,
        "destination_type": "UNDEFINED",
        "source_adset_id": "0",
        **dsa_defaults(ask, params["targeting"]),
        **readable(ask, "AdSet", params),
        **value_rule_fields(ask, params, {"bid_strategy": strategy}),
        "targeting": without_dropped_placements(params["targeting"]),
    }
    if any(params.get(name) for name in budgets.BUDGETS):
        fields["bid_strategy"] = strategy
    return {"id": make_delivering(ask, "AdSet", fields).id}


@serves("POST", "AdSet")
def update(ask: Ask) -> Json:
    """Change an ad set."""
    params, node = ask.params, ask.node
    check_editable(node, params)
    check_name(params)
    campaign = known_node(ask, "Campaign", node.get("campaign_id"))
    _check_changed_budget(ask, campaign)
    budgets.check_flight(ask, params.get("start_time"), params.get("end_time"), "end_time")
    after = {**node.fields, **params}
    if str(params.get("end_time")) == "0" and budgets.amount(after.get("lifetime_budget")):
        raise invalid(None, "A lifetime budget needs an end_time", "end_time")
    if {"optimization_goal", "billing_event"} & params.keys():
        check_goal(campaign, after["optimization_goal"], after["billing_event"])
    if {"bid_strategy", "bid_amount", "bid_constraints"} & params.keys():
        strategy = strategy_of(after, campaign)
        budgets.check_bid(strategy, after.get("bid_amount"), after.get("bid_constraints"), after["optimization_goal"])
    if "targeting" in params:
        check_targeting(ask, params["targeting"], campaign, creating=False)
        check_dsa(ask, params["targeting"], after)
    if "attribution_spec" in params and params["attribution_spec"] != node.get("attribution_spec"):
        raise invalid(None, "attribution_spec cannot be changed after creation", "attribution_spec")
    if "promoted_object" in params:
        check_promoted(ask, params["promoted_object"], after["optimization_goal"])
    budgets.count_change(ask, node, params)
    fields = readable(ask, "AdSet", {name: value for name, value in params.items() if name not in FIXED})
    if "targeting" in fields:
        fields["targeting"] = without_dropped_placements(fields["targeting"])
    no_end = {"end_time": None} if str(params.get("end_time")) == "0" else {}
    change(ask, node, fields | budgets.other_budget(params) | no_end | value_rule_fields(ask, params, after))
    return SUCCESS


def _check_attribution(windows: Json) -> None:
    """Views and engaged views count for one day. docs marketing-api/out-of-cycle-changes (2026-01-12)"""
    for window in windows or ():
        event, days = window.get("event_type"), window.get("window_days")
        if event in ("VIEW_THROUGH", "ENGAGED_VIDEO_VIEW") and str(days) != "1":
            raise invalid(None, f"{event} cannot have a window of {days} days", "attribution_spec")


def strategy_of(params: Mapping[str, Json], campaign: GraphNode) -> str:
    """The bid strategy that holds: the campaign's where it has the budget.

    Without any, Graph takes the one with a bid cap. docs: marketing-api/reference/ad-account/adsets (bid_strategy)
    """
    if budgets.has_budget(campaign):
        return str(campaign.get("bid_strategy") or "LOWEST_COST_WITHOUT_CAP")
    return str(params.get("bid_strategy") or "LOWEST_COST_WITH_BID_CAP")


def _check_new_budget(ask: Ask, campaign: GraphNode) -> None:
    params = ask.params
    budgets.check_budgets(ask, params)
    budget_names = [name for name in budgets.BUDGETS if params.get(name)]
    if budget_names and budgets.has_budget(campaign):
        raise invalid(budgets.ONE_BUDGET, "The campaign has a budget, so its ad sets have none", *budget_names)
    if not budget_names and not budgets.has_budget(campaign):
        raise invalid(None, "The ad set needs a budget, as its campaign has none", "daily_budget")
    if params.get("lifetime_budget") and not params.get("end_time"):
        raise invalid(None, "A lifetime budget needs an end_time", "end_time")


def _check_changed_budget(ask: Ask, campaign: GraphNode) -> None:
    params, node = ask.params, ask.node
    budgets.check_budgets(ask, params)
    budget_names = [name for name in budgets.BUDGETS if params.get(name)]
    if budget_names and budgets.has_budget(campaign):
        raise invalid(budgets.ONE_BUDGET, "The campaign has a budget, so its ad sets have none", *budget_names)
    if params.get("lifetime_budget") and not (params.get("end_time") or node.get("end_time")):
        raise invalid(None, "A lifetime budget needs an end_time", "end_time")


def in_eu(spec: Mapping[str, Json]) -> bool:
    """Tell whether a targeting names a place in the European Union."""
    geo = spec.get("geo_locations") or {}
    countries = set(geo.get("countries") or [])
    for place in PLACES:
        countries |= {item.get("country") for item in geo.get(place) or [] if isinstance(item, dict)}
    return bool(countries & EU) or "european_union" in [str(item).lower() for item in geo.get("country_groups") or []]


def check_dsa(ask: Ask, spec: Mapping[str, Json], values: Mapping[str, Json]) -> None:
    """Ads in the EU say who pays and who benefits, by themselves or by the account's defaults."""
    if not in_eu(spec):
        return
    account = account_of(ask)
    if not (values.get("dsa_payor") or account.get("default_dsa_payor")):
        raise invalid(NO_PAYOR, "Say who pays for the ads", "dsa_payor")
    if not (values.get("dsa_beneficiary") or account.get("default_dsa_beneficiary")):
        raise invalid(NO_BENEFICIARY, "Say who benefits from the ads", "dsa_beneficiary")


def dsa_defaults(ask: Ask, spec: Mapping[str, Json]) -> dict[str, Json]:
    """Return the account's payer and beneficiary where the targeting needs them."""
    if not in_eu(spec):
        return {}
    account = account_of(ask)
    return {name: account.get(f"default_{name}") for name in ("dsa_payor", "dsa_beneficiary")}


def check_promoted(ask: Ask, target: Json, goal: str) -> None:
    """Conversions are those of something; what is named exists."""
    if not target:
        if goal in CONVERSIONS:
            raise invalid(None, f"The goal {goal} needs a promoted_object", "promoted_object")
        return
    for name, kind in (("pixel_id", "AdsPixel"), ("page_id", "Page"), ("product_set_id", "ProductSet")):
        object_id = target.get(name)
        node = ask.graph.find(str(object_id)) if object_id else None
        if object_id and (node is None or node.type != kind):
            raise unknown_node(str(object_id), ask.call.method)


def later(ask: Ask, text: Json) -> bool:
    """Tell whether a time of a node lies in the future."""
    return bool(text) and moment(ask, text) > ask.graph.clock()
