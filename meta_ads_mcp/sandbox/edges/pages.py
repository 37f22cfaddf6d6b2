"""Edges of Pages: lead forms, leads, posts, comments, likes, figures. All but leads require the Page's own token.

Source: docs marketing-api/guides/lead-ads, pages-api/posts, graph-api/reference/page-post/comments and /page/insights.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges import lists
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, check_name, gone, need, readable
from meta_ads_mcp.sandbox.filters import number
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, is_required, missing_permission
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
SOONEST, LATEST = timedelta(minutes=10), timedelta(days=75)
CONTENT = ("message", "link", "attached_media", "child_attachments", "picture", "object_attachment")
DUPLICATE = 506

serves("GET", "Page/feed", "Page/posts")(lists.linked)


def require_page_token(ask: Ask, page_id: str, scope: str) -> None:
    """Refuse a call without the Page's own token (190/2069032) or without the permission."""
    if ask.token.kind != "PAGE" or ask.token.subject != page_id:
        raise Refusal("(#190) This method must be called with a Page Access Token", code=190, subcode=2069032)
    require_scope(ask, scope)


def require_scope(ask: Ask, scope: str) -> None:
    """Refuse a token without a permission."""
    if scope not in ask.token.scopes:
        raise missing_permission(scope)


@serves("GET", "Page/leadgen_forms")
def forms(ask: Ask) -> EdgeListing:
    """Return the lead forms of the Page."""
    require_page_token(ask, ask.node.id, "pages_manage_ads")
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "leadgen_forms"))


@serves("GET", "LeadgenForm/leads", "Ad/leads")
def leads(ask: Ask) -> EdgeListing:
    """Newest first; `filtering` knows `time_created` only. The hour that runs is not counted yet, as in insights."""
    require_scope(ask, "leads_retrieval")
    world = ask.graph.world
    world.leads.fill(world.account_of(ask.node).id, ask.graph.clock())
    rows = world.store.children(ask.node.id, "leads")
    return EdgeListing([_with_time(row) for row in rows] if ask.params.get("filtering") else rows)


def _with_time(lead: GraphNode) -> GraphNode:
    """A lead with the field by which leads are filtered, in Unix seconds; it cannot be read."""
    return GraphNode(lead.id, lead.type, {**lead.fields, "time_created": created(lead)}, lead.account)


@serves("GET", "PagePost/comments")
def comments(ask: Ask) -> EdgeListing:
    """Oldest last unless `order` says so; replies come with `filter=stream`."""
    require_page_token(ask, ask.node.id.split("_", 1)[0], "pages_read_engagement")
    rows = ask.graph.world.store.children(ask.node.id, "comments")
    if ask.params.get("filter", "toplevel") == "toplevel":
        rows = [item for item in rows if item.get("parent") is None]
    if (since := number(ask.params.get("since"))) is not None:
        rows = [item for item in rows if created(item) >= since]
    return EdgeListing(sorted(rows, key=created, reverse=ask.params.get("order") != "chronological"))


@serves("GET", "Comment/comments")
def replies(ask: Ask) -> EdgeListing:
    """The answers to a comment, which stand below the same post."""
    links = ask.graph.world.store.links
    post = next((parent for (parent, edge), ids in links.items() if edge == "comments" and ask.node.id in ids), "")
    require_page_token(ask, post.split("_", 1)[0], "pages_read_engagement")
    rows = ask.graph.world.store.children(post, "comments")
    return EdgeListing([item for item in rows if (item.get("parent") or {}).get("id") == ask.node.id])


@serves("GET", "PagePost/likes", "PagePost/reactions")
def likes(ask: Ask) -> EdgeListing:
    """The posts of the sandbox have none that are told by name."""
    require_page_token(ask, ask.node.id.split("_", 1)[0], "pages_read_engagement")
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "likes"))


@serves("GET", "PagePost/attachments")
def attachments(ask: Ask) -> Any:
    """Return the link of a post as an attachment. docs: graph-api/reference/story-attachment"""
    require_page_token(ask, ask.node.id.split("_", 1)[0], "pages_read_engagement")
    link = ask.node.get("link")
    return {"data": [{"media_type": "link", "type": "share", "url": link, "unshimmed_url": link}] if link else []}


def created(node: GraphNode) -> float:
    """Return when an object was made, in Unix seconds."""
    return datetime.fromisoformat(str(node.get("created_time"))).timestamp()


def post_of(ask: Ask) -> str:
    """The post that the call is about: itself, or the one below which the comment stands."""
    if ask.node.type == "PagePost":
        return ask.node.id
    links = ask.graph.world.store.links
    return next((parent for (parent, edge), ids in links.items() if edge == "comments" and ask.node.id in ids), "")


def require_pages_own(ask: Ask, scope: str) -> str:
    """The Page whose post the call is about; its own token is needed."""
    page = post_of(ask).split("_", 1)[0]
    require_page_token(ask, page, scope)
    return page


# -- forms ------------------------------------------------------------------------------------------------------------


