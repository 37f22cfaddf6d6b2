"""Days, ranges, presets and moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from meta_ads_mcp.core.values.dates import (
    DatePreset,
    Day,
    Moment,
    TimeRange,
    check_clock_time,
    months_before,
    preset_range,
    require_within_lookback,
    time_range,
    to_unix,
)
from meta_ads_mcp.errors import InvalidArguments

DAY: TypeAdapter[str] = TypeAdapter(Day)
MOMENT: TypeAdapter[str] = TypeAdapter(Moment)
# A Wednesday.
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    "wrong",
    [
        "2026-02-30",
        "2026-2-3",
        "20260203",
        "2026-W05-1",
        "2026-01-01T00:00",
        "0000-01-01",
        "\u0662026-01-01",
        "",
        "today",
        "2026-01-01\n",
    ],
)
def test_malformed_days_are_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(wrong)


@given(st.dates(date(1, 1, 1)), st.dates(date(1, 1, 1)))
def test_a_range_holds_both_its_days(first: date, last: date) -> None:
    if last < first:
        with pytest.raises(ValidationError, match="before since"):
            time_range(first, last)
    else:
        made = time_range(first, last)
        assert (made.first, made.last, made.days) == (first, last, (last - first).days + 1)


PRESETS = {
    "today": ("2026-11-25", "2026-11-25"),
    "yesterday": ("2026-11-24", "2026-11-24"),
    "this_month": ("2026-11-01", "2026-11-25"),
    "last_month": ("2026-10-01", "2026-10-31"),
    "this_quarter": ("2026-10-01", "2026-11-25"),
    "last_quarter": ("2026-07-01", "2026-09-30"),
    "this_year": ("2026-01-01", "2026-11-25"),
    "last_year": ("2025-01-01", "2025-12-31"),
    "last_3d": ("2026-11-22", "2026-11-24"),
    "last_7d": ("2026-11-18", "2026-11-24"),
    "last_14d": ("2026-11-11", "2026-11-24"),
    "last_28d": ("2026-10-28", "2026-11-24"),
    "last_30d": ("2026-10-26", "2026-11-24"),
    "last_90d": ("2026-08-27", "2026-11-24"),
    "last_week_mon_sun": ("2026-11-16", "2026-11-22"),
    "last_week_sun_sat": ("2026-11-15", "2026-11-21"),
    "this_week_mon_today": ("2026-11-23", "2026-11-25"),
    "this_week_sun_today": ("2026-11-22", "2026-11-25"),
    "maximum": None,
    "data_maximum": None,
}


@pytest.mark.parametrize("preset", get_args(DatePreset))
def test_the_days_of_a_preset(preset: str) -> None:
    made = preset_range(preset, TODAY)
    assert (made and (made.since, made.until)) == PRESETS[preset]


@given(st.sampled_from(sorted(PRESETS)), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_preset_never_reaches_beyond_today(preset: str, today: date) -> None:
    made = preset_range(preset, today)
    if made is not None:
        assert made.first <= made.last <= today


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 11, 25), 37, date(2023, 10, 25)),
        (date(2026, 12, 1), 12, date(2025, 12, 1)),
    ],
)
def test_calendar_months_back(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before


@pytest.mark.parametrize(("since", "kept"), [("2023-10-25", True), ("2023-10-24", False)])
def test_insights_reach_37_calendar_months_back(since: str, kept: bool) -> None:
    wanted = TimeRange(since=since, until="2026-11-01")
    if kept:
        require_within_lookback(wanted, TODAY)
    else:
        with pytest.raises(InvalidArguments, match="37 months"):
            require_within_lookback(wanted, TODAY)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("2026-12-01T09:00:00+0100", 1_796_112_000),
        ("2026-12-01T09:00:00+01:00", 1_796_112_000),
        ("2026-12-01T08:00:00Z", 1_796_112_000),
        ("2026-12-01 09:00", 1_796_112_000),
        ("2026-12-01T09:00:00", 1_796_112_000),
        ("1796112000", 1_796_112_000),
        (1_796_112_000, 1_796_112_000),
        ("2026-12-01", 1_796_079_600),
    ],
)
def test_a_moment_in_the_accounts_time_zone(given: Any, seconds: int) -> None:
    assert to_unix(MOMENT.validate_python(given), ZoneInfo("Europe/Berlin")) == seconds


@given(st.integers(1_000_000_000, 7_000_000_000))
def test_a_moment_is_the_same_in_both_forms(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert to_unix(MOMENT.validate_python(at.isoformat()), UTC) == seconds
    assert to_unix(MOMENT.validate_python(seconds), UTC) == seconds
    assert at - timedelta(seconds=seconds) == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "2026-12-01X09:00",
        "2026-W49-2",
        "20261201",
        "123",
        True,
        -5,
        1.5,
        None,
        "2026-12-01T25:00",
        "\u0662\u0660\u0662\u0666-12-01",
        "2026-12-01T09:00:00+01:00; drop",
    ],
)
def test_malformed_moments_are_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(wrong)


BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("moment", "zone", "instead"),
    [
        ("2027-03-28T02:30:00", BERLIN, "2027-03-28T03:30:00+02:00"),
        ("2027-03-28 02:00", BERLIN, "2027-03-28T03:00:00+02:00"),
        ("2027-03-14T02:30:00", NEW_YORK, "2027-03-14T03:30:00-04:00"),
        ("2027-10-03T02:15", ZoneInfo("Australia/Lord_Howe"), "2027-10-03T02:45:00+11:00"),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused(moment: str, zone: ZoneInfo, instead: str) -> None:
    with pytest.raises(InvalidArguments) as error:
        check_clock_time("start_time", moment, zone)
    assert "start_time" in error.value.message
    assert "does not exist" in error.value.message
    assert instead in error.value.next_step


@pytest.mark.parametrize(
    ("moment", "zone", "choices"),
    [
        ("2026-10-25T02:30:00", BERLIN, ("+02:00", "+01:00")),
        ("2026-11-01T01:30:00", NEW_YORK, ("-04:00", "-05:00")),
    ],
)
def test_a_time_that_occurs_twice_is_noted(moment: str, zone: ZoneInfo, choices: tuple[str, str]) -> None:
    note = check_clock_time("end_time", moment, zone)
    assert note is not None
    assert all(choice in note for choice in choices)


@pytest.mark.parametrize(
    "moment",
    [
        "2027-03-28T02:30:00+01:00",
        "2027-03-28T01:59:59",
        "2027-03-28T03:00:00",
        "2026-10-25T03:00:00",
        "2027-03-28",
        "1800000000",
        "0",
    ],
)
def test_other_times_pass(moment: str) -> None:
    assert check_clock_time("start_time", moment, BERLIN) is None
