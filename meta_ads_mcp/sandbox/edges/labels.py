"""Labels of campaigns, ad sets, ads and creatives. Source: docs marketing-api/reference/ad-label, SDK class AdLabel."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, check_name, gone, make, need, now
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
LABELED = ("Campaign", "AdSet", "Ad", "AdCreative")
# Edge of a label -> the class of the objects below it.
OBJECTS = {"campaigns": "Campaign", "adsets": "AdSet", "ads": "Ad", "adcreatives": "AdCreative"}


@serves("GET", "AdAccount/adlabels")
def labels(ask: Ask) -> EdgeListing:
    """Return the labels of the account."""
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "adlabels"))


@serves("POST", "AdAccount/adlabels")
def create(ask: Ask) -> Json:
    """Make a label."""
    need(ask.params, "name")
    check_name(ask.params)
    return {"id": _make_label(ask, ask.params["name"]).id}


@serves("POST", *(f"{kind}/adlabels" for kind in LABELED))
def add(ask: Ask) -> Json:
    """Add labels to an object, by id or by name; a name that no label has makes one."""
    need(ask.params, "adlabels")
    before = ask.node.get("adlabels") or []
    labels = [_find_label(ask, item) for item in ask.params["adlabels"]]
    rows = {label.id: {"id": label.id, "name": label.get("name")} for label in labels}
    change(ask, ask.node, {"adlabels": [*(row for row in before if row["id"] not in rows), *rows.values()]})
    return SUCCESS


@serves("DELETE", "AdSet/adlabels")
def remove(ask: Ask) -> Json:
    """Take labels away from an ad set, or all of them where none is named."""
    names = {str(item.get("id") or item.get("name")) for item in ask.params.get("adlabels") or ()}
    before = ask.node.get("adlabels") or []
    rest = [row for row in before if names and not {row["id"], row["name"]} & names]
    change(ask, ask.node, {"adlabels": rest})
    return SUCCESS


@serves("GET", *(f"AdLabel/{edge}" for edge in OBJECTS))
def labeled_objects(ask: Ask) -> EdgeListing:
    """Return the objects of one kind that carry the label."""
    kind, store = OBJECTS[ask.call.path[-1]], ask.graph.world.store
    nodes = (node for node in store.nodes.values() if node.type == kind and node.account == ask.node.account)
    return EdgeListing([node for node in nodes if any(row["id"] == ask.node.id for row in node.get("adlabels") or ())])


@serves("POST", "AdLabel")
def rename(ask: Ask) -> Json:
    """Give the label another name."""
    check_name(ask.params)
    change(ask, ask.node, {"name": ask.params["name"]} if "name" in ask.params else {})
    return SUCCESS


@serves("DELETE", "AdLabel")
def delete(ask: Ask) -> Json:
    """Delete the label."""
    gone(ask, ask.node)
    return SUCCESS


def _make_label(ask: Ask, name: str) -> GraphNode:
    account = f"act_{ask.node.account}"
    when = stamp(now(ask))
    fields = {"name": name, "account": {"id": account}, "created_time": when, "updated_time": when}
    return make(ask, "AdLabel", fields, [(account, "adlabels")])


def _find_label(ask: Ask, item: Json) -> GraphNode:
    if not isinstance(item, dict) or not (item.get("id") or item.get("name")):
        raise invalid(None, "A label is named by its id or its name", "adlabels")
    labels = ask.graph.world.store.children(f"act_{ask.node.account}", "adlabels")
    for label in labels:
        if str(item.get("id")) == label.id or ("id" not in item and item["name"] == label.get("name")):
            return label
    if "id" in item:
        raise invalid(None, f"Label {item['id']} does not exist", "adlabels")
    return _make_label(ask, str(item["name"]))
