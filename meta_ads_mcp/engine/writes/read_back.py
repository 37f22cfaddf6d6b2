"""Compare what Graph has after a change with what was there before and with what was sent.

Graph sometimes accepts a change and ignores it. So a field counts as not applied when Graph still shows its earlier
value and that is not the value that was sent. A field that Graph shows in another form than it was sent counts as
applied. Graph may be slow to show a change, so an earlier value is read again before it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.errors import AdsError, NotFound
from meta_ads_mcp.graph.paging import Sender

READ_AGAIN_AFTER_SECONDS = (1.0, 3.0)
# Fields that Graph always shows once they have a value (SDK classes Campaign, AdSet, Ad and AdAccount). Of the others
# an absent value says nothing.
_SHOWN_WHEN_SET = frozenset({*SPEND_FIELDS, "name", "status", "bid_strategy", "start_time", "end_time", "stop_time"})
_NOTHING: tuple[Any, ...] = (None, 0, "0", "", [], {})


@dataclass(frozen=True)
class ReadBack:
    """What Graph has after a change.

    * `now`: the values that Graph shows; None if they were not read.
    * `not_applied`: sent fields that still have their earlier value.
    * `different`: sent fields with a value that is neither the earlier one nor the one that was sent.
    * `is_ignored`: whether no field took effect.
    * `failure`: the kind of the error if the object could not be read.
    """

    now: Row | None = None
    not_applied: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    is_ignored: bool = False
    failure: str | None = None


async def read_back(client: Sender, clock: Clock, change: Change, object_id: str | None) -> ReadBack:
    """Read the changed fields, and again after some seconds as long as one of them was not applied."""
    names = fields_to_read_back(change)
    if object_id is None or not names:
        return ReadBack()
    result = await _read(client, change, object_id, names)
    for seconds in READ_AGAIN_AFTER_SECONDS:
        if not result.not_applied:
            break
        await clock.sleep(seconds)
        result = await _read(client, change, object_id, names)
    return result


def fields_to_read_back(change: Change) -> tuple[str, ...]:
    """Return the sent fields that Graph shows. Of a deletion that is the status, where the object keeps one."""
    if change.effect is not Effect.DELETE:
        return change.readable
    keeps_status = change.after.get("status") == "DELETED" and node_kind(change.node).has_status
    return ("status",) if keeps_status and "status" in change.readable else ()


async def _read(client: Sender, change: Change, object_id: str, names: tuple[str, ...]) -> ReadBack:
    params = {"fields": ",".join(["id", *names])}
    request = Request(
        "GET", object_id, params, account=change.request.account, page=change.request.page, kind=change.node
    )
    try:
        row = await client.send(request)
    except NotFound as missing:
        return ReadBack() if _is_deletion(change) else ReadBack(failure=missing.kind)
    except AdsError as failure:
        return ReadBack(failure=failure.kind)
    return compare(change, row if isinstance(row, dict) else {}, names)


def compare(change: Change, now: Row, names: tuple[str, ...]) -> ReadBack:
    """Compare the values that Graph shows `now` with those before and those that were sent."""
    values = {name: change.after[name] for name in names if name in change.after}
    unlike = [name for name, value in values.items() if not _has_value(now, name, value)]
    not_applied = tuple(name for name in unlike if _is_unchanged(change, now, name))
    # A field that had the sent value before tells nothing, and one that cannot be read may have been applied.
    unexpected = [name for name in values if name not in unlike and not _had_value(change, name)]
    unread = [name for name in change.after if name not in names]
    different = tuple(name for name in unlike if name in now and name not in not_applied)
    return ReadBack(now, not_applied, different, bool(not_applied) and not (unexpected or different or unread))


def _is_unchanged(change: Change, now: Row, name: str) -> bool:
    """Return whether Graph shows the value that the field had before the change."""
    if change.effect is Effect.CREATE or not _was_read(change, name):
        return False
    if now.get(name) is None and change.before.get(name) is None:
        return name in _SHOWN_WHEN_SET
    before = change.before.get(name)
    return same_value(now.get(name), before) and same_value(before, now.get(name))


def _has_value(row: Row, name: str, value: Any) -> bool:
    """Return whether a row of Graph has the value that was sent. Graph leaves out a field that was set to nothing."""
    return same_value(row.get(name), value) or (row.get(name) is None and value in _NOTHING)


def _had_value(change: Change, name: str) -> bool:
    return _was_read(change, name) and _has_value(change.before, name, change.after[name])


def _was_read(change: Change, name: str) -> bool:
    """Return whether the value before is known. Graph leaves out a field without a value."""
    return name in change.before or ("id" in change.context and "/" not in change.request.path)


def _is_deletion(change: Change) -> bool:
    return change.after.get("status") == "DELETED"
