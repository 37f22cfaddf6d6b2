"""Edges that are plain lists of linked nodes."""

from __future__ import annotations

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.people import TASKS

PLAIN = (
    "User/adaccounts",
    "User/business_users",
    "User/businesses",
    "User/assigned_ad_accounts",
    "User/assigned_pages",
    "Business/owned_ad_accounts",
    "Business/client_ad_accounts",
    "Business/owned_pages",
    "Business/client_pages",
    "Business/owned_pixels",
    "Business/client_pixels",
    "Business/pending_client_ad_accounts",
    "Business/instagram_accounts",
    "Business/business_users",
    "Business/system_users",
    "Business/pending_users",
    "Business/agencies",
    "AdAccount/agencies",
    "BusinessUser/assigned_ad_accounts",
    "BusinessUser/assigned_pages",
    "SystemUser/assigned_ad_accounts",
    "SystemUser/assigned_pages",
    "AdAccount/promote_pages",
    "AdAccount/adcreatives",
    "AdAccount/instagram_accounts",
    "AdAccount/connected_instagram_accounts",
    "AdAccount/adspixels",
    "AdAccount/advideos",
    "Ad/adcreatives",
    "AdVideo/thumbnails",
    "CustomAudience/adaccounts",
    "Page/instagram_accounts",
)


@serves("GET", *PLAIN)
def linked(ask: Ask) -> EdgeListing:
    """All nodes linked below the edge's own name."""
    edge = ask.call.path[-1]
    part = str(ask.params.get("search_query") or "").lower()
    rows = ask.graph.world.store.children(ask.node.id, edge)
    return EdgeListing([row for row in rows if part in str(row.get("name")).lower()] if part else rows)


@serves("GET", "User/accounts")
def pages_of_user(ask: Ask) -> EdgeListing:
    """The Pages with the tasks of this user, which the Page node itself does not have."""
    pages = ask.graph.world.store.children(ask.node.id, "accounts")
    fields = ("access_token", "category", "category_list", "name", "id", "tasks")
    return EdgeListing(
        [GraphNode(page.id, "PageOfUser", {**page.fields, "tasks": TASKS}, "", fields) for page in pages]
    )
