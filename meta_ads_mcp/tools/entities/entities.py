"""Read, change and activate campaigns, ad sets and ads through one tool each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList, selection
from meta_ads_mcp.core.handlers import ToolSource
from meta_ads_mcp.core.listing import Refine, keep_row, list_result
from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, Tool, post, tool, tool_of
from meta_ads_mcp.core.values.enums import EntityType, StatusFilter
from meta_ads_mcp.core.values.ids import AnyAdObject, Node, ObjectId
from meta_ads_mcp.core.write import ConfirmedParams
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools import campaigns
from meta_ads_mcp.tools.ad_sets import ad_sets
from meta_ads_mcp.tools.ads import ads

# Entity type → edge, default fields and row refinement of its list tool.
_LISTS: Mapping[str, tuple[str, str, Refine]] = {
    "campaign": ("campaigns", campaigns.FIELDS, campaigns.with_short_advantage_state),
    "ad_set": ("adsets", ad_sets.FIELDS, ad_sets.with_targeting_summary),
    "ad": ("ads", ads.FIELDS, keep_row),
}


@tool("ads_get_ad_entities", Effect.READ, keywords="hierarchy children structure")
class GetAdEntities(ListParams):
    """List the campaigns of an account, or the ad sets or ads below an account, campaign or ad set. For ad sets and ads
    write an account's id with act_; digits alone are taken for a campaign or an ad set."""

    entity_type: EntityType
    parent_id: Annotated[AnyAdObject, Field(description="act_<id>, or the id of a campaign or ad set")]
    status_filter: StatusFilter | None = None
    fields: FieldList | None = None

    @model_validator(mode="before")
    @classmethod
    def _complete_account_id(cls, data: Any) -> Any:
        """Add act_ to bare digits when campaigns are listed: only accounts have campaigns."""
        if not isinstance(data, Mapping) or data.get("entity_type") != "campaign":
            return data
        parent = str(data.get("parent_id"))
        return {**data, "parent_id": f"act_{parent}"} if parent.isdigit() else data

    async def run(self, call: Call) -> Result:
        edge, fields, refine = _LISTS[self.entity_type]
        path = f"{self.parent_id}/{edge}"
        listing = await call.graph.list(
            path,
            fields=selection(self.fields, fields.split(), ("id", "account_id")),
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
            effective_status=self.status_filter,
        )
        return list_result(self.entity_type.replace("_", " "), path, listing, refine)


UPDATES: Mapping[str, tuple[type[ConfirmedParams], str]] = {
    "campaign": (campaigns.UpdateCampaign, "campaign_id"),
    "ad_set": (ad_sets.UpdateAdSet, "ad_set_id"),
    "ad": (ads.UpdateAd, "ad_id"),
}
# Entity type → the parents that must be active too, by the field that holds them.
_PARENTS = {"campaign": (), "ad_set": ("campaign",), "ad": ("adset", "campaign")}


@tool("ads_update_entity", Effect.UPDATE, post("{entity_id}"), keywords="change edit any", validate_only=True)
class UpdateEntity(ConfirmedParams):
    """Change a campaign, ad set or ad: `updates` takes the arguments of that type's own update tool, nothing else."""

    entity_type: EntityType
    entity_id: Annotated[ObjectId, Node("any")]
    updates: Annotated[dict[str, Any], Field(min_length=1)]

    def delegate(self, tools: ToolSource) -> tuple[Tool, dict[str, Any]]:
        """Return the update tool of the entity type and its arguments; its checks and confirmations apply."""
        update, id_name = UPDATES[self.entity_type]
        if not {id_name, "dry_run", "confirmation"}.isdisjoint(self.updates):
            raise InvalidArguments(
                f"updates holds fields of the {self.entity_type}, not {id_name}, dry_run or confirmation."
            )
        options = {"dry_run": self.dry_run, "confirmation": self.confirmation}
        return tools.get_part(tool_of(update).name), {id_name: self.entity_id, **self.updates, **options}


@tool(
    "ads_activate_entity",
    Effect.UPDATE,
    post("{entity_id}"),
    keywords="pause start stop archive",
    validate_only=True,
    display_title="Set status",
)
class ActivateEntity(ConfirmedParams):
    """Set a campaign, ad set or ad ACTIVE (the default), PAUSED or ARCHIVED; says what above it blocks delivery. ACTIVE
    and ARCHIVED need a confirmation."""

    entity_type: Annotated[EntityType, Local()]
    entity_id: Annotated[ObjectId, Node("any")]
    status: Literal["ACTIVE", "PAUSED", "ARCHIVED"] = "ACTIVE"

    def node_kind(self) -> str:
        return ENTITY_KINDS[self.entity_type]

    async def describe_effect(self, call: Call) -> Row:
        """Return the effective status and, for an activation, the parents that are not active."""
        parents = [f"{parent}{{id,name,status,effective_status}}" for parent in _PARENTS[self.entity_type]]
        entity = await call.graph.get(self.entity_id, fields=["id", "status", "effective_status", *parents])
        blocking = [
            {
                "type": parent.replace("adset", "ad_set"),
                "id": entity[parent]["id"],
                "status": entity[parent].get("status"),
            }
            for parent in _PARENTS[self.entity_type]
            if isinstance(entity.get(parent), dict) and entity[parent].get("status") != "ACTIVE"
        ]
        effect: Row = {"effective_status": entity.get("effective_status")}
        return {**effect, "blocked_by": blocking} if blocking and self.status == "ACTIVE" else effect
