"""Find out what happened to a write whose answer was lost, before anybody is told.

Graph has no idempotency key on writes, so nothing is sent again. A new object is searched for under its parent, by what
was sent and by its creation time on Graph's clock. A changed object is read. There are two looks, a few seconds apart,
because a write may still be on its way.

Absence is not proof: a search that finds nothing never says that an object was not created. Neither are two objects
proof: which of them the call created is then unknown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.nodes import Fingerprint, node_kind
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.graph_values import same_value, unix_seconds
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.errors import AdsError, NotFound, Transient, UnknownOutcome
from meta_ads_mcp.graph.paging import Sender, fetch_pages

LOOKS_AFTER_SECONDS = (1.0, 4.0)
MAX_SEARCHED_ROWS = 1000
# Between the clocks of Graph's own machines, and for the seconds that a `Date` header leaves out.
CLOCK_SLACK_SECONDS = 5

# Kind -> the values of `effective_status` by which a list holds archived objects too. A list that names DELETED is
# refused. Source: the enums EffectiveStatus of the SDK classes Campaign, AdSet and Ad.
_ALL_LEVELS = ("ACTIVE", "PAUSED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")
LISTED_STATUSES: Mapping[str, tuple[str, ...]] = {
    "Campaign": _ALL_LEVELS,
    "AdSet": (*_ALL_LEVELS, "CAMPAIGN_PAUSED"),
    "Ad": (
        *_ALL_LEVELS,
        *("CAMPAIGN_PAUSED", "ADSET_PAUSED", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO"),
    ),
}

# Leaves out the ids of objects that, by the journal, another change created or used before.
LeaveOutKnown = Callable[[Sequence[str]], Awaitable[list[str]]]


async def recover(
    sender: Sender, clock: Clock, change: Change, since: float, leave_out_known: LeaveOutKnown, lost: UnknownOutcome
) -> str:
    """Return the id of the object, when Graph shows that the change was made.

    `since` is when the change was sent, in Unix seconds of Graph's clock. Raises Transient when Graph still has all the
    earlier values, and UnknownOutcome, with how to look, when it is not certain what happened.
    """
    for wait in LOOKS_AFTER_SECONDS:
        await clock.sleep(wait)
        try:
            ids = await find_ids(sender, change, since, leave_out_known)
        except AdsError:
            raise _uncertain(change, lost) from None
        if len(ids) > 1:
            raise ambiguous(lost.message, ids)
        if ids:
            return ids[0]
    if not await _has_earlier_values(sender, change):
        raise _uncertain(change, lost)
    raise Transient(
        f"{lost.message} Graph still has the earlier values of {change.object_id}: the change was not made.",
        "Call again; setting the same values twice does no harm.",
    )


async def find_ids(sender: Sender, change: Change, since: float, leave_out_known: LeaveOutKnown) -> list[str]:
    """Return the ids of all objects that the change can have created, or of the object that now is as it was to be."""
    if change.effect is Effect.CREATE:
        return await _find_new(sender, change, since, leave_out_known)
    if change.effect is Effect.DELETE or change.after.get("status") == "DELETED":
        return await _find_deleted(sender, change)
    if not change.readable:
        return []
    row = await sender.send(_read(change))
    same = all(same_value(row.get(name), change.after[name]) for name in change.readable if name in change.after)
    return [str(change.object_id)] if same else []


def ambiguous(message: str, ids: Sequence[str]) -> UnknownOutcome:
    """Return the error for several objects of which each can be the new one."""
    return UnknownOutcome(
        f"{message} Each of these objects can be the one that the call created: {', '.join(sorted(ids))}.",
        "Look at them before creating it again; delete what is not wanted, or use a new idempotency_key for another.",
    )


def matches(fingerprint: Fingerprint, row: Row, change: Change, since: float) -> bool:
    """Return whether a row can be the object that the change was to create. `since` is Graph's time."""
    names = [name for name in fingerprint_fields(change) if name in change.after]
    alike = all(same_value(row.get(name), change.after[name]) for name in names)
    return alike and (fingerprint.created is None or created_since(row.get(fingerprint.created), since))


