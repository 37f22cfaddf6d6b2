"""Read, create, change and delete ad sets."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import NamePart, name_filter, read_list
from meta_ads_mcp.core.params import ListParams, Params, exactly_one
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.core.values.enums import OptimizationGoal, StatusFilter
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, CampaignId, account_path
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams
from meta_ads_mcp.domain.budget_schedules import build_schedules
from meta_ads_mcp.domain.insights_query import Preset
from meta_ads_mcp.domain.preflight import (
    CAPPABLE_GOALS,
    check_campaign_budget,
    check_targeting,
    has_amount,
    note_dsa,
    note_placements,
    reject_two_periods,
    with_advantage_audience,
)
from meta_ads_mcp.domain.targeting import TargetingSpec, summarize_targeting
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.ad_sets.ad_set_settings import (
    NO_END,
    WRITE_ONLY,
    AdSetSettings,
    AttributionWindow,
    Billing,
    MultiAdvertiserAds,
    Name,
)

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

    Rows leave out what is usual (IMPRESSIONS, lowest cost), times of creation and update, and what is left of a daily
    budget; `fields` adds them.
    """

    account_id: AccountId | None = None
    campaign_id: CampaignId | None = None
    name_contains: NamePart = None
    status_filter: StatusFilter | None = None
    is_completed: Annotated[bool | None, Field(description="Whether the ad set's time is over")] = None
    date_preset: Preset | None = None
    time_range: TimeRange | None = None
    updated_since: Annotated[int | None, Field(ge=0, description="Unix seconds; with account_id only")] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _one_parent(self) -> Self:
        # Graph's adsets edge of a campaign has no such parameter (Campaign.get_ad_sets of the SDK).
        if self.campaign_id is not None and self.updated_since is not None:
            raise ValueError("updated_since works with account_id only")
        reject_two_periods(self.date_preset, self.time_range)
        return exactly_one(self, "account_id", "campaign_id")

    async def run(self, call: Call) -> Result:
        return await read_list(
            call,
            self,
            f"{self.account_id or self.campaign_id}/adsets",
            refine=with_targeting_summary,
            filtering=name_filter(self.name_contains),
            effective_status=self.status_filter,
            updated_since=self.updated_since,
            is_completed=self.is_completed,
            # The SDK enum AdSet.DatePreset has its values in capitals, unlike those of campaigns and ads.
            date_preset=self.date_preset.upper() if self.date_preset else None,
            time_range=self.time_range.model_dump() if self.time_range else None,
        )


@tool(
    "ads_get_ad_set_details",
    Effect.READ,
    get("{ad_set_id}"),
    node="AdSet",
    identity="id account_id name campaign_id status effective_status",
    fields=f"{FIELDS} destination_type promoted_object attribution_spec bid_constraints frequency_control_specs "
    "learning_stage_info issues_info recommendations dsa_beneficiary dsa_payor pacing_type "
    "adset_schedule placement_soft_opt_out is_incremental_attribution_enabled value_rule_set_id value_rules_applied "
    "min_budget_spend_percentage max_budget_spend_percentage is_budget_schedule_enabled adlabels{id,name}",
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


@tool(
    "ads_create_ad_set",
    Effect.CREATE,
    post("{account_id}/adsets"),
    node="AdSet",
    singular="ad set",
    keywords="new audience targeting budget bid",
    validate_only=True,
    write_only=WRITE_ONLY,
)
class CreateAdSet(AdSetSettings, CreateParams):
    """Create an ad set, PAUSED, in a campaign; with a budget unless the campaign has one.

    Targeting has no default. advantage_audience is sent as 0 unless the targeting says 1.
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
        if self.lifetime_budget is not None and self.end_time in NO_END:
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

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """Add the budget schedules in the account's currency and time zone."""
        if self.budget_schedule_specs is None:
            return after
        return {**after, **await build_schedules(call, self.account_id, self.budget_schedule_specs)}

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        """Send LOWEST_COST_WITHOUT_CAP by default: without a strategy Graph expects a bid cap and refuses the call."""
        has_budget = {"daily_budget", "lifetime_budget"} & after.keys()
        without_cap = has_budget and not {"bid_strategy", "bid_amount", "bid_constraints"} & after.keys()
        return {**after, "bid_strategy": "LOWEST_COST_WITHOUT_CAP"} if without_cap else after

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.daily_budget is not None or self.lifetime_budget is not None:
            await check_campaign_budget(call, self.campaign_id)
        await self.note_settings(call)

    async def note_settings(self, call: Call) -> None:
        """Add the notes that need no campaign, which may not exist yet."""
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
    write_only=WRITE_ONLY,
)
class UpdateAdSet(AdSetSettings):
    """Change an ad set; what you leave out stays. `targeting` replaces the whole audience, it does not merge.

    A raised budget or ACTIVE needs a confirmation. Budget, bid and targeting changes can restart learning.
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

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """Add the budget schedules in the account's currency and time zone."""
        if self.budget_schedule_specs is None:
            return after
        return {**after, **await build_schedules(call, self.ad_set_id, self.budget_schedule_specs)}

    def fields_to_read(self) -> tuple[str, ...]:
        dsa = ("account_id", "dsa_beneficiary", "dsa_payor") if self.targeting is not None else ()
        return (*dsa, "daily_budget") if self.budget_schedule_specs else dsa

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
        if budget == "lifetime_budget" and self.end_time in NO_END and not ad_set.get("end_time"):
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
        number = f" ({count})" if count is not None else ""
        call.note(f"Its ads{number} stop and are deleted with it.")
