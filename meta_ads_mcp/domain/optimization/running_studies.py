"""Warn before a change of an object that is part of a running study (A/B test or lift test).

The studies are read along with the values that a change replaces, so a write takes no further request. Source: edges
`ad_studies` of SDK classes Campaign and AdSet, and `impacting_ad_studies` of AdAccount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from meta_ads_mcp.core.fields import names
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.errors import AdsError, InvalidArguments, PermissionMissing

_STUDY = "{id,name,type,start_time,end_time,canceled_time}"
_STUDIES = f"ad_studies{_STUDY}"
_OF_ACCOUNT = "id name type start_time end_time canceled_time cells{adsets{id},campaigns{id}}".split()
# The nested edges that lead from an object to the studies that it, or an object above it, is part of.
_FIELDS: Mapping[str, Sequence[str]] = {
    "Campaign": (_STUDIES,),
    "AdSet": (_STUDIES, f"campaign{{{_STUDIES}}}"),
    "Ad": (f"adset{{{_STUDIES}}}", f"campaign{{{_STUDIES}}}"),
    "AdAccount": (f"impacting_ad_studies{_STUDY}",),
}
_KINDS = {"SPLIT_TEST": "A/B test", "SPLIT_TEST_V2": "A/B test", "LIFT": "lift test"}
MAX_NAMED = 20


def study_fields(node: str, fields: Sequence[str]) -> list[str]:
    """Return the fields by which the studies of an object are read, beside those that are read anyway."""
    present = set(names(fields))
    return [field for field in _FIELDS.get(node, ()) if names([field])[0] not in present]


async def read_for_change(call: Call, object_id: str, node: str, fields: Sequence[str], page: str | None = None) -> Row:
    """Return the fields of an object that is to be changed, and note the running studies that it is part of.

    Without permission to read studies, only the fields are read. Raises what `read_as_kind` raises.
    """
    extra = study_fields(node, fields) if page is None else []
    if not extra:
        return await read_as_kind(call, object_id, node, fields, page)
    try:
        row = await read_as_kind(call, object_id, node, [*fields, *extra])
    except (PermissionMissing, InvalidArguments):
        return await read_as_kind(call, object_id, node, fields)
    note_studies(call, node, {object_id: row})
    return without_studies(row, extra)


def without_studies(row: Mapping[str, Any], extra: Sequence[str]) -> Row:
    """Return a row without the fields that were read for its studies."""
    added = set(names(extra))
    return {name: value for name, value in row.items() if name not in added}


def note_studies(call: Call, node: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Note each running study with the objects (id → row) that are part of it."""
    now = call.now()
    members: dict[str, list[str]] = {}
    studies: dict[str, Row] = {}
    for object_id, row in rows.items():
        for study in _running(row, now):
            studies[str(study["id"])] = study
            members.setdefault(str(study["id"]), []).append(object_id)
    for study_id, ids in members.items():
        call.note(_warning(node, list(dict.fromkeys(ids)), studies[study_id]))


async def note_studies_of_account(call: Call, account_id: str, node: str, rows: Sequence[Row]) -> None:
    """Note the running studies of objects that were found in a list, by one read of the account's studies.

    Rows need `id`, and the ids of what is above them (`campaign_id`, `adset_id`).
    """
    answer = await attempt(call.graph.list(f"{account_id}/impacting_ad_studies", fields=_OF_ACCOUNT))
    if isinstance(answer, AdsError):
        return
    for study in answer.rows:
        ids = _members(study)
        parts = [row for row in rows if ids & {str(row.get(name)) for name in ("id", "campaign_id", "adset_id")}]
        note_studies(call, node, {str(row["id"]): {"ad_studies": {"data": [study]}} for row in parts})


def _members(study: Row) -> set[str]:
    """Return the ids of the ad sets and campaigns in the cells of a study."""
    cells = (study.get("cells") or {}).get("data") or ()
    edges = [(cell.get(edge) or {}).get("data") or () for cell in cells for edge in ("adsets", "campaigns")]
    return {str(member.get("id")) for edge in edges for member in edge}


def _warning(node: str, ids: Sequence[str], study: Row) -> str:
    label = node_kind(node).label
    subject = f"{label[:1].upper()}{label[1:]} {ids[0]} is" if len(ids) == 1 else f"{len(ids)} {label}s are"
    listed = f" ({', '.join(ids[:MAX_NAMED])}{' and more' if len(ids) > MAX_NAMED else ''})" if len(ids) > 1 else ""
    kind = _KINDS.get(str(study.get("type")), "study")
    until = f", until {study['end_time']}" if study.get("end_time") else ""
    title = f"{study['id']} {study.get('name') or ''}".strip()
    return (
        f"{subject} part of a running {kind}{listed}: {title}{until}. A change now makes its result unreliable: wait "
        "for its end, or end it with ads_experiment_abtest_update_test."
    )


def _running(row: Mapping[str, Any], now: datetime) -> Iterator[Row]:
    seconds = now.timestamp()
    for study in _studies(row):
        start, end = unix_seconds(study.get("start_time")), unix_seconds(study.get("end_time"))
        has_started = start is None or start <= seconds
        is_over = (end is not None and end <= seconds) or bool(study.get("canceled_time"))
        if study.get("id") and has_started and not is_over:
            yield study


def _studies(row: Mapping[str, Any]) -> Iterator[Row]:
    for holder in (row, row.get("adset"), row.get("campaign")):
        if isinstance(holder, Mapping):
            for edge in ("ad_studies", "impacting_ad_studies"):
                rows = holder.get(edge)
                data = rows.get("data") if isinstance(rows, Mapping) else None
                yield from (study for study in data or () if isinstance(study, dict))