@serves("POST", "Page/leadgen_forms")
def create_form(ask: Ask) -> Json:
    """Make a lead form."""
    require_page_token(ask, ask.node.id, "pages_manage_ads")
    params = ask.params
    need(params, "name", "questions", "privacy_policy")
    check_name(params)
    policy = params["privacy_policy"].get("url")
    if not policy:
        raise is_required("privacy_policy.url")
    for question in params["questions"]:
        if not question.get("type") or (question["type"] == "CUSTOM" and not question.get("label")):
            raise invalid(None, "A question has a type, and a custom one a label", "questions")
    store = ask.graph.world.store
    if any(item.get("name") == params["name"] for item in store.children(ask.node.id, "leadgen_forms")):
        raise invalid(None, "The Page has a form of this name", "name")
    new_id = store.new_id("9")
    fields = readable(ask, "LeadgenForm", params) | {
        "id": new_id,
        "status": "ACTIVE",
        "leads_count": 0,
        "locale": params.get("locale", "EN_US"),
        "created_time": stamp(ask.graph.clock()),
        "privacy_policy_url": policy,
        "page": {"id": ask.node.id},
        "page_id": ask.node.id,
    }
    if isinstance(params.get("tracking_parameters"), dict):
        pairs = params["tracking_parameters"].items()
        fields["tracking_parameters"] = [{"key": key, "value": value} for key, value in pairs]
    store.add(GraphNode(new_id, "LeadgenForm", fields))
    store.link(ask.node.id, "leadgen_forms", [new_id])
    return {"id": new_id}


@serves("POST", "LeadgenForm")
def update_form(ask: Ask) -> Json:
    """Only the status of a form can change."""
    require_page_token(ask, str(ask.node.get("page_id")), "pages_manage_ads")
    change(ask, ask.node, readable(ask, "LeadgenForm", ask.params))
    return SUCCESS


@serves("GET", "LeadgenForm/test_leads")
def test_leads(ask: Ask) -> EdgeListing:
    """Return the test lead of a form, if it has one."""
    require_page_token(ask, str(ask.node.get("page_id")), "leads_retrieval")
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "test_leads"))


@serves("POST", "LeadgenForm/test_leads")
def create_test_lead(ask: Ask) -> Json:
    """Make the one test lead of a form. Questions without an answer get a dummy answer.

    docs: marketing-api/guides/lead-ads/testing-troubleshooting
    """
    require_page_token(ask, str(ask.node.get("page_id")), "pages_manage_ads")
    store = ask.graph.world.store
    if store.children(ask.node.id, "test_leads"):
        raise invalid(None, "The form has a test lead already; delete it first")
    keys = [
        str(question.get("key") or question.get("type", "")).lower() for question in ask.node.get("questions") or []
    ]
    answers = {str(item.get("name")): item.get("values") for item in ask.params.get("field_data") or []}
    if unknown := next((name for name in answers if name not in keys), None):
        raise invalid(None, f"The form has no question {unknown}", "field_data")
    new_id = store.new_id("38")
    dummies = {key: [f"<test lead: dummy data for {key}>"] for key in keys}
    fields = {
        "id": new_id,
        "created_time": stamp(ask.graph.clock()),
        "form_id": ask.node.id,
        "is_organic": True,
        "platform": "fb",
        "field_data": [{"name": name, "values": values} for name, values in {**dummies, **answers}.items()],
        "custom_disclaimer_responses": ask.params.get("custom_disclaimer_responses"),
        "page_id": ask.node.get("page_id"),
    }
    store.add(GraphNode(new_id, "Lead", {name: value for name, value in fields.items() if value is not None}))
    store.link(ask.node.id, "test_leads", [new_id])
    store.link(ask.node.id, "leads", [new_id])
    return {"id": new_id}


@serves("DELETE", "Lead")
def delete_lead(ask: Ask) -> Json:
    """Delete a lead of the Page whose token it is."""
    form = ask.graph.find(str(ask.node.get("form_id")))
    require_page_token(ask, str(form.get("page_id") if form else ""), "pages_manage_ads")
    gone(ask, ask.node)
    return SUCCESS


# -- posts ------------------------------------------------------------------------------------------------------------


@serves("POST", "Page/feed")
def create_post(ask: Ask) -> Json:
    """Publish or schedule a post."""
    require_page_token(ask, ask.node.id, "pages_manage_posts")
    params = ask.params
    if not any(params.get(name) for name in CONTENT):
        raise invalid(None, "A post needs a message, a link or media", "message")
    when = _schedule(ask)
    for item in params.get("attached_media") or ():
        photo = ask.graph.find(str(item.get("media_fbid")))
        if photo is None or photo.type != "Photo":
            raise invalid(None, "attached_media names no photo of the Page", "attached_media")
    newest = next(iter(ask.graph.world.store.children(ask.node.id, "feed")), None)
    if newest is not None and newest.get("message") == params.get("message") and "link" not in params:
        raise Refusal("(#506) Duplicate status message", code=DUPLICATE)
    return {"id": _post(ask, params.get("message"), when).id}


