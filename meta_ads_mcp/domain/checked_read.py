"""Read an object and make sure of its kind: what Graph shows decides, not what a caller says."""

from __future__ import annotations

from collections.abc import Sequence

from meta_ads_mcp.core.nodes import DISTINCT_FIELDS, node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.text import with_article
from meta_ads_mcp.errors import GraphError, InvalidArguments, NotFound


async def read_as_kind(call: Call, object_id: str, node: str, fields: Sequence[str], page: str | None = None) -> Row:
    """Return the fields of an object of this kind.

    One field that only this kind has is read along, so that an id of another kind is noticed: Graph refuses the field,
    or shows a field of the other kind. Raises NotFound for an id of another kind, which Graph would change, copy or
    delete without a word.
    """
    distinct = node_kind(node).distinct_field
    names: dict[str, None] = dict.fromkeys([*fields, *([distinct] if distinct else [])])
    try:
        row = await call.graph.get(object_id, fields=list(names), page=page)
    except InvalidArguments as refusal:
        if distinct is None or f"nonexisting field ({distinct})" not in refusal.message:
            raise
        raise wrong_object_type(object_id, node, refusal.graph) from None
    if distinct is not None and distinct not in row and not row.keys().isdisjoint(DISTINCT_FIELDS):
        raise wrong_object_type(object_id, node, None)
    return row


def wrong_object_type(object_id: str, node: str, error: GraphError | None) -> NotFound:
    """Return the error for an id of another kind of object."""
    return NotFound(
        f"{object_id} is not {with_article(node_kind(node).label)}.",
        "Find its type with ads_get_ad_entities.",
        graph=error,
    )
