"""Define the arguments of insights queries. Synchronous reads and asynchronous reports share this model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from meta_ads_mcp.core.fields import ON_THE_WIRE, require_readable
from meta_ads_mcp.core.params import Closed, Local, Params
from meta_ads_mcp.core.values.dates import DatePreset, TimeRange
from meta_ads_mcp.core.values.enums import ActionBreakdowns, AttributionWindows, Breakdowns, InsightsLevel
from meta_ads_mcp.core.values.ids import AnyAdObject, account_path
from meta_ads_mcp.core.values.spellings import OPERATOR_SIGNS, preset_name, sort_key

# Source: Meta docs, marketing-api/insights/parameters. An invalid operator is answered with this list; in the schema,
# the list would be longer than the rest of the filter.
FilterOperator = Literal[
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
    "IN_RANGE",
    "NOT_IN_RANGE",
    "CONTAIN",
    "NOT_CONTAIN",
    "CONTAINS_ANY",
    "CONTAINS_ALL",
    "NOT_CONTAINS_ANY",
    "STEM_MATCH",
    "IN",
    "NOT_IN",
    "STARTS_WITH",
    "ENDS_WITH",
    "ANY",
    "ALL",
    "AFTER",
    "BEFORE",
    "ON_OR_AFTER",
    "ON_OR_BEFORE",
    "NONE",
    "TOP",
]
_OPERATOR_SCHEMA = {"type": "string", "description": "e.g. EQUAL, GREATER_THAN, IN, CONTAIN"}
_VALUE_SCHEMA = {"type": "array", "items": {"type": "string"}}
_TAKES_LIST = frozenset(
    "IN NOT_IN IN_RANGE NOT_IN_RANGE CONTAINS_ANY CONTAINS_ALL NOT_CONTAINS_ANY ANY ALL NONE".split()
)
_COMPARES = frozenset("GREATER_THAN GREATER_THAN_OR_EQUAL LESS_THAN LESS_THAN_OR_EQUAL IN_RANGE NOT_IN_RANGE".split())
_COLUMN = re.compile(r"[a-z0-9][a-z0-9_.]{0,99}")
# Names of everyday use, with the columns of answers.
COLUMN_ALIASES = {
    "amount_spent": "spend",
    "cost": "spend",
    "roas": "purchase_roas",
    "purchases": "purchase",
    "purchase_conversion_value": "purchase_value",
    "revenue": "purchase_value",
    "leads": "lead",
    "cpa": "cost_per_result",
    "link_clicks": "link_click",
    "landing_page_views": "landing_page_view",
    "registrations": "complete_registration",
    "app_installs": "app_install",
    "video_views": "video_view",
    "thruplays": "video_thruplay_watched_actions",
}
# Names of everyday use and of Ads Manager, with Meta's breakdowns.
MAX_BREAKDOWNS = 8
BREAKDOWN_ALIASES = {
    "placement": ("publisher_platform", "platform_position"),
    "platform": ("publisher_platform",),
    "position": ("platform_position",),
    "hour": ("hourly_stats_aggregated_by_advertiser_time_zone",),
    "hourly": ("hourly_stats_aggregated_by_advertiser_time_zone",),
    "hour_of_day": ("hourly_stats_aggregated_by_advertiser_time_zone",),
    "device": ("device_platform",),
    "os": ("publisher_platform", "impression_device"),
    "operating_system": ("publisher_platform", "impression_device"),
    "state": ("region",),
    "market": ("comscore_market",),
    "sex": ("gender",),
}
# Names that callers take for breakdowns, with what splits the rows that way.
NOT_BREAKDOWNS = {
    **dict.fromkeys(("day", "date", "daily", "date_start"), "set time_increment=1"),
    **dict.fromkeys(("week", "weekly"), "set time_increment=7"),
    **dict.fromkeys(("month", "monthly"), "set time_increment=monthly"),
    **dict.fromkeys(("campaign", "campaign_id", "campaign_name"), "set level=campaign"),
    **dict.fromkeys(("adset", "ad_set", "adset_id", "adset_name", "ad_set_id", "ad_set_name"), "set level=adset"),
    **dict.fromkeys(("ad", "ad_id", "ad_name", "creative"), "set level=ad"),
    **dict.fromkeys(("city", "zip", "postal_code"), "Meta's smallest places are region and comscore_market"),
    "action_type": "use action_breakdowns",
}
_FIELD = re.compile(r"[a-z][a-z0-9_]*([.:][a-z0-9_.]+)?")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_SORT = re.compile(r"[a-z0-9_.]+(:[a-z0-9_.]+)?_(ascending|descending)")
Scalar = str | int | float | bool


def _filter_field(value: str) -> str:
    if len(value) > 100 or not _FIELD.fullmatch(value):
        raise ValueError("a filter's field is a name with its object, such as ad.impressions or campaign.name")
    value = f"adset.{value.removeprefix('ad_set.')}" if value.startswith("ad_set.") else value
    return COLUMN_ALIASES.get(value, value)


def _filter_value(value: Any) -> list[Scalar]:
    values = value if isinstance(value, list) else [value]
    if not 0 < len(values) <= 1000 or not all(isinstance(item, str | int | float) for item in values):
        raise ValueError("a filter's value is a text, a number, or a list of them")
    return values


def _operator(value: Any) -> Any:
    return OPERATOR_SIGNS.get(value.strip(), value) if isinstance(value, str) else value


class InsightsFilter(Closed):
    """One condition. Several conditions are combined with AND."""

    field: Annotated[str, AfterValidator(_filter_field), Field(description="e.g. ad.impressions, campaign.name")]
    operator: Annotated[FilterOperator, BeforeValidator(_operator), WithJsonSchema(_OPERATOR_SCHEMA)]
    value: Annotated[Any, AfterValidator(_filter_value), WithJsonSchema(_VALUE_SCHEMA)]

    def graph_param(self) -> dict[str, Any]:
        """Return the filter as Graph takes it: a list for list operators, numbers for comparisons."""
        values = [_to_number(item) if self.operator in _COMPARES else item for item in self.value]
        single = self.operator not in _TAKES_LIST and len(values) == 1
        return {"field": self.field, "operator": self.operator, "value": values[0] if single else values}


def _to_number(value: Scalar) -> Scalar:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def _column(value: str) -> str:
    if not _COLUMN.fullmatch(value):
        raise ValueError("a field is a column name such as spend, purchase or cost_per_purchase")
    name = ON_THE_WIRE.get(value, value)
    name = COLUMN_ALIASES.get(name, name)
    require_readable(name)
    return name


def _expand_breakdowns(value: Any) -> Any:
    """Replace everyday names by Meta's, and add the platform, without which Meta refuses positions."""
    if not isinstance(value, list) or len(value) > MAX_BREAKDOWNS or not all(isinstance(name, str) for name in value):
        return value
    for name in value:
        if hint := NOT_BREAKDOWNS.get(name.strip().lower()):
            raise ValueError(f"{name} is not a breakdown: {hint}")
    names = [part for name in value for part in BREAKDOWN_ALIASES.get(name.strip().lower(), (name,))]
    if "platform_position" in names and "publisher_platform" not in names:
        names.insert(names.index("platform_position"), "publisher_platform")
    return list(dict.fromkeys(names))


