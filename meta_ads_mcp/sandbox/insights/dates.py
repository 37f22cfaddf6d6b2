"""Date presets and ranges, in the account's time zone. Source: docs marketing-api/insights/parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from meta_ads_mcp.sandbox.refusal import Refusal, invalid_param

Range = tuple[date, date]
LOOKBACK_MONTHS = 37
MAX_INCREMENT = 90
DAY = timedelta(days=1)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last day when it is shorter."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, days_in(year, month + 1)))


def days_in(year: int, month: int) -> int:
    """Return how many days a month has."""
    return ((date(year + month // 12, month % 12 + 1, 1)) - DAY).day


def month_start(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def quarter_start(day: date) -> date:
    """Return the first day of the quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def week_start(day: date, first: int) -> date:
    """`first`: 0 for Monday, 6 for Sunday."""
    return day - timedelta(days=(day.weekday() - first) % 7)


def last_days(count: int) -> Callable[[date], Range]:
    """Whole days up to yesterday."""
    return lambda today: (today - timedelta(days=count), today - DAY)


def before(start: Callable[[date], date]) -> Callable[[date], Range]:
    """The period of the same kind before the one that `today` is in."""
    return lambda today: (start(start(today) - DAY), start(today) - DAY)


def last_week(first: int) -> Callable[[date], Range]:
    """Return the preset of the last whole week that starts on a weekday (0 is Monday)."""
    return lambda today: (week_start(today, first) - timedelta(days=7), week_start(today, first) - DAY)


def everything(today: date) -> Range:
    """Return the longest range that Graph answers for."""
    return months_before(today, LOOKBACK_MONTHS), today


PRESETS: dict[str, Callable[[date], Range]] = {
    "today": lambda today: (today, today),
    "yesterday": lambda today: (today - DAY, today - DAY),
    "this_month": lambda today: (month_start(today), today),
    "last_month": before(month_start),
    "this_quarter": lambda today: (quarter_start(today), today),
    "last_quarter": before(quarter_start),
    "this_year": lambda today: (date(today.year, 1, 1), today),
    "last_year": lambda today: (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    "this_week_mon_today": lambda today: (week_start(today, 0), today),
    "this_week_sun_today": lambda today: (week_start(today, 6), today),
    "last_week_mon_sun": last_week(0),
    "last_week_sun_sat": last_week(6),
    "maximum": everything,
    "data_maximum": everything,
    **{f"last_{count}d": last_days(count) for count in (3, 7, 14, 28, 30, 90)},
}


def parse_range(name: str, value: Mapping[str, Any], today: date) -> Range:
    """Read a time range. Refusal where it is malformed or too old."""
    try:
        since, until = date.fromisoformat(str(value["since"])), date.fromisoformat(str(value["until"]))
    except (KeyError, ValueError):
        text = "must be a dictionary of since and until in the form YYYY-MM-DD."
        raise invalid_param(name, text) from None
    if since > until:
        raise invalid_param(name, "since must not be after until.")
    if since < months_before(today, LOOKBACK_MONTHS):
        text = "The start date of the time range cannot be beyond 37 months from the current date"
        raise Refusal(f"(#3018) {text}", code=3018)
    return since, until


def ranges(params: Mapping[str, Any], today: date) -> list[Range]:
    """The windows that the rows are for."""
    if "time_ranges" in params:
        return [parse_range("time_ranges", item, today) for item in params["time_ranges"]]
    if "time_range" in params:
        whole = parse_range("time_range", params["time_range"], today)
    else:
        whole = PRESETS[params.get("date_preset", "last_30d")](today)
    return divided(whole, str(params.get("time_increment", "all_days")))


def divided(whole: Range, increment: str) -> list[Range]:
    """Divide a range by a `time_increment`."""
    if increment == "all_days":
        return [whole]
    if increment == "monthly":
        return by_month(whole)
    if not increment.isascii() or not increment.isdigit() or not 1 <= int(increment) <= MAX_INCREMENT:
        text = f"must be an integer between 1 and {MAX_INCREMENT}, or one of 'monthly' or 'all_days'"
        raise invalid_param("time_increment", text)
    return by_days(whole, int(increment))


def by_days(whole: Range, count: int) -> list[Range]:
    """Divide a range into parts of some days."""
    since, until = whole
    result = []
    while since <= until:
        result.append((since, min(until, since + timedelta(days=count - 1))))
        since += timedelta(days=count)
    return result


def by_month(whole: Range) -> list[Range]:
    """Divide a range into calendar months."""
    since, until = whole
    result = []
    while since <= until:
        end = since.replace(day=days_in(since.year, since.month))
        result.append((since, min(until, end)))
        since = end + DAY
    return result
