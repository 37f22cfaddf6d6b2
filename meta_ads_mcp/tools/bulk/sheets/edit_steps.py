"""Turn the edits of a structure file into the steps of a unit: one update for each object, and new creatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import UnitStep, id_of_step
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.write import Change, Inverse
from meta_ads_mcp.tools.bulk.creative_swaps import REASON, CreativeSwaps
from meta_ads_mcp.tools.bulk.edits import EditValues
from meta_ads_mcp.tools.bulk.object_reads import update_request

_BUDGETS = frozenset({"daily_budget", "lifetime_budget"})
_ENDS = ("end_time", "stop_time")
# Fields that Graph shows in another form than it takes, or in another order.
_NOT_READ_BACK = frozenset({"adlabels"})


@dataclass
class EditSteps:
    """Collect the steps of many edits. `swaps` plans the new creatives of ads whose link or tags change."""

    account_id: str
    swaps: CreativeSwaps
    steps: list[UnitStep] = field(default_factory=list)

    def update(self, level: EntityType, row: Mapping[str, Any], params: Row, line: int | None = None) -> None:
        """Add the update of an object. `row` has the values now, `params` the new ones, both under Graph's names."""
        self._add(level, row, params, dict(params), (), line)

    def update_ad(self, row: Mapping[str, Any], params: Row, link: EditValues, line: int | None = None) -> None:
        """Add the update of an ad that gets a new creative with another link or other tags. Raises AdsError."""
        creative = str((row.get("creative") or {}).get("id") or "")
        helper = self.swaps.plan(creative, link, str(row["id"]))
        if helper is None:
            self.update("ad", row, params, line)
            return
        if all(step.key != helper.key for step in self.steps):
            self.steps.append(helper)
        body = {**params, "creative": {"creative_id": id_of_step(helper.key)}}
        after = {**params, "creative": id_of_step(helper.key)}
        self._add("ad", {**row, "creative": creative}, body, after, (helper.key,), line)

    def _add(
        self,
        level: EntityType,
        row: Mapping[str, Any],
        params_sent: Row,
        after: Row,
        needs: tuple[str, ...],
        line: int | None,
    ) -> None:
        object_id = str(row["id"])
        is_budget = level == "ad_set" and not _BUDGETS.isdisjoint(params_sent)
        change = Change(
            Effect.UPDATE,
            update_request(self.account_id, object_id, params_sent, budget_change=is_budget),
            ENTITY_KINDS[level],
            object_id=object_id,
            before={name: row.get(name) for name in after},
            after=after,
            readable=tuple(name for name in after if name not in _NOT_READ_BACK),
            title=str(row.get("name") or ""),
            validate_only=not needs,
            reasons=(REASON,) if needs else (),
            inverse=_inverse(row, after),
            context={name: row[name] for name in ("status", *_BUDGETS, "bid_strategy") if name in row},
        )
        self.steps.append(UnitStep(object_id, change, needs, row=line))


def _inverse(row: Mapping[str, Any], after: Row) -> Inverse | None:
    """Return the request that takes back a first end time: 0 is no end. Else the values before take a change back."""
    if not any(name in after and row.get(name) is None for name in _ENDS):
        return None
    values = {name: 0 if name in _ENDS and row.get(name) is None else row.get(name) for name in after}
    reasons = ("it lets the object run without an end again",)
    return None if None in values.values() or "creative" in values else Inverse("POST", str(row["id"]), values, reasons)
