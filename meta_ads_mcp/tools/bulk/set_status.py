"""Pause, activate or archive many objects of one level."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import UnitParams
from meta_ads_mcp.core.units.unit_plan import UnchangedObject, UnitPlan, UnitStep
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.ids import AccountId, ObjectId
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.tools.bulk.object_reads import read_objects_of_kind, update_request


@tool(
    "ads_set_status",
    Effect.UPDATE,
    singular="object",
    keywords="bulk many pause activate archive stop start resume turn off on several",
    destructive=True,
)
class SetStatus(UnitParams):
    """Pause, activate or archive many campaigns, ad sets or ads of one level, with one undo.

    ACTIVE, ARCHIVED, and pausing more than 10 need a confirmation. Parents and children keep their status.
    """

    account_id: AccountId
    level: Annotated[EntityType, Local()]
    ids: Annotated[list[ObjectId], Local(), Field(min_length=1, max_length=1000)]
    status: Literal["ACTIVE", "PAUSED", "ARCHIVED"]
    on_error: Annotated[Literal["stop", "continue"], Local()] = "continue"

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Plan a step for each object that has another status now. Raises AdsError for an id of another kind."""
        node = ENTITY_KINDS[self.level]
        budgets = [] if node == "Ad" else ["daily_budget", "lifetime_budget"]
        fields = ["id", "account_id", "name", "status", "effective_status", *budgets]
        rows = await read_objects_of_kind(call, self.account_id, node, list(dict.fromkeys(self.ids)), fields)
        steps = [
            UnitStep(
                row["id"],
                Change(
                    Effect.UPDATE,
                    update_request(self.account_id, row["id"], {"status": self.status}),
                    node,
                    object_id=row["id"],
                    before={"status": row.get("status")},
                    after={"status": self.status},
                    readable=("status",),
                    title=str(row.get("name") or ""),
                    validate_only=True,
                ),
            )
            for row in rows
            if row.get("status") != self.status
        ]
        return UnitPlan(
            self.account_id,
            steps,
            unchanged=[
                UnchangedObject(row["id"], str(row.get("name") or ""))
                for row in rows
                if row.get("status") == self.status
            ],
            stop_on_error=self.on_error == "stop",
        )
