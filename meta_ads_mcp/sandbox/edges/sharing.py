"""Who may use a dataset: ad accounts, agencies, people. Source: docs marketing-api/reference/ads-pixel."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, need
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any


def _require_owner(ask: Ask) -> None:
    """Refuse a business that does not own the dataset; shares belong to its owner."""
    need(ask.params, "business")
    if ask.params["business"] != (ask.node.get("owner_business") or {}).get("id"):
        raise Refusal("(#200) The business does not own this pixel", code=200, status=403)


@serves("GET", "AdsPixel/shared_accounts")
def shared_accounts(ask: Ask) -> EdgeListing:
    """Return the ad accounts that may use the dataset."""
    _require_owner(ask)
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "shared_accounts"))


@serves("POST", "AdsPixel/shared_accounts")
def share_account(ask: Ask) -> Json:
    """Share with an ad account, given without act_."""
    _require_owner(ask)
    account = _account(ask)
    store = ask.graph.world.store
    if account.id not in store.links.get((ask.node.id, "shared_accounts"), ()):
        store.link(ask.node.id, "shared_accounts", [account.id])
    if ask.node.id not in store.links.get((account.id, "adspixels"), ()):
        store.link(account.id, "adspixels", [ask.node.id])
    return SUCCESS


@serves("DELETE", "AdsPixel/shared_accounts")
def unshare_account(ask: Ask) -> Json:
    """Stop sharing with an ad account."""
    _require_owner(ask)
    account = _account(ask)
    store = ask.graph.world.store
    if account.id not in store.links.get((ask.node.id, "shared_accounts"), ()):
        raise invalid(None, "The pixel is not shared with this account", "account_id")
    store.unlink(ask.node.id, "shared_accounts", account.id)
    if account.account != ask.node.account:
        store.unlink(account.id, "adspixels", ask.node.id)
    return SUCCESS


def _account(ask: Ask) -> GraphNode:
    need(ask.params, "account_id")
    account_id = str(ask.params["account_id"])
    account = ask.graph.find(f"act_{account_id}")
    if account is None:
        raise unknown_node(account_id, ask.call.method)
    return account


@serves("GET", "AdsPixel/agencies")
def agencies(ask: Ask) -> EdgeListing:
    """Return the businesses that may use the dataset."""
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "agencies"))


@serves("POST", "AdsPixel/agencies")
def share_business(ask: Ask) -> Json:
    """Share with a business. The agencies of the sandbox have no objects of their own."""
    need(ask.params, "business", "permitted_tasks")
    business = str(ask.params["business"])
    if business == (ask.node.get("owner_business") or {}).get("id"):
        raise invalid(None, "The owner of the pixel needs no share", "business")
    store = ask.graph.world.store
    if ask.graph.find(business) is None:
        raise unknown_node(business, ask.call.method)
    if business not in store.links.get((ask.node.id, "agencies"), ()):
        store.link(ask.node.id, "agencies", [business])
    return SUCCESS


@serves("DELETE", "AdsPixel/agencies")
def unshare_business(ask: Ask) -> Json:
    """Stop sharing with a business."""
    need(ask.params, "business")
    store, business = ask.graph.world.store, str(ask.params["business"])
    if business not in store.links.get((ask.node.id, "agencies"), ()):
        raise invalid(None, "The pixel is not shared with this business", "business")
    store.unlink(ask.node.id, "agencies", business)
    return SUCCESS


@serves("GET", "AdsPixel/assigned_users")
def assigned_users(ask: Ask) -> EdgeListing:
    """Return the people of a business who have tasks on the dataset."""
    _require_owner(ask)
    # One person has entries on many objects, so an entry is not stored under the person's id.
    return EdgeListing([dict(row.fields) for row in ask.graph.world.store.children(ask.node.id, "assigned_users")])


@serves("GET", "AdAccount/assigned_users", "Page/assigned_users")
def people_of_object(ask: Ask) -> EdgeListing:
    """Return the people of a business who have tasks on an account, a Page or a catalog."""
    need(ask.params, "business")
    people = ask.graph.world.store.children(ask.node.id, "assigned_users")
    return EdgeListing(
        [dict(row.fields) for row in people if (row.get("business") or {}).get("id") == ask.params["business"]]
    )


@serves("POST", "AdsPixel/assigned_users")
def assign_user(ask: Ask) -> Json:
    """Give a person tasks."""
    need(ask.params, "user", "tasks")
    user = ask.graph.find(str(ask.params["user"]))
    if user is None or user.type not in ("BusinessUser", "SystemUser", "User"):
        raise unknown_node(str(ask.params["user"]), ask.call.method)
    store = ask.graph.world.store
    store.memory["tasks", f"{ask.node.id}/{user.id}"] = tuple(ask.params["tasks"])
    entry_id = f"{ask.node.id}/{user.id}"
    fields = {
        "id": user.id,
        "name": user.get("name"),
        "user_type": user.type,
        "business": ask.node.get("owner_business"),
    }
    store.add(GraphNode(entry_id, "AssignedUser", fields))
    if entry_id not in store.links.get((ask.node.id, "assigned_users"), ()):
        store.link(ask.node.id, "assigned_users", [entry_id])
    return SUCCESS
