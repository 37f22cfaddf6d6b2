"""Labels of campaigns, ad sets, ads and creatives. Source: docs marketing-api/reference/ad-label, SDK class AdLabel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import (
    SUCCESS,
    change,
    check_name,
    gone,
    label_rows,
    make_label,
    need,
)
from meta_ads_mcp.sandbox.store import GraphNode

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
    return {"id": make_label(ask, ask.params["name"]).id}


@serves("POST", *(f"{kind}/adlabels" for kind in LABELED))
def add(ask: Ask) -> Json:
    """Add labels to an object, by id or by name; a name that no label has makes one."""
    need(ask.params, "adlabels")
    before = ask.node.get("adlabels") or []
    rows = {row["id"]: row for row in label_rows(ask, ask.params["adlabels"])}
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
    kind = OBJECTS[ask.call.path[-1]]
    return EdgeListing([node for node in _carriers(ask, ask.node.id) if node.type == kind])


@serves("GET", *(f"AdAccount/{edge}bylabels" for edge in OBJECTS))
def objects_by_labels(ask: Ask) -> EdgeListing:
    """Return the objects of one kind that carry any of the labels, or all of them (`operator`)."""
    need(ask.params, "ad_label_ids")
    wanted = {str(label) for label in ask.params["ad_label_ids"]}
    least = len(wanted) if ask.params.get("operator") == "ALL" else 1
    kind = OBJECTS[ask.call.path[-1].removesuffix("bylabels")]
    nodes = (
        node for node in ask.graph.world.store.nodes.values() if (node.type, node.account) == (kind, ask.node.account)
    )
    return EdgeListing([node for node in nodes if len(wanted & _label_ids(node)) >= least])


@serves("POST", "AdLabel")
def rename(ask: Ask) -> Json:
    """Give the label another name."""
    check_name(ask.params)
    change(ask, ask.node, {"name": ask.params["name"]} if "name" in ask.params else {})
    for node in _carriers(ask, ask.node.id):
        rows = [
            {**row, "name": ask.node.get("name")} if row["id"] == ask.node.id else row for row in node.get("adlabels")
        ]
        ask.graph.world.store.patch(node.id, {"adlabels": rows})
    return SUCCESS


@serves("DELETE", "AdLabel")
def delete(ask: Ask) -> Json:
    """Delete the label, and take it off everything that carries it."""
    for node in _carriers(ask, ask.node.id):
        rest = [row for row in node.get("adlabels") if row["id"] != ask.node.id]
        ask.graph.world.store.patch(node.id, {"adlabels": rest})
    gone(ask, ask.node)
    return SUCCESS


def _carriers(ask: Ask, label_id: str) -> Iterator[GraphNode]:
    """Yield the objects of the account that carry a label."""
    nodes = list(ask.graph.world.store.nodes.values())
    return (node for node in nodes if node.account == ask.node.account and label_id in _label_ids(node))


def _label_ids(node: GraphNode) -> set[str]:
    return {str(row["id"]) for row in node.get("adlabels") or ()} if node.type in LABELED else set()
