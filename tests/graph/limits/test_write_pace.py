"""The pace of writes: a burst, then a rate, in the order of asking, nothing lost by cancelling."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from meta_ads_mcp.graph.limits.tiers import tier_named
from meta_ads_mcp.graph.limits.write_pace import Pacer

SLOW, FAST = tier_named(None), tier_named("standard_access")


class Pace(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.pacer = Pacer.full(FAST, self.now)
        self.slots = []

    @rule(count=st.integers(1, 70))
    def write(self, count):
        for _ in range(count):
            slot = self.pacer.free_at(self.now)
            self.pacer.take(self.now)
            self.slots.append(slot)

    @rule(seconds=st.floats(0.01, 200))
    def wait(self, seconds):
        self.now += seconds

    @precondition(lambda self: self.slots and self.slots[-1] > self.now)
    @rule()
    def cancel_the_last(self):
        self.slots.pop()
        before = self.pacer.free_at(self.now)
        self.pacer.give_back(self.now)
        assert self.pacer.free_at(self.now) <= before

    @invariant()
    def no_stretch_of_time_sees_more_than_burst_and_rate(self):
        for first in range(0, len(self.slots), 7):
            for last in range(first, len(self.slots), 5):
                passed_s = self.slots[last] - self.slots[first]
                assert last - first + 1 <= 60 + 0.5 * passed_s + 1e-6

    @invariant()
    def places_are_in_the_order_of_asking(self):
        assert self.slots == sorted(self.slots)


TestPace = Pace.TestCase
TestPace.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


@pytest.mark.parametrize(("tier", "burst", "then_s"), [(SLOW, 20, 15.0), (FAST, 60, 2.0)])
def test_burst_then_rate(tier, burst, then_s):
    pacer = Pacer.full(tier, 0.0)
    for _ in range(burst):
        assert pacer.free_at(0.0) == 0.0
        pacer.take(0.0)
    assert pacer.free_at(0.0) == pytest.approx(then_s)
    assert pacer.free_at(then_s) == pytest.approx(then_s)


def test_the_careful_tier_spends_exactly_the_score_of_its_window():
    assert SLOW.write_burst * 3 == SLOW.max_score
    assert SLOW.writes_per_s * 300 * 3 == pytest.approx(SLOW.max_score)


def test_a_better_tier_is_granted_at_once_and_a_worse_one_holds_at_once():
    pacer = Pacer.full(SLOW, 0.0)
    for _ in range(20):
        pacer.take(0.0)
    pacer.rate_as(FAST, 0.0)
    assert pacer.available(0.0) == 40
    pacer.rate_as(SLOW, 0.0)
    assert pacer.available(0.0) == 20
