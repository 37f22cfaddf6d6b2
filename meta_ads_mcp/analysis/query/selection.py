"""Turn an insights query into fields and parameters for Graph, and notes for the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from meta_ads_mcp.analysis.cautions import today_note
from meta_ads_mcp.analysis.query.guardrails import ASSETS, HOURLY, REACH, check_dates, reach_is_omitted, whole_range
from meta_ads_mcp.analysis.query.local import graph_params, local_selection
from meta_ads_mcp.analysis.query.vocabulary import graph_fields, requested_windows
from meta_ads_mcp.core.fields import selection
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.domain.insights_query import InsightsParams

DEFAULT_FIELDS = tuple(
    """spend impressions reach frequency clicks ctr cpc cpm actions action_values cost_per_action_type
    purchase_roas""".split()
)
RESULT_FIELDS = ("results", "cost_per_result")
# Graph returns them with every row anyway.
DAYS = ("date_start", "date_stop")
# The only fields that Meta supports with breakdowns by creative asset.
ASSET_FIELDS = ("spend", "impressions", "reach", "clicks", "actions", "action_values")
IDENTITY = {
    "campaign": ("campaign_id", "campaign_name"),
    "adset": ("adset_id", "adset_name"),
    "ad": ("ad_id", "ad_name"),
}
PARENTS = {"adset": ("campaign_name",), "ad": ("campaign_name", "adset_name")}
# Figures that depend on which conversions are attributed.
ATTRIBUTED = frozenset(
    """
    actions action_values cost_per_action_type conversions conversion_values cost_per_conversion purchase_roas
    website_purchase_roas mobile_app_purchase_roas results cost_per_result unique_actions cost_per_unique_action_type
""".split()
)
OPT_IN = frozenset({"impression_device", "hourly_stats_aggregated_by_audience_time_zone", "frequency_value"})
EMPTY_WINDOWS = frozenset({"7d_view", "28d_view"})
OFF_META_HIDDEN = frozenset({"region", "comscore_market", *HOURLY})

_EMPTY = "Meta has returned nothing for the windows 7d_view and 28d_view since 2026-01-12."
_OFF_META = "Conversions on websites and in apps have no region, market or hour: they are missing here."
_HOURS = "Each hour adds up that hour of all days; set time_increment=1 for a row per day and hour."
_MEDIA = "action_breakdowns was set to an empty list, which Meta requires with media_type."
_IGNORED = "since 2025-06-10: reports match Ads Manager."


@dataclass(frozen=True)
class InsightsRequest:
    """An insights request: `fields` and `params` for Graph, and `notes` for the answer."""

    fields: list[str]
    params: dict[str, Any]
    notes: list[str]


def build_request(query: InsightsParams, account: Account, today: date, *, synchronous: bool) -> InsightsRequest:
    """Build the request for a query. `today` is the date in the account's time zone.

    The arguments must have passed `guardrails.check_arguments`. Raises InvalidArguments for days without figures.
    """
    check_dates(query, today, synchronous=synchronous)
    metrics, omissions = _metrics(query, today, synchronous=synchronous)
    local = local_selection(query)
    sources = graph_fields([*metrics, *local.columns])
    attribution = ("attribution_setting",) if ATTRIBUTED & set(sources) else ()
    days = () if query.fields else DAYS
    fields = selection(sources, (), (*_identity(query), "account_currency", *attribution, *days))
    params = graph_params(query)
    if windows := requested_windows([*(query.fields or ()), *local.columns]):
        params["action_attribution_windows"] = list(
            dict.fromkeys([*(query.action_attribution_windows or ()), *windows])
        )
    if "media_type" in (query.breakdowns or ()):
        params["action_breakdowns"] = []
    return InsightsRequest(fields, params, [*omissions, *_cautions(query, account, today, synchronous=synchronous)])


def default_fields(query: InsightsParams) -> tuple[str, ...]:
    """Return the fields of a query that names none. Results exist for campaigns, ad sets and ads."""
    whole = not query.breakdowns and not query.action_breakdowns
    return (*DEFAULT_FIELDS, *RESULT_FIELDS) if whole and query.row_level in IDENTITY else DEFAULT_FIELDS


def _identity(query: InsightsParams) -> tuple[str, ...]:
    level = query.row_level or ""
    return (*(() if query.fields else PARENTS.get(level, ())), *IDENTITY.get(level, ()))


def _metrics(query: InsightsParams, today: date, *, synchronous: bool) -> tuple[list[str], list[str]]:
    """Return the fields that Meta supports with the breakdowns, and notes about fields that were left out."""
    breakdowns = set(query.breakdowns or ())
    metrics = list(query.fields or default_fields(query))
    if not query.fields and "frequency_value" in breakdowns:
        return ["reach"], ["With frequency_value only reach can be read."]
    if not query.fields and breakdowns & ASSETS:
        return list(ASSET_FIELDS), ["By creative asset, Meta has only spend, impressions, reach, clicks and actions."]
    if breakdowns & HOURLY:
        return _without_reach(metrics, "Reach and frequency are left out: Meta returns 0 for them by hour.")
    if synchronous and reach_is_omitted(query, today):
        return _without_reach(metrics, "Reach and frequency are left out: Meta keeps them 13 months with breakdowns.")
    return metrics, []


def _without_reach(names: Sequence[str], note: str) -> tuple[list[str], list[str]]:
    rest = [name for name in names if name not in REACH]
    return rest or ["impressions"], [note] if len(rest) < len(names) else []


def _cautions(query: InsightsParams, account: Account, today: date, *, synchronous: bool) -> list[str]:
    breakdowns = set(query.breakdowns or ())
    opt_in = sorted(OPT_IN & breakdowns) if synchronous else []
    conditions = {
        _EMPTY: EMPTY_WINDOWS & set(query.action_attribution_windows or ()),
        f"Without an opt-in of the account, Meta may return no rows for {', '.join(opt_in)} and no error.": opt_in,
        _OFF_META: OFF_META_HIDDEN & breakdowns,
        _MEDIA: "media_type" in breakdowns,
        f"Meta ignores action_report_time {_IGNORED}": query.action_report_time,
        f"Meta ignores use_unified_attribution_setting=false {_IGNORED}": not query.use_unified_attribution_setting,
        _HOURS: HOURLY & breakdowns and query.time_increment != "1" and not _is_one_day(query, today),
        _deletion_note(query): query.object_id.startswith("act_")
        and query.row_level in IDENTITY
        and not _by_status(query),
    }
    return [*(text for text, holds in conditions.items() if holds), *_today_notes(query, account, today)]


def _periods(query: InsightsParams, today: date) -> list[TimeRange | None]:
    return [*query.windows] if query.windows else [whole_range(query, today)]


def _is_one_day(query: InsightsParams, today: date) -> bool:
    return all(days is not None and days.days == 1 for days in _periods(query, today))


def _today_notes(query: InsightsParams, account: Account, today: date) -> list[str]:
    notes = [note for days in _periods(query, today) for note in today_note(days, account.timezone_name, today)]
    return notes[:1]


def _deletion_note(query: InsightsParams) -> str:
    return f"Rows by {query.row_level} leave out deleted objects, and archived ones unless a filter names their status."


def _by_status(query: InsightsParams) -> bool:
    return any("status" in condition.field for condition in query.filtering or ())
