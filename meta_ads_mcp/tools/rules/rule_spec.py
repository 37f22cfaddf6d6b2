"""Models of an automated rule that reject unknown keys, with Graph's further requirements.

Keys and values are those of the SDK classes AdRuleEvaluationSpec, AdRuleExecutionSpec and AdRuleScheduleSpec. The
other requirements are from Meta docs, marketing-api/ad-rules. Amounts of money are integers in minor units of the
account's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from meta_ads_mcp.core.params import Closed, Form
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
# The only execution type that changes nothing.
NOTIFY_ONLY = "NOTIFICATION"
NEEDS_CHANGE = ("CHANGE_BID", "CHANGE_BUDGET", "CHANGE_CAMPAIGN_BUDGET")

Text = Annotated[str, Field(max_length=500)]


def _integral(value: int | float) -> int | float:
    """Convert a whole float to an int, because Graph's ids and amounts are integers."""
    if abs(value) > _MAX_NUMBER:
        raise ValueError("a number of a rule is at most 10^15")
    return int(value) if float(value).is_integer() else value


_MAX_NUMBER = 10**15
Number = Annotated[int | float, AfterValidator(_integral), WithJsonSchema({"type": "number"})]
Several = Annotated[list[Text], Field(max_length=200)] | Annotated[list[Number], Field(max_length=200)]
FilterField = Annotated[
    str, Form("a filter field", "campaign.id"), Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9_.:]+$")
]
# Models often send lists and objects as JSON text.
Value = Annotated[Text | Number | bool | Several, BeforeValidator(parse_json_text)]

# Filter fields that are metrics of a period (Meta docs, marketing-api/ad-rules/overview/evaluation-spec, "Insights").
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
# Prefixes of metrics that name their period.
_PERIOD_PREFIXES = ("today_", "yesterday_", "lifetime_", "last_")
_MONEY = frozenset("spent cpc cpm cpp cpa bid_amount daily_budget lifetime_budget budget_remaining spend_cap".split())
_RULE_NAMES = {"spend": "spent", "roas": "website_purchase_roas", "installs": "mobile_app_install"}
_CHANGE_WORDS = ("INCREASE_BY", "DECREASE_BY", "SET_TO")


def is_figure(field: str) -> bool:
    """Return whether a filter's field is a metric of a period, which requires `time_preset`."""
    return field in _FIGURES or field.startswith(_FIGURE_STARTS)


def is_money(field: str) -> bool:
    """Return whether a filter's field is an amount of money, which Graph compares in minor units."""
    bare = next((field.removeprefix(start) for start in _PERIOD_PREFIXES if field.startswith(start)), field)
    return bare in _MONEY or bare.startswith("cost_per")


def _reject_change_words(value: Any) -> Any:
    if value in _CHANGE_WORDS:
        raise ValueError(
            f"{value} is not an operator of Meta's: a change is an execution option "
            '{"field": "change_spec", "operator": "EQUAL", "value": {"amount": 20, "unit": "PERCENTAGE"}}; '
            "a negative amount lowers"
        )
    return value


class RuleFilter(Closed):
    """A condition of a rule; all filters must hold."""

    field: FilterField
    operator: Annotated[Operator, BeforeValidator(_reject_change_words)]
    value: Value

    @model_validator(mode="after")
    def _check_term(self) -> Self:
        check_term(self.field, self.value)
        return self


class Trigger(Closed):
    """The event that runs a TRIGGER rule immediately."""

    type: Literal["DELIVERY_INSIGHTS_CHANGE", "METADATA_CREATION", "METADATA_UPDATE", "STATS_CHANGE", "STATS_MILESTONE"]
    field: FilterField | None = None
    operator: Annotated[Operator | None, BeforeValidator(_reject_change_words)] = None
    value: Value | None = None


def check_term(field: str, value: Any) -> None:
    """Check a filter's field and value against Meta's names and units; for a model validator.

    Raises ValueError for a name of another API, an unsupported attribution window, or a fraction of a minor unit.
    """
    if field in _RULE_NAMES:
        raise ValueError(f"Meta's rules call {field} {_RULE_NAMES[field]}")
    if field == "attribution_window" and value != "ACCOUNT_DEFAULT":
        raise ValueError("attribution_window can only be ACCOUNT_DEFAULT")
    values = value if isinstance(value, list) else [value]
    if is_money(field) and any(isinstance(item, float) and not item.is_integer() for item in values):
        raise ValueError(f"{field} is compared in minor units: 2550 for 25.50 in most currencies")


