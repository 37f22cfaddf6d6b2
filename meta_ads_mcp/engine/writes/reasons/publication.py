"""Derive from a request what it shows to everybody, whom it lets advertise a post, and whom ads then reach."""

from __future__ import annotations

from collections.abc import Iterator

from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.write import Change

# Edges that show text to everybody: of a Page, of a post, and of Instagram media.
_PUBLIC_EDGES = frozenset({"feed", "photos", "videos", "comments", "replies", "media_publish", "live_videos"})
# Kinds whose text everybody sees, and the parameters that hold it.
_PUBLIC_NODES = frozenset({"PagePost", "Comment", "IGComment", "IGMedia"})
_PUBLIC_TEXTS = frozenset({"message", "text", "caption", "link", "attachment_url", "attachment_id"})
# Edges by which somebody else gets or loses the right to advertise posts.
_PARTNER_EDGES = {
    "branded_content_ad_permissions": "it notifies the creator, which cannot be called back unseen",
    "partnership_ad_code": "it decides whether others can advertise the post",
}
# Fields of an audience that select its people.
_SELECTS_PEOPLE = ("rule", "retention_days")
# Edges that add people to an audience, or remove them from it.
_PEOPLE_EDGES = frozenset({"users", "usersreplace"})


def publication_reasons(change: Change) -> Iterator[str]:
    """Yield the reasons to ask a person about a change that publishes, hides from the public, or lets others do so."""
    edge, params = change.request.edge, change.request.params
    is_text = change.node in _PUBLIC_NODES and not _PUBLIC_TEXTS.isdisjoint([*params, *change.after])
    published = params.get("is_published") if change.node in _PUBLIC_NODES else None
    if change.request.method == "POST" and (edge in _PUBLIC_EDGES or is_text or published):
        yield "it is shown in public"
    if published is False:
        yield "it is no longer shown in public"
    if edge in _PARTNER_EDGES:
        yield "it takes the permission from the brand" if params.get("revoke") else _PARTNER_EDGES[edge]


def audience_reasons(change: Change) -> Iterator[str]:
    """Yield a reason if an existing audience gets other people by a rule."""
    is_update = change.node == "CustomAudience" and change.object_id is not None
    names = [name for name in _SELECTS_PEOPLE if name in change.after]
    if is_update and any(not same_value((change.before or {}).get(name), change.after[name]) for name in names):
        yield "it changes at once whom ads with this audience reach"


def selects_people(change: Change) -> bool:
    """Return whether an existing audience gets other people, and so whom ads with this audience reach."""
    if change.node != "CustomAudience":
        return False
    is_set = any(name in change.after or name in change.request.params for name in _SELECTS_PEOPLE)
    return change.request.edge in _PEOPLE_EDGES or (change.object_id is not None and is_set)
