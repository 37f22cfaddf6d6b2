"""Partnership ads: permissions of creators, their posts, and ad codes.

Source: docs marketing-api/ad-creative/partnership-ads (content-discovery-api, ad-codes); SDK classes IGUser, IGMedia.
"""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges.pages import require_scope
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, gone
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.creators import MEDIAS, PERMISSIONS, ad_code, of_creator

Json = Any
BRAND, CREATOR = "instagram_branded_content_ads_brand", "instagram_branded_content_creator"


@serves("GET", f"IGUser/{PERMISSIONS}")
def permissions(ask: Ask) -> EdgeListing:
    """Whom the brand has asked, and what they answered."""
    require_scope(ask, BRAND)
    return EdgeListing(_rows(ask, PERMISSIONS))


def _rows(ask: Ask, edge: str) -> list[GraphNode]:
    """The rows of an edge, of one creator if the call names one."""
    name = ask.params.get("creator_username")
    place = ask.node.id if name is None else of_creator(ask.node.id, name)
    return list(ask.graph.world.store.children(place, edge))


@serves("GET", f"IGUser/{MEDIAS}")
def medias(ask: Ask) -> EdgeListing:
    """The posts of creators, narrowed by each param that is there."""
    require_scope(ask, BRAND)
    rows, params = _rows(ask, MEDIAS), ask.params
    if params.get("ad_code") is not None:
        rows = [row for row in rows if ad_code(row.id) == params["ad_code"]]
    if params.get("permalinks"):
        rows = [row for row in rows if row.get("permalink") in params["permalinks"]]
    if params.get("only_fetch_allowlisted"):
        rows = [row for row in rows if row.get("is_creator_allowlisted")]
    if params.get("only_fetch_recommended_content"):
        rows = [row for row in rows if row.get("recommended_campaign_objectives")]
    return EdgeListing(rows)


@serves("POST", f"IGUser/{PERMISSIONS}")
def ask_creator(ask: Ask) -> Json:
    """Ask a creator for the permission, or withdraw it."""
    require_scope(ask, BRAND)
    name, creator_id = ask.params.get("creator_instagram_username"), ask.params.get("creator_instagram_account")
    if (name is None) is (creator_id is None):
        raise invalid(None, "Name the creator by creator_instagram_account or creator_instagram_username")
    store = ask.graph.world.store
    place = of_creator(ask.node.id, str(name or creator_id))
    rows = store.children(place, PERMISSIONS)
    if ask.params.get("revoke"):
        if not rows:
            raise invalid(None, "There is no permission of this creator")
        gone(ask, rows[0])
        return SUCCESS
    if rows:
        raise invalid(None, "The creator was asked already")
    new_id = store.new_id("6")
    fields = {"id": new_id, "permission_type": "ACCOUNT_LEVEL", "status": "PENDING"}
    store.add(GraphNode(new_id, "IGBCAdsPermission", fields))
    for parent in (ask.node.id, place):
        store.link(parent, PERMISSIONS, [new_id])
    return {"id": new_id}


@serves("POST", "IGMedia/partnership_ad_code")
def make_code(ask: Ask) -> Json:
    """Make the ad code of a post. The SDK does not say what the answer holds."""
    require_scope(ask, CREATOR)
    ask.graph.world.store.memory["ad code", ask.node.id] = True
    return {"partnership_ad_code": ad_code(ask.node.id)}


@serves("DELETE", "IGMedia/partnership_ad_code")
def delete_code(ask: Ask) -> Json:
    """Delete the ad code of a post."""
    require_scope(ask, CREATOR)
    if not ask.graph.world.store.memory.pop(("ad code", ask.node.id), None):
        raise invalid(None, "The post has no ad code")
    return SUCCESS
