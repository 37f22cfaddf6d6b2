"""Read, create, change and delete campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import NamePart, name_filter, read_list
from meta_ads_mcp.core.params import Closed, Form, ListParams, Local, Params, exactly_one
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.dates import Moment, TimeRange
from meta_ads_mcp.core.values.enums import BidStrategy, StatusFilter
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, CampaignId
from meta_ads_mcp.core.values.money import Money, to_minor
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams
from meta_ads_mcp.domain.budget_schedules import REASON as SCHEDULE_REASON
from meta_ads_mcp.domain.budget_schedules import BudgetSchedule, build_schedules
from meta_ads_mcp.domain.frequency import FrequencyControl
from meta_ads_mcp.domain.insights_query import Preset
from meta_ads_mcp.domain.meta_objects import Labels
from meta_ads_mcp.domain.optimization.advantage_gaps import describe_gaps, read_gaps
from meta_ads_mcp.domain.preflight import reject_two_periods
from meta_ads_mcp.domain.promoted_object import PromotedObject

FIELDS = (
    "id name objective status effective_status configured_status buying_type daily_budget lifetime_budget "
    "budget_remaining spend_cap bid_strategy special_ad_categories is_adset_budget_sharing_enabled "
    "advantage_state_info created_time updated_time start_time stop_time"
)


@tool(
    "ads_get_campaigns",
    Effect.READ,
    get("{account_id}/campaigns"),
    node="Campaign",
    fields=FIELDS,
    identity="id account_id",
    singular="campaign",
    keywords="objective budget status",
)
class GetCampaigns(ListParams):
    """List the campaigns of an ad account with objective, status, budgets and bid strategy.

    Rows leave out what is usual (AUCTION, lowest cost), times of creation and update, and what is left of a daily
    budget; `fields` adds them.
    """

    account_id: AccountId
    name_contains: NamePart = None
    status_filter: StatusFilter | None = None
    is_completed: Annotated[bool | None, Field(description="Whether the campaign's time is over")] = None
    date_preset: Preset | None = None
    time_range: TimeRange | None = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_period(self) -> Self:
        reject_two_periods(self.date_preset, self.time_range)
        return self

    async def run(self, call: Call) -> Result:
        return await read_list(
            call,
            self,
            f"{self.account_id}/campaigns",
            refine=with_short_advantage_state,
            filtering=name_filter(self.name_contains),
            effective_status=self.status_filter,
            is_completed=self.is_completed,
            date_preset=self.date_preset,
            time_range=self.time_range.model_dump() if self.time_range else None,
        )


def with_short_advantage_state(row: Row) -> Row:
    """Return a campaign of a list with the whole Advantage+ state alone; ads_get_campaign_details has its parts."""
    state = row.get("advantage_state_info")
    return {**row, "advantage_state_info": state.get("advantage_state")} if isinstance(state, dict) else row


@tool(
    "ads_get_campaign_details",
    Effect.READ,
    get("{campaign_id}"),
    node="Campaign",
    identity="id account_id",
    fields=f"{FIELDS} issues_info recommendations special_ad_category_country promoted_object pacing_type "
    "is_budget_schedule_enabled source_campaign_id",
    singular="campaign",
    keywords="issues recommendations",
)
class GetCampaignDetails(Params):
    """Read one campaign with its delivery issues, Meta's recommendations and its promoted object.

    advantage_gaps=true tells which of Advantage+ budget, audience and placements are off.
    """

    campaign_id: CampaignId
    fields: FieldList | None = None
    advantage_gaps: Annotated[bool, Local()] = False

    @staticmethod
    def refine(row: Row) -> Row:
        """Drop source_campaign_id 0, Graph's value for a campaign that is not a copy."""
        return {name: value for name, value in row.items() if (name, value) != ("source_campaign_id", "0")}

    async def extend(self, call: Call, result: Result) -> Result:
        """Add the gaps of Advantage+, if the call asks for them."""
        if not self.advantage_gaps or not isinstance(result.data, dict):
            return result
        gaps = await read_gaps(call, self.campaign_id)
        return Result(f"{result.summary} {describe_gaps(gaps)}", {**result.data, "advantage": gaps})


