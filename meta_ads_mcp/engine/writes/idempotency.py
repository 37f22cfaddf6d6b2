"""A call whose idempotency key was used before: its first result, or what can be told of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from meta_ads_mcp.core.changes import JournalEntry, UnitRecord
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Final, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.engine.files.opened_files import Open, changed_files
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.lost_answers import ambiguous, find_ids, is_searchable
from meta_ads_mcp.errors import AdsError, InvalidArguments, UnknownOutcome


def digest_of(arguments: Mapping[str, Any]) -> str:
    """Return the digest of all arguments but the code and the choice of a dry run."""
    bare = {name: value for name, value in arguments.items() if name not in ("confirmation", "dry_run")}
    return hashlib.sha256(json.dumps(bare, sort_keys=True, default=str).encode()).hexdigest()


def require_same_arguments(earlier: Iterable[JournalEntry | UnitRecord], digest: str) -> None:
    """Raise InvalidArguments if an earlier call with the key had other arguments than those of this digest."""
    if any(call.digest != digest for call in earlier):
        raise InvalidArguments(
            "This idempotency_key was used before with other arguments.", "Use a new key for another change."
        )


def require_same_files(earlier: Iterable[JournalEntry], *openers: Open) -> None:
    """Raise InvalidArguments if a file that an earlier call with the key sent holds something else by now.

    After a call that Graph refused, a corrected file may be sent with the same key.
    """
    marks = {path: mark for entry in earlier if entry.status != "failed" for path, mark in entry.files.items()}
    paths = changed_files(marks, *openers)
    if paths:
        raise InvalidArguments(
            f"{', '.join(paths)[:300]} changed since the earlier call with this idempotency_key. Nothing was sent.",
            "Use a new key for the new content. ads_get_changes shows what the earlier call did.",
        )


def replay(data: Row) -> Result:
    """The answer that was kept; its changes are as they were shown then."""
    if "changes" in data:
        data = {**data, "changes": Final(data["changes"])}
    return Result("The same call was made before; this is its result, nothing new was made.", Whole(data))


def partial_completion(entries: Sequence[JournalEntry]) -> UnknownOutcome:
    """For a call of several steps that ended among them: what it made is told, and nothing is made again."""
    objects = [f"{entry.node} {entry.object_id}" for entry in entries if entry.status == "success" and entry.object_id]
    open_ones = [f"a {entry.node} under {entry.parent}" for entry in entries if entry.status == "unknown_outcome"]
    text = f" It made {', '.join(objects)}." if objects else ""
    text += f" Whether it made {', '.join(open_ones)} is not known." if open_ones else ""
    return UnknownOutcome(
        f"An earlier call with this idempotency_key ended before it was complete, or still runs.{text}",
        "Look at what is there; finish it by hand, or delete it and call with a new key.",
    )


async def resolve_open_entry(entry: JournalEntry, client: GraphPort, journal: Journal) -> Row:
    """Return the object that a call created whose end nobody recorded: it still runs, or its process ended.

    Raises UnknownOutcome when Graph shows no such object, or more than one. The key then stays taken, however long ago
    the call was: a search that finds nothing is no proof that nothing was created.
    """
    change = _change_of(entry)
    try:
        ids = await find_ids(client, change, entry.sent_at, partial(journal.leave_out_known, entry=entry))
    except AdsError as failure:
        raise _open(entry, f"Graph could not be asked ({failure.kind}).") from None
    if len(ids) > 1:
        raise ambiguous(_NOT_ENDED, ids)
    if not ids:
        raise _open(entry, "" if is_searchable(change) else "Graph cannot tell it from others of its kind.")
    journal.outcome(entry.change_id, "success", object_id=ids[0])
    return {"status": "success", "id": ids[0], "change_id": entry.change_id}


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


_NOT_ENDED = "An earlier call with this idempotency_key has not ended, or its answer was lost."


def _open(entry: JournalEntry, detail: str) -> UnknownOutcome:
    name = entry.after.get("name")
    title = f" named {name!r}" if isinstance(name, str) else ""
    where = f" under {entry.parent}/{entry.edge}" if entry.parent and entry.edge else ""
    return UnknownOutcome(
        f"{_NOT_ENDED} {detail}".strip(),
        f"Look for a {node_kind(entry.node).label}{title}{where}. If it is not there, call again with a new key.",
        details={"change_id": entry.change_id},
    )
