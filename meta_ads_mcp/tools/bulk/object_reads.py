"""Read many objects of an account, and make sure that they are of the kind and of the account that a call names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from meta_ads_mcp.core.nodes import DISTINCT_FIELDS, node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.units.patient_reads import read_patiently
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.core.values.text import with_article
from meta_ads_mcp.domain.optimization.running_studies import note_studies, study_fields, without_studies
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound

MAX_SHOWN_IDS = 10


class ReadTarget(NamedTuple):
    """Name an object to read: its id, its SDK class and the fields."""

    id: str
    node: str
    fields: Sequence[str]


async def read_objects_of_kind(
    call: Call, account_id: str, node: str, ids: Sequence[str], fields: Sequence[str]
) -> list[Row]:
    """Return the objects in the given order, read in batches.

    Raises NotFound for ids that cannot be read or are of another kind, and InvalidArguments for another account's.
    """
    distinct = node_kind(node).distinct_field
    names = [*fields, *([distinct] if distinct and distinct not in fields else [])]
    answers = await read_for_changes(call, account_id, [ReadTarget(object_id, node, names) for object_id in ids])
    rows: list[Row] = []
    wrong: list[str] = []
    for object_id, answer in zip(ids, answers, strict=True):
        if isinstance(answer, AdsError) and not is_other_kind(answer):
            raise answer
        if isinstance(answer, AdsError) or not is_of_kind(answer, node):
            wrong.append(object_id)
        else:
            rows.append({**answer, "id": object_id})
    if wrong:
        raise NotFound(
            f"{_list(wrong)}: {'these are' if len(wrong) > 1 else 'this is'} not "
            f"{with_article(node_kind(node).label)} that this token can see. Nothing was changed.",
            "Find the ids and their types with ads_get_ad_entities.",
        )
    foreign = [row["id"] for row in rows if not is_of_account(row, account_id)]
    if foreign:
        raise InvalidArguments(
            f"{_list(foreign)} belong to another ad account than {account_id}. Nothing was changed.",
            "Make one call for each ad account.",
        )
    return rows


async def read_for_changes(call: Call, account_id: str, targets: Sequence[ReadTarget]) -> list[Any]:
    """Return the answer or the error of each read, in order, and note the running studies of the objects.

    Studies that cannot be read are left out.
    """
    extras = [study_fields(target.node, target.fields) for target in targets]
    answers = await _read_all(call, account_id, targets, extras)
    if any(isinstance(item, AdsError) and not is_other_kind(item) for item in answers):
        extras = [[] for _ in targets]
        answers = await _read_all(call, account_id, targets, extras)
    pairs = [(target, row) for target, row in zip(targets, answers, strict=True) if not isinstance(row, AdsError)]
    for node in dict.fromkeys(target.node for target in targets):
        note_studies(call, node, {target.id: row for target, row in pairs if target.node == node})
    return [
        item if isinstance(item, AdsError) else without_studies(item, extra)
        for item, extra in zip(answers, extras, strict=True)
    ]


async def _read_all(
    call: Call, account_id: str, targets: Sequence[ReadTarget], extras: Sequence[Sequence[str]]
) -> list[Any]:
    requests = [
        Request("GET", target.id, {"fields": ",".join([*target.fields, *extra])}, account=account_id)
        for target, extra in zip(targets, extras, strict=True)
    ]
    return await read_patiently(call.graph.batch, call.sleep, requests)


def is_other_kind(error: AdsError) -> bool:
    """Return whether the error says that the object does not exist, or has no field of the kind."""
    return isinstance(error, NotFound) or "nonexisting field" in error.message


def is_of_account(row: Mapping[str, Any], account_id: str) -> bool:
    """Return whether a row names the account, or none."""
    owner = str(row.get("account_id") or "")
    return not owner or account_path(owner) == account_id


def update_request(account_id: str, object_id: str, params: Row, *, budget_change: bool = False) -> Request:
    """Return the request that updates an object."""
    return Request(
        "POST",
        object_id,
        params,
        account=account_id,
        repeatable=False,
        write=True,
        budget_change=budget_change,
    )


def is_of_kind(row: Mapping[str, Any], node: str) -> bool:
    """Return whether a row is of this kind, by the field that only this kind has."""
    distinct = node_kind(node).distinct_field
    return distinct is None or distinct in row or row.keys().isdisjoint(DISTINCT_FIELDS)


def _list(ids: Sequence[str]) -> str:
    text = ", ".join(ids[:MAX_SHOWN_IDS])
    return f"{text} and {len(ids) - MAX_SHOWN_IDS} more" if len(ids) > MAX_SHOWN_IDS else text
