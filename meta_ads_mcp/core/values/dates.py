"""Define the argument types of days and moments, and convert them.

Days are in the ad account's time zone. Ranges include both ends.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.values.spellings import two_days
from meta_ads_mcp.errors import InvalidArguments

# AdsInsights.DatePreset of the SDK. `lifetime` is dead; `maximum` reaches 37 months back.
DatePreset = Literal[
    "today",
    "yesterday",
    "this_month",
    "last_month",
    "this_quarter",
    "last_quarter",
    "this_year",
    "last_year",
    "last_3d",
    "last_7d",
    "last_14d",
    "last_28d",
    "last_30d",
    "last_90d",
    "last_week_mon_sun",
    "last_week_sun_sat",
    "this_week_mon_today",
    "this_week_sun_today",
    "maximum",
    "data_maximum",
]
MAX_MONTHS_BACK = 37
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: str) -> str:
    if not _DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such day; a day is written YYYY-MM-DD") from None
    return value


Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]


def parse_day(value: Any) -> date | None:
    """Parse a day of Graph (`YYYY-MM-DD`). Return None for anything else, and for years before Facebook or far off."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if 2004 <= day.year <= 2100 else None


class TimeRange(Closed):
    """Hold a range of days that includes both ends."""

    since: Day
    until: Day

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:
        days = two_days(value) if isinstance(value, str) else None
        return {"since": days[0], "until": days[1]} if days else value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.since:
            raise ValueError("until lies before since")
        return self

    @property
    def first(self) -> date:
        return date.fromisoformat(self.since)

    @property
    def last(self) -> date:
        return date.fromisoformat(self.until)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def time_range(first: date, last: date) -> TimeRange:
    return TimeRange(since=first.isoformat(), until=last.isoformat())


def months_before(day: date, months: int) -> date:
    """Return the same day that many calendar months earlier; the month's last day where there is none."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def preset_range(preset: str, today: date) -> TimeRange | None:
    """Return the days a preset stands for, seen from `today` in the account's time zone; None for the open-ended ones.

    The `last_Nd` presets end yesterday (Meta docs, marketing-api/insights/parameters).
    """
    if match := re.fullmatch(r"last_([0-9]+)d", preset):
        return time_range(today - timedelta(days=int(match[1])), today - timedelta(days=1))
    bounds = _calendar_preset(preset, today)
    return time_range(*bounds) if bounds else None


def preset_of(period: TimeRange, today: date) -> str | None:
    """Return the preset that stands for these days today, if there is one."""
    return next((preset for preset in get_args(DatePreset) if preset_range(preset, today) == period), None)


def _calendar_preset(preset: str, today: date) -> tuple[date, date] | None:
    month = today.replace(day=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    monday = today - timedelta(days=today.weekday())
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    day = timedelta(days=1)
    ranges = {
        "today": (today, today),
        "yesterday": (today - day, today - day),
        "this_month": (month, today),
        "last_month": (months_before(month, 1), month - day),
        "this_quarter": (quarter, today),
        "last_quarter": (months_before(quarter, 3), quarter - day),
        "this_year": (date(today.year, 1, 1), today),
        "last_year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        "last_week_mon_sun": (monday - 7 * day, monday - day),
        "last_week_sun_sat": (sunday - 7 * day, sunday - day),
        "this_week_mon_today": (monday, today),
        "this_week_sun_today": (sunday, today),
    }
    return ranges.get(preset)


# 0 is Graph's word for "no end".
_UNIX = re.compile(r"0|[0-9]{9,11}")
# `fromisoformat` alone takes week dates and any separator, which Graph does not.
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def _accept_unix_seconds(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _check_moment(value: str) -> str:
    if _UNIX.fullmatch(value):
        return value
    try:
        datetime.fromisoformat(value if _ISO.fullmatch(value) else "")
    except ValueError:
        raise ValueError("a time is ISO 8601 such as 2026-12-01T09:00:00+0100, or Unix seconds") from None
    return value


class ClockTime:
    """Mark a moment that is read in the account's time zone when it has no offset."""


# ISO 8601 (without an offset: the account's time zone) or Unix seconds.
Moment = Annotated[
    str,
    BeforeValidator(_accept_unix_seconds),
    AfterValidator(_check_moment),
    ClockTime(),
    Field(description="ISO 8601 or Unix seconds"),
]


class UnixTime:
    """Marks a moment that Graph takes as Unix seconds."""


UnixMoment = Annotated[Moment, UnixTime()]


def names_its_offset(moment: str) -> bool:
    """Return whether the moment is the same everywhere: Unix seconds, or with an offset from UTC."""
    return _UNIX.fullmatch(moment) is not None or datetime.fromisoformat(moment).tzinfo is not None


def to_unix(moment: str, timezone: tzinfo) -> int:
    """Return a moment as Unix seconds. `timezone` applies where the moment names no offset.

    Check the moment with `check_clock_time` first: a time that the clocks skip is moved, of a repeated time the first
    one counts.
    """
    if _UNIX.fullmatch(moment):
        return int(moment)
    local_time = datetime.fromisoformat(moment)
    return int((local_time if local_time.tzinfo else local_time.replace(tzinfo=timezone)).timestamp())


def check_clock_time(name: str, moment: str, timezone: tzinfo) -> str | None:
    """Check a moment without an offset against the clock changes of its time zone.

    Raises InvalidArguments for a time that the clocks skip. Returns a note for a time that occurs twice, and None for
    any other.
    """
    if names_its_offset(moment):
        return None
    first = datetime.fromisoformat(moment).replace(tzinfo=timezone)
    second = first.replace(fold=1)
    first_offset, second_offset = first.utcoffset(), second.utcoffset()
    if first_offset is None or second_offset is None or first_offset == second_offset:
        return None
    where = f"{name}: {first:%H:%M} on {first:%Y-%m-%d}"
    if first_offset < second_offset:
        exists = first.astimezone(UTC).astimezone(timezone)
        raise InvalidArguments(
            f"{where} does not exist in {timezone}, because the clocks go forward.", f"Give {exists.isoformat()}."
        )
    return (
        f"{where} occurs twice in {timezone}, because the clocks go back. "
        f"Give an offset to choose: {first.isoformat()} or {second.isoformat()}."
    )


def require_within_lookback(period: TimeRange, today: date) -> None:
    """Raise InvalidArguments when the range starts more than 37 calendar months back (Graph's error 3018)."""
    earliest = months_before(today, MAX_MONTHS_BACK)
    if period.first < earliest:
        raise InvalidArguments(
            f"The range starts on {period.since}; Meta keeps insights for {MAX_MONTHS_BACK} months.",
            f"Start on {earliest.isoformat()} or later.",
        )


# The last second of the year 9999, the last that `datetime` can hold.
_LAST_SECOND = 253_402_300_799


def iso(seconds: Any) -> str | None:
    """Return Unix seconds as ISO 8601 in UTC, or None for anything else."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()
