"""Read, create, change and delete ad sets."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import read_list
from meta_ads_mcp.core.params import Closed, ListParams, Params, exactly_one
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.enums import DESTINATION_TYPES, BidStrategy, Open, OptimizationGoal, StatusFilter, Word
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, CampaignId, account_path
from meta_ads_mcp.core.values.money import Money
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams
from meta_ads_mcp.domain.meta_objects import BidAdjustments, Identities
from meta_ads_mcp.domain.preflight import (
    CAPPABLE_GOALS,
    check_bid,
    check_budgets,
    check_campaign_budget,
    check_targeting,
    has_amount,
    note_dsa,
    note_placements,
    with_advantage_audience,
)
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.domain.targeting import TargetingSpec, summarize_targeting
from meta_ads_mcp.errors import InvalidArguments

FIELDS = (
    "id name campaign_id status effective_status daily_budget lifetime_budget budget_remaining optimization_goal "
    "billing_event bid_amount bid_strategy targeting start_time end_time is_dynamic_creative "
    "regional_regulated_categories regional_regulation_identities created_time updated_time"
)


def with_targeting_summary(row: Row) -> Row:
    """Add `targeting_summary`, one line of text, to an ad set that has targeting."""
    targeting = row.get("targeting")
    return {**row, "targeting_summary": summarize_targeting(targeting)} if isinstance(targeting, dict) else row


@tool(
    "ads_get_ad_sets",
    Effect.READ,
    get("{account_id}/adsets", "{campaign_id}/adsets"),
    node="AdSet",
    fields=FIELDS,
    identity="id account_id",
    singular="ad set",
    keywords="budget bid targeting optimization schedule",
)
class GetAdSets(ListParams):
    """List the ad sets of an ad account or a campaign: goal, bid, budgets, schedule, status, targeting.

    Targeting also comes as one line; name `fields` without it for a short answer. Unless named, rows leave out
    IMPRESSIONS, lowest cost, created and updated times, a day's unspent budget.
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
    "learning_stage_info issues_info recommendations dsa_beneficiary dsa_payor pacing_type "
    "adset_schedule",
    singular="ad set",
    keywords="learning issues attribution dsa dayparting",
)
class GetAdSetDetails(Params):
    """Read one ad set: budget, bid, targeting, promoted object, attribution, learning stage, delivery issues, DSA."""

    ad_set_id: AdSetId
    fields: FieldList | None = None

    @staticmethod
    def refine(row: Row) -> Row:
        return with_targeting_summary(row)


def _reject_old_strategy(value: Any) -> Any:
    if value in ("LOWEST_COST", "AUTOBID"):
        raise ValueError(f"{value} is an old name; the strategy without a cap is LOWEST_COST_WITHOUT_CAP")
    if value == "TARGET_COST":
        raise ValueError("Meta removed TARGET_COST; use COST_CAP with a bid_amount")
    return value


class AttributionWindow(Closed):
    """The action after which a result counts, and for how many days (SDK class AttributionSpec)."""

    event_type: Literal["CLICK_THROUGH", "VIEW_THROUGH", "ENGAGED_VIDEO_VIEW"]
    window_days: Literal[1, 7, 28]

    @model_validator(mode="after")
    def _check_window(self) -> Self:
        # Meta removed the longer view windows on 2026-01-12 (Meta docs: marketing-api/out-of-cycle-changes).
        if self.event_type != "CLICK_THROUGH" and self.window_days != 1:
            raise ValueError(f"{self.event_type} has a window of 1 day only: Meta removed 7 and 28 days")
        return self


class BidConstraints(Closed):
    """The lowest return on ad spend that LOWEST_COST_WITH_MIN_ROAS accepts (SDK class AdCampaignBidConstraint)."""

    roas_average_floor: Annotated[int, Field(ge=100, le=10_000_000, description="ROAS x 10000: 20000 is 2.0")]


class FrequencyControl(Closed):
    """At most `max_frequency` events per person in `interval_days` (SDK class AdCampaignFrequencyControlSpecs)."""

    event: Literal["IMPRESSIONS", "VIDEO_VIEWS", "VIDEO_VIEWS_2S", "VIDEO_VIEWS_15S"] = "IMPRESSIONS"
    interval_days: Annotated[int, Field(ge=1, le=90)]
    max_frequency: Annotated[int, Field(ge=1, le=90)]


class DeliveryHours(Closed):
    """Hours of delivery: minutes after midnight in multiples of 60; days from 0 (Sunday) to 6.

    Requires a lifetime budget. Without `timezone_type`, Graph uses USER, the time zone of the person who sees the ad.
    """

    start_minute: Annotated[int, Field(ge=0, le=1380, multiple_of=60)]
    end_minute: Annotated[int, Field(ge=60, le=1440, multiple_of=60)]
    days: Annotated[list[int], Field(min_length=1, max_length=7)]
    timezone_type: Literal["USER", "ADVERTISER"] | None = None


