"""Campaigns, ad sets and ads as edges. Source: docs marketing-api/reference/ad-account/campaigns."""

from __future__ import annotations

from datetime import datetime

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.refusal import Refusal, not_in_enum
from meta_ads_mcp.sandbox.store import GraphNode

HIDDEN = frozenset({"ARCHIVED", "DELETED"})
# Class -> the account's edge of such objects, and the field with the id of the object that one was copied from.
SOURCES = {
    "Campaign": ("campaigns", "source_campaign_id"),
    "AdSet": ("adsets", "source_adset_id"),
    "Ad": ("ads", "source_ad_id"),
}
STATUSES = "Ad.EffectiveStatus"


@serves(
    "GET", "AdAccount/campaigns", "AdAccount/adsets", "AdAccount/ads", "Campaign/adsets", "Campaign/ads", "AdSet/ads"
)
def objects(ask: Ask) -> EdgeListing:
    """Archived and deleted objects come only when they are named in `effective_status` or in a filter of it."""
    nodes = ask.graph.world.store.children(ask.node.id, ask.call.path[-1])
    statuses = asked_statuses(ask)
    visible_nodes = [node for node in nodes if is_shown(node.get("effective_status"), statuses)]
    return EdgeListing([node for node in visible_nodes if fits(ask, node)])


@serves("GET", "Campaign/copies", "AdSet/copies", "Ad/copies")
def copies(ask: Ask) -> EdgeListing:
    """Return the copies of an object that are there. Source: SDK `Campaign.get_copies` and its relatives."""
    edge, name = SOURCES[ask.node.type]
    nodes = ask.graph.world.store.children(f"act_{ask.node.account}", edge)
    statuses = asked_statuses(ask)
    return EdgeListing(
        [
            node
            for node in nodes
            if node.get(name) == ask.node.id and fits(ask, node) and is_shown(node.get("effective_status"), statuses)
        ]
    )


def is_shown(status: str, statuses: list[str] | None) -> bool:
    """Tell whether an object of this effective status is listed; None stands for Graph's default."""
    return status not in HIDDEN if statuses is None else status in statuses


def asked_statuses(ask: Ask) -> list[str] | None:
    """The statuses asked for; None for the default."""
    statuses = ask.params.get("effective_status")
    if statuses is None:
        return filtered_statuses(ask)
    known_statuses = ask.graph.spec.enum(STATUSES)
    if unknown := [item for item in statuses if item not in known_statuses]:
        raise not_in_enum(f"effective_status[{statuses.index(unknown[0])}]", known_statuses)
    if statuses == ["DELETED"]:
        text = "(#100) Cannot Request for Deleted Objects"
        user = "Objects with status DELETED cannot be requested alone on this edge; ask for them by id."
        raise Refusal(text, subcode=1815001, user_title="Cannot Request for Deleted Objects", user_msg=user)
    return list(statuses)


def filtered_statuses(ask: Ask) -> list[str] | None:
    """Statuses that `filtering` lets through; the filter itself is applied later."""
    for item in ask.params.get("filtering", []):
        if isinstance(item, dict) and str(item.get("field", "")).endswith("effective_status"):
            value = item.get("value")
            return [str(part) for part in value] if isinstance(value, list) else [str(value)]
    return None


def fits(ask: Ask, node: GraphNode) -> bool:
    """Tell whether an object fits `updated_since` and `is_completed`."""
    since = ask.params.get("updated_since")
    if since is not None and datetime.fromisoformat(node.get("updated_time")).timestamp() < since:
        return False
    is_complete_filter = ask.params.get("is_completed")
    return is_complete_filter is None or is_complete_filter is is_completed(ask, node)


def is_completed(ask: Ask, node: GraphNode) -> bool:
    """Tell whether the object's end time is over."""
    end = node.get("stop_time") or node.get("end_time")
    return bool(end) and datetime.fromisoformat(end) < ask.graph.clock()
