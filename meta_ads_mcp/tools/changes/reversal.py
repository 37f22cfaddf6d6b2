"""Reverse one change of the journal: the values to put back, and the request that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from meta_ads_mcp.core.changes import CLEARABLE, JournalEntry, fields_without_previous_value
from meta_ads_mcp.core.nodes import can_be_undone, node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request, confine
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.values.money import standard
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.copying import writable_targeting
from meta_ads_mcp.errors import InvalidArguments

UndoOfCreation = Literal["pause", "delete"]


def reversal_target(entry: JournalEntry, way: UndoOfCreation) -> Row:
    """Return the values that reverse a change: those before it, or a status that stops or deletes what it created.

    Raises InvalidArguments for a change that cannot be undone.
    """
    require_undoable(entry)
    return _stop_status(entry, way) if entry.effect == "create" else _earlier_values(entry)


def fields_to_read(entry: JournalEntry, target: Row) -> list[str]:
    """Return the fields of the object that the reversal is compared with."""
    kind = node_kind(entry.node)
    status = ["status"] if kind.has_status else []
    fields_of_change = entry.after if entry.effect == "update" else ()
    names = dict.fromkeys(["id", "name", *status, *kind.effect_fields, *fields_of_change, *target])
    return [name for name in names if name not in kind.hidden_fields]


async def build_reversal(call: Call, entry: JournalEntry, target: Row, now: Row) -> Change:
    """Return the change that sets the target. `now` are the object's present values."""
    hidden_fields = node_kind(entry.node).hidden_fields
    return Change(
        Effect.UPDATE,
        await _request(call, entry, target),
        entry.node,
        object_id=entry.object_id,
        before={name: (entry.after if name in hidden_fields else now).get(name) for name in ("name", *target)},
        after=target,
        readable=tuple(name for name in target if name not in hidden_fields),
        title=str(now.get("name", "")),
        context=now,
    )


def require_unchanged(entry: JournalEntry, now: Mapping[str, Any]) -> None:
    """Raise InvalidArguments with the difference, if the object no longer has the values that the change set."""
    after = {name: value for name, value in entry.after.items() if name not in entry.not_applied}
    differing = [name for name, value in after.items() if name in now and not same_value(now[name], value)]
    if differing:
        text = "; ".join(
            f"{name} is {str(now[name])[:80]!r}, the change set {str(entry.after[name])[:80]!r}" for name in differing
        )
        raise InvalidArguments(
            f"The object has changed since: {text}.",
            "Look at it, and repeat with force=true to put the earlier values back.",
        )


def _stop_status(entry: JournalEntry, way: UndoOfCreation) -> Row:
    if way == "delete":
        return {"status": "DELETED"}
    status = node_kind(entry.node).pause_status
    if status is None:
        raise InvalidArguments("This object cannot be paused.", "Give created=delete to delete it.")
    return {"status": status}


def inverse_change(entry: JournalEntry) -> Change:
    """Return the request that takes a change back. Where it only changes an edge, it can be taken back in turn."""
    inverse = entry.inverse
    path = confine(inverse["path"], {"id": str(entry.object_id)})
    is_deletion = inverse["method"] == "DELETE" and "/" not in path
    request = Request(
        inverse["method"],
        path,
        inverse["params"],
        account=entry.account,
        page=entry.page,
        repeatable=False,
        write=True,
        kind=entry.node,
    )
    return Change(
        Effect.DELETE if is_deletion else Effect.UPDATE,
        request,
        entry.node,
        object_id=entry.object_id,
        after={"undo": entry.change_id},
        reasons=tuple(inverse["reasons"]),
    )


async def _request(call: Call, entry: JournalEntry, target: Row) -> Request:
    """The values back as Graph takes them: an account's spend cap is read in minor units and written in the others."""
    params = {name: _writable(name, value) for name, value in target.items()}
    is_cap = entry.node == "AdAccount" and "spend_cap" in params
    if is_cap:
        params["spend_cap"] = standard(_minor(params["spend_cap"]), (await call.account(str(entry.object_id))).currency)
    return Request(
        "POST",
        str(entry.object_id),
        params,
        account=entry.account,
        page=entry.page,
        repeatable=False,
        write=True,
        budget_change=entry.node == "AdSet" and not {"daily_budget", "lifetime_budget"}.isdisjoint(params),
        spend_limit_change=is_cap,
    )


def _writable(name: str, value: Any) -> Any:
    """A value as Graph takes it: what it adds to an audience when that is read it refuses when it is written."""
    if name == "targeting" and isinstance(value, dict):
        return writable_targeting(value)
    if name == "creative":
        creative_id = value.get("id") if isinstance(value, dict) else value
        return {"creative_id": str(creative_id)} if creative_id else value
    if name == "adlabels" and isinstance(value, list):
        return [{"id": label["id"]} if isinstance(label, dict) and "id" in label else label for label in value]
    return value


def _minor(value: Any) -> int:
    try:
        return parse_minor(value) or 0
    except UnreadableAmount:
        raise InvalidArguments(
            "The amount before this change is not a number, so it cannot be put back.",
            "Set the amount you want with the tool that made the change.",
        ) from None


def _earlier_values(entry: JournalEntry) -> Row:
    """Return the replaced values exactly as they were recorded, without those of fields that were not changed.

    Raises InvalidArguments for a field that had no value: it cannot be written back as nothing.
    """
    after = {name: value for name, value in entry.after.items() if name not in entry.not_applied}
    empty = fields_without_previous_value(entry.before, after)
    if empty:
        raise InvalidArguments(
            f"Before this change {', '.join(empty)} had no value, and Graph cannot set a field back to none.",
            "Set the value you want with the tool that made the change.",
        )
    return {name: CLEARABLE[name] if entry.before.get(name) is None else entry.before[name] for name in after}


def require_undoable(entry: JournalEntry) -> None:
    """Raise InvalidArguments for a change that cannot be undone, with the reason."""
    if entry.status not in ("success", "partial"):
        raise InvalidArguments(
            f"This change ended as {entry.status}; there is nothing to undo.", "Read the object first."
        )
    if entry.undone_by:
        raise InvalidArguments(f"This change was undone already, by {entry.undone_by}.", "Nothing is left to do.")
    is_deletion = entry.effect == "delete" and not entry.inverse
    if is_deletion or entry.after.get("status") == "DELETED":
        raise InvalidArguments("A deletion cannot be undone.", "Create the object anew.")
    if entry.after.get("status") == "ARCHIVED" and node_kind(entry.node).delivers:
        raise InvalidArguments("An archived object can only be deleted, so this cannot be undone.", "Copy the object.")
    if entry.object_id is None or not (entry.inverse or can_be_undone(entry.effect, entry.node, entry.after)):
        raise InvalidArguments(
            f"A change of this kind ({entry.tool}) cannot be undone here.", "Use the tool's counterpart."
        )
