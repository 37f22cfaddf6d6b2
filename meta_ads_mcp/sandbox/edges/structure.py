"""Campaigns, ad sets and ads as edges. Source: docs marketing-api/reference/ad-account/campaigns."""

from __future__ import annotations

from datetime import datetime

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.refusal import Refusal, not_in_enum
from meta_ads_mcp.sandbox.store import Node

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
    wanted = asked_statuses(ask)
    shown = [node for node in nodes if is_shown(node.get("effective_status"), wanted)]
    return EdgeListing([node for node in shown if fits(ask, node)])


@serves("GET", "Campaign/copies", "AdSet/copies", "Ad/copies")
def copies(ask: Ask) -> EdgeListing:
    """Return the copies of an object that are there. Source: SDK `Campaign.get_copies` and its relatives."""
    edge, name = SOURCES[ask.node.type]
    nodes = ask.graph.world.store.children(f"act_{ask.node.account}", edge)
    wanted = asked_statuses(ask)
    return EdgeListing(
        [
            node
            for node in nodes
            if node.get(name) == ask.node.id and fits(ask, node) and is_shown(node.get("effective_status"), wanted)
        ]
    )


def is_shown(status: str, wanted: list[str] | None) -> bool:
    """Tell whether an object of this effective status is listed; None stands for Graph's default."""
    return status not in HIDDEN if wanted is None else status in wanted


def asked_statuses(ask: Ask) -> list[str] | None:
    """The statuses asked for; None for the default."""
    wanted = ask.params.get("effective_status")
    if wanted is None:
        return filtered_statuses(ask)
    allowed = ask.graph.spec.enum(STATUSES)
    if unknown := [one for one in wanted if one not in allowed]:
        raise not_in_enum(f"effective_status[{wanted.index(unknown[0])}]", allowed)
    if wanted == ["DELETED"]:
        text = "(#100) Cannot Request for Deleted Objects"
        user = "Objects with status DELETED cannot be requested alone on this edge; ask for them by id."
        raise Refusal(text, subcode=1815001, user_title="Cannot Request for Deleted Objects", user_msg=user)
    return list(wanted)


def filtered_statuses(ask: Ask) -> list[str] | None:
    """Statuses that `filtering` lets through; the filter itself is applied later."""
    for one in ask.params.get("filtering", []):
        if isinstance(one, dict) and str(one.get("field", "")).endswith("effective_status"):
            value = one.get("value")
            return [str(part) for part in value] if isinstance(value, list) else [str(value)]
    return None


def fits(ask: Ask, node: Node) -> bool:
    """Tell whether an object fits `updated_since` and `is_completed`."""
    since = ask.params.get("updated_since")
    if since is not None and datetime.fromisoformat(node.get("updated_time")).timestamp() < since:
        return False
    completed = ask.params.get("is_completed")
    return completed is None or completed is is_completed(ask, node)


def is_completed(ask: Ask, node: Node) -> bool:
    """Tell whether the object's end time is over."""
    end = node.get("stop_time") or node.get("end_time")
    return bool(end) and datetime.fromisoformat(end) < ask.graph.clock()
