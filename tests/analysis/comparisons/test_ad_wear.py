"""Which ads have worn out, by clicks, impressions and frequency."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.analysis.comparisons.ad_wear import WORN_BELOW, Wear, Week, judge, weeks_of_days, weeks_until

FIRST = date(2026, 8, 31)


def weeks(*values: tuple[float, float, float]) -> list[Week]:
    """Weeks of (clicks, impressions, frequency), one after the other."""
    return [Week(FIRST + timedelta(days=7 * place), *value) for place, value in enumerate(values)]


def judged(*values: tuple[float, float, float], trend: list[Week] | None = None) -> Wear:
    each = weeks(*values)
    return judge(each, trend or [], each[-1].start)


BEST = (500, 25_000, 2.0)


@pytest.mark.parametrize(
    ("last", "state"),
    [
        ((250, 25_000, 2.4), "worn_out"),
        ((250, 25_000, 2.0), "other_cause"),
        ((500, 25_000, 2.4), "not_yet"),
        ((440, 25_000, 2.4), "wearing_out"),
        ((49, 25_000, 2.4), "too_little_data"),
    ],
)
def test_state_of_an_ad(last: tuple[float, float, float], state: str) -> None:
    assert judged(BEST, BEST, BEST, last).state == state


def test_too_few_clicks_before_say_nothing() -> None:
    assert judged((20, 1000, 1.0), (20, 1000, 1.0), (300, 40_000, 3.0)).state == "too_little_data"
    assert judged(BEST).state == "too_little_data"


def test_what_happened_to_the_whole_is_divided_out() -> None:
    trend = weeks((5000, 500_000, 2), (5000, 500_000, 2), (2500, 500_000, 2))
    wear = judged(BEST, BEST, (250, 25_000, 2.4), trend=trend)
    assert wear.state == "not_yet"
    assert wear.decline_pct == 0


def test_days_left_lead_to_the_threshold() -> None:
    slow = judged(BEST, BEST, BEST, (900, 50_000, 2.4))
    fast = judged(BEST, BEST, BEST, (840, 50_000, 2.4))
    assert slow.days_left is not None
    assert fast.days_left is not None
    assert 0 < fast.days_left < slow.days_left


counts = st.integers(50, 5000)


@given(counts, counts, st.floats(1, 5), st.floats(1, 5))
def test_worn_out_means_a_decline_beyond_chance(before: int, after: int, earlier: float, later: float) -> None:
    wear = judged((before, 100_000, earlier), (before, 100_000, earlier), (after, 100_000, later))
    if wear.state == "worn_out":
        assert after < WORN_BELOW * before
        assert later > earlier
        assert wear.remaining == 0
    assert (wear.remaining == "not yet") == (wear.state in ("not_yet", "other_cause"))


def test_days_are_added_up_to_weeks_that_end_on_a_day() -> None:
    last = date(2026, 10, 13)
    rows = [
        {"date_start": (last - timedelta(days=back)).isoformat(), "clicks": "1", "impressions": "100"}
        for back in range(-1, 21)
    ]
    assert [(week.start, week.clicks, week.impressions) for week in weeks_of_days(rows, last)] == [
        (date(2026, 9, 23), 7, 700),
        (date(2026, 9, 30), 7, 700),
        (date(2026, 10, 7), 7, 700),
    ]
    assert weeks_until(last, 20).since == "2026-09-23"
