"""Budget schedules of campaigns and ad sets. Source: SDK class HighDemandPeriod."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges import budgets
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, check_open, gone, make, moment, need, readable
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any


@serves("GET", "Campaign/budget_schedules", "AdSet/budget_schedules")
def schedules(ask: Ask) -> EdgeListing:
    """Return the schedules of an object, those that overlap a period if the call has one."""
    rows = ask.graph.world.store.children(ask.node.id, "budget_schedules")
    return EdgeListing([row for row in rows if _overlaps(ask, row)])


def _overlaps(ask: Ask, row: GraphNode) -> bool:
    since, until = ask.params.get("time_start"), ask.params.get("time_stop")
    is_after = since is None or moment(ask, row.get("time_end")) >= moment(ask, since)
    return is_after and (until is None or moment(ask, row.get("time_start")) <= moment(ask, until))


@serves("POST", "Campaign/budget_schedules", "AdSet/budget_schedules")
def create_schedule(ask: Ask) -> Json:
    """Make a budget schedule (a high demand period)."""
    params = ask.params
    need(params, "budget_value", "budget_value_type", "time_start", "time_end")
    check_open(ask.node)
    if not budgets.amount(ask.node.get("daily_budget")):
        raise invalid(None, "Budgets are scheduled where the daily budget is", "budget_value")
    _check_period(ask, params["time_start"], params["time_end"])
    fields = {"ad_object_id": ask.node.id, "recurrence_type": "ONE_TIME", **readable(ask, "HighDemandPeriod", params)}
    return {"id": make(ask, "HighDemandPeriod", fields, [(ask.node.id, "budget_schedules")], prefix="31").id}


@serves("POST", "HighDemandPeriod")
def update_schedule(ask: Ask) -> Json:
    """Change the amount or the period of a schedule."""
    start, end = (ask.params.get(name, ask.node.get(name)) for name in ("time_start", "time_end"))
    _check_period(ask, start, end)
    change(ask, ask.node, readable(ask, "HighDemandPeriod", ask.params))
    return SUCCESS


@serves("DELETE", "HighDemandPeriod")
def delete_schedule(ask: Ask) -> Json:
    """Delete a schedule; one that runs ends at once."""
    gone(ask, ask.node)
    return SUCCESS


def _check_period(ask: Ask, start: Json, end: Json) -> None:
    until = moment(ask, end)
    if until <= moment(ask, start) or until <= ask.graph.clock():
        raise invalid(budgets.IN_THE_PAST, "The period ends after it starts, and in the future", "time_end")