# Meta's values for an ad set that runs until it is stopped.
_NO_END = (None, "0")
Destination = Annotated[Word, Open("AdSet.DestinationType", DESTINATION_TYPES)]
Strategy = Annotated[BidStrategy, BeforeValidator(_reject_old_strategy)]
Billing = Literal[
    "IMPRESSIONS",
    "CLICKS",
    "LINK_CLICKS",
    "APP_INSTALLS",
    "PAGE_LIKES",
    "POST_ENGAGEMENT",
    "THRUPLAY",
    "PURCHASE",
    "OFFER_CLAIMS",
    "LISTING_INTERACTION",
    "NONE",
]


def _reject_multi_advertiser_ads(value: Any) -> Any:
    """Graph ignores the parameter on ad sets and answers success (Meta docs: creative/multi-advertiser-ads)."""
    if value is not None:
        raise ValueError(
            "ad sets have no such setting; give the creative contextual_multi_ads {enroll_status: OPT_IN or OPT_OUT} "
            "(ads_create_ad_creative)"
        )
    return value


MultiAdvertiserAds = Annotated[
    int | None,
    BeforeValidator(_reject_multi_advertiser_ads),
    Field(description="Always refused: use contextual_multi_ads of the creative"),
]
Dsa = Annotated[str, Field(min_length=1, max_length=512)]
Name = Annotated[str, Field(min_length=1, max_length=400)]


class AdSetSettings(ConfirmedParams):
    """The arguments that creating and changing an ad set share."""

    daily_budget: Money | None = None
    lifetime_budget: Money | None = None
    bid_amount: Money | None = None
    bid_strategy: Strategy | None = None
    bid_constraints: BidConstraints | None = None
    destination_type: Destination | None = None
    start_time: Moment | None = None
    end_time: Moment | None = None
    promoted_object: PromotedObject | None = None
    frequency_control_specs: Annotated[list[FrequencyControl] | None, Field(max_length=10)] = None
    is_dynamic_creative: bool | None = None
    dsa_beneficiary: Dsa | None = None
    dsa_payor: Dsa | None = None
    regional_regulated_categories: Annotated[list[Word] | None, Field(max_length=20)] = None
    regional_regulation_identities: Annotated[Identities | None, Field(description="Ids of verified identities")] = None
    daily_min_spend_target: Money | None = None
    daily_spend_cap: Money | None = None
    lifetime_min_spend_target: Money | None = None
    lifetime_spend_cap: Money | None = None
    adset_schedule: Annotated[list[DeliveryHours] | None, Field(max_length=50)] = None
    pacing_type: Annotated[list[Literal["standard", "day_parting", "no_pacing"]] | None, Field(max_length=2)] = None
    bid_adjustments: Annotated[BidAdjustments | None, Field(description="Needs Meta's allow-listing")] = None

    @model_validator(mode="after")
    def _check_bids_and_budgets(self) -> Self:
        check_bid(self.bid_strategy, self.bid_amount, self.bid_constraints)
        check_budgets(self)
        return self


@tool(
    "ads_create_ad_set",
    Effect.CREATE,
    post("{account_id}/adsets"),
    node="AdSet",
    singular="ad set",
    keywords="new audience targeting budget bid",
    validate_only=True,
)
class CreateAdSet(AdSetSettings, CreateParams):
    """Create an ad set, PAUSED, in a campaign: audience, goal, bid, schedule, and a budget unless the campaign has one.

    Nothing is invented: say the targeting. advantage_audience is sent as 0 unless the targeting says 1.
    """

    account_id: AccountId
    campaign_id: CampaignId
    name: Name
    optimization_goal: OptimizationGoal
    billing_event: Billing = "IMPRESSIONS"
    targeting: TargetingSpec
    status: Literal["PAUSED", "ACTIVE"] = "PAUSED"
    attribution_spec: Annotated[list[AttributionWindow] | None, Field(max_length=4)] = None
    multi_advertiser_ads: MultiAdvertiserAds = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        check_targeting(self.targeting)
        if self.lifetime_budget is not None and self.end_time in _NO_END:
            raise ValueError("a lifetime_budget requires an end_time")
        if self.bid_strategy == "LOWEST_COST_WITH_MIN_ROAS" and self.optimization_goal != "VALUE":
            raise ValueError("LOWEST_COST_WITH_MIN_ROAS works with optimization_goal VALUE")
        if self.adset_schedule and self.lifetime_budget is None and self.pacing_type is None:
            raise ValueError(
                "adset_schedule needs a lifetime_budget on the ad set or campaign, and pacing_type day_parting"
            )
        return self

    def complete_values(self, after: Row) -> Row:
        """Send an explicit `advantage_audience`, which Graph requires."""
        return {**after, "targeting": with_advantage_audience(self.targeting)}

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        """Send LOWEST_COST_WITHOUT_CAP by default: without a strategy Graph expects a bid cap and refuses the call."""
        has_budget = {"daily_budget", "lifetime_budget"} & after.keys()
        without_cap = has_budget and not {"bid_strategy", "bid_amount", "bid_constraints"} & after.keys()
        return {**after, "bid_strategy": "LOWEST_COST_WITHOUT_CAP"} if without_cap else after

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.daily_budget is not None or self.lifetime_budget is not None:
            await check_campaign_budget(call, self.campaign_id)
        await note_dsa(call, self.account_id, self.targeting, self.dsa_beneficiary, self.dsa_payor)
        note_placements(call, self.targeting)
        if self.frequency_control_specs and self.optimization_goal not in CAPPABLE_GOALS:
            call.note("Frequency caps work with the goals REACH and THRUPLAY; Graph may refuse or ignore them here.")
        page = self.promoted_object.page_id if self.promoted_object else None
        if self.destination_type == "ON_POST" and page is None:
            call.note(
                "ON_POST without promoted_object.page_id: Meta will refuse its ads, and it cannot be added later."
            )


