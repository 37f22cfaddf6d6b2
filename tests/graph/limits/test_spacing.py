"""Spacing by usage: how far apart, for whom, until when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.graph.limits.headers import UsageReading
from meta_ads_mcp.graph.limits.spacing import QuotaSpacing, spacing_s
from tests.support.limits import INSIGHTS, OTHER, READ

TOKEN = READ.token_key


def _wait(buckets, call, now):
    return buckets.free_at(call, now)[0] - now


@pytest.mark.parametrize(
    ("percent", "seconds"),
    [(0, 0), (74.99, 0), (75, 0.1), (85, 1.05), (94.999, 2.0), (95, 5), (97.5, 32.5), (100, 60), (144, 60)],
)
def test_the_staircase(percent, seconds):
    assert spacing_s(percent) == pytest.approx(seconds, abs=0.001)


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_fuller_quota_never_waits_less(one, other):
    assert spacing_s(min(one, other)) <= spacing_s(max(one, other))


@pytest.mark.parametrize(
    ("reading", "slowed"),
    [
        (UsageReading("app", call_count=90), {"READ", "OTHER", "INSIGHTS"}),
        (UsageReading("buc", "act_1", "ads_management", 90), {"READ"}),
        (UsageReading("buc", "act_2", "ads_management", 90), {"OTHER"}),
        (UsageReading("buc", "act_1", "ads_insights", 90), {"INSIGHTS"}),
        (UsageReading("acc", "act_1", None, 90), {"READ", "INSIGHTS"}),
        (UsageReading("insights", None, "ads_insights", 90), {"INSIGHTS"}),
        (UsageReading("insights", "act_2", "ads_insights", 90), set()),
        (UsageReading("reach", "act_1", None, 100), set()),
    ],
)
def test_a_quota_slows_its_own_calls_and_no_others(reading, slowed):
    buckets = QuotaSpacing()
    buckets.observe(TOKEN, reading, 0.0)
    calls = {"READ": READ, "OTHER": OTHER, "INSIGHTS": INSIGHTS}
    assert {name for name, call in calls.items() if _wait(buckets, call, 0.0) > 0} == slowed


def test_callers_at_once_go_one_after_another():
    buckets = QuotaSpacing()
    buckets.observe(TOKEN, UsageReading("buc", "act_1", "ads_management", 95), 0.0)
    slots = []
    for _ in range(3):
        slots.append(buckets.free_at(READ, 0.0)[0])
        buckets.take(READ, slots[-1])
    assert slots == [5, 10, 15]
    buckets.give_back(READ, slots[-1])
    assert buckets.free_at(READ, 0.0)[0] == 15


def test_who_comes_back_after_the_named_time_gets_through():
    buckets = QuotaSpacing()
    buckets.observe(TOKEN, UsageReading("buc", "act_1", "ads_management", 100), 0.0)
    assert _wait(buckets, READ, 1.0) == 59
    assert _wait(buckets, READ, 60.0) == 0


def test_the_distance_counts_from_the_figure_when_that_is_later_than_the_last_call():
    buckets = QuotaSpacing()
    buckets.observe(TOKEN, UsageReading("buc", "act_1", "ads_management", 10), 0.0)
    buckets.take(READ, 1.0)
    buckets.observe(TOKEN, UsageReading("buc", "act_1", "ads_management", 95), 100.0)
    assert _wait(buckets, READ, 100.0) == 5


def test_a_regain_time_wins_over_the_staircase_in_both_directions():
    buckets = QuotaSpacing()
    buckets.observe(TOKEN, UsageReading("buc", "act_1", "ads_management", 80, regain_s=600), 0.0)
    assert _wait(buckets, READ, 1.0) == 599
    assert _wait(buckets, READ, 600.0) == 0


def test_a_late_answer_does_not_bring_the_regain_time_forward():
    buckets = QuotaSpacing()
    buckets.observe(TOKEN, UsageReading("buc", "act_1", "ads_management", 100, regain_s=600), 0.0)
    buckets.observe(TOKEN, UsageReading("buc", "act_1", "ads_management", 20), 1.0)
    assert _wait(buckets, READ, 2.0) == 598


@pytest.mark.parametrize(("kind", "holds_s"), [("app", 3600), ("buc", 3600), ("acc", 300), ("local_retry", 60)])
def test_a_figure_ages_out(kind, holds_s):
    buckets = QuotaSpacing()
    scope, use_case = (None, None) if kind == "app" else ("act_1", None if kind == "acc" else "ads_management")
    buckets.observe(TOKEN, UsageReading(kind, scope, use_case, 90), 0.0)
    buckets.take(READ, holds_s - 0.5)
    assert _wait(buckets, READ, holds_s - 0.5) > 0
    assert _wait(buckets, READ, holds_s + 0.0) == 0
    assert list(buckets.known(holds_s + 0.0)) == []


def test_a_flood_of_objects_does_not_grow_without_end():
    buckets = QuotaSpacing()
    for number in range(6_000):
        buckets.observe(TOKEN, UsageReading("buc", f"act_{number}", "ads_management", 90), number * 10.0)
    assert len(list(buckets.known(0.0))) <= 5_001
