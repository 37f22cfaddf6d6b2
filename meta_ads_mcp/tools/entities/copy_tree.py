"""Plan and carry out a copy of an object with everything below it, one `/copies` request after another.

Graph copies at most three ads in one request. Its asynchronous requests take more, but Meta announced on 2026-11-04
that new apps cannot use asynchronous batch requests. A larger copy is therefore made level by level: the top without
its children, then each ad set and each ad into its new parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from meta_ads_mcp.core.nodes import ENTITY_KINDS, node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.write import Change, Steps
from meta_ads_mcp.errors import (
    AdsError,
    ApiError,
    DataLimit,
    InvalidArguments,
    NotFound,
    PermissionMissing,
    UnknownOutcome,
)

# Child ads that Graph copies in one request (Meta docs: marketing-api/reference/ad-campaign/copies).
MAX_ADS_AT_ONCE = 3
# Objects that one call copies, each with a request of its own. More take longer than a client waits.
MAX_OBJECTS = 100
# The parameter that names the new parent of a copy.
PARENT_PARAM = {"ad_set": "campaign_id", "ad": "adset_id"}
_ID_KEYS = ("copied_campaign_id", "copied_adset_id", "copied_ad_id", "id")
# Refusals of one object, after which others can still be copied.
_REFUSALS = (InvalidArguments, ApiError, NotFound, PermissionMissing, DataLimit)


@dataclass(frozen=True)
class ChildCopy:
    """An object that is copied into the copy of `parent`, an id of the source. `deep` takes its ads along."""

    kind: EntityType
    source_id: str
    name: str
    parent: str
    deep: bool = False


@dataclass
class CopyResult:
    """What a copy has created, and what is missing, each as {type, source_id, …}."""

    created: list[Row] = field(default_factory=list)
    missing: list[Row] = field(default_factory=list)
    error: AdsError | None = None


def plan_children(
    kind: EntityType, source_id: str, ad_sets: Sequence[Row], ads: Sequence[Row], *, at_once: int = MAX_ADS_AT_ONCE
) -> list[ChildCopy]:
    """Return the copies below the top, parents before their children; an ad set with few ads takes them along.

    `ad_sets` and `ads` are rows with `id` and `name`, ads of a campaign with `adset_id` too, the newest first as Graph
    lists them. They are copied oldest first, which keeps their order. Raises InvalidArguments for too many objects.
    """
    if kind == "ad_set":
        copies = _ad_copies(ads, source_id)
    else:
        copies = [copy for ad_set in reversed(ad_sets) for copy in _ad_set_copies(ad_set, source_id, ads, at_once)]
    if len(copies) >= MAX_OBJECTS:
        raise InvalidArguments(
            f"{source_id} has {len(ads)} ads; one call copies at most {MAX_OBJECTS} objects.",
            "Copy with deep_copy=false, then copy its parts into the new one with target_parent_id.",
        )
    return copies


def _ad_set_copies(ad_set: Row, campaign_id: str, ads: Sequence[Row], at_once: int) -> list[ChildCopy]:
    below = [ad for ad in ads if str(ad.get("adset_id")) == str(ad_set["id"])]
    deep = 0 < len(below) <= at_once
    top = ChildCopy("ad_set", str(ad_set["id"]), str(ad_set.get("name", "")), campaign_id, deep)
    return [top, *([] if deep else _ad_copies(below, top.source_id))]


def _ad_copies(ads: Iterable[Row], ad_set_id: str) -> list[ChildCopy]:
    return [ChildCopy("ad", str(ad["id"]), str(ad.get("name", "")), ad_set_id) for ad in reversed(list(ads))]


def build_change(copy: ChildCopy, account: str | None, times: Row) -> Change:
    """Return the change of a child. `times` are the start and the end of copied ad sets. Its parent is unknown yet."""
    params: Row = {"status_option": "PAUSED", "rename_options": {"rename_strategy": "NO_RENAME"}}
    if copy.kind == "ad_set":
        params |= {"deep_copy": copy.deep, **times}
    node = ENTITY_KINDS[copy.kind]
    return Change(
        Effect.CREATE,
        Request("POST", f"{copy.source_id}/copies", params, account=account, repeatable=False, write=True),
        node,
        after={"name": copy.name, "status": "PAUSED"},
        parent=account,
        edge=node_kind(node).list_edge,
        actions=frozenset({"create_ad"} if copy.deep else ()),
    )


async def copy_children(
    children: Sequence[tuple[ChildCopy, Change]], top: tuple[str, str], steps: Steps, call: Call
) -> CopyResult:
    """Copy the children below the copied top, `top` being the ids of its source and of its copy.

    An object that Graph refuses is skipped with what is below it. Any other failure ends the copy, because the next
    request would fail as well; the rest is then missing.
    """
    result, new_ids, skipped = CopyResult(), dict([top]), set[str]()
    for index, (copy, planned) in enumerate(children):
        if copy.parent in skipped:
            skipped.add(copy.source_id)
            continue
        if result.error is not None and not isinstance(result.error, _REFUSALS):
            _skip(copy, new_ids, result, skipped, "it was not tried any more")
            continue
        await call.progress(index, len(children), f"{copy.kind} {copy.source_id}")
        try:
            answer = await steps.do(_into(planned, copy, new_ids[copy.parent]))
        except AdsError as failure:
            _skip(copy, new_ids, result, skipped, _reason(failure))
            result.error = failure
        else:
            new_ids[copy.source_id] = str(answer["id"])
            result.created += list_created(copy.kind, copy.source_id, answer)
    return result


def _skip(copy: ChildCopy, new_ids: dict[str, str], result: CopyResult, skipped: set[str], reason: str) -> None:
    skipped.add(copy.source_id)
    result.missing.append(
        {"type": copy.kind, "source_id": copy.source_id, "target_parent_id": new_ids[copy.parent], "reason": reason}
    )


def _reason(failure: AdsError) -> str:
    return f"outcome unknown: {failure.next_step}" if isinstance(failure, UnknownOutcome) else failure.message


def _into(planned: Change, copy: ChildCopy, parent: str) -> Change:
    params = {**planned.request.params, PARENT_PARAM[copy.kind]: parent}
    return replace(planned, request=replace(planned.request, params=params), parent=parent)


def incomplete(kind: EntityType, new_id: str, result: CopyResult, error: AdsError) -> AdsError:
    """Return the error of an incomplete copy: of the kind of the failure, with what exists and what is missing."""
    count = len(result.missing)
    return replace(
        error,
        message=f"The copy {new_id} was created PAUSED, but objects below it are missing ({count}): {error.message}",
        next_step=f"Copy each of `not_copied` into its target_parent_id with ads_duplicate_entity, or remove the copy "
        f"with ads_delete_{kind} on {new_id}.",
        details={**error.details, "created": result.created, "not_copied": result.missing},
    )


def list_created(kind: EntityType, source_id: str, answer: Row) -> list[Row]:
    """Return the objects of an answer as {type, source_id, id}, the top object first."""
    # Of a copy that was found after a lost answer, only `id` is known.
    top = next((str(answer[key]) for key in _ID_KEYS if answer.get(key)), None)
    rows = [_created(item) for item in answer.get("ad_object_ids") or [] if isinstance(item, dict)]
    if top is not None and top not in {row["id"] for row in rows}:
        rows.insert(0, {"type": kind, "source_id": source_id, "id": top})
    return sorted(rows, key=lambda row: row["id"] != top)


def _created(item: dict[str, Any]) -> Row:
    return {
        "type": str(item.get("ad_object_type")).replace("adset", "ad_set"),
        "source_id": str(item.get("source_id")),
        "id": str(item.get("copied_id")),
    }