@tool(
    "ads_update_ad_set",
    Effect.UPDATE,
    post("{ad_set_id}"),
    node="AdSet",
    singular="ad set",
    keywords="change budget bid targeting pause activate schedule",
    validate_only=True,
)
class UpdateAdSet(AdSetSettings):
    """Change an ad set; what you leave out stays. `targeting` replaces the whole audience, it does not merge.

    A raised budget or ACTIVE needs a confirmation. Budget, bid and targeting changes can restart the learning phase.
    """

    ad_set_id: AdSetId
    name: Name | None = None
    status: Literal["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"] | None = None
    optimization_goal: OptimizationGoal | None = None
    billing_event: Billing | None = None
    targeting: TargetingSpec | None = None
    multi_advertiser_ads: MultiAdvertiserAds = None
    attribution_spec: Annotated[list[AttributionWindow] | None, Field(max_length=4)] = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        if self.targeting is not None:
            check_targeting(self.targeting)
        if self.attribution_spec is not None:
            raise ValueError("attribution_spec cannot be changed after creation; duplicate the ad set with another one")
        return self

    def complete_values(self, after: Row) -> Row:
        if self.targeting is None:
            return after
        return {**after, "targeting": with_advantage_audience(self.targeting)}

    def fields_to_read(self) -> tuple[str, ...]:
        return ("account_id", "dsa_beneficiary", "dsa_payor") if self.targeting is not None else ()

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.targeting is not None:
            await self._note_dsa(call, self.targeting, before)
            note_placements(call, self.targeting)
            call.note("targeting replaces the whole earlier audience; the journal keeps the earlier one for undo.")
        if self.is_dynamic_creative is not None:
            call.note("is_dynamic_creative cannot change after creation: Meta answers success and ignores it.")
        if self.frequency_control_specs is not None:
            call.note("Frequency caps can often not be changed after creation (Graph error 1815198).")
        if {"daily_budget", "lifetime_budget", "bid_amount", "targeting", "optimization_goal"} & after.keys():
            call.note("This change can restart the learning phase of the ad set.")
        await self._check_budget_level(call, before)

    async def _note_dsa(self, call: Call, targeting: Row, before: Row) -> None:
        """Note missing DSA values; those that the ad set already has count."""
        values = [getattr(self, name) or before.get(name) for name in ("dsa_beneficiary", "dsa_payor")]
        if before.get("account_id"):
            await note_dsa(call, account_path(str(before["account_id"])), targeting, *values)

    async def _check_budget_level(self, call: Call, before: Row) -> None:
        """Reject a budget for an ad set without one when its campaign has a budget.

        Raises InvalidArguments, also for a lifetime budget without an end.
        """
        budget = next((name for name in ("daily_budget", "lifetime_budget") if getattr(self, name) is not None), None)
        if budget is None or has_amount(before.get(budget)):
            return
        ad_set = await call.graph.get(
            self.ad_set_id, fields=["id", "campaign_id", "daily_budget", "lifetime_budget", "end_time"]
        )
        await check_campaign_budget(call, str(ad_set.get("campaign_id")))
        if budget == "lifetime_budget" and self.end_time in _NO_END and not ad_set.get("end_time"):
            raise InvalidArguments(
                "A lifetime_budget requires an end_time, and the ad set has none.", "Give end_time too."
            )


@tool(
    "ads_delete_ad_set",
    Effect.DELETE,
    post("{ad_set_id}"),
    node="AdSet",
    singular="ad set",
    keywords="remove",
    validate_only=True,
)
class DeleteAdSet(ConfirmedParams):
    """Delete an ad set with its ads, for good. Pausing or archiving keeps it. Needs a confirmation."""

    ad_set_id: AdSetId

    def complete_values(self, after: Row) -> Row:
        return {"status": "DELETED"}

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        edge = await call.graph.get(f"{self.ad_set_id}/ads", fields=["id"], limit=1, summary="total_count")
        count = edge.get("summary", {}).get("total_count")
        call.note(f"{count if count is not None else 'Its'} ad(s) stop and are deleted with it.")
