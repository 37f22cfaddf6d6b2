"""Ads."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.spec.choice import exactly_one
from meta_ads_mcp.spec.fields import FieldList
from meta_ads_mcp.spec.ids import AccountId, AdId, AdSetId, CampaignId
from meta_ads_mcp.spec.params import ListParams, Params
from meta_ads_mcp.spec.tool import Effect, get, tool
from meta_ads_mcp.spec.vocabulary import StatusFilter

FIELDS = "id name adset_id campaign_id status effective_status creative{id} created_time updated_time"


@tool(
    "ads_get_ads",
    Effect.READ,
    get("{account_id}/ads", "{campaign_id}/ads", "{ad_set_id}/ads"),
    node="Ad",
    fields=FIELDS,
    identity="id account_id",
    noun="ad",
    words="status creative",
)
class GetAds(ListParams):
    """List the ads of an ad account, a campaign or an ad set: status, ad set, campaign and creative id."""

    account_id: AccountId | None = None
    campaign_id: CampaignId | None = None
    ad_set_id: AdSetId | None = None
    status_filter: StatusFilter | None = None
    updated_since: Annotated[int | None, Field(ge=0, description="Unix seconds")] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _one_parent(self) -> Self:
        return exactly_one(self, "account_id", "campaign_id", "ad_set_id")


@tool(
    "ads_get_ad_details",
    Effect.READ,
    get("{ad_id}"),
    node="Ad",
    identity="id account_id",
    fields=f"{FIELDS} bid_amount tracking_specs issues_info ad_review_feedback failed_delivery_checks recommendations "
    "preview_shareable_link conversion_domain source_ad_id",
    noun="ad",
    words="rejected disapproved review feedback preview link",
)
class GetAdDetails(Params):
    """Read one ad: tracking, delivery issues, why Meta's review rejected it (ad_review_feedback), shareable preview."""

    ad_id: AdId
    fields: FieldList | None = None
