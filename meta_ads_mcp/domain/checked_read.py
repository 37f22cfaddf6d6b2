"""Read an object and make sure of its kind: what Graph shows decides, not what a caller says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meta_ads_mcp.core.nodes import DISTINCT_FIELDS, node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.text import with_article
from meta_ads_mcp.errors import AdsError, GraphError, InvalidArguments, NotFound


async def read_as_kind(call: Call, object_id: str, node: str, fields: Sequence[str], page: str | None = None) -> Row:
    """Return the fields of an object of this kind.

    One field that only this kind has is read along, so that an id of another kind is noticed: Graph refuses the field,
    or shows a field of the other kind. Raises NotFound for an id of another kind, which Graph would change, copy or
    delete without a word.
    """
    try:
        row = await call.graph.get(object_id, fields=fields_of_kind(node, fields), page=page)
    except InvalidArguments as refusal:
        row_or_error = check_kind(object_id, node, refusal)
    else:
        row_or_error = check_kind(object_id, node, row)
    if isinstance(row_or_error, AdsError):
        raise row_or_error from None
    return row_or_error


async def require_kinds(call: Call, kinds: Mapping[str, str]) -> None:
    """Raise NotFound unless every object is of its kind (id -> kind). Reads them in batches."""
    requests = [
        Request("GET", object_id, {"fields": ",".join(fields_of_kind(node, ["id"]))}, kind=node)
        for object_id, node in kinds.items()
    ]
    answers = await call.graph.batch(requests) if requests else []
    for (object_id, node), answer in zip(kinds.items(), answers, strict=True):
        row_or_error = check_kind(object_id, node, answer)
        if isinstance(row_or_error, AdsError):
            raise row_or_error


def fields_of_kind(node: str, fields: Sequence[str]) -> list[str]:
    """Return the fields with one that only this kind has, where there is such a field."""
    distinct = node_kind(node).distinct_field
    return list(dict.fromkeys([*fields, *([distinct] if distinct else [])]))


def check_kind(object_id: str, node: str, answer: Row | AdsError) -> Row | AdsError:
    """Return Graph's answer to `fields_of_kind`, or the error for an id of another kind."""
    distinct = node_kind(node).distinct_field
    if isinstance(answer, InvalidArguments) and distinct and f"nonexisting field ({distinct})" in answer.message:
        return wrong_object_type(object_id, node, answer.graph)
    if isinstance(answer, AdsError) or distinct is None:
        return answer
    is_other = distinct not in answer and not answer.keys().isdisjoint(DISTINCT_FIELDS)
    return wrong_object_type(object_id, node, None) if is_other else answer


def wrong_object_type(object_id: str, node: str, error: GraphError | None) -> NotFound:
    """Return the error for an id of another kind of object."""
    return NotFound(
        f"{object_id} is not {with_article(node_kind(node).label)}.",
        "Find its type with ads_get_ad_entities.",
        graph=error,
    )