def _increment(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _known_increment(value: str) -> str:
    if value in ("monthly", "all_days") or (re.fullmatch(r"[0-9]{1,2}", value) and 1 <= int(value) <= 90):
        return value
    raise ValueError("time_increment is a number of days from 1 to 90, monthly, or all_days")


def _sort_key(value: str) -> str:
    value = sort_key(value)
    if not _SORT.fullmatch(value):
        raise ValueError("sort takes a field with _ascending or _descending, such as spend_descending")
    name, _, direction = value.rpartition("_")
    return f"{COLUMN_ALIASES.get(name, name)}_{direction}"


# An invalid preset is answered with the whole list, which would cost 300 characters in the schema of every tool.
Preset = Annotated[
    DatePreset,
    BeforeValidator(lambda value: preset_name(value) if isinstance(value, str) else value),
    WithJsonSchema(
        {
            "type": "string",
            "description": "e.g. yesterday, last_7d, this_month, last_month",
        }
    ),
]
TimeIncrement = Annotated[
    str,
    BeforeValidator(_increment),
    AfterValidator(_known_increment),
    Field(description="Days per row (1-90), monthly or all_days"),
]
# A PNG next to the figures. Requires the extra `charts`.
Chart = Annotated[bool, Local(), Field(description="Add a picture")]
InsightsColumns = Annotated[
    list[Annotated[str, AfterValidator(_column)]],
    Local(),
    Field(min_length=1, max_length=100, description="e.g. spend, purchase, cost_per_purchase"),
]
SortKey = Annotated[str, AfterValidator(_sort_key)]


class ObjectParams(Params):
    """An ad account or an object of one. With level=account, an id without `act_` is an account."""

    object_id: AnyAdObject

    @model_validator(mode="before")
    @classmethod
    def _account_by_level(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("level") == "account":
            object_id = str(data.get("object_id", ""))
            if re.fullmatch(r"[0-9]{1,30}", object_id):
                return {**data, "object_id": account_path(object_id)}
        return data


class InsightsParams(ObjectParams):
    """A query of the insights of an object, without paging."""

    level: Annotated[InsightsLevel | None, Field(description="One row per")] = None
    date_preset: Preset | None = None
    time_range: TimeRange | None = None
    time_ranges: Annotated[list[TimeRange] | None, Field(max_length=50)] = None
    time_increment: TimeIncrement | None = None
    breakdowns: Annotated[
        Breakdowns | None,
        BeforeValidator(_expand_breakdowns),
        Field(description="e.g. age, gender, country, publisher_platform"),
    ] = None
    action_breakdowns: ActionBreakdowns | None = None
    action_attribution_windows: Annotated[
        AttributionWindows | None, Field(description="e.g. 1d_click, 7d_click, 1d_view: a column for each")
    ] = None
    fields: InsightsColumns | None = None
    filtering: list[InsightsFilter] | None = None
    sort: Annotated[list[SortKey] | None, Field(max_length=1, description="e.g. spend_descending")] = None
    default_summary: Annotated[bool | None, Field(description="Meta's own totals, with reach")] = None
    use_unified_attribution_setting: bool = True
    use_account_attribution_setting: bool | None = None
    action_report_time: Literal["conversion", "impression", "lifetime", "mixed"] | None = None
    product_id_limit: Annotated[int | None, Field(ge=1, le=1000)] = None

    @model_validator(mode="after")
    def _check_period(self) -> Self:
        if self.date_preset and self.time_range:
            raise ValueError("give date_preset or time_range, not both")
        if self.time_ranges and (self.date_preset or self.time_range or self.time_increment):
            raise ValueError("time_ranges replaces date_preset, time_range and time_increment; give only one of them")
        return self

    @property
    def row_level(self) -> str | None:
        """Return the level of the rows, or None if the arguments do not determine it."""
        return self.level or ("account" if self.object_id.startswith("act_") else None)

    @property
    def windows(self) -> list[TimeRange]:
        """Return the ranges of days, or an empty list if the period is a preset."""
        return self.time_ranges or ([self.time_range] if self.time_range else [])

    @property
    def preset(self) -> str | None:
        """Return the preset of the period (Graph's default is last_30d), or None if days were given."""
        return None if self.windows else self.date_preset or "last_30d"

    @property
    def one_period(self) -> bool:
        """Return whether all rows are of the same days."""
        return len(self.windows) < 2 and self.time_increment in (None, "all_days")

    def query(self) -> dict[str, Any]:
        """Return the parameters for Graph, without fields and paging."""
        params = self.model_dump(
            exclude={"object_id", "fields", "filtering", "limit", "after", "max_items"}, exclude_none=True
        )
        fields = InsightsParams.model_fields
        names = [name for name, value in params.items() if value != [] or name == "action_breakdowns"]
        params = {name: params[name] for name in names if name in fields}
        if self.preset:
            params["date_preset"] = self.preset
        if self.filtering:
            params["filtering"] = [item.graph_param() for item in self.filtering]
        return params


class PresetParams(ObjectParams):
    """An object and a date preset."""

    date_preset: Preset = "last_30d"


class PeriodParams(PresetParams):
    """An object and a period, which is a date preset or a range of days."""

    time_range: TimeRange | None = None

    @model_validator(mode="after")
    def _check_one_period(self) -> Self:
        if self.time_range and "date_preset" in self.model_fields_set:
            raise ValueError("give date_preset or time_range, not both")
        return self

    def period(self) -> dict[str, Any]:
        """Return the parameter of the period for Graph."""
        if self.time_range:
            return {"time_range": self.time_range.model_dump()}
        return {"date_preset": self.date_preset}