Objective = Literal[
    "OUTCOME_AWARENESS",
    "OUTCOME_TRAFFIC",
    "OUTCOME_ENGAGEMENT",
    "OUTCOME_LEADS",
    "OUTCOME_APP_PROMOTION",
    "OUTCOME_SALES",
]
# Objectives that Meta no longer creates → their successors.
LEGACY_OBJECTIVES = {
    "APP_INSTALLS": "OUTCOME_APP_PROMOTION",
    "BRAND_AWARENESS": "OUTCOME_AWARENESS",
    "CONVERSIONS": "OUTCOME_SALES",
    "EVENT_RESPONSES": "OUTCOME_ENGAGEMENT",
    "LEAD_GENERATION": "OUTCOME_LEADS",
    "LINK_CLICKS": "OUTCOME_TRAFFIC",
    "LOCAL_AWARENESS": "OUTCOME_AWARENESS",
    "MESSAGES": "OUTCOME_ENGAGEMENT",
    "OFFER_CLAIMS": "OUTCOME_SALES",
    "PAGE_LIKES": "OUTCOME_ENGAGEMENT",
    "POST_ENGAGEMENT": "OUTCOME_ENGAGEMENT",
    "PRODUCT_CATALOG_SALES": "OUTCOME_SALES",
    "REACH": "OUTCOME_AWARENESS",
    "STORE_VISITS": "OUTCOME_AWARENESS",
    "VIDEO_VIEWS": "OUTCOME_ENGAGEMENT",
}


def _reject_old_objective(value: Any) -> Any:
    if isinstance(value, str) and value in LEGACY_OBJECTIVES:
        raise ValueError(f"Meta no longer creates {value} campaigns; use {LEGACY_OBJECTIVES[value]}")
    return value


def _reject_old_category(value: Any) -> Any:
    if value == "CREDIT" or (isinstance(value, list) and "CREDIT" in value):
        raise ValueError("CREDIT was replaced by FINANCIAL_PRODUCTS_SERVICES in January 2025")
    return value


SpecialAdCategory = Literal[
    "NONE",
    "HOUSING",
    "EMPLOYMENT",
    "FINANCIAL_PRODUCTS_SERVICES",
    "ISSUES_ELECTIONS_POLITICS",
    "ONLINE_GAMBLING_AND_GAMING",
]
SpecialAdCategories = Annotated[list[SpecialAdCategory], BeforeValidator(_reject_old_category), Field(max_length=6)]
CountryCode = Annotated[str, Form("a country code", "DE"), Field(pattern="^[A-Z]{2}$")]
Name = Annotated[str, Field(min_length=1, max_length=400)]
Pacing = Annotated[list[Literal["standard", "day_parting", "no_pacing"]] | None, Field(max_length=2)]
BudgetSchedules = Annotated[list[BudgetSchedule] | None, Field(min_length=1, max_length=50)]
CampaignLabels = Annotated[Labels | None, Field(max_length=50)]


def require_countries(categories: Sequence[str] | None, countries: Sequence[str] | None) -> None:
    """Require countries with a special ad category, as Graph does. Raises ValueError, for a model validator."""
    if set(categories or []) - {"NONE"} and not countries:
        raise ValueError(
            "special_ad_category_country is required with a special ad category: the countries it applies to"
        )


class AdSetBudget(Closed):
    """The budget of one ad set when budgets move from the campaign to its ad sets."""

    adset_id: AdSetId
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        return exactly_one(self, "daily_budget", "lifetime_budget")

    def to_graph(self, currency: str) -> Row:
        """Return the object for Graph, with the budget in minor units of `currency`."""
        budgets = {"daily_budget": self.daily_budget, "lifetime_budget": self.lifetime_budget}
        minor = {name: to_minor(value, currency) for name, value in budgets.items() if value is not None}
        return {"adset_id": self.adset_id, **minor}


