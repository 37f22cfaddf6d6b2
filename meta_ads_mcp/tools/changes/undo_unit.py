"""Plan the undo of a unit: every change that is still as the unit left it, in reverse order, as a new unit."""

from __future__ import annotations

from collections.abc import Sequence

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.units.patient_reads import read_patiently
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnitPlan, UnitStep
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound
from meta_ads_mcp.tools.changes.reversal import (
    UndoOfCreation,
    build_reversal,
    fields_to_read,
    inverse_change,
    require_unchanged,
    require_undoable,
    reversal_target,
)


async def plan_undo_of_unit(call: Call, unit_id: str, *, way: UndoOfCreation, force: bool) -> UnitPlan:
    """Return the unit that reverses a unit.

    Changes that were undone already are left out. Objects that have changed since are refused unless `force`. Raises
    NotFound for an unknown unit, and InvalidArguments when nothing is left to undo.
    """
    page = await call.changes.find_units(ChangeQuery(unit=unit_id))
    if not page.units:
        raise NotFound("There is no such unit in the journal.", "List the units with ads_get_changes by=unit.")
    ((unit, entries),) = page.units
    open_entries = [entry for entry in reversed(entries) if entry.outcome == "success" and not entry.undone_by]
    open_entries = [entry for entry in open_entries if not _stays(entry, way)]
    if not open_entries:
        raise InvalidArguments("Nothing of this unit is left to undo.", "List what it did with ads_get_changes.")
    targets: list[tuple[JournalEntry, Row]] = []
    problems: list[RefusedRow] = []
    steps: list[UnitStep] = []
    for entry in open_entries:
        try:
            require_undoable(entry)
            if entry.inverse:
                steps.append(UnitStep(entry.change_id, inverse_change(entry), undo_of=entry.change_id))
            else:
                targets.append((entry, reversal_target(entry, way)))
        except InvalidArguments as problem:
            problems.append(_refuse(entry, problem))
    for (entry, target), now in zip(targets, await _read(call, targets), strict=True):
        try:
            if isinstance(now, AdsError):
                raise now
            if not force and entry.effect == "update":
                require_unchanged(entry, now)
            change = await build_reversal(call, entry, target, now)
        except AdsError as problem:
            problems.append(_refuse(entry, problem))
        else:
            steps.append(UnitStep(entry.change_id, change, _newer_steps(steps, entry), undo_of=entry.change_id))
    return UnitPlan(str(unit.account), steps, problems, undo_of=unit_id)


def _stays(entry: JournalEntry, way: UndoOfCreation) -> bool:
    """Return whether a created object stays as it is: creatives, media and labels spend nothing by themselves."""
    return entry.effect == "create" and entry.node in ("AdCreative", "AdImage", "AdVideo", "AdLabel") and way == "pause"


def _newer_steps(steps: Sequence[UnitStep], entry: JournalEntry) -> tuple[str, ...]:
    """Return the steps that have to be done before: those of newer changes of the object, or of what uses it."""
    if entry.effect == "create" and entry.node == "AdCreative":
        return tuple(step.key for step in steps if step.change.node != "AdCreative")
    return tuple(step.key for step in steps if step.change.object_id == entry.object_id)


async def _read(call: Call, targets: Sequence[tuple[JournalEntry, Row]]) -> Sequence[Row | AdsError]:
    requests = [
        Request("GET", str(entry.object_id), {"fields": ",".join(fields_to_read(entry, target))}, account=entry.account)
        for entry, target in targets
    ]
    return await read_patiently(call.graph.batch, call.sleep, requests)


def _refuse(entry: JournalEntry, problem: AdsError) -> RefusedRow:
    name = str(entry.before.get("name") or entry.after.get("name") or "")
    return RefusedRow(f"{problem.message} {problem.next_step}", id=entry.object_id or "", name=name)
