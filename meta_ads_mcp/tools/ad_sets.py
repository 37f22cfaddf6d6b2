"""Ad sets."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.spec.choice import exactly_one
from meta_ads_mcp.spec.fields import FieldList
from meta_ads_mcp.spec.ids import AccountId, AdSetId, CampaignId
from meta_ads_mcp.spec.listing import read_list
from meta_ads_mcp.spec.params import ListParams, Params
from meta_ads_mcp.spec.ports import Call
from meta_ads_mcp.spec.result import Result, Row
from meta_ads_mcp.spec.targeting import summarise
from meta_ads_mcp.spec.tool import Effect, get, tool
from meta_ads_mcp.spec.vocabulary import StatusFilter

FIELDS = (
    "id name campaign_id status effective_status daily_budget lifetime_budget budget_remaining optimization_goal "
    "billing_event bid_amount bid_strategy targeting start_time end_time created_time updated_time"
)


def with_targeting_summary(row: Row) -> Row:
    """The ad set with its targeting in one line beside the whole object."""
    targeting = row.get("targeting")
    return {**row, "targeting_summary": summarise(targeting)} if isinstance(targeting, dict) else row


@tool(
    "ads_get_ad_sets",
    Effect.READ,
    get("{account_id}/adsets", "{campaign_id}/adsets"),
    node="AdSet",
    fields=FIELDS,
    identity="id account_id",
    noun="ad set",
    words="budget bid targeting optimization schedule",
)
class GetAdSets(ListParams):
    """List the ad sets of an ad account or a campaign: goal, bid, budgets, schedule, status, targeting.

    Targeting also comes as one line; name `fields` without it for a short answer.
    """

    account_id: AccountId | None = None
    campaign_id: CampaignId | None = None
    status_filter: StatusFilter | None = None
    updated_since: Annotated[int | None, Field(ge=0, description="Unix seconds; with account_id only")] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _one_parent(self) -> Self:
        # Graph's adsets edge of a campaign has no such parameter (Campaign.get_ad_sets of the SDK).
        if self.campaign_id is not None and self.updated_since is not None:
            raise ValueError("updated_since works with account_id only")
        return exactly_one(self, "account_id", "campaign_id")

    async def run(self, call: Call) -> Result:
        return await read_list(
            call,
            self,
            f"{self.account_id or self.campaign_id}/adsets",
            refine=with_targeting_summary,
            effective_status=self.status_filter,
            updated_since=self.updated_since,
        )


@tool(
    "ads_get_ad_set_details",
    Effect.READ,
    get("{ad_set_id}"),
    node="AdSet",
    identity="id account_id name campaign_id status effective_status",
    fields=f"{FIELDS} destination_type promoted_object attribution_spec bid_constraints frequency_control_specs "
    "is_dynamic_creative learning_stage_info issues_info recommendations dsa_beneficiary dsa_payor pacing_type "
    "adset_schedule",
    noun="ad set",
    words="learning issues attribution dsa dayparting",
)
class GetAdSetDetails(Params):
    """Read one ad set: budget, bid, targeting, promoted object, attribution, learning stage, delivery issues, DSA."""

    ad_set_id: AdSetId
    fields: FieldList | None = None

    @staticmethod
    def refine(row: Row) -> Row:
        return with_targeting_summary(row)
