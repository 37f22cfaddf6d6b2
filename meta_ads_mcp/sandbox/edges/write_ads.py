"""Making and changing ads. Source: docs marketing-api/reference/ad-account/ads, marketing-api/reference/adgroup."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.write_creatives import check_creative, make_creative
from meta_ads_mcp.sandbox.edges.writing import (
    SUCCESS,
    change,
    check_editable,
    check_name,
    check_new_status,
    check_open,
    known_node,
    make_delivering,
    need,
    readable,
)
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any
DYNAMIC_MISMATCH = 1885553


@serves("POST", "AdAccount/ads")
def create(ask: Ask) -> Json:
    """Make an ad."""
    params = ask.params
    need(params, "name", "adset_id", "creative")
    check_name(params)
    check_new_status(params)
    ad_set = known_node(ask, "AdSet", params["adset_id"])
    check_open(ad_set)
    creative = _creative(ask, params["creative"])
    _check_dynamic(ad_set, creative if creative else params["creative"])
    creative_node = creative or make_creative(ask, params["creative"])
    fields = readable(ask, "Ad", params) | {
        "adset_id": ad_set.id,
        "adset": {"id": ad_set.id},
        "campaign_id": ad_set.get("campaign_id"),
        "campaign": {"id": ad_set.get("campaign_id")},
        "creative": {"id": creative_node.id},
        "source_ad_id": "0",
    }
    ad = make_delivering(ask, "Ad", fields)
    ask.graph.world.store.link(ad.id, "adcreatives", [creative_node.id])
    return {"id": ad.id}


@serves("POST", "Ad")
def update(ask: Ask) -> Json:
    """Change an ad."""
    params, node = ask.params, ask.node
    check_editable(node, params)
    check_name(params)
    creative = _creative(ask, params["creative"]) if "creative" in params else None
    if "creative" in params:
        ad_set = known_node(ask, "AdSet", node.get("adset_id"))
        _check_dynamic(ad_set, creative if creative else params["creative"])
    fields = readable(ask, "Ad", {name: value for name, value in params.items() if name != "creative"})
    if "creative" in params:
        creative_node = creative or make_creative(ask, params["creative"])
        fields["creative"] = {"id": creative_node.id}
        ask.graph.world.store.links[node.id, "adcreatives"] = (creative_node.id,)
    change(ask, node, fields)
    return SUCCESS


def _creative(ask: Ask, spec: Json) -> GraphNode | None:
    """The existing creative that is named; None where a new one is described, which is checked."""
    creative_id = spec.get("creative_id") or spec.get("id")
    if creative_id is None:
        check_creative(ask, spec)
        return None
    node = known_node(ask, "AdCreative", creative_id)
    if node.get("status") == "DELETED":
        raise invalid(None, f"Creative {creative_id} is deleted", "creative")
    return node


def _check_dynamic(ad_set: GraphNode, creative: GraphNode | dict[str, Json]) -> None:
    """Dynamic creatives go into ad sets made for them, and nothing else does. docs: marketing-api/dynamic-creative"""
    feed = creative.get("asset_feed_spec")
    dynamic = isinstance(feed, dict) and not feed.get("optimization_type")
    if dynamic is not bool(ad_set.get("is_dynamic_creative")):
        text = "A dynamic creative needs an ad set with is_dynamic_creative, and such an ad set a dynamic creative"
        raise invalid(DYNAMIC_MISMATCH, text, "creative")