def fingerprint_fields(change: Change) -> tuple[str, ...]:
    """Return the fields by which a new object of this kind is recognized."""
    fields = node_kind(change.node).fingerprint.fields
    return (change.readable or tuple(change.after)) if fields is None else fields


def is_searchable(change: Change) -> bool:
    """Return whether a new object of this kind can be told from others of its kind."""
    fields = fingerprint_fields(change)
    return None not in (change.parent, change.edge) and bool(fields) and fields[0] in change.after


def created_since(created: Any, since: float) -> bool:
    """Return whether an object can be as new as the call. Both times are Graph's; an unreadable one counts as new."""
    seconds = unix_seconds(created)
    return seconds is None or seconds >= since - CLOCK_SLACK_SECONDS


async def _find_new(sender: Sender, change: Change, since: float, leave_out_known: LeaveOutKnown) -> list[str]:
    """Search under the parent for objects that are as the new one was to be and that no other change created."""
    if not is_searchable(change):
        return []
    fingerprint = node_kind(change.node).fingerprint
    ids: list[str] = []
    count = 0
    async for page in fetch_pages(sender, search_request([change], since), 100, None):
        ids += [str(row["id"]) for row in page.rows if "id" in row and matches(fingerprint, row, change, since)]
        count += len(page.rows)
        if count >= MAX_SEARCHED_ROWS:
            break
    return await leave_out_known(list(dict.fromkeys(ids))) if ids else []


def search_request(changes: Sequence[Change], since: float, more: Sequence[str] = ()) -> Request:
    """Return the request that lists what changes of one kind, under one parent, can have created since a time.

    `since` is in Unix seconds of Graph's clock. `more` are further fields of the rows.
    """
    change = changes[0]
    kind = node_kind(change.node)
    names = dict.fromkeys(name for item in changes for name in fingerprint_fields(item))
    created = [kind.fingerprint.created] if kind.fingerprint.created else []
    params: dict[str, Any] = {"fields": ",".join(dict.fromkeys(["id", *names, *more, *created]))}
    if kind.filters_updated_time and change.edge == kind.list_edge:
        earliest = int(since) - CLOCK_SLACK_SECONDS
        params["filtering"] = [{"field": "updated_time", "operator": "GREATER_THAN", "value": earliest}]
        params["effective_status"] = list(LISTED_STATUSES[change.node])
    where = f"{change.parent}/{change.edge}"
    return Request("GET", where, params, account=change.request.account, page=change.request.page)


async def _find_deleted(sender: Sender, change: Change) -> list[str]:
    try:
        row = await sender.send(_read(change, "id,status" if node_kind(change.node).has_status else "id"))
    except NotFound:
        return [str(change.object_id)]
    return [str(change.object_id)] if row.get("status") == "DELETED" else []


async def _has_earlier_values(sender: Sender, change: Change) -> bool:
    """Return whether Graph has all values as they were before. False where nobody can tell."""
    names = [name for name in change.readable if name in change.before]
    if change.effect is Effect.CREATE or not names:
        return False
    try:
        row = await sender.send(_read(change))
    except AdsError:
        return False
    return all(same_value(row.get(name), change.before[name]) for name in names)


def _read(change: Change, fields: str | None = None) -> Request:
    wanted = fields or ",".join(["id", *change.readable])
    return Request(
        "GET",
        str(change.object_id),
        {"fields": wanted},
        account=change.request.account,
        page=change.request.page,
    )


def _uncertain(change: Change, lost: UnknownOutcome) -> UnknownOutcome:
    if change.effect is Effect.CREATE:
        where = f"{change.parent}/{change.edge}" if change.parent else "the account"
        look = f"Look under {where} for an object named as in this call before creating it again."
    else:
        look = f"Read {change.object_id} and compare before changing it again."
    return UnknownOutcome(lost.message, look, graph=lost.graph)
