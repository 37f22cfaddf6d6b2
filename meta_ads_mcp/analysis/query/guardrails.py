"""Reject insights queries that Meta cannot answer, before anything is sent.

Meta answers them with an error that costs quota, with a timeout, or with figures that are silently missing.
`check_arguments` needs only the arguments. `check_dates` needs the current date in the account's time zone.
Source of each limit: Meta docs, marketing-api/insights/breakdowns and marketing-api/out-of-cycle-changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meta_ads_mcp.analysis.query.combinations import combination_problem
from meta_ads_mcp.analysis.query.local import local_selection
from meta_ads_mcp.analysis.query.vocabulary import graph_fields
from meta_ads_mcp.analysis.table import is_dimension
from meta_ads_mcp.core.values.dates import (
    MAX_MONTHS_BACK,
    TimeRange,
    months_before,
    preset_range,
    require_within_lookback,
)
from meta_ads_mcp.domain.insights_query import InsightsParams
from meta_ads_mcp.errors import InvalidArguments

ASYNC_TOOL = "ads_run_report_and_wait"
HOURLY = frozenset({"hourly_stats_aggregated_by_advertiser_time_zone", "hourly_stats_aggregated_by_audience_time_zone"})
ASSETS = frozenset(
    """ad_format_asset body_asset call_to_action_asset description_asset image_asset link_url_asset title_asset
    video_asset""".split()
)
NOT_AT_ACCOUNT_LEVEL = ASSETS | {"product_id", "place_page_id"}
OPEN_ENDED = frozenset({"maximum", "data_maximum"})
LONG_PRESETS = OPEN_ENDED | {"last_year", "this_year"}
MAX_SYNC_DAYS = 90
UNIQUE_MONTHS, FREQUENCY_MONTHS = 13, 6
# Reach and the figures derived from it. Unique counts are handled separately, by `is_unique`.
REACH = frozenset({"reach", "frequency", "cpp"})
NOT_WITH_BREAKDOWNS = frozenset(
    {"app_store_clicks", "newsfeed_avg_position", "newsfeed_clicks", "newsfeed_impressions", "relevance_score"}
)


def check_arguments(query: InsightsParams, *, synchronous: bool) -> None:
    """Check everything that does not depend on the current date. Raises InvalidArguments with the next step.

    `synchronous` is False for reports, which Meta computes in the background and which may be longer.
    """
    for window in query.windows:
        require_within_lookback(window, window.last)
    breakdowns = set(query.breakdowns or ())
    _reject_removed_breakdowns(breakdowns)
    _check_level(query, breakdowns)
    if synchronous:
        _check_synchronous(query, breakdowns)
    if reason := combination_problem(query.breakdowns or (), query.action_breakdowns or ()):
        raise InvalidArguments(*reason)
    fields = graph_fields(query.fields or ())
    _check_fields(fields, breakdowns)
    local_selection(query)
    if query.fields and query.action_breakdowns and "actions" not in fields:
        raise InvalidArguments("action_breakdowns require the field actions.", "Add actions to fields.")


def _reject_removed_breakdowns(breakdowns: set[str]) -> None:
    if "dma" in breakdowns:
        raise InvalidArguments(
            "Meta removed the breakdown dma on 2026-06-22 and replaced it with comscore_market.",
            "Use breakdowns=[comscore_market].",
        )


def _check_level(query: InsightsParams, breakdowns: set[str]) -> None:
    """Reject breakdowns that do not exist for rows of a whole account (level account, or an account without level)."""
    targets = {"action_target_id"} & set(query.action_breakdowns or ())
    wrong = sorted(breakdowns & NOT_AT_ACCOUNT_LEVEL | targets)
    if wrong and query.row_level == "account":
        raise InvalidArguments(
            f"{', '.join(wrong)} cannot be broken down at account level.", "Set level to campaign, adset or ad."
        )


def _check_synchronous(query: InsightsParams, breakdowns: set[str]) -> None:
    long_windows = any(window.days > MAX_SYNC_DAYS for window in query.windows)
    if breakdowns and (query.preset in LONG_PRESETS or long_windows):
        raise InvalidArguments(
            f"A breakdown over more than {MAX_SYNC_DAYS} days ({', '.join(sorted(LONG_PRESETS))}) times out at Meta.",
            f"Run it with {ASYNC_TOOL} and the same arguments, or request at most {MAX_SYNC_DAYS} days.",
        )
    if "mmm" in breakdowns:
        raise InvalidArguments(
            "The breakdown mmm exists in asynchronous reports only.",
            f"Run it with {ASYNC_TOOL} and the same arguments.",
        )


def _check_fields(fields: Sequence[str], breakdowns: set[str]) -> None:
    """Reject fields that Graph does not have with these breakdowns."""
    wrong: set[str] = set()
    if breakdowns:
        wrong |= NOT_WITH_BREAKDOWNS & set(fields)
    if breakdowns & HOURLY:
        wrong |= {name for name in fields if is_unique(name) or name.startswith("video_")}
    if "region" in breakdowns:
        wrong |= {name for name in fields if name.startswith(("video_p25", "video_p50", "video_p75", "video_p95"))}
        wrong |= {"video_p100_watched_actions", "video_avg_time_watched_actions"} & set(fields)
    if "frequency_value" in breakdowns:
        wrong |= {name for name in fields if name != "reach" and not is_dimension(name)}
    if wrong:
        raise InvalidArguments(
            f"{', '.join(sorted(wrong))} cannot be read with breakdowns {', '.join(sorted(breakdowns))}.",
            "frequency_value goes with fields=[reach] only."
            if "frequency_value" in breakdowns
            else "Leave these fields out.",
        )


def is_unique(field: str) -> bool:
    """Return whether a field counts people. Reach and its derivatives are in `REACH`."""
    return field.startswith(("unique_", "cost_per_unique_"))


def check_dates(query: InsightsParams, today: date, *, synchronous: bool) -> None:
    """Check the date range. `today` is the date in the account's time zone.

    Reach with a breakdown from more than 13 months back exists in asynchronous reports only, ten per day and account.
    Raises InvalidArguments for days for which Meta has no figures.
    """
    for window in query.windows:
        require_within_lookback(window, today)
        if window.first > today:
            raise InvalidArguments(
                f"The range starts on {window.since}, which is in the future in the account's time zone.",
                f"Start on {today.isoformat()} or earlier.",
            )
    start = first_day(query, today)
    _require_start(query, start, today)
    if synchronous and REACH & set(query.fields or ()) and reach_is_omitted(query, today):
        _not_before(start, today, UNIQUE_MONTHS, "Outside asynchronous reports reach with a breakdown goes")


def first_day(query: InsightsParams, today: date) -> date:
    """Return the first day that the query reads."""
    if query.windows:
        return min(window.first for window in query.windows)
    days = preset_range(query.preset or "last_30d", today)
    return days.first if days else months_before(today, MAX_MONTHS_BACK)


def whole_range(query: InsightsParams, today: date) -> TimeRange | None:
    """Return the days of a query with one period, or None if the period is open-ended or there are several."""
    if query.windows:
        return query.windows[0] if len(query.windows) == 1 else None
    return preset_range(query.preset or "last_30d", today)


def _require_start(query: InsightsParams, start: date, today: date) -> None:
    breakdowns = set(query.breakdowns or ())
    if "frequency_value" in breakdowns:
        _not_before(start, today, FREQUENCY_MONTHS, "The breakdown frequency_value goes")
    if breakdowns & HOURLY:
        _not_before(start, today, UNIQUE_MONTHS, "Hourly breakdowns go")
    if breakdowns and any(is_unique(name) for name in graph_fields(query.fields or ())):
        _not_before(start, today, UNIQUE_MONTHS, "Unique counts with a breakdown go")


def _not_before(start: date, today: date, months: int, what: str) -> None:
    earliest = months_before(today, months)
    if start < earliest:
        raise InvalidArguments(
            f"{what} {months} months back; this range starts on {start.isoformat()}.",
            f"Start on {earliest.isoformat()} or later, or leave those fields or breakdowns out.",
        )


def reach_is_omitted(query: InsightsParams, today: date) -> bool:
    """Return whether Graph omits reach: it does for breakdowns of days more than 13 months back."""
    return bool(query.breakdowns) and first_day(query, today) < months_before(today, UNIQUE_MONTHS)
