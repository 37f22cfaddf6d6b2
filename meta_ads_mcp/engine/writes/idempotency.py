"""A call whose idempotency key was used before: its first result, or what can be told of it."""

from __future__ import annotations

from collections.abc import Sequence

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Final, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.lost_answers import find_change, is_searchable
from meta_ads_mcp.errors import AdsError, UnknownOutcome

# After this long an intent without an outcome is no longer somebody's running call.
TAKEOVER_SECONDS = 900


def replay(data: Row) -> Result:
    """The answer that was kept; its changes are as they were shown then."""
    if "changes" in data:
        data = {**data, "changes": Final(data["changes"])}
    return Result("The same call was made before; this is its result, nothing new was made.", Whole(data))


def partial_completion(begun: Sequence[JournalEntry]) -> UnknownOutcome:
    """For a call of several steps that ended among them: what it made is told, and nothing is made again."""
    made = [f"{entry.node} {entry.object_id}" for entry in begun if entry.status == "success" and entry.object_id]
    open_ones = [f"a {entry.node} under {entry.parent}" for entry in begun if entry.status == "unknown_outcome"]
    told = f" It made {', '.join(made)}." if made else ""
    told += f" Whether it made {', '.join(open_ones)} is not known." if open_ones else ""
    return UnknownOutcome(
        f"An earlier call with this idempotency_key ended before it was complete, or still runs.{told}",
        "Look at what is there; finish it by hand, or delete it and call with a new key.",
    )


async def resolve_open_entry(entry: JournalEntry, client: GraphPort, journal: Journal, now: float) -> Row | None:
    """Of an intent without an outcome, a call that still runs or a process that ended: the object, found at Graph.

    None when it surely was not made; the key is free then. Raises UnknownOutcome while that cannot be told.
    """
    change = _change_of(entry)
    try:
        found = await find_change(client, change, entry.started)
    except AdsError as failure:
        raise _open(f"Graph could not be asked ({failure.kind}).") from None
    if found is not None:
        journal.outcome(entry.change_id, "success", object_id=found["id"])
        return {"status": "success", "id": found["id"], "change_id": entry.change_id}
    if not is_searchable(change):
        raise _open("What it makes cannot be told from others of its kind: use a new key once you have looked.")
    if now - entry.started < TAKEOVER_SECONDS:
        raise _open("The key can be used again 15 minutes after that call.")
    journal.outcome(entry.change_id, "failed", error={"kind": "transient", "message": "not there 15 minutes later"})
    return None


def _change_of(entry: JournalEntry) -> Change:
    return Change(
        Effect(entry.effect),
        Request("POST", "me", account=entry.account, page=entry.page),
        entry.node,
        after=entry.after,
        readable=tuple(entry.after),
        parent=entry.parent,
        edge=entry.edge,
    )


def _open(more: str) -> UnknownOutcome:
    return UnknownOutcome(
        "An earlier call with this idempotency_key has not ended, or its answer was lost.",
        f"Look whether the object exists. {more}",
    )
