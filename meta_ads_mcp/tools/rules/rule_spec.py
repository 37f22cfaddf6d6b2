"""The closed parts of an automated rule, and what Graph wants of them beyond their form.

Keys and values are those of the SDK classes AdRuleEvaluationSpec, AdRuleExecutionSpec and AdRuleScheduleSpec; the rest
is from Meta docs, marketing-api/ad-rules. Amounts of money are integers in the account's minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.values.graph_values import parse_json_text

Operator = Literal[
    "ALL",
    "ANY",
    "CONTAIN",
    "EQUAL",
    "GREATER_THAN",
    "IN",
    "IN_RANGE",
    "LESS_THAN",
    "NONE",
    "NOT_CONTAIN",
    "NOT_EQUAL",
    "NOT_IN",
    "NOT_IN_RANGE",
]
ExecutionType = Literal[
    "ADD_INTEREST_RELAXATION",
    "ADD_QUESTIONNAIRE_INTERESTS",
    "AD_RECOMMENDATION_APPLY",
    "AUDIENCE_CONSOLIDATION",
    "AUDIENCE_CONSOLIDATION_ASK_FIRST",
    "CHANGE_BID",
    "CHANGE_BUDGET",
    "CHANGE_CAMPAIGN_BUDGET",
    "DCO",
    "INCREASE_RADIUS",
    "NOTIFICATION",
    "PAUSE",
    "PING_ENDPOINT",
    "REBALANCE_BUDGET",
    "ROTATE",
    "UNPAUSE",
    "UPDATE_CREATIVE",
    "UPDATE_LAX_BUDGET",
    "UPDATE_LAX_DURATION",
]
# What only tells somebody. Everything else acts by itself.
TELLS_ONLY = "NOTIFICATION"
NEEDS_CHANGE = ("CHANGE_BID", "CHANGE_BUDGET", "CHANGE_CAMPAIGN_BUDGET")

Text = Annotated[str, Field(max_length=500)]


def _whole(value: int | float) -> int | float:
    """Whole numbers stay whole on their way: Graph's ids and amounts are integers."""
    if abs(value) > _LARGEST:
        raise ValueError("a number of a rule is at most 10^15")
    return int(value) if float(value).is_integer() else value


_LARGEST = 10**15
Number = Annotated[int | float, AfterValidator(_whole), WithJsonSchema({"type": "number"})]
Several = Annotated[list[Text], Field(max_length=200)] | Annotated[list[Number], Field(max_length=200)]
FilterField = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9_.:]+$")]
# Lists and objects often come as JSON text.
Value = Annotated[Text | Number | bool | Several, BeforeValidator(parse_json_text)]

# Filter fields that are figures of a period (Meta docs, marketing-api/ad-rules/overview/evaluation-spec, "Insights").
_FIGURES = frozenset(
    """
    impressions unique_impressions reach clicks unique_clicks spent results result_rate frequency cpc cpm cpp cpa ctr
    unique_ctr link_click link_ctr leadgen like post_comment post_engagement post_reaction post_share video_play
    video_view mobile_app_install app_install website_purchase_roas mobile_app_purchase_roas purchase_roas
    conversions actions landing_page_view add_to_cart purchase lead complete_registration
""".split()
)
_FIGURE_STARTS = (
    "cost_per",
    "offsite_conversion",
    "onsite_conversion",
    "app_custom_event",
    "actions:",
    "unique_actions",
)
# Figures that say their period in their name.
_OWN_PERIOD = ("today_", "yesterday_", "lifetime_", "last_")
_MONEY = frozenset("spent cpc cpm cpp cpa bid_amount daily_budget lifetime_budget budget_remaining spend_cap".split())
_SPELT = {"spend": "spent", "roas": "website_purchase_roas", "installs": "mobile_app_install"}
_RAISES = ("INCREASE_BY", "DECREASE_BY", "SET_TO")


def is_figure(field: str) -> bool:
    """Whether a filter's field is a figure of a period."""
    return field in _FIGURES or field.startswith(_FIGURE_STARTS)


def is_money(field: str) -> bool:
    """Whether a filter's field is an amount of money, which Graph compares in minor units."""
    bare = next((field.removeprefix(start) for start in _OWN_PERIOD if field.startswith(start)), field)
    return bare in _MONEY or bare.startswith("cost_per")


def _known_operator(value: Any) -> Any:
    if value in _RAISES:
        raise ValueError(
            f"Meta has no operator {value}: a change is an execution option "
            '{"field": "change_spec", "operator": "EQUAL", "value": {"amount": 20, "unit": "PERCENTAGE"}}; '
            "a negative amount lowers"
        )
    return value


class RuleFilter(Closed):
    """One condition; all filters of a rule have to hold."""

    field: FilterField
    operator: Annotated[Operator, BeforeValidator(_known_operator)]
    value: Value

    @model_validator(mode="after")
    def _in_metas_terms(self) -> Self:
        check_term(self.field, self.value)
        return self


class Trigger(Closed):
    """What sets a rule off at once."""

    type: Literal["DELIVERY_INSIGHTS_CHANGE", "METADATA_CREATION", "METADATA_UPDATE", "STATS_CHANGE", "STATS_MILESTONE"]
    field: FilterField | None = None
    operator: Annotated[Operator | None, BeforeValidator(_known_operator)] = None
    value: Value | None = None


