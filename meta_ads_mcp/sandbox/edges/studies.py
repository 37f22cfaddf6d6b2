"""Studies: split tests and lift tests. Sources: docs marketing-api/guides/split-testing and lift-studies; SDK classes
AdStudy, AdStudyCell and AdStudyObjective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from meta_ads_mcp.sandbox.edges import budgets, lists
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, make, need, readable
from meta_ads_mcp.sandbox.refusal import invalid, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
TIMES = ("start_time", "cooldown_start_time", "end_time", "observation_end_time")

serves(
    "GET",
    "AdAccount/ad_studies",
    "Business/ad_studies",
    "AdStudy/cells",
    "AdStudy/objectives",
    "AdStudyCell/adsets",
    "AdStudyCell/campaigns",
    "AdStudyCell/adaccounts",
)(lists.linked)


@serves("GET", "Campaign/ad_studies", "AdSet/ad_studies")
def studies_of_object(ask: Ask) -> EdgeListing:
    """Return the studies with a cell that has this object, or its campaign."""
    ids = {ask.node.id, str(ask.node.get("campaign_id") or "")}
    return EdgeListing([study for study in _studies(ask) if ids & {member.id for member in _tested(ask, study)}])


@serves("GET", "AdAccount/impacting_ad_studies")
def impacting(ask: Ask) -> EdgeListing:
    """Return the studies of the account that are not over."""
    now = ask.graph.clock().timestamp()
    return EdgeListing([study for study in _studies(ask) if _seconds(study.get("end_time")) > now])


def _studies(ask: Ask) -> Sequence[GraphNode]:
    account = ask.node.id if ask.node.type == "AdAccount" else f"act_{ask.node.account}"
    return ask.graph.world.store.children(account, "ad_studies")


def _tested(ask: Ask, study: GraphNode) -> list[GraphNode]:
    children = ask.graph.world.store.children
    edges = ("adsets", "campaigns", "adaccounts")
    return [member for cell in children(study.id, "cells") for edge in edges for member in children(cell.id, edge)]


def _seconds(value: Json) -> float:
    return datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%S%z").timestamp()


@serves("POST", "Business/ad_studies", "User/ad_studies")
def create_study(ask: Ask) -> Json:
    """Make a study."""
    params = ask.params
    need(params, "name", "start_time", "end_time", "type", "cells")
    if params["end_time"] <= params["start_time"] or params["end_time"] <= ask.graph.clock().timestamp():
        raise invalid(budgets.IN_THE_PAST, "The study ends after it starts, and in the future", "end_time")
    cells = [(cell, _members(ask, cell)) for cell in params["cells"]]
    if len(cells) < 2 and params["type"] == "SPLIT_TEST":
        raise invalid(None, "A split test has two cells or more", "cells")
    if sum(cell.get("treatment_percentage", 0) for cell, _ in cells) > 100:
        raise invalid(None, "The cells have more than 100 per cent", "cells")
    when = stamp(ask.graph.clock())
    fields = readable(ask, "AdStudy", params) | {"created_time": when, "updated_time": when}
    accounts = dict.fromkeys(f"act_{item.account}" for _, members in cells for item in members)
    places = [(parent, "ad_studies") for parent in (ask.node.id, *accounts)]
    study = make(ask, "AdStudy", fields, places, prefix="6")
    for cell, members in cells:
        shares = {name: float(cell.get(name, 0)) for name in ("treatment_percentage", "control_percentage")}
        cell_fields = {"name": cell.get("name"), **shares}
        cell_node = make(ask, "AdStudyCell", cell_fields, [(study.id, "cells")], prefix="61")
        for member in members:
            edge = {"AdSet": "adsets", "Campaign": "campaigns"}.get(member.type, "adaccounts")
            ask.graph.world.store.link(cell_node.id, edge, [member.id])
    for objective in params.get("objectives") or []:
        goal = {"name": objective.get("name"), "type": objective.get("type"), "is_primary": objective.get("is_primary")}
        make(ask, "AdStudyObjective", {**goal, "results": []}, [(study.id, "objectives")], prefix="62")
    return {"id": study.id}


@serves("POST", "AdStudy")
def update_study(ask: Ask) -> Json:
    """Change the name, the description or the times of a study; an end has to lie ahead."""
    now = ask.graph.clock().timestamp()
    if ask.params.get("end_time", now) < now:
        raise invalid(budgets.IN_THE_PAST, "The study ends in the future", "end_time")
    if "start_time" in ask.params and _seconds(ask.node.get("start_time")) <= now:
        raise invalid(None, "A study that has started keeps its start", "start_time")
    present = {name: _seconds(ask.node.get(name)) for name in TIMES if ask.node.get(name)}
    times = [float(value) for name in TIMES if (value := ask.params.get(name, present.get(name))) is not None]
    if times != sorted(times):
        raise invalid(None, "The times of a study are in order", *(name for name in TIMES if name in ask.params))
    change(ask, ask.node, readable(ask, "AdStudy", ask.params))
    return SUCCESS


def _members(ask: Ask, cell: Mapping[str, Json]) -> list[GraphNode]:
    """Return what a cell tests: ids of ad sets, campaigns or accounts."""
    nodes = []
    for edge, prefix in (("adsets", ""), ("campaigns", ""), ("adaccounts", "act_")):
        for item in cell.get(edge) or []:
            node = ask.graph.find(f"{prefix}{item}") if isinstance(item, str | int) else None
            if node is None:
                raise unknown_node(str(item), ask.call.method)
            nodes.append(node)
    if not nodes:
        raise invalid(None, "A cell has adsets, campaigns or adaccounts", "cells")
    return nodes
