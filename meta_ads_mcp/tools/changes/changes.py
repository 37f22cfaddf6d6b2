"""List the journal of changes and units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry, UnitRecord
from meta_ads_mcp.core.params import Form, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Final, Page, Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.ids import AccountId, ObjectId

UnitId = Annotated[
    str,
    Form("a unit id", "u20261125T100000-4be3793a", "List them with ads_get_changes by=unit."),
    Field(pattern="^u[0-9]{8}T[0-9]{6}-[0-9a-f]{8}$"),
]
# Objects of a unit that are named because they are left to be sent.
MAX_LEFT_NAMES = 50


@tool("ads_get_changes", Effect.READ, calls_graph=False, keywords="journal history audit undo log")
class GetChanges(Params):
    """List what this server changed, newest first: tool, object, values before and after, and how it ended.

    unit_id lists the changes of a bulk call, by=unit the bulk calls. See ads_undo_change.
    """

    account_id: AccountId | None = None
    object_id: ObjectId | None = None
    tool: Annotated[str | None, Field(max_length=45)] = None
    since: Moment | None = None
    unit_id: UnitId | None = None
    by: Literal["change", "unit"] = "change"
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
            unit=self.unit_id,
        )
        return await (self._list_units(call, query) if self.by == "unit" else self._list_changes(call, query))

    async def _list_changes(self, call: Call, query: ChangeQuery) -> Result:
        changes = await call.changes.find(query)
        if changes.damaged:
            lines = "1 damaged line was" if changes.damaged == 1 else f"{changes.damaged} damaged lines were"
            call.note(f"{lines} passed over. The journal may lack changes; compare with Ads Manager.")
        after = changes.entries[-1].change_id if changes.has_more else None
        page = Page(len(changes.entries), changes.has_more, after)
        summary = f"{len(changes.entries)} of {changes.total} changes."
        return Result(summary, [entry.public() for entry in changes.entries], page)

    async def _list_units(self, call: Call, query: ChangeQuery) -> Result:
        units = await call.changes.find_units(query)
        rows = [describe_unit(record, entries) for record, entries in units.units]
        after = rows[-1]["unit_id"] if units.has_more else None
        return Result(f"{len(rows)} of {units.total} units.", rows, Page(len(rows), units.has_more, after))


def describe_unit(unit: UnitRecord, entries: Sequence[JournalEntry]) -> Row:
    """Return a unit as a row: counts of the outcomes of its objects, and the objects that are left to be sent."""
    latest = {entry.step: entry for entry in entries}
    steps = [step for step in unit.steps if step.get("item") is None]
    outcomes = {str(step["key"]): _outcome(latest.get(step["key"])) for step in steps}
    names = [_label(step) for step in steps if outcomes[str(step["key"])] in ("not_sent", "unknown_outcome")]
    same = len(unit.plan.get("unchanged") or ())
    counts = Counter([*outcomes.values(), *["success"] * same])
    return {
        "unit_id": unit.unit_id,
        "time": unit.time,
        "tool": unit.tool,
        "account": unit.account,
        "objects": len(steps) + same,
        "counts": Final(counts),
        "left": names[:MAX_LEFT_NAMES],
        "undo_of": unit.undo_of,
        "idempotency_key": unit.key,
    }


def _outcome(entry: JournalEntry | None) -> str:
    return "not_sent" if entry is None else entry.outcome


def _label(step: Row) -> str:
    change = step["change"]
    return f"{change.get('object_id') or 'new ' + change['node']} {change.get('title', '')}".strip()


def _seconds(moment: str) -> float:
    return float(moment) if moment.isdigit() else datetime.fromisoformat(moment).timestamp()
