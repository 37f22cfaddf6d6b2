"""The arguments that ads_create_ad_set and ads_update_ad_set share, and their types."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.enums import DESTINATION_TYPES, BidStrategy, Open, Word
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.core.values.money import Money
from meta_ads_mcp.core.write import ConfirmedParams
from meta_ads_mcp.domain.budget_schedules import REASON as SCHEDULE_REASON
from meta_ads_mcp.domain.budget_schedules import BudgetSchedule
from meta_ads_mcp.domain.frequency import FrequencyControl
from meta_ads_mcp.domain.meta_objects import BidAdjustments, Identities, Labels, SoftOptOut
from meta_ads_mcp.domain.preflight import (
    check_bid,
    check_budgets,
)
from meta_ads_mcp.domain.promoted_object import PromotedObject


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


class DeliveryHours(Closed):
    """Hours of delivery: minutes after midnight in multiples of 60; days from 0 (Sunday) to 6.

    Requires a lifetime budget. Without `timezone_type`, Graph uses USER, the time zone of the person who sees the ad.
    """

    start_minute: Annotated[int, Field(ge=0, le=1380, multiple_of=60)]
    end_minute: Annotated[int, Field(ge=60, le=1440, multiple_of=60)]
    days: Annotated[list[int], Field(min_length=1, max_length=7)]
    timezone_type: Literal["USER", "ADVERTISER"] | None = None


# Meta's values for an ad set that runs until it is stopped.
NO_END = (None, "0")
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
    Field(description="Refused: see contextual_multi_ads of creatives"),
]
Dsa = Annotated[str, Field(min_length=1, max_length=512)]
Name = Annotated[str, Field(min_length=1, max_length=400)]
Percentage = Annotated[int, Field(ge=0, le=100)]
# The parameter optimization_sub_event of the SDK's AdAccount.create_ad_set.
OptimizationSubEvent = Literal[
    "NONE",
    "POST_INTERACTION",
    "TRAVEL_INTENT",
    "TRAVEL_INTENT_BUCKET_01",
    "TRAVEL_INTENT_BUCKET_02",
    "TRAVEL_INTENT_BUCKET_03",
    "TRAVEL_INTENT_BUCKET_04",
    "TRAVEL_INTENT_BUCKET_05",
    "TRAVEL_INTENT_NO_DESTINATION_INTENT",
    "TRIP_CONSIDERATION",
    "VIDEO_SOUND_ON",
]
# Parameters that Graph does not show again, or shows in another form.
WRITE_ONLY = "adlabels budget_schedule_specs is_sac_cfca_terms_certified"


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
    placement_soft_opt_out: SoftOptOut | None = None
    is_incremental_attribution_enabled: bool | None = None
    value_rule_set_id: ObjectId | None = None
    value_rules_applied: bool | None = None
    optimization_sub_event: OptimizationSubEvent | None = None
    min_budget_spend_percentage: Percentage | None = None
    max_budget_spend_percentage: Percentage | None = None
    existing_customer_budget_percentage: Percentage | None = None
    is_sac_cfca_terms_certified: bool | None = None
    budget_schedule_specs: Annotated[list[BudgetSchedule] | None, Field(min_length=1, max_length=50)] = None
    adlabels: Annotated[Labels | None, Field(max_length=50)] = None

    @model_validator(mode="after")
    def _check_bids_and_budgets(self) -> Self:
        check_bid(self.bid_strategy, self.bid_amount, self.bid_constraints)
        check_budgets(self)
        low, high = self.min_budget_spend_percentage, self.max_budget_spend_percentage
        if low is not None and high is not None and low > high:
            raise ValueError("min_budget_spend_percentage is above max_budget_spend_percentage")
        return self

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        """Ask before budget schedules, which raise a budget."""
        return [SCHEDULE_REASON] if self.budget_schedule_specs else []
