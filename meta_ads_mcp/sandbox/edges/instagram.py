"""Comments below Instagram media. Source: docs instagram-platform/comment-moderation; SDK class IGComment."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges.pages import require_scope
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, gone
from meta_ads_mcp.sandbox.refusal import is_required
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
SCOPE = "instagram_manage_comments"


@serves("GET", "IGUser/connected_threads_user", "IGUser/instagram_backed_threads_user")
def threads_users(ask: Ask) -> EdgeListing:
    """The Threads account of an Instagram account, if it has one. docs: marketing-api/ad-creative/threads-ads"""
    require_scope(ask, "threads_business_basic")
    # The accounts of the demo are connected, so that no Threads account had to be made for ads.
    is_connected = ask.call.path[-1] == "connected_threads_user"
    return EdgeListing([{"threads_user_id": f"3{ask.node.id[1:]}"}] if is_connected else [])


@serves("GET", "IGMedia/comments")
def media_comments(ask: Ask) -> EdgeListing:
    """The comments on a medium, newest first; replies are listed below what they answer."""
    require_scope(ask, SCOPE)
    rows = ask.graph.world.store.children(ask.node.id, "comments")
    return EdgeListing([row for row in rows if row.get("parent_id") is None])


@serves("GET", "IGComment/replies")
def comment_replies(ask: Ask) -> EdgeListing:
    """The replies to a comment."""
    require_scope(ask, SCOPE)
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "replies"))


@serves("POST", "IGMedia/comments", "IGComment/replies")
def create_comment(ask: Ask) -> Json:
    """Comment or reply in the name of the Instagram account."""
    require_scope(ask, SCOPE)
    if not ask.params.get("message"):
        raise is_required("message")
    store = ask.graph.world.store
    is_reply = ask.node.type == "IGComment"
    media_id = ask.node.get("media")["id"] if is_reply else ask.node.id
    media = ask.graph.find(media_id)
    new_id = store.new_id("179")
    fields: dict[str, Json] = {
        "id": new_id,
        "text": ask.params["message"],
        "username": media.get("username") if media else None,
        "timestamp": stamp(ask.graph.clock()),
        "like_count": 0,
        "hidden": False,
        "media": {"id": media_id},
        "parent_id": ask.node.id if is_reply else None,
    }
    store.add(GraphNode(new_id, "IGComment", {name: value for name, value in fields.items() if value is not None}))
    store.link(ask.node.id, "replies" if is_reply else "comments", [new_id])
    return {"id": new_id}


@serves("POST", "IGComment")
def hide_comment(ask: Ask) -> Json:
    """Hide a comment or show it again."""
    require_scope(ask, SCOPE)
    if "hide" not in ask.params:
        raise is_required("hide")
    change(ask, ask.node, {"hidden": ask.params["hide"]})
    return SUCCESS


@serves("DELETE", "IGComment")
def delete_comment(ask: Ask) -> Json:
    """Delete a comment for good."""
    require_scope(ask, SCOPE)
    gone(ask, ask.node)
    return SUCCESS
