"""What an insights query must not ask, checked before anything is sent.

Meta answers such a query with an error that costs quota, with a time-out, or, worse, with figures that are silently
missing. `check_arguments` needs the arguments alone; `check_dates` needs today's date in the account's time zone.
Source of each limit: Meta docs, marketing-api/insights/breakdowns and marketing-api/out-of-cycle-changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meta_ads_mcp.analysis.combinations import refused_combination
from meta_ads_mcp.analysis.table import is_dimension
from meta_ads_mcp.core.fields import names
from meta_ads_mcp.core.values.dates import TimeRange, months_before, preset_range, require_within_lookback
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
MOST_SYNC_DAYS = 90
UNIQUE_MONTHS, FREQUENCY_MONTHS = 13, 6
# Counts of people; reach with its derivatives has a rule of its own.
REACH = frozenset({"reach", "frequency", "cpp"})
NEVER_BROKEN_DOWN = frozenset(
    {"app_store_clicks", "newsfeed_avg_position", "newsfeed_clicks", "newsfeed_impressions", "relevance_score"}
)


def check_arguments(query: InsightsParams, *, synchronous: bool) -> None:
    """Raises InvalidArguments, with the next step, for what the arguments alone show to be refused."""
    for window in query.windows:
        require_within_lookback(window, window.last)
    breakdowns = set(query.breakdowns or ())
    _no_dead_breakdowns(breakdowns)
    _not_at_account_level(query, breakdowns)
    if synchronous:
        _not_synchronous(query, breakdowns)
    if reason := refused_combination(query.breakdowns or (), query.action_breakdowns or ()):
        raise InvalidArguments(*reason)
    _fields_fit(names(query.fields or ()), breakdowns)
    if query.fields and query.action_breakdowns and "actions" not in query.fields:
        raise InvalidArguments("action_breakdowns need the field actions.", "Add actions to fields.")


def _no_dead_breakdowns(breakdowns: set[str]) -> None:
    if "dma" in breakdowns:
        raise InvalidArguments(
            "The breakdown dma is gone since 2026-06-22; markets are comscore_market now.",
            "Use breakdowns=[comscore_market].",
        )


def _not_at_account_level(query: InsightsParams, breakdowns: set[str]) -> None:
    """An account without a level gives rows of the account, so the rule holds for it too."""
    targets = {"action_target_id"} & set(query.action_breakdowns or ())
    wrong = sorted(breakdowns & NOT_AT_ACCOUNT_LEVEL | targets)
    if wrong and query.own_level == "account":
        raise InvalidArguments(
            f"{', '.join(wrong)} cannot be broken down at account level.", "Set level to campaign, adset or ad."
        )


def _not_synchronous(query: InsightsParams, breakdowns: set[str]) -> None:
    long_windows = any(window.days > MOST_SYNC_DAYS for window in query.windows)
    if breakdowns and (query.preset in LONG_PRESETS or long_windows):
        raise InvalidArguments(
            f"A breakdown over more than {MOST_SYNC_DAYS} days ({', '.join(sorted(LONG_PRESETS))}) times out at Meta.",
            f"Run it with {ASYNC_TOOL} and the same arguments, or ask for at most {MOST_SYNC_DAYS} days.",
        )
    if "mmm" in breakdowns:
        raise InvalidArguments(
            "The breakdown mmm exists in asynchronous reports only.",
            f"Run it with {ASYNC_TOOL} and the same arguments.",
        )


def _fields_fit(fields: Sequence[str], breakdowns: set[str]) -> None:
    """Fields that Graph refuses with these breakdowns."""
    wrong: set[str] = set()
    if breakdowns:
        wrong |= NEVER_BROKEN_DOWN & set(fields)
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
    """Whether a field counts people, apart from reach."""
    return field.startswith(("unique_", "cost_per_unique_"))


def check_dates(query: InsightsParams, today: date, *, synchronous: bool) -> None:
    """Raises InvalidArguments for ranges that Meta keeps no figures for. `today` is the account's own.

    Old reach with a breakdown exists in asynchronous reports, ten a day and account.
    """
    for window in query.windows:
        require_within_lookback(window, today)
        if window.first > today:
            raise InvalidArguments(
                f"The range starts on {window.since}, which is still to come in the account's time zone.",
                f"Start on {today.isoformat()} or earlier.",
            )
    start = first_day(query, today)
    _require_start(query, start, today)
    if synchronous and REACH & set(names(query.fields or ())) and reach_is_omitted(query, today):
        _not_before(start, today, UNIQUE_MONTHS, "Outside asynchronous reports reach with a breakdown goes")


def first_day(query: InsightsParams, today: date) -> date:
    """The first day that the query reads."""
    if query.windows:
        return min(window.first for window in query.windows)
    found = preset_range(query.preset or "last_30d", today)
    return found.first if found else months_before(today, 37)


def whole_range(query: InsightsParams, today: date) -> TimeRange | None:
    """The days of a query with one period; None for an open-ended one and for several."""
    if query.windows:
        return query.windows[0] if len(query.windows) == 1 else None
    return preset_range(query.preset or "last_30d", today)


def _require_start(query: InsightsParams, start: date, today: date) -> None:
    breakdowns = set(query.breakdowns or ())
    if "frequency_value" in breakdowns:
        _not_before(start, today, FREQUENCY_MONTHS, "The breakdown frequency_value goes")
    if breakdowns & HOURLY:
        _not_before(start, today, UNIQUE_MONTHS, "Hourly breakdowns go")
    asked = names(query.fields or ())
    if breakdowns and any(is_unique(name) for name in asked):
        _not_before(start, today, UNIQUE_MONTHS, "Unique counts with a breakdown go")


def _not_before(start: date, today: date, months: int, what: str) -> None:
    earliest = months_before(today, months)
    if start < earliest:
        raise InvalidArguments(
            f"{what} {months} months back; this range starts on {start.isoformat()}.",
            f"Start on {earliest.isoformat()} or later, or leave those fields or breakdowns out.",
        )


def reach_is_omitted(query: InsightsParams, today: date) -> bool:
    """Whether Graph leaves reach out: broken down, from more than 13 months back."""
    return bool(query.breakdowns) and first_day(query, today) < months_before(today, UNIQUE_MONTHS)