def _schedule(ask: Ask) -> int | None:
    """When it goes out by itself: of an unpublished post, in ten minutes to 75 days."""
    if ask.params.get("scheduled_publish_time") is None:
        return None
    if ask.params.get("published", True):
        raise invalid(None, "A scheduled post is sent with published=false", "published")
    return publishing_time(ask)


def publishing_time(ask: Ask) -> int:
    """The time of a scheduled post in Unix seconds."""
    time_text = ask.params["scheduled_publish_time"]
    at = int(str(time_text)) if str(time_text).isdigit() else None
    since = ask.graph.clock().timestamp()
    if at is None or not since + SOONEST.total_seconds() <= at <= since + LATEST.total_seconds():
        raise invalid(None, "The time lies between 10 minutes and 75 days from now", "scheduled_publish_time")
    return at


def _post(ask: Ask, message: Json, when: int | None = None, picture: Json = None) -> GraphNode:
    store, page = ask.graph.world.store, ask.node
    post_id = f"{page.id}_{store.new_id('122')}"
    fields = {
        "id": post_id,
        "message": message,
        "created_time": stamp(ask.graph.clock()),
        "updated_time": stamp(ask.graph.clock()),
        "is_published": ask.params.get("published", True),
        "is_hidden": False,
        "scheduled_publish_time": when,
        "full_picture": picture,
        "permalink_url": f"https://www.facebook.com/{post_id}",
        "from": {"id": page.id, "name": page.get("name")},
    }
    node = store.add(
        GraphNode(post_id, "PagePost", {name: value for name, value in fields.items() if value is not None})
    )
    store.link(page.id, "feed", [post_id])
    for edge in ("published_posts", "posts") if fields["is_published"] else ("scheduled_posts",) * bool(when):
        store.link(page.id, edge, [post_id])
    return node


@serves("POST", "Page/photos")
def create_photo(ask: Ask) -> Json:
    """Publish a photo, which is a post as well."""
    require_page_token(ask, ask.node.id, "pages_manage_posts")
    if not ask.params.get("url") and not ask.call.files:
        raise invalid(None, "A photo needs a url or a file", "url")
    store = ask.graph.world.store
    new_id = store.new_id("12")
    message = ask.params.get("message") or ask.params.get("caption")
    fields = {"id": new_id, "name": message, "created_time": stamp(ask.graph.clock()), "from": {"id": ask.node.id}}
    when = _schedule(ask)
    is_part = ask.params.get("published") is False and when is None
    story = None if ask.params.get("no_story") or is_part else _post(ask, message, when, ask.params.get("url"))
    values = fields | ({"page_story_id": story.id} if story else {})
    store.add(GraphNode(new_id, "Photo", {name: value for name, value in values.items() if value is not None}))
    return {"id": new_id} | ({"post_id": story.id} if story else {})


@serves("DELETE", "Photo")
def delete_photo(ask: Ask) -> Json:
    """Delete a photo of the Page."""
    require_page_token(ask, str((ask.node.get("from") or {}).get("id")), "pages_manage_posts")
    gone(ask, ask.node)
    return SUCCESS


@serves("DELETE", "PagePost")
def delete_post(ask: Ask) -> Json:
    """Delete a post."""
    require_pages_own(ask, "pages_manage_posts")
    gone(ask, ask.node)
    return SUCCESS


# -- comments ---------------------------------------------------------------------------------------------------------


@serves("POST", "PagePost/comments", "Comment/comments")
def reply(ask: Ask) -> Json:
    """Comment on a post, or answer a comment."""
    page = require_pages_own(ask, "pages_manage_engagement")
    if not any(ask.params.get(name) for name in ("message", "attachment_id", "attachment_url")):
        raise is_required("message")
    store = ask.graph.world.store
    post = post_of(ask)
    new_id = f"{post.split('_')[-1]}_{store.new_id('2')}"
    fields: dict[str, Json] = {
        "id": new_id,
        "message": ask.params.get("message"),
        "from": {"id": page},
        "created_time": stamp(ask.graph.clock()),
        "is_hidden": False,
        "like_count": 0,
        "comment_count": 0,
        "can_hide": False,
        "can_remove": True,
    }
    if ask.node.type == "Comment":
        fields["parent"] = {"id": ask.node.id}
        store.patch(ask.node.id, {"comment_count": int(ask.node.get("comment_count") or 0) + 1})
    store.add(GraphNode(new_id, "Comment", fields))
    store.link(post, "comments", [new_id])
    return {"id": new_id}


@serves("POST", "Comment")
def update_comment(ask: Ask) -> Json:
    """Hide or show a comment, or change its text."""
    require_pages_own(ask, "pages_manage_engagement")
    if ask.params.get("is_hidden") and not ask.node.get("can_hide"):
        raise invalid(None, "This comment cannot be hidden", "is_hidden")
    change(ask, ask.node, readable(ask, "Comment", ask.params))
    return SUCCESS


@serves("DELETE", "Comment")
def delete_comment(ask: Ask) -> Json:
    """Delete a comment."""
    require_pages_own(ask, "pages_manage_engagement")
    gone(ask, ask.node)
    return SUCCESS