class EvaluationSpec(Closed):
    """When a rule is evaluated, on which objects, and under which conditions."""

    evaluation_type: Literal["SCHEDULE", "TRIGGER"]
    filters: Annotated[list[RuleFilter], Field(min_length=1, max_length=50)]
    trigger: Trigger | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.evaluation_type == "TRIGGER") != (self.trigger is not None):
            raise ValueError("trigger is required with TRIGGER and not accepted otherwise")
        fields = {item.field for item in self.filters}
        if fields.isdisjoint(("entity_type", "id")):
            raise ValueError(
                'a filter must select the objects: {"field": "entity_type", "operator": "EQUAL", "value": "ADSET"} '
                "(or CAMPAIGN, AD), or ids"
            )
        names = [*fields, *([self.trigger.field] if self.trigger and self.trigger.field else [])]
        metrics = [field for field in names if is_figure(field)]
        if metrics and "time_preset" not in fields:
            raise ValueError(
                f"{metrics[0]} is a metric of a period: add the filter "
                '{"field": "time_preset", "operator": "EQUAL", "value": "LAST_7_DAYS"}'
            )
        return self


class ChangeSpec(Closed):
    """By how much a budget or bid changes. A negative `amount` lowers it; `limit` (minor units) bounds the result."""

    amount: Number
    unit: Literal["PERCENTAGE", "ACCOUNT_CURRENCY"]
    limit: Annotated[int | None, Field(ge=0)] = None
    target_field: Annotated[str | None, Form("a field name", "daily_budget"), Field(pattern="^[a-z_]{1,60}$")] = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.amount == 0:
            raise ValueError("amount must not be 0")
        if self.unit == "ACCOUNT_CURRENCY" and isinstance(self.amount, float) and not self.amount.is_integer():
            raise ValueError("an amount in ACCOUNT_CURRENCY is in minor units: 2550 for 25.50 in most currencies")
        return self


class RebalanceSpec(Closed):
    """How a budget is moved between ad sets or campaigns."""

    target_count: Annotated[int | None, Field(ge=1, le=1000)] = None
    is_cross_campaign: bool | None = None


class ExecutionOption(Closed):
    """A setting of the rule's action, such as change_spec, user_ids or execution_count_limit."""

    field: Annotated[str, Form("a field name", "daily_budget"), Field(pattern="^[a-z_]{1,60}$")]
    operator: Annotated[Literal["EQUAL", "IN"], BeforeValidator(_reject_change_words)]
    value: Annotated[ChangeSpec | RebalanceSpec | Text | Number | bool | Several, BeforeValidator(parse_json_text)]

    @model_validator(mode="after")
    def _check_value_type(self) -> Self:
        for name, kind in (("change_spec", ChangeSpec), ("rebalance_spec", RebalanceSpec)):
            if (self.field == name) != isinstance(self.value, kind):
                raise ValueError(f"the value of {name}, and only of {name}, is an object with {name}'s keys")
        return self


class ExecutionSpec(Closed):
    """The action of a rule, with its options."""

    execution_type: ExecutionType
    execution_options: Annotated[list[ExecutionOption] | None, Field(max_length=20)] = None
    is_once_off: bool | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        names = [option.field for option in self.execution_options or ()]
        fields = set(names)
        if len(fields) < len(names):
            raise ValueError("an execution option is there twice: give each once")
        if self.execution_type in NEEDS_CHANGE and "change_spec" not in fields:
            raise ValueError(
                f"{self.execution_type} requires the execution option "
                '{"field": "change_spec", "operator": "EQUAL", "value": {"amount": 20, "unit": "PERCENTAGE"}}'
            )
        return self


class Slot(Closed):
    """Times of a week in the account's time zone: minutes after midnight, in steps of 30; days 0 (Sunday) to 6."""

    start_minute: Annotated[int, Field(ge=0, le=1410, multiple_of=30)]
    end_minute: Annotated[int | None, Field(ge=0, le=1440, multiple_of=30)] = None
    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]] | None, Field(min_length=1, max_length=7)] = None


class ScheduleSpec(Closed):
    """When a SCHEDULE rule is evaluated. CUSTOM takes times of the week."""

    schedule_type: Literal["DAILY", "HOURLY", "SEMI_HOURLY", "CUSTOM"]
    schedule: Annotated[list[Slot] | None, Field(min_length=1, max_length=50)] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.schedule_type == "CUSTOM") != (self.schedule is not None):
            raise ValueError("schedule is required with CUSTOM and not accepted otherwise")
        return self


def check_schedule(evaluation_type: str | None, schedule: Any) -> None:
    """Raise ValueError when a SCHEDULE rule lacks a schedule, or a TRIGGER rule has a schedule."""
    if evaluation_type == "SCHEDULE" and not schedule:
        raise ValueError("schedule_spec is required for a SCHEDULE rule")
    if evaluation_type == "TRIGGER" and schedule:
        raise ValueError("schedule_spec is accepted for SCHEDULE rules only")


def acts_by_itself(execution: Any) -> bool:
    """Return whether the rule changes anything rather than only notifying. Unknown types count as changing."""
    return not isinstance(execution, Mapping) or execution.get("execution_type") != NOTIFY_ONLY
