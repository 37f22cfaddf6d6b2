"""Edges of Pages: lead forms, leads, comments, likes, figures. All but leads take the Page's own token.

Source: docs marketing-api/guides/lead-ads/retrieving, graph-api/reference/page-post/comments and /page/insights.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, Listing, serves
from meta_ads_mcp.sandbox.filters import number
from meta_ads_mcp.sandbox.plan import uniforms
from meta_ads_mcp.sandbox.refusal import Refusal, invalid_param, missing_permission
from meta_ads_mcp.sandbox.store import Node
from meta_ads_mcp.sandbox.world.build import stamp

PERIOD_DAYS = {"day": 1, "week": 7, "days_28": 28}
# Metrics that Meta took away. Source: docs platforminsights/page/deprecated-metrics
GONE = ("page_impressions", "post_impressions", "page_fan", "page_engaged_users", "page_consumptions")


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


@serves("GET", "PagePost/likes", "PagePost/reactions")
def likes(ask: Ask) -> Listing:
    """The posts of the sandbox have none that are told by name."""
    require_page_token(ask, ask.node.id.split("_", 1)[0], "pages_read_engagement")
    return Listing(ask.graph.world.store.children(ask.node.id, "likes"))


@serves("GET", "PagePost/attachments")
def attachments(ask: Ask) -> Any:
    """Return the link of a post as an attachment. docs: graph-api/reference/story-attachment"""
    require_page_token(ask, ask.node.id.split("_", 1)[0], "pages_read_engagement")
    link = ask.node.get("link")
    return {"data": [{"media_type": "link", "type": "share", "url": link, "unshimmed_url": link}] if link else []}


@serves("GET", "Page/insights")
def page_insights(ask: Ask) -> Any:
    """Each metric with the last two periods, as Graph gives it without a range; those it took away are refused."""
    require_page_token(ask, ask.node.id, "pages_read_engagement")
    metrics = ask.params.get("metric")
    if not metrics:
        raise invalid_param("metric", "is required.")
    period = ask.params.get("period", "day")
    return {"data": [_metric(ask, str(name), period) for name in metrics]}


def _metric(ask: Ask, name: str, period: str) -> Any:
    if name.startswith(GONE):
        raise invalid_param("metric", "The value must be a valid insights metric")
    days = PERIOD_DAYS.get(period, 1)
    midnight = ask.graph.clock().replace(hour=8, minute=0, second=0, microsecond=0)
    ends = [midnight - timedelta(days=back) for back in (1, 0)]
    sizes = uniforms("page insights", ask.node.id, name)[: len(ends)]
    points = [
        {"value": round(100 * days * size), "end_time": stamp(end)} for size, end in zip(sizes, ends, strict=True)
    ]
    title = name.replace("_", " ").capitalize()
    row = {"name": name, "period": period, "values": points, "title": title, "description": f"{title}."}
    return row | {"id": f"{ask.node.id}/insights/{name}/{period}"}


def created(node: Node) -> float:
    return datetime.fromisoformat(str(node.get("created_time"))).timestamp()