@tool(
    "ads_create_campaign",
    Effect.CREATE,
    post("{account_id}/campaigns"),
    node="Campaign",
    singular="campaign",
    keywords="new launch objective",
    validate_only=True,
    write_only="adlabels budget_schedule_specs",
)
class CreateCampaign(CreateParams, ConfirmedParams):
    """Create a campaign, PAUSED. Give it a budget, or none when its ad sets have their own.

    special_ad_categories must name housing, employment, financial, political or gambling ads.
    """

    account_id: AccountId
    name: Name
    objective: Annotated[Objective, BeforeValidator(_reject_old_objective)]
    status: Literal["PAUSED", "ACTIVE"] = "PAUSED"
    special_ad_categories: SpecialAdCategories = []
    special_ad_category_country: Annotated[list[CountryCode] | None, Field(max_length=60)] = None
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None
    bid_strategy: BidStrategy | None = None
    buying_type: Literal["AUCTION", "RESERVED"] = "AUCTION"
    is_adset_budget_sharing_enabled: bool | None = None
    spend_cap: Money | None = None
    start_time: Moment | None = None
    stop_time: Moment | None = None
    promoted_object: PromotedObject | None = None
    pacing_type: Pacing = None
    frequency_control_specs: Annotated[list[FrequencyControl] | None, Field(max_length=10)] = None
    is_skadnetwork_attribution: bool | None = None
    budget_schedule_specs: BudgetSchedules = None
    adlabels: CampaignLabels = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        require_countries(self.special_ad_categories, self.special_ad_category_country)
        if self.daily_budget is not None and self.lifetime_budget is not None:
            raise ValueError("give daily_budget or lifetime_budget, not both")
        has_budget = self.daily_budget is not None or self.lifetime_budget is not None
        if self.lifetime_budget is not None and self.stop_time is None:
            raise ValueError("a lifetime_budget requires a stop_time")
        if has_budget and self.is_adset_budget_sharing_enabled:
            raise ValueError("is_adset_budget_sharing_enabled is for campaigns without a budget")
        if not has_budget and self.bid_strategy is not None:
            raise ValueError("without a campaign budget the bid_strategy belongs to the ad sets")
        return self

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """Add the budget schedules in the account's currency and time zone."""
        if self.budget_schedule_specs is None:
            return after
        return {**after, **await build_schedules(call, self.account_id, self.budget_schedule_specs)}

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        """Ask before budget schedules, which raise a budget."""
        return [SCHEDULE_REASON] if self.budget_schedule_specs else []

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        """Add the values that Graph requires even when the caller leaves them out."""
        has_budget = {"daily_budget", "lifetime_budget"} & after.keys()
        defaults: Row = (
            {"bid_strategy": "LOWEST_COST_WITHOUT_CAP"} if has_budget else {"is_adset_budget_sharing_enabled": False}
        )
        return {**defaults, **after}

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.objective == "OUTCOME_LEADS" and "special_ad_categories" not in self.model_fields_set:
            call.note(
                "No special ad category was declared. Ads for housing, jobs, credit or insurance need one "
                "(HOUSING, EMPLOYMENT, FINANCIAL_PRODUCTS_SERVICES)."
            )
        if self.daily_budget is None and self.lifetime_budget is None:
            call.note("The campaign has no budget: set the budgets on its ad sets.")
        if self.start_time is not None:
            call.note("Delivery is scheduled on the ad set: give it the start_time too.")


