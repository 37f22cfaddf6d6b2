"""Campaigns, ad sets and ads through one tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from meta_ads_mcp.spec.fields import FieldList, selection
from meta_ads_mcp.spec.ids import AnyAdObject
from meta_ads_mcp.spec.listing import Refine, as_it_came, listed
from meta_ads_mcp.spec.params import ListParams
from meta_ads_mcp.spec.ports import Call
from meta_ads_mcp.spec.result import Result
from meta_ads_mcp.spec.tool import Effect, tool
from meta_ads_mcp.spec.vocabulary import EntityType, StatusFilter
from meta_ads_mcp.tools import ad_sets, ads, campaigns

# The edge, the default fields and the last touch to a row: those of the list tool of each.
_LISTS: Mapping[str, tuple[str, str, Refine]] = {
    "campaign": ("campaigns", campaigns.FIELDS, as_it_came),
    "ad_set": ("adsets", ad_sets.FIELDS, ad_sets.with_targeting_summary),
    "ad": ("ads", ads.FIELDS, as_it_came),
}


@tool("ads_get_ad_entities", Effect.READ, words="hierarchy children structure")
class GetAdEntities(ListParams):
    """List the campaigns of an account, or the ad sets or ads below an account, campaign or ad set.

    For ad sets and ads an account's id carries act_: bare digits are a campaign or an ad set.
    """

    entity_type: EntityType
    parent_id: Annotated[AnyAdObject, Field(description="act_<id>, or the id of a campaign or ad set")]
    status_filter: StatusFilter | None = None
    fields: FieldList | None = None

    @model_validator(mode="before")
    @classmethod
    def _campaigns_are_of_accounts(cls, data: Any) -> Any:
        """Only an account has campaigns, so bare digits can mean nothing else there."""
        if not isinstance(data, Mapping) or data.get("entity_type") != "campaign":
            return data
        parent = str(data.get("parent_id"))
        return {**data, "parent_id": f"act_{parent}"} if parent.isascii() and parent.isdigit() else data

    async def run(self, call: Call) -> Result:
        edge, fields, refine = _LISTS[self.entity_type]
        path = f"{self.parent_id}/{edge}"
        found = await call.graph.list(
            path,
            fields=selection(self.fields, fields.split(), ("id", "account_id")),
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
            effective_status=self.status_filter,
        )
        return listed(self.entity_type.replace("_", " "), path, found, refine)
