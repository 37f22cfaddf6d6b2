"""The lists of a Page's posts, and changes of a post. All require the Page's own token.

Source: docs graph-api/reference/page (published_posts, scheduled_posts, ads_posts), pages-api/posts; SDK: PagePost.
"""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.edges.pages import created, publishing_time, require_page_token, require_pages_own
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, readable
from meta_ads_mcp.sandbox.filters import number
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any


@serves("GET", "Page/published_posts")
def published_posts(ask: Ask) -> EdgeListing:
    """Return what is on the timeline, the newest first; hidden posts only with `include_hidden`."""
    rows = _posts(ask, "published_posts")
    return EdgeListing([row for row in rows if ask.params.get("include_hidden") or not row.get("is_hidden")])


@serves("GET", "Page/scheduled_posts")
def scheduled_posts(ask: Ask) -> EdgeListing:
    """Return what goes out by itself later."""
    return EdgeListing([row for row in _posts(ask, "scheduled_posts") if not row.get("is_published")])


@serves("GET", "Page/ads_posts")
def ads_posts(ask: Ask) -> EdgeListing:
    """The posts of creatives, which are not on the timeline, the newest first."""
    require_page_token(ask, ask.node.id, "pages_read_engagement")
    store = ask.graph.world.store
    listed = {row.id for edge in ("feed", "scheduled_posts") for row in store.children(ask.node.id, edge)}
    prefix = f"{ask.node.id}_"
    rows = [
        node
        for node in store.nodes.values()
        if node.type == "PagePost" and node.id.startswith(prefix) and node.id not in listed
    ]
    since, until = number(ask.params.get("since")), number(ask.params.get("until"))
    rows = [row for row in rows if (since or 0) <= created(row) and (until is None or created(row) <= until)]
    return EdgeListing(sorted(rows, key=created, reverse=True))


def _posts(ask: Ask, edge: str) -> list[GraphNode]:
    require_page_token(ask, ask.node.id, "pages_read_engagement")
    rows = ask.graph.world.store.children(ask.node.id, edge)
    return sorted(rows, key=created, reverse=True)


@serves("POST", "PagePost")
def update_post(ask: Ask) -> Json:
    """Change a post: not the text of one that was advertised, and no time of one that is published."""
    page = require_pages_own(ask, "pages_manage_posts")
    params, post = ask.params, ask.node
    if "message" in params and post.get("promotion_status") == "active":
        raise invalid(None, "The text of a post that was advertised cannot be changed", "message")
    if "scheduled_publish_time" in params:
        if post.get("is_published"):
            raise invalid(None, "A published post has no publishing time", "scheduled_publish_time")
        publishing_time(ask)
    values = readable(ask, "PagePost", params)
    if params.get("is_published") and not post.get("is_published"):
        store = ask.graph.world.store
        for edge in ("published_posts", "posts", "feed"):
            store.link(page, edge, [post.id])
        values["scheduled_publish_time"] = None
    change(ask, post, values)
    return SUCCESS
