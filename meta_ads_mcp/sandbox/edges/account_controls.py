"""What is excluded for a whole account. Source: docs marketing-api/reference/ad-account/account_controls; SDK classes
AdAccountBusinessConstraints and PublisherBlockList."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges import lists
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, check_name, gone, make, need, now
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
CONTROLS = "AdAccountBusinessConstraints"
AGES = range(18, 26)
WRITABLE = ("audience_controls", "placement_controls", "placement_controls_per_objective")
AUDIENCE_KEYS = frozenset({"age_min", "geo_locations", "excluded_geo_locations", "exclusions"})

serves(
    "GET", "AdAccount/account_controls", "AdAccount/publisher_block_lists", "PublisherBlockList/paged_web_publishers"
)(lists.linked)


@serves("POST", "AdAccount/account_controls")
def update_controls(ask: Ask) -> Json:
    """Replace the controls. `audience_controls` is required, whatever else changes."""
    params = ask.params
    if "audience_controls" not in params:
        need(params, "audience_controls")
    controls = params["audience_controls"]
    if not isinstance(controls, dict) or controls.keys() - AUDIENCE_KEYS:
        raise invalid(None, "audience_controls has an unknown key", "audience_controls")
    if controls.get("age_min", 18) not in AGES:
        raise invalid(None, "age_min is 18 to 25", "audience_controls")
    store = ask.graph.world.store
    present = store.children(ask.node.id, "account_controls")
    fields = {name: params[name] for name in WRITABLE if name in params}
    if present:
        store.patch(present[0].id, fields)
        return {**SUCCESS, "id": ask.node.id}
    values = {**fields, "status": "ACTIVE", "campaigns_with_error": []}
    node_id = store.new_id("66")
    store.add(GraphNode(node_id, CONTROLS, values, ask.node.account, tuple(values)))
    store.link(ask.node.id, "account_controls", [node_id])
    return {**SUCCESS, "id": ask.node.id}


@serves("POST", "AdAccount/brand_safety_content_filter_levels")
def set_levels(ask: Ask) -> Json:
    """Set the filter levels: at most one per surface."""
    need(ask.params, "brand_safety_content_filter_levels")
    levels = ask.params["brand_safety_content_filter_levels"]
    surfaces = [level.rpartition("_")[0] for level in levels]
    if len(set(surfaces)) != len(surfaces):
        raise invalid(None, "One level per surface", "brand_safety_content_filter_levels")
    present = ask.node.get("brand_safety_content_filter_levels") or []
    rest = [level for level in present if level.rpartition("_")[0] not in surfaces]
    ask.graph.world.store.patch(ask.node.id, {"brand_safety_content_filter_levels": [*rest, *levels]})
    return SUCCESS


@serves("POST", "AdAccount/publisher_block_lists")
def create_list(ask: Ask) -> Json:
    """Make an empty block list."""
    need(ask.params, "name")
    check_name(ask.params)
    fields = {
        "name": ask.params["name"],
        "is_auto_blocking_on": False,
        "is_eligible_at_campaign_level": True,
        "last_update_time": stamp(now(ask)),
        "owner_ad_account_id": ask.node.account,
    }
    return {"id": make(ask, "PublisherBlockList", fields, [(ask.node.id, "publisher_block_lists")], prefix="67").id}


@serves("POST", "PublisherBlockList/append_publisher_urls")
def append_urls(ask: Ask) -> Json:
    """Add publishers; one that is there already stays as it is."""
    need(ask.params, "publisher_urls")
    store = ask.graph.world.store
    present = {node.get("domain_url") for node in store.children(ask.node.id, "paged_web_publishers")}
    for url in dict.fromkeys(ask.params["publisher_urls"]):
        if url not in present:
            fields = {"domain_url": url, "publisher_name": url.partition(".")[0]}
            make(ask, "WebPublisher", fields, [(ask.node.id, "paged_web_publishers")], prefix="68")
    store.patch(ask.node.id, {"last_update_time": stamp(now(ask))})
    return SUCCESS


@serves("DELETE", "PublisherBlockList")
def delete_list(ask: Ask) -> Json:
    """Delete a block list."""
    gone(ask, ask.node)
    return SUCCESS
