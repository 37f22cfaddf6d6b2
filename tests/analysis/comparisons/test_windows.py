"""The earlier window of a comparison."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from meta_ads_mcp.analysis.comparisons.windows import CompareTo, earlier_window, window_pair
from meta_ads_mcp.core.values.dates import TimeRange, time_range
from meta_ads_mcp.errors import InvalidArguments

TODAY = date(2026, 11, 30)
NAMES: Any = ("previous_period", "same_days_last_week", "same_days_last_month", "same_days_last_year")


def days(since: str, until: str) -> TimeRange:
    return TimeRange(since=since, until=until)


@pytest.mark.parametrize(
    ("since", "until", "name", "earlier"),
    [
        ("2026-11-23", "2026-11-29", "previous_period", ("2026-11-16", "2026-11-22")),
        ("2026-11-29", "2026-11-29", "previous_period", ("2026-11-28", "2026-11-28")),
        ("2026-10-01", "2026-10-31", "previous_period", ("2026-09-01", "2026-09-30")),
        ("2026-03-01", "2026-03-31", "previous_period", ("2026-02-01", "2026-02-28")),
        ("2026-07-01", "2026-09-30", "previous_period", ("2026-04-01", "2026-06-30")),
        ("2025-01-01", "2025-12-31", "previous_period", ("2024-01-01", "2024-12-31")),
        ("2026-11-01", "2026-11-29", "previous_period", ("2026-10-03", "2026-10-31")),
        ("2026-11-23", "2026-11-29", "same_days_last_week", ("2026-11-16", "2026-11-22")),
        ("2026-11-28", "2026-11-29", "same_days_last_week", ("2026-11-21", "2026-11-22")),
        ("2026-11-01", "2026-11-29", "same_days_last_month", ("2026-10-01", "2026-10-29")),
        ("2026-03-30", "2026-03-31", "same_days_last_month", ("2026-02-28", "2026-02-28")),
        ("2026-02-01", "2026-02-28", "same_days_last_month", ("2026-01-01", "2026-01-31")),
        ("2026-11-27", "2026-11-30", "same_days_last_year", ("2025-11-27", "2025-11-30")),
        ("2024-02-01", "2024-02-29", "same_days_last_year", ("2023-02-01", "2023-02-28")),
    ],
)
def test_earlier_window_of_a_name(since: str, until: str, name: Any, earlier: tuple[str, str]) -> None:
    assert earlier_window(days(since, until), name) == days(*earlier)


windows = st.builds(
    lambda first, length: time_range(first, date.fromordinal(first.toordinal() + length)),
    st.dates(date(2024, 6, 1), date(2026, 10, 1)),
    st.integers(0, 60),
)


@given(windows, st.sampled_from(NAMES))
def test_earlier_window_starts_before_and_is_about_as_long(window: TimeRange, name: Any) -> None:
    earlier = earlier_window(window, name)
    assert earlier.first < window.first
    assert abs(earlier.days - window.days) <= 6
    if name == "previous_period":
        assert (window.first - earlier.last).days == 1


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("previous_period", "previous_period"),
        ("last_week", "same_days_last_week"),
        ("last_month", "same_days_last_month"),
        ("year", "same_days_last_year"),
        ({"since": "2026-09-01", "until": "2026-09-30"}, days("2026-09-01", "2026-09-30")),
        ('{"since": "2026-09-01", "until": "2026-09-30"}', days("2026-09-01", "2026-09-30")),
        ("2026-09-01 to 2026-09-30", days("2026-09-01", "2026-09-30")),
        ("2026-09-01..2026-09-30", days("2026-09-01", "2026-09-30")),
    ],
)
def test_spellings_of_the_argument(value: Any, meaning: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(CompareTo)
    assert adapter.validate_python(value) == meaning


@pytest.mark.parametrize(
    ("window", "compare_to"),
    [
        (None, "previous_period"),
        (days("2026-11-01", "2026-11-29"), days("2026-11-01", "2026-11-29")),
        (days("2026-11-01", "2026-11-29"), days("2026-12-01", "2026-12-29")),
        (days("2024-01-01", "2024-01-31"), "same_days_last_year"),
    ],
)
def test_windows_that_cannot_be_compared_are_refused(window: TimeRange | None, compare_to: Any) -> None:
    with pytest.raises(InvalidArguments):
        window_pair(window, compare_to, TODAY)


def test_windows_that_share_days_say_so() -> None:
    pair = window_pair(days("2026-11-01", "2026-11-29"), "same_days_last_week", TODAY)
    assert any("share 22 days" in note for note in pair.notes())
