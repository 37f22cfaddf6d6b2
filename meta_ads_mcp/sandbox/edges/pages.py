"""Edges of Pages: lead forms, leads, comments. Forms and comments take the Page's own token.

Source: docs marketing-api/guides/lead-ads/retrieving and graph-api/reference/page-post/comments.
"""

from __future__ import annotations

from datetime import datetime

from meta_ads_mcp.sandbox.edges.registry import Ask, Listing, serves
from meta_ads_mcp.sandbox.filters import number
from meta_ads_mcp.sandbox.refusal import Refusal, missing_permission
from meta_ads_mcp.sandbox.store import Node


def require_page_token(ask: Ask, page_id: str, scope: str) -> None:
    if ask.token.kind != "PAGE" or ask.token.subject != page_id:
        raise Refusal("(#190) This method must be called with a Page Access Token", code=190, subcode=2069032)
    require_scope(ask, scope)


def require_scope(ask: Ask, scope: str) -> None:
    if scope not in ask.token.scopes:
        raise missing_permission(scope)


@serves("GET", "Page/leadgen_forms")
def forms(ask: Ask) -> Listing:
    require_page_token(ask, ask.node.id, "pages_manage_ads")
    return Listing(ask.graph.world.store.children(ask.node.id, "leadgen_forms"))


@serves("GET", "LeadgenForm/leads", "Ad/leads")
def leads(ask: Ask) -> Listing:
    """Newest first; `filtering` knows `time_created` only."""
    require_scope(ask, "leads_retrieval")
    rows = ask.graph.world.store.children(ask.node.id, "leads")
    shown = [Node(one.id, one.type, {**one.fields, "time_created": created(one)}, one.account) for one in rows]
    return Listing(shown)


@serves("GET", "PagePost/comments")
def comments(ask: Ask) -> Listing:
    """Oldest last unless `order` says so; replies come with `filter=stream`."""
    require_page_token(ask, ask.node.id.split("_", 1)[0], "pages_read_engagement")
    rows = ask.graph.world.store.children(ask.node.id, "comments")
    if ask.params.get("filter", "toplevel") == "toplevel":
        rows = [one for one in rows if one.get("parent") is None]
    if (since := number(ask.params.get("since"))) is not None:
        rows = [one for one in rows if created(one) >= since]
    return Listing(sorted(rows, key=created, reverse=ask.params.get("order") != "chronological"))


@serves("GET", "Comment/comments")
def replies(ask: Ask) -> Listing:
    """The answers to a comment, which stand below the same post."""
    links = ask.graph.world.store.links
    post = next((parent for (parent, edge), ids in links.items() if edge == "comments" and ask.node.id in ids), "")
    require_page_token(ask, post.split("_", 1)[0], "pages_read_engagement")
    rows = ask.graph.world.store.children(post, "comments")
    return Listing([one for one in rows if (one.get("parent") or {}).get("id") == ask.node.id])


def created(node: Node) -> float:
    return datetime.fromisoformat(str(node.get("created_time"))).timestamp()