def check_term(field: str, value: Any) -> None:
    """For a model validator: a filter speaks of what Meta knows. Raises ValueError."""
    if field in _SPELT:
        raise ValueError(f"Meta's rules call {field} {_SPELT[field]}")
    if field == "attribution_window" and value != "ACCOUNT_DEFAULT":
        raise ValueError("attribution_window can only be ACCOUNT_DEFAULT")
    values = value if isinstance(value, list) else [value]
    if is_money(field) and any(isinstance(one, float) and not one.is_integer() for one in values):
        raise ValueError(f"{field} is compared in minor units: 2550 for 25.50 in most currencies")


class EvaluationSpec(Closed):
    """When a rule looks, at what, and under which conditions."""

    evaluation_type: Literal["SCHEDULE", "TRIGGER"]
    filters: Annotated[list[RuleFilter], Field(min_length=1, max_length=50)]
    trigger: Trigger | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.evaluation_type == "TRIGGER") != (self.trigger is not None):
            raise ValueError("trigger is needed with TRIGGER, and only there")
        fields = {item.field for item in self.filters}
        if fields.isdisjoint(("entity_type", "id")):
            raise ValueError(
                'a filter says at what the rule looks: {"field": "entity_type", "operator": "EQUAL", "value": "ADSET"} '
                "(or CAMPAIGN, AD), or ids"
            )
        watched = [*fields, *([self.trigger.field] if self.trigger and self.trigger.field else [])]
        figures = [field for field in watched if is_figure(field)]
        if figures and "time_preset" not in fields:
            raise ValueError(
                f"{figures[0]} is a figure of a period: add the filter "
                '{"field": "time_preset", "operator": "EQUAL", "value": "LAST_7_DAYS"}'
            )
        return self


class ChangeSpec(Closed):
    """By how much a budget or bid changes; a negative amount lowers it. `limit` is where it stops, in minor units."""

    amount: Number
    unit: Literal["PERCENTAGE", "ACCOUNT_CURRENCY"]
    limit: Annotated[int | None, Field(ge=0)] = None
    target_field: Annotated[str | None, Field(pattern="^[a-z_]{1,60}$")] = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.amount == 0:
            raise ValueError("amount is not 0")
        if self.unit == "ACCOUNT_CURRENCY" and isinstance(self.amount, float) and not self.amount.is_integer():
            raise ValueError("an amount in ACCOUNT_CURRENCY is in minor units: 2550 for 25.50 in most currencies")
        return self


class RebalanceSpec(Closed):
    """How a budget moves between ad sets or campaigns."""

    target_count: Annotated[int | None, Field(ge=1, le=1000)] = None
    is_cross_campaign: bool | None = None


class ExecutionOption(Closed):
    """A setting of what the rule does, such as change_spec, user_ids or execution_count_limit."""

    field: Annotated[str, Field(pattern="^[a-z_]{1,60}$")]
    operator: Annotated[Literal["EQUAL", "IN"], BeforeValidator(_known_operator)]
    value: Annotated[ChangeSpec | RebalanceSpec | Text | Number | bool | Several, BeforeValidator(parse_json_text)]

    @model_validator(mode="after")
    def _objects_in_their_place(self) -> Self:
        for name, kind in (("change_spec", ChangeSpec), ("rebalance_spec", RebalanceSpec)):
            if (self.field == name) != isinstance(self.value, kind):
                raise ValueError(f"the value of {name}, and of no other option, is an object of its own keys")
        return self


class ExecutionSpec(Closed):
    """What a rule does."""

    execution_type: ExecutionType
    execution_options: Annotated[list[ExecutionOption] | None, Field(max_length=20)] = None
    is_once_off: bool | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        fields = {option.field for option in self.execution_options or ()}
        if self.execution_type in NEEDS_CHANGE and "change_spec" not in fields:
            raise ValueError(
                f"{self.execution_type} needs the execution option "
                '{"field": "change_spec", "operator": "EQUAL", "value": {"amount": 20, "unit": "PERCENTAGE"}}'
            )
        return self


class Slot(Closed):
    """Times of a week in the account's time zone: minutes after midnight, in steps of 30; days 0 (Sunday) to 6."""

    start_minute: Annotated[int, Field(ge=0, le=1410, multiple_of=30)]
    end_minute: Annotated[int | None, Field(ge=0, le=1440, multiple_of=30)] = None
    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]] | None, Field(min_length=1, max_length=7)] = None


class ScheduleSpec(Closed):
    """When a SCHEDULE rule looks; CUSTOM takes times of the week."""

    schedule_type: Literal["DAILY", "HOURLY", "SEMI_HOURLY", "CUSTOM"]
    schedule: Annotated[list[Slot] | None, Field(min_length=1, max_length=50)] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.schedule_type == "CUSTOM") != (self.schedule is not None):
            raise ValueError("schedule is needed with CUSTOM, and only there")
        return self


def check_schedule(evaluation_type: str | None, schedule: Any) -> None:
    """A SCHEDULE rule has a schedule, a TRIGGER rule has none. Raises ValueError."""
    if evaluation_type == "SCHEDULE" and not schedule:
        raise ValueError("schedule_spec is needed for a SCHEDULE rule")
    if evaluation_type == "TRIGGER" and schedule:
        raise ValueError("schedule_spec is for SCHEDULE rules")


def acts_by_itself(execution: Any) -> bool:
    """Whether a rule's execution_spec does more than tell somebody; an unknown one is taken to."""
    return not isinstance(execution, Mapping) or execution.get("execution_type") != TELLS_ONLY
