"""Read the labels of an ad account, and the objects that carry them (SDK class AdLabel)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import list_result, read_list
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import AccountId, LabelId

Level = Literal["campaign", "ad_set", "ad", "creative"]
_COMMON = ("id", "name", "status", "adlabels{id,name}")
# Level → the edge of the account that lists the objects with a label, their noun, and more fields.
_EDGES: dict[Level, tuple[str, str, tuple[str, ...]]] = {
    "campaign": ("campaignsbylabels", "campaign", ("effective_status",)),
    "ad_set": ("adsetsbylabels", "ad set", ("effective_status", "campaign_id")),
    "ad": ("adsbylabels", "ad", ("effective_status", "adset_id")),
    "creative": ("adcreativesbylabels", "creative", ()),
}


@tool(
    "ads_get_ad_labels",
    Effect.READ,
    node="AdLabel",
    fields="name created_time updated_time",
    identity="id",
    singular="label",
    keywords="tag tagged labelled group",
)
class GetAdLabels(ListParams):
    """List the labels of an ad account, or with label_ids and level the campaigns, ad sets, ads or creatives that carry
    any (or all) of them."""

    account_id: AccountId
    label_ids: Annotated[
        list[LabelId] | None, Local(), Field(min_length=1, max_length=20, description="None lists the labels")
    ] = None
    operator: Annotated[Literal["ANY", "ALL"], Local()] = "ANY"
    level: Annotated[Level | None, Local(), Field(description="Required with label_ids")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100

    @model_validator(mode="after")
    def _check_level(self) -> Self:
        if (self.label_ids is None) != (self.level is None):
            raise ValueError("label_ids and level go together: level says which objects to list")
        return self

    async def run(self, call: Call) -> Result:
        if self.level is None:
            return await read_list(call, self, f"{self.account_id}/adlabels")
        edge, noun, extra = _EDGES[self.level]
        rows = await call.graph.list(
            f"{self.account_id}/{edge}",
            fields=[*_COMMON, *extra],
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
            ad_label_ids=self.label_ids,
            operator=self.operator,
        )
        return list_result(noun, self.account_id, rows)
