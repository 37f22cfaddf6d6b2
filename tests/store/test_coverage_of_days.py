"""Which days a sync reads again, over many histories."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.store.coverage import Coverage, days_between, spans_of

START = date(2026, 1, 1)
DAYS = st.integers(0, 60).map(lambda number: START + timedelta(days=number))
READS = st.lists(st.tuples(DAYS, DAYS, DAYS), max_size=6)


def coverage_after(reads: list[tuple[date, date, date]]) -> Coverage:
    coverage = Coverage()
    for first, last, read_on in sorted(reads, key=lambda read: read[2]):
        coverage.add((min(first, last), max(first, last)), max(first, last, read_on))
    return coverage


@given(READS)
def test_a_coverage_comes_back_from_its_text(reads: list[tuple[date, date, date]]) -> None:
    coverage = coverage_after(reads)
    assert Coverage.load(coverage.dump()) == coverage


@given(st.sets(DAYS))
def test_spans_hold_each_day_once(days: set[date]) -> None:
    spans = spans_of(days)
    assert [day for span in spans for day in days_between(*span)] == sorted(days)
    assert all(later[0] - earlier[1] > timedelta(days=1) for earlier, later in pairwise(spans))


@given(READS, DAYS, st.integers(0, 40))
def test_what_was_missing_is_read_once(reads: list[tuple[date, date, date]], today: date, restate_days: int) -> None:
    coverage = coverage_after([read for read in reads if max(read) <= today])
    wanted = (START, max(START, today))
    for span in coverage.missing(wanted, today, restate_days):
        coverage.add(span, today)
    left = coverage.missing(wanted, today, restate_days)
    assert left == [(today, today)]
    final = [day for day, read_on in coverage.read_on.items() if (read_on - day).days > restate_days]
    tomorrow = today + timedelta(days=1)
    again = {day for span in coverage.missing((START, tomorrow), tomorrow, restate_days) for day in days_between(*span)}
    assert not again & set(final)
