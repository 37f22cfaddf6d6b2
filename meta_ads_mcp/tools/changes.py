"""Read the journal of changes, and undo a change."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry, fields_without_previous_value
from meta_ads_mcp.core.nodes import can_be_undone, node_kind
from meta_ads_mcp.core.params import Form, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.values.ids import AccountId, ObjectId
from meta_ads_mcp.core.values.money import standard
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan
from meta_ads_mcp.domain.copying import writable_targeting
from meta_ads_mcp.errors import InvalidArguments, NotFound


@tool("ads_get_changes", Effect.READ, calls_graph=False, keywords="journal history audit undo log")
class GetChanges(Params):
    """List what this server changed, newest first: tool, object, values before and after, and how it ended.

    Only changes made through this server on this machine. ads_undo_change puts one back.
    """

    account_id: AccountId | None = None
    object_id: ObjectId | None = None
    tool: Annotated[str | None, Field(max_length=45)] = None
    since: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 25
    after: Annotated[str | None, Field(max_length=60)] = None

    async def run(self, call: Call) -> Result:
        query = ChangeQuery(
            account=self.account_id,
            object_id=self.object_id,
            tool=self.tool,
            since=None if self.since is None else _seconds(self.since),
            after=self.after,
            limit=self.limit,
        )
        changes = await call.changes.find(query)
        if changes.damaged:
            lines = "1 damaged line was" if changes.damaged == 1 else f"{changes.damaged} damaged lines were"
            call.note(f"{lines} passed over. The journal may lack changes; compare with Ads Manager.")
        after = changes.entries[-1].change_id if changes.has_more else None
        page = Page(len(changes.entries), changes.has_more, after)
        summary = f"{len(changes.entries)} of {changes.total} changes."
        return Result(summary, [entry.public() for entry in changes.entries], page)


def _seconds(moment: str) -> float:
    return float(moment) if moment.isdigit() else datetime.fromisoformat(moment).timestamp()


@tool("ads_undo_change", Effect.UPDATE, keywords="revert rollback restore")
class UndoChange(ConfirmedParams):
    """Put the values back that a change replaced, or pause (or delete) what it created.

    Refused when the object has changed since, and shows the difference. A deletion cannot be undone.
    """

    change_id: Annotated[
        str,
        Form("a change id", "c20261130T135028-2adc6514", "List them with ads_get_changes."),
        Field(pattern="^c[0-9]{8}T[0-9]{6}-[0-9a-f]{8}$"),
    ]
    created: Literal["pause", "delete"] = "pause"
    force: bool = False

    async def plan(self, call: Call) -> Plan:
        entry = await call.changes.get(self.change_id)
        if entry is None:
            raise NotFound("There is no such change in the journal.", "List the changes with ads_get_changes.")
        _require_undoable(entry)
        if entry.inverse:
            return _inverse_plan(entry)
        target = self._stopped(entry) if entry.effect == "create" else _earlier(entry)
        kind = node_kind(entry.node)
        status = ["status"] if kind.has_status else []
        watched = entry.after if entry.effect == "update" else ()
        fields = dict.fromkeys(["id", "name", *status, *kind.effect_fields, *watched, *target])
        now = await call.graph.get(str(entry.object_id), fields=list(fields), page=entry.page)
        if not self.force and entry.effect == "update":
            _require_unchanged(entry, now)
        change = Change(
            Effect.UPDATE,
            await _request(call, entry, target),
            entry.node,
            object_id=entry.object_id,
            before={name: now.get(name) for name in ("name", *target)},
            after=target,
            readable=tuple(target),
            title=str(now.get("name", "")),
            context=now,
        )
        return Plan([change], f"Undo of {entry.tool} ({entry.change_id}) on {entry.object_id}.")

    def _stopped(self, entry: JournalEntry) -> Row:
        """Return the values that stop a created object, or delete it."""
        if self.created == "delete":
            return {"status": "DELETED"}
        status = node_kind(entry.node).pause_status
        if status is None:
            raise InvalidArguments("This object cannot be paused.", "Give created=delete to delete it.")
        return {"status": status}


def _inverse_plan(entry: JournalEntry) -> Plan:
    """Plan the request that takes the change back. Where it only changes an edge, it can be taken back in turn."""
    inverse = entry.inverse
    path = str(inverse["path"]).replace("{id}", str(entry.object_id))
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
    change = Change(
        Effect.DELETE if is_deletion else Effect.UPDATE,
        request,
        entry.node,
        object_id=entry.object_id,
        after={"undo": entry.change_id},
        reasons=tuple(inverse["reasons"]),
    )
    return Plan([change], f"Undo of {entry.tool} ({entry.change_id}) on {entry.object_id}.")


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
    if name == "creative" and isinstance(value, dict):
        return {"creative_id": str(value["id"])} if "id" in value else value
    return value


def _minor(value: Any) -> int:
    try:
        return parse_minor(value) or 0
    except UnreadableAmount:
        raise InvalidArguments(
            "The amount before this change is not a number, so it cannot be put back.",
            "Set the amount you want with the tool that made the change.",
        ) from None


def _earlier(entry: JournalEntry) -> Row:
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
    return {name: entry.before[name] for name in after}


def _require_undoable(entry: JournalEntry) -> None:
    if entry.status not in ("success", "partial"):
        raise InvalidArguments(
            f"This change ended as {entry.status}; there is nothing to undo.", "Read the object first."
        )
    if entry.undone_by:
        raise InvalidArguments(f"This change was undone already, by {entry.undone_by}.", "Nothing is left to do.")
    if entry.effect == "delete" or entry.after.get("status") == "DELETED":
        raise InvalidArguments("A deletion cannot be undone.", "Create the object anew.")
    if entry.object_id is None or not (entry.inverse or can_be_undone(entry.effect, entry.node)):
        raise InvalidArguments(
            f"A change of this kind ({entry.tool}) cannot be undone here.", "Use the tool's counterpart."
        )


def _require_unchanged(entry: JournalEntry, now: Row) -> None:
    after = {name: value for name, value in entry.after.items() if name not in entry.not_applied}
    differing = [name for name, value in after.items() if name in now and not same_value(now[name], value)]
    if differing:
        shown = "; ".join(
            f"{name} is {str(now[name])[:80]!r}, the change set {str(entry.after[name])[:80]!r}" for name in differing
        )
        raise InvalidArguments(
            f"The object has changed since: {shown}.",
            "Look at it, and repeat with force=true to put the earlier values back.",
        )
