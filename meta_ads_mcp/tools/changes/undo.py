"""Undo a change of the journal, or a whole unit of changes."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.nodes import Owner, node_kind
from meta_ads_mcp.core.params import Form, exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.core.write import ConfirmedParams, Plan
from meta_ads_mcp.domain.optimization.running_studies import read_for_change
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.tools.catalogue.undo_catalog import plan_catalog_undo
from meta_ads_mcp.tools.changes.changes import UnitId
from meta_ads_mcp.tools.changes.reversal import (
    UndoOfCreation,
    build_reversal,
    fields_to_read,
    inverse_change,
    require_unchanged,
    require_undoable,
    reversal_target,
)
from meta_ads_mcp.tools.changes.undo_recommendation import EDGE, plan_recommendation_undo
from meta_ads_mcp.tools.changes.undo_unit import plan_undo_of_unit


@tool("ads_undo_change", Effect.UPDATE, keywords="revert rollback restore")
class UndoChange(ConfirmedParams):
    """Restore the values that a change replaced, or pause (or delete) what it created. unit_id undoes a whole bulk
    call.

    If a value has changed since, the undo is refused and shows it. A deletion cannot be undone.
    """

    change_id: Annotated[
        str | None,
        Form("a change id", "c20261130T135028-2adc6514", "List them with ads_get_changes."),
        Field(pattern="^c[0-9]{8}T[0-9]{6}-[0-9a-f]{8}$"),
    ] = None
    unit_id: UnitId | None = None
    created: UndoOfCreation = "pause"
    force: bool = False

    @model_validator(mode="after")
    def _check_id(self) -> Self:
        return exactly_one(self, "change_id", "unit_id")

    async def plan_unit(self, call: Call) -> UnitPlan | None:
        """Return the unit that reverses a unit, or None for a single change."""
        if self.unit_id is None:
            return None
        return await plan_undo_of_unit(call, self.unit_id, way=self.created, force=self.force)

    async def plan(self, call: Call) -> Plan:
        entry = await call.changes.get(str(self.change_id))
        if entry is None:
            raise NotFound("There is no such change in the journal.", "List the changes with ads_get_changes.")
        title = f"Undo of {entry.tool} ({entry.change_id}) on {entry.object_id}."
        require_undoable(entry)
        if entry.inverse:
            return Plan([inverse_change(entry)], title)
        if entry.edge == EDGE:
            return await plan_recommendation_undo(call, entry, force=self.force)
        if node_kind(entry.node).owner is Owner.CATALOG:
            return await plan_catalog_undo(call, entry, self.created, force=self.force)
        target = reversal_target(entry, self.created)
        fields = fields_to_read(entry, target)
        now = await read_for_change(call, str(entry.object_id), entry.node, fields, entry.page)
        if not self.force and entry.effect == "update":
            require_unchanged(entry, now)
        change = await build_reversal(call, entry, target, now)
        return Plan([change], title)
