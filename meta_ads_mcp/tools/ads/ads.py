"""Read, create, change and delete ads."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import NamePart, name_filter, read_list
from meta_ads_mcp.core.params import ListParams, Params, Wire, exactly_one
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.dates import Moment, TimeRange
from meta_ads_mcp.core.values.enums import StatusFilter
from meta_ads_mcp.core.values.ids import AccountId, AdId, AdSetId, CampaignId, CreativeId
from meta_ads_mcp.core.values.money import Money
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams
from meta_ads_mcp.domain.insights_query import Preset
from meta_ads_mcp.domain.meta_objects import Labels, TrackingSpecs
from meta_ads_mcp.domain.preflight import reject_two_periods

FIELDS = "id name adset_id campaign_id status effective_status creative{id} created_time updated_time"


@tool(
    "ads_get_ads",
    Effect.READ,
    get("{account_id}/ads", "{campaign_id}/ads", "{ad_set_id}/ads"),
    node="Ad",
    fields=FIELDS,
    identity="id account_id",
    singular="ad",
    keywords="status creative",
)
class GetAds(ListParams):
    """List the ads of an ad account, a campaign or an ad set: status, ad set, campaign and creative id.

    Rows leave out updated_time unless `fields` names it.
    """

    account_id: AccountId | None = None
    campaign_id: CampaignId | None = None
    ad_set_id: AdSetId | None = None
    name_contains: NamePart = None
    status_filter: StatusFilter | None = None
    date_preset: Preset | None = None
    time_range: TimeRange | None = None
    updated_since: Annotated[int | None, Field(ge=0, description="Unix seconds")] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _one_parent(self) -> Self:
        reject_two_periods(self.date_preset, self.time_range)
        return exactly_one(self, "account_id", "campaign_id", "ad_set_id")

    async def run(self, call: Call) -> Result:
        return await read_list(
            call,
            self,
            f"{self.ad_set_id or self.campaign_id or self.account_id}/ads",
            filtering=name_filter(self.name_contains),
            effective_status=self.status_filter,
            updated_since=self.updated_since,
            date_preset=self.date_preset,
            time_range=self.time_range.model_dump() if self.time_range else None,
        )


@tool(
    "ads_get_ad_details",
    Effect.READ,
    get("{ad_id}"),
    node="Ad",
    identity="id account_id",
    fields=f"{FIELDS} bid_amount tracking_specs issues_info ad_review_feedback failed_delivery_checks recommendations "
    "preview_shareable_link conversion_domain source_ad_id",
    singular="ad",
    keywords="rejected disapproved review feedback preview link",
)
class GetAdDetails(Params):
    """Read one ad: tracking, delivery issues, why Meta's review rejected it (ad_review_feedback), shareable preview."""

    ad_id: AdId
    fields: FieldList | None = None

    @staticmethod
    def refine(row: Row) -> Row:
        """Drop source_ad_id 0, Graph's value for an ad that is not a copy."""
        return {name: value for name, value in row.items() if (name, value) != ("source_ad_id", "0")}


Name = Annotated[str, Field(min_length=1, max_length=400)]
DisplaySequence = Annotated[int | None, Field(ge=0, le=1000, description="Place in a sequence of ads")]
AdLabels = Annotated[Labels | None, Field(max_length=50)]
Tracking = Annotated[TrackingSpecs | None, Field(max_length=20)]


def _wrap_creative(after: Row) -> Row:
    """Send the creative as an object with its id, as Graph requires."""
    if "creative" not in after:
        return after
    return {**after, "creative": {"creative_id": after["creative"]}}


@tool(
    "ads_create_ad",
    Effect.CREATE,
    post("{account_id}/ads"),
    node="Ad",
    singular="ad",
    keywords="new publish creative",
    validate_only=True,
    write_only="ad_schedule_start_time ad_schedule_end_time adlabels",
)
class CreateAd(ConfirmedParams, CreateParams):
    """Create an ad, PAUSED, in an ad set from an existing creative (ads_create_ad_creative makes one)."""

    account_id: AccountId
    name: Name
    ad_set_id: Annotated[AdSetId, Wire("adset_id")]
    creative_id: Annotated[CreativeId, Wire("creative")]
    status: Literal["PAUSED", "ACTIVE"] = "PAUSED"
    tracking_specs: Tracking = None
    conversion_domain: Annotated[str | None, Field(max_length=255, description="Domain alone: example.com")] = None
    ad_schedule_start_time: Moment | None = None
    ad_schedule_end_time: Moment | None = None
    engagement_audience: bool | None = None
    display_sequence: DisplaySequence = None
    adlabels: AdLabels = None

    @model_validator(mode="after")
    def _check_domain(self) -> Self:
        if self.conversion_domain and ("/" in self.conversion_domain or ":" in self.conversion_domain):
            raise ValueError("conversion_domain is a domain alone, such as example.com")
        return self

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        return _wrap_creative(after)


@tool(
    "ads_update_ad",
    Effect.UPDATE,
    post("{ad_id}"),
    node="Ad",
    singular="ad",
    keywords="rename pause activate swap creative",
    validate_only=True,
    write_only="ad_schedule_start_time ad_schedule_end_time adlabels",
)
class UpdateAd(ConfirmedParams):
    """Change an ad's name, status, creative, bid or tracking; what you leave out stays. ACTIVE needs a confirmation.

    Another creative sends the ad to review again.
    """

    ad_id: AdId
    name: Name | None = None
    status: Literal["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"] | None = None
    creative_id: Annotated[CreativeId | None, Wire("creative")] = None
    bid_amount: Money | None = None
    tracking_specs: Tracking = None
    conversion_domain: Annotated[str | None, Field(max_length=255)] = None
    ad_schedule_start_time: Moment | None = None
    ad_schedule_end_time: Moment | None = None
    engagement_audience: bool | None = None
    display_sequence: DisplaySequence = None
    adlabels: AdLabels = None

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        return _wrap_creative(after)

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.creative_id is not None:
            call.note("Another creative sends the ad to review again; likes and comments of the old post stay with it.")


@tool("ads_delete_ad", Effect.DELETE, post("{ad_id}"), node="Ad", singular="ad", keywords="remove", validate_only=True)
class DeleteAd(ConfirmedParams):
    """Delete an ad, for good. Pausing or archiving keeps it. Needs a confirmation."""

    ad_id: AdId

    def complete_values(self, after: Row) -> Row:
        return {"status": "DELETED"}
