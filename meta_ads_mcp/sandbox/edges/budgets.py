"""Graph's rules of budgets, bids and flights, for campaigns and ad sets.

Subcodes: docs marketing-api/error-reference; rules: marketing-api/bidding, marketing-api/reference/ad-account/adsets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.account import MINIMA
from meta_ads_mcp.sandbox.edges.registry import Ask
from meta_ads_mcp.sandbox.edges.writing import account_of, allow, moment
from meta_ads_mcp.sandbox.refusal import Refusal, invalid
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any
BUDGETS = ("daily_budget", "lifetime_budget")
WITH_BID = ("LOWEST_COST_WITH_BID_CAP", "COST_CAP")
ONE_BUDGET, TOO_LOW, IN_THE_PAST, CAP_TOO_LOW = 1885621, 1885272, 1487033, 2446307
MAX_BUDGET_CHANGES = 4


def amount(value: Json) -> int:
    """A budget as Graph shows it; nothing and 0 mean none."""
    return int(value or 0)


def has_budget(node: GraphNode) -> bool:
    """Tell whether an object has a budget of its own."""
    return any(amount(node.get(name)) for name in BUDGETS)


def other_budget(params: Mapping[str, Json]) -> dict[str, Json]:
    """The budget that a new one of the other kind takes the place of: gone."""
    budget_name = next((name for name in BUDGETS if params.get(name)), None)
    return {name: None for name in BUDGETS if budget_name and name != budget_name}


def check_budgets(ask: Ask, params: Mapping[str, Json]) -> None:
    """At most one budget, and not below the currency's least."""
    budget_names = [name for name in BUDGETS if params.get(name)]
    if len(budget_names) > 1:
        raise invalid(ONE_BUDGET, "Give a daily or a lifetime budget, not both", *budget_names)
    currency = str(account_of(ask).get("currency"))
    least = MINIMA.get(currency, 100)
    for name in BUDGETS:
        if name in params and int(params[name]) < least:
            raise invalid(TOO_LOW, f"The budget is below the least for {currency}, {least} minor units", name)


def check_flight(ask: Ask, start: Json, end: Json, name: str) -> None:
    """An end lies in the future and after the start. 0 means no end."""
    if end is None or str(end) == "0":
        return
    until = moment(ask, end)
    if until <= ask.graph.clock():
        raise invalid(IN_THE_PAST, "The end lies in the past", name)
    if start is not None and until <= moment(ask, start):
        raise invalid(IN_THE_PAST, "The end is not after the start", name)


def check_bid(strategy: Json, bid_amount: Json, constraints: Json, goal: Json) -> None:
    """A strategy comes with what it needs."""
    if bid_amount is not None and int(bid_amount) < 0:
        raise invalid(None, "The bid is below 0", "bid_amount")
    if strategy in WITH_BID and not bid_amount:
        raise invalid(None, f"Bid amount required: {strategy} needs bid_amount", "bid_amount")
    if strategy != "LOWEST_COST_WITH_MIN_ROAS":
        return
    if not isinstance(constraints, Mapping) or not constraints.get("roas_average_floor"):
        raise invalid(None, "LOWEST_COST_WITH_MIN_ROAS needs bid_constraints.roas_average_floor", "bid_constraints")
    if goal != "VALUE":
        raise invalid(None, "LOWEST_COST_WITH_MIN_ROAS needs the optimization goal VALUE", "optimization_goal")


def check_spend_cap(ask: Ask, params: Mapping[str, Json]) -> None:
    """Refuse a spend cap that is too small."""
    least = amount(account_of(ask).get("min_campaign_group_spend_cap"))
    if "spend_cap" in params and 0 < params["spend_cap"] < least:
        raise invalid(CAP_TOO_LOW, f"The spend cap is below the least, {least} minor units", "spend_cap")


def count_change(ask: Ask, node: GraphNode, params: Mapping[str, Json]) -> None:
    """An ad set's budget changes four times an hour. docs: marketing-api/overview/rate-limiting"""
    if not any(name in params and amount(node.get(name)) != int(params[name]) for name in BUDGETS):
        return
    refusal = Refusal(
        "(#613) Calls to this api have exceeded the rate limit: the budget of an ad set can change 4 times per hour",
        code=613,
        subcode=1487632,
        status=400,
    )
    allow(ask, "budget", node.id, most=MAX_BUDGET_CHANGES, within=timedelta(hours=1), refusal=refusal)
