"""Campaigns."""

from __future__ import annotations

from meta_ads_mcp.spec.dates import DatePreset
from meta_ads_mcp.spec.fields import FieldList
from meta_ads_mcp.spec.ids import AccountId, CampaignId
from meta_ads_mcp.spec.params import ListParams, Params
from meta_ads_mcp.spec.tool import Effect, get, tool
from meta_ads_mcp.spec.vocabulary import StatusFilter

FIELDS = (
    "id name objective status effective_status configured_status buying_type daily_budget lifetime_budget budget_remaining spend_cap "
    "bid_strategy special_ad_categories is_adset_budget_sharing_enabled created_time updated_time start_time stop_time"
)


@tool(
    "ads_get_campaigns",
    Effect.READ,
    get("{account_id}/campaigns"),
    node="Campaign",
    fields=FIELDS,
    identity="id account_id",
    noun="campaign",
    words="objective budget status",
)
class GetCampaigns(ListParams):
    """List the campaigns of an ad account with objective, status, budgets and bid strategy."""

    account_id: AccountId
    status_filter: StatusFilter | None = None
    is_completed: bool | None = None
    date_preset: DatePreset | None = None
    fields: FieldList | None = None


@tool(
    "ads_get_campaign_details",
    Effect.READ,
    get("{campaign_id}"),
    node="Campaign",
    identity="id account_id",
    fields=f"{FIELDS} issues_info recommendations special_ad_category_country promoted_object pacing_type "
    "is_budget_schedule_enabled source_campaign_id",
    noun="campaign",
    words="issues recommendations",
)
class GetCampaignDetails(Params):
    """Read one campaign with its delivery issues, Meta's recommendations and its promoted object."""

    campaign_id: CampaignId
    fields: FieldList | None = None
