"""Making, changing and deleting campaigns. Source: docs marketing-api/reference/ad-account/campaigns,
marketing-api/reference/ad-campaign-group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.sandbox.edges import budgets
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.writing import (
    SUCCESS,
    change,
    check_editable,
    check_name,
    check_new_status,
    known_node,
    make_delivering,
    need,
    readable,
)
from meta_ads_mcp.sandbox.refusal import Refusal, invalid

Json = Any
CREDIT = "CREDIT"
OUTCOME = "OUTCOME_"


@serves("POST", "AdAccount/campaigns")
def create(ask: Ask) -> Json:
    """Make a campaign."""
    params = ask.params
    need(params, "name", "objective", "special_ad_categories")
    check_name(params)
    check_new_status(params)
    _check_objective(params)
    _check_kind(params)
    check_categories(params)
    _check_new_budget(ask)
    budgets.check_spend_cap(ask, params)
    budgets.check_flight(ask, params.get("start_time"), params.get("stop_time"), "stop_time")
    categories = params["special_ad_categories"]
    fields = {
        "buying_type": "AUCTION",
        "pacing_type": ["standard"],
        "budget_remaining": "0",
        "special_ad_category": categories[0] if categories else "NONE",
        "source_campaign_id": "0",
    }
    return {"id": make_delivering(ask, "Campaign", fields | readable(ask, "Campaign", params)).id}


@serves("POST", "Campaign")
def update(ask: Ask) -> Json:
    """Change a campaign, and the budgets of its ad sets with it."""
    params = ask.params
    check_editable(ask.node, params)
    check_name(params)
    if "special_ad_categories" in params:
        check_categories({**ask.node.fields, **params})
    _check_changed_budget(ask)
    budgets.check_spend_cap(ask, params)
    budgets.check_flight(ask, params.get("start_time"), params.get("stop_time"), "stop_time")
    moves = _moved_budgets(ask)
    fields = readable(ask, "Campaign", params) | budgets.other_budget(params)
    if moves:
        fields |= dict.fromkeys((*budgets.BUDGETS, "bid_strategy")) | {"is_adset_budget_sharing_enabled": False}
        for ad_set, new_budget in moves:
            change(ask, ad_set, new_budget)
    if _takes_over(ask):
        for ad_set in ask.graph.world.store.children(ask.node.id, "adsets"):
            change(ask, ad_set, dict.fromkeys((*budgets.BUDGETS, "bid_strategy")))
    change(ask, ask.node, fields)
    return SUCCESS


@serves("DELETE", "Campaign", "AdSet", "Ad")
def delete(ask: Ask) -> Json:
    """As the status DELETED: the object stays readable by its id."""
    change(ask, ask.node, {"status": "DELETED"})
    return SUCCESS


def _check_objective(params: Mapping[str, Json]) -> None:
    if not params["objective"].startswith(OUTCOME):
        text = f"Objective {params['objective']} is invalid. Use one of: OUTCOME_AWARENESS, OUTCOME_TRAFFIC, …"
        raise invalid(None, text, "objective")


def _check_kind(params: Mapping[str, Json]) -> None:
    """Campaigns are bought in an auction or reserved. Advantage+ campaigns are no longer made by their type, in every
    version since v25.0 (docs marketing-api/advantage-campaigns)."""
    if params.get("buying_type", "AUCTION") not in ("AUCTION", "RESERVED"):
        raise invalid(None, "buying_type is AUCTION or RESERVED", "buying_type")
    if "smart_promotion_type" in params:
        raise invalid(None, "Campaigns can no longer be made with smart_promotion_type", "smart_promotion_type")


def check_categories(params: Mapping[str, Json]) -> None:
    """A special ad category is one of today's, and declared for countries."""
    categories = set(params.get("special_ad_categories") or ()) - {"NONE"}
    if CREDIT in categories:
        raise invalid(None, "CREDIT was replaced by FINANCIAL_PRODUCTS_SERVICES", "special_ad_categories")
    if categories and not params.get("special_ad_category_country"):
        raise invalid(None, "Choose the countries of the special ad category", "special_ad_category_country")


def _check_new_budget(ask: Ask) -> None:
    params = ask.params
    budgets.check_budgets(ask, params)
    has_budget = any(params.get(name) for name in budgets.BUDGETS)
    if not has_budget and "is_adset_budget_sharing_enabled" not in params:
        text = "Must specify True or False in is_adset_budget_sharing_enabled when the campaign has no budget"
        raise invalid(None, text, "is_adset_budget_sharing_enabled")
    if has_budget and params.get("is_adset_budget_sharing_enabled"):
        text = "is_adset_budget_sharing_enabled is for campaigns without a budget"
        raise invalid(None, text, "is_adset_budget_sharing_enabled")
    if not has_budget and "bid_strategy" in params:
        raise invalid(None, "A campaign without a budget has no bid strategy", "bid_strategy")
    if params.get("lifetime_budget") and "stop_time" not in params:
        raise invalid(None, "A lifetime budget needs a stop_time", "stop_time")


def _check_changed_budget(ask: Ask) -> None:
    params = ask.params
    budgets.check_budgets(ask, params)
    if "adset_budgets" in params and any(params.get(name) for name in budgets.BUDGETS):
        raise invalid(budgets.ONE_BUDGET, "The budget is the campaign's or its ad sets', not both", "adset_budgets")
    has_own = budgets.has_budget(ask.node) or any(params.get(name) for name in budgets.BUDGETS)
    if "bid_strategy" in params and not has_own:
        raise invalid(None, "A campaign without a budget has no bid strategy", "bid_strategy")
    if params.get("lifetime_budget") and not (params.get("stop_time") or ask.node.get("stop_time")):
        raise invalid(None, "A lifetime budget needs a stop_time", "stop_time")


def _takes_over(ask: Ask) -> bool:
    """Tell whether the campaign takes the budgets of its ad sets over."""
    return not budgets.has_budget(ask.node) and any(ask.params.get(name) for name in budgets.BUDGETS)


def _moved_budgets(ask: Ask) -> list[tuple[Any, dict[str, Json]]]:
    """The ad sets with the budgets that they get when the campaign gives up its own: all of them, each one."""
    values = ask.params.get("adset_budgets")
    if values is None:
        return []
    moves = []
    for item in values:
        ad_set = known_node(ask, "AdSet", item.get("adset_id"))
        new_budget = {name: item[name] for name in budgets.BUDGETS if item.get(name)}
        if ad_set.get("campaign_id") != ask.node.id or len(new_budget) != 1:
            raise invalid(budgets.ONE_BUDGET, "Each of the campaign's ad sets needs one budget", "adset_budgets")
        budgets.check_budgets(ask, new_budget)
        moves.append((ad_set, {name: str(value) for name, value in new_budget.items()}))
    _check_all_named(ask, {ad_set.id for ad_set, _ in moves})
    return moves


def _check_all_named(ask: Ask, names: set[str]) -> None:
    live = {
        ad_set.id
        for ad_set in ask.graph.world.store.children(ask.node.id, "adsets")
        if ad_set.get("status") in ("ACTIVE", "PAUSED")
    }
    if missing := sorted(live - names):
        raise Refusal(f"(#100) adset_budgets names no budget for {missing[0]}", blame=(("adset_budgets",),))