@tool(
    "ads_update_campaign",
    Effect.UPDATE,
    post("{campaign_id}"),
    node="Campaign",
    singular="campaign",
    keywords="rename pause activate budget bid",
    validate_only=True,
    write_only="adset_budgets adlabels budget_schedule_specs migrate_to_advantage_plus",
)
class UpdateCampaign(ConfirmedParams):
    """Change a campaign; what you leave out stays. A raised budget or ACTIVE needs a confirmation.

    To move budgets to the ad sets, give adset_budgets for all of them.
    """

    campaign_id: CampaignId
    name: Name | None = None
    status: Literal["ACTIVE", "PAUSED", "ARCHIVED", "DELETED"] | None = None
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None
    adset_budgets: Annotated[list[AdSetBudget] | None, Field(min_length=1, max_length=200)] = None
    bid_strategy: BidStrategy | None = None
    is_adset_budget_sharing_enabled: bool | None = None
    spend_cap: Money | None = None
    start_time: Moment | None = None
    stop_time: Moment | None = None
    special_ad_categories: SpecialAdCategories | None = None
    special_ad_category_country: Annotated[list[CountryCode] | None, Field(max_length=60)] = None
    pacing_type: Pacing = None
    frequency_control_specs: Annotated[list[FrequencyControl] | None, Field(max_length=10)] = None
    is_skadnetwork_attribution: bool | None = None
    budget_schedule_specs: BudgetSchedules = None
    migrate_to_advantage_plus: Annotated[bool | None, Field(description="Restarts learning; cannot be undone")] = None
    adlabels: CampaignLabels = None

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        if self.daily_budget is not None and self.lifetime_budget is not None:
            raise ValueError("give daily_budget or lifetime_budget, not both")
        if self.adset_budgets and (self.daily_budget is not None or self.lifetime_budget is not None):
            raise ValueError("adset_budgets moves the budget to the ad sets: do not give a campaign budget too")
        require_countries(self.special_ad_categories, self.special_ad_category_country)
        return self

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """Convert the budgets of the ad sets to minor units, and add the budget schedules."""
        if self.budget_schedule_specs is not None:
            after = {**after, **await build_schedules(call, self.campaign_id, self.budget_schedule_specs)}
        if self.adset_budgets is None:
            return after
        budgets = self.adset_budgets
        amounts = [value for entry in budgets for value in (entry.daily_budget, entry.lifetime_budget)]
        in_words = any(isinstance(value, str) for value in amounts)
        currency = (await call.account(self.campaign_id)).currency if in_words else ""
        return {**after, "adset_budgets": [entry.to_graph(currency) for entry in budgets]}

    def fields_to_read(self) -> tuple[str, ...]:
        return ("daily_budget", "lifetime_budget") if self.adset_budgets or self.budget_schedule_specs else ()

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        """Ask when the ad sets together get more than the campaign had, and before what cannot be undone."""
        reasons = [SCHEDULE_REASON] if self.budget_schedule_specs else []
        if self.migrate_to_advantage_plus:
            reasons.append("it migrates the campaign to Advantage+, which cannot be undone")
        for kind in ("daily_budget", "lifetime_budget"):
            total = sum(entry.get(kind, 0) for entry in after.get("adset_budgets", ()))
            if total and int(before.get(kind) or 0) < total:
                return ["it raises the budget", *reasons]
        return reasons

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.adset_budgets:
            call.note("The campaign loses its budget: budgets are at ad set level from now on.")


@tool(
    "ads_delete_campaign",
    Effect.DELETE,
    post("{campaign_id}"),
    node="Campaign",
    singular="campaign",
    keywords="remove",
    validate_only=True,
)
class DeleteCampaign(ConfirmedParams):
    """Delete a campaign with all its ad sets and ads, for good. Pausing or archiving keeps it. Needs a confirmation."""

    campaign_id: CampaignId

    def complete_values(self, after: Row) -> Row:
        return {"status": "DELETED"}

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        edge = await call.graph.get(f"{self.campaign_id}/adsets", fields=["id"], limit=1, summary="total_count")
        count = edge.get("summary", {}).get("total_count")
        call.note(
            f"Its ad sets{f' ({count})' if count is not None else ''} and their ads stop and are deleted with it."
        )
