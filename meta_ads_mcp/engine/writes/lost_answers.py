"""What happened to a write whose answer was lost? Graph is asked before anybody is told.

Graph has no idempotency key on writes, so nothing is sent again. A new object is looked for under its parent by what
was sent and by time; a changed one is read. Two looks, a few seconds apart, because a write may still be on its way.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.nodes import Fingerprint, node_kind
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.errors import AdsError, NotFound, Transient, UnknownOutcome
from meta_ads_mcp.graph.paging import Sender, fetch_pages

LOOKS_AFTER_SECONDS = (1.0, 4.0)
MOST_SEARCHED = 1000
SLACK_SECONDS = 90


def matches(fingerprint: Fingerprint, row: Row, change: Change, started: float) -> bool:
    """Return whether a row can be the object that the change was to create."""
    alike = all(_same(row.get(name), change.after[name]) for name in fingerprint_fields(change) if name in change.after)
    return alike and (fingerprint.created is None or made_since(row.get(fingerprint.created), started))


def fingerprint_fields(change: Change) -> tuple[str, ...]:
    """Return the fields by which a new object of this kind is recognized."""
    fields = node_kind(change.node).fingerprint.fields
    return (change.readable or tuple(change.after)) if fields is None else fields


def is_searchable(change: Change) -> bool:
    """Whether a new object of this kind can be told from others, so that not to find it says that it was not made."""
    fields = fingerprint_fields(change)
    return None not in (change.parent, change.edge) and bool(fields) and fields[0] in change.after


def _same(graph: Any, sent: Any) -> bool:
    """Graph gives a time that was sent as Unix seconds in ISO 8601, and trims texts."""
    if isinstance(sent, str) and isinstance(graph, str):
        return graph.strip() == sent.strip()
    return same_value(graph, sent) or (isinstance(sent, int) and _seconds(graph) == sent)


async def recover(sender: Sender, clock: Clock, change: Change, started: float, lost: UnknownOutcome) -> Row:
    """Graph's state of a change whose answer was lost, when the change is there.

    Raises Transient when it surely was not made, and UnknownOutcome, with how to look, when that is not sure.
    """
    for wait in LOOKS_AFTER_SECONDS:
        await clock.sleep(wait)
        try:
            found = await find_change(sender, change, started)
        except AdsError:
            raise _unsure(change, lost) from None
        if found is not None:
            return found
    if change.effect is Effect.CREATE or not change.readable:
        raise _unsure(change, lost)
    raise Transient(
        f"{lost.message} Graph still has the earlier values of {change.object_id}: the change was not made.",
        "Call again; setting the same values twice does no harm.",
    )


async def find_change(sender: Sender, change: Change, started: float) -> Row | None:
    """Graph's state of the change where it is there, or None."""
    if change.effect is Effect.CREATE:
        return await _look_for_new(sender, change, started)
    if change.effect is Effect.DELETE or change.after.get("status") == "DELETED":
        return await _look_for_gone(sender, change)
    now = await sender.send(_read(change))
    same = all(same_value(now.get(name), change.after[name]) for name in change.readable if name in change.after)
    return {"id": change.object_id} if same and change.readable else None


async def _look_for_new(sender: Sender, change: Change, started: float) -> Row | None:
    """The one object under the parent that is as the new one was to be; None when there is none, or more than one."""
    if not is_searchable(change):
        return None
    kind = node_kind(change.node)
    created = [kind.fingerprint.created] if kind.fingerprint.created else []
    params: dict[str, Any] = {"fields": ",".join(["id", *fingerprint_fields(change), *created])}
    if kind.filters_updated_time and change.edge == kind.list_edge:
        since = int(started) - SLACK_SECONDS
        params["filtering"] = [{"field": "updated_time", "operator": "GREATER_THAN", "value": since}]
    where = f"{change.parent}/{change.edge}"
    request = Request("GET", where, params, account=change.request.account, page=change.request.page)
    found: list[Row] = []
    read = 0
    async for page in fetch_pages(sender, request, 100, None):
        found += [row for row in page.rows if matches(kind.fingerprint, row, change, started)]
        read += len(page.rows)
        if read >= MOST_SEARCHED:
            break
    return {"id": found[0]["id"]} if len(found) == 1 else None


async def _look_for_gone(sender: Sender, change: Change) -> Row | None:
    try:
        now = await sender.send(_read(change, "id,status" if node_kind(change.node).has_status else "id"))
    except NotFound:
        return {"id": change.object_id}
    return {"id": change.object_id} if now.get("status") == "DELETED" else None


def _read(change: Change, fields: str | None = None) -> Request:
    wanted = fields or ",".join(["id", *change.readable])
    return Request(
        "GET",
        str(change.object_id),
        {"fields": wanted},
        account=change.request.account,
        page=change.request.page,
    )


def made_since(made: Any, started: float) -> bool:
    """Whether a time of Graph (ISO 8601 or Unix seconds) is as late as the call; an unreadable one counts as late."""
    seconds = _seconds(made)
    return seconds is None or seconds >= started - SLACK_SECONDS


def _seconds(time: Any) -> float | None:
    if isinstance(time, int | float):
        return float(time)
    try:
        return datetime.fromisoformat(str(time)).timestamp()
    except ValueError:
        return None


def _unsure(change: Change, lost: UnknownOutcome) -> UnknownOutcome:
    if change.effect is Effect.CREATE:
        where = f"{change.parent}/{change.edge}" if change.parent else "the account"
        look = f"Look under {where} for an object named as in this call before creating it again."
    else:
        look = f"Read {change.object_id} and compare before changing it again."
    return UnknownOutcome(lost.message, look, graph=lost.graph)
