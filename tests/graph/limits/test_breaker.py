"""The breaker against a model that is nothing but "until when may this not be called"."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from meta_ads_mcp.errors import GraphError
from meta_ads_mcp.graph.limits.breaker import Breaker
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.tiers import tier_named
from tests.support.limits import (
    GOOD,
    INSIGHTS,
    NO_ANSWER,
    NOBODY,
    OTHER,
    READ,
    START,
    UNAVAILABLE,
    WRITE,
    Reply,
    answered,
    business,
    refused,
)

SLOW = tier_named("development_access")
FAST = tier_named("standard_access")
ANOTHER_TOKEN = GraphCall("ffff0000", "act_1", "ads_management")
CALLS = {
    "read": READ,
    "write": WRITE,
    "insights": INSIGHTS,
    "other": OTHER,
    "another token": ANOTHER_TOKEN,
    "nobody": NOBODY,
}


def tell(breaker, call, outcome, now=START, tier=SLOW):
    for circuit in breaker.judge(call, outcome.outcome(call), tier, now):
        breaker.trip(circuit)


def stopped(breaker, now=START):
    found = {name: breaker.refusal(call, now) for name, call in CALLS.items()}
    return {name: (refusal[0].reason, refusal[1]) for name, refusal in found.items() if refusal}


ACCOUNT = ("read", "write", "insights")
SAME = ("read", "write")


@pytest.mark.parametrize(
    ("call", "outcome", "who", "reason", "seconds"),
    [
        (READ, refused(613, 1996), ACCOUNT, "abuse_signal", 3600),
        (READ, refused(613, 1996, hint_s=60), ACCOUNT, "abuse_signal", 3600),
        (NOBODY, refused(613, 1996), (*ACCOUNT, "other", "nobody"), "abuse_signal", 3600),
        (READ, refused(368), ACCOUNT, "temporary_block", 1800),
        (READ, refused(613, 1487742), ACCOUNT, "temporary_block", 1800),
        (READ, refused(17, 1487742), ACCOUNT, "temporary_block", 1800),
        (READ, refused(17, 2446079), ACCOUNT, "account_score", 300),
        (INSIGHTS, refused(4, 1504022), ("insights",), "retry_after_hint", 120),
        (INSIGHTS, refused(4, 1504039), ("insights",), "retry_after_hint", 120),
        (READ, refused(17, hint_s=77), SAME, "retry_after_hint", 77),
        (READ, refused(80004, x_business_use_case_usage=business(100, regain_minutes=7)), SAME, "regain_time", 420),
        (READ, answered(x_business_use_case_usage=business(101, regain_minutes=7)), SAME, "regain_time", 420),
        (
            READ,
            answered(x_business_use_case_usage=business(101, account="2", regain_minutes=1)),
            ("other", *SAME),
            "regain_time",
            60,
        ),
        (
            READ,
            answered(x_ad_account_usage={"acc_id_util_pct": 100, "reset_time_duration": 50}),
            (*ACCOUNT, "another token"),
            "regain_time",
            50,
        ),
    ],
)
def test_one_answer_stops_these_calls_for_so_long(call, outcome, who, reason, seconds):
    breaker = Breaker()
    tell(breaker, call, outcome)
    assert stopped(breaker) == dict.fromkeys(who, (reason, seconds))
    assert stopped(breaker, START + seconds) == {}
    assert breaker.open(START + seconds) == []


def test_a_call_without_an_account_stops_its_own_kind_only():
    breaker = Breaker()
    for _ in range(3):
        tell(breaker, NOBODY, refused(4))
    assert stopped(breaker) == {"nobody": ("repeated_throttle", 900)}


def test_the_quota_of_a_page_stops_the_calls_that_have_no_account():
    breaker = Breaker()
    page = GraphCall("0123abcd", None, "pages", object_id="555")
    headers = {"x_business_use_case_usage": business(100, account="555", use_case="pages", regain_minutes=1)}
    tell(breaker, page, answered(**headers))
    assert breaker.refusal(page, START)[1] == 60
    assert stopped(breaker) == {}


def test_a_hint_longer_than_the_block_holds():
    breaker = Breaker()
    tell(breaker, READ, refused(368, hint_s=7200))
    assert stopped(breaker) == dict.fromkeys(ACCOUNT, ("temporary_block", 7200))


def test_global_insights_limit_stops_the_insights_of_every_account():
    breaker = Breaker()
    tell(breaker, INSIGHTS, refused(4, 1504022))
    assert breaker.refusal(GraphCall("0123abcd", "act_9", "ads_insights"), START)


@pytest.mark.parametrize(
    "outcome",
    [
        GOOD,
        refused(100),
        refused(190),
        refused(100, 1487534),
        refused(10),
        refused(100, hint_s=60),
        refused(2650),
        refused(4),
        refused(17),
        refused(613),
        refused(80000),
        answered(x_business_use_case_usage=business(99)),
        UNAVAILABLE,
        NO_ANSWER,
    ],
)
def test_one_such_answer_stops_nothing(outcome):
    breaker = Breaker()
    tell(breaker, READ, outcome)
    assert stopped(breaker) == {}


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, *range(80000, 80015)])
def test_three_throttles_in_five_minutes(code):
    breaker = Breaker()
    for second in (0, 150, 299):
        assert stopped(breaker, START + second) == {}
        tell(breaker, READ, refused(code), START + second)
    assert stopped(breaker, START + 299) == dict.fromkeys(SAME, ("repeated_throttle", 900))


def test_three_throttles_over_more_than_five_minutes_or_over_several_quotas_are_not_repeated():
    breaker = Breaker()
    for second, call in ((0, READ), (1, INSIGHTS), (2, OTHER), (200, READ), (300, READ)):
        tell(breaker, call, refused(17), START + second)
    assert stopped(breaker, START + 300) == {}


def test_a_status_of_429_without_a_body_is_a_throttle():
    breaker = Breaker()
    for _ in range(3):
        tell(breaker, READ, Reply(429, {}, None))
    assert stopped(breaker) == dict.fromkeys(SAME, ("repeated_throttle", 900))


@pytest.mark.parametrize(
    "outcome",
    [
        UNAVAILABLE,
        NO_ANSWER,
        Reply(500, {}, GraphError(2, http_status=500)),
        Reply(503, {}, GraphError(1, http_status=503)),
    ],
)
def test_five_failures_in_a_minute(outcome):
    breaker = Breaker()
    for second in (0, 10, 20, 30, 59):
        assert stopped(breaker, START + second) == {}
        tell(breaker, READ, outcome, START + second)
    assert stopped(breaker, START + 59) == dict.fromkeys(SAME, ("failures", 30))


@pytest.mark.parametrize(
    "error",
    [
        GraphError(100, "The ids query parameter is deprecated in v26.0+.", http_status=500),
        GraphError(1, "Please reduce the amount of data you're asking for, then retry your request", http_status=500),
        GraphError(2, subcode=1504041, http_status=500),
    ],
)
def test_a_500_that_is_the_caller_s_own_is_no_failure(error):
    breaker = Breaker()
    for _ in range(9):
        tell(breaker, READ, Reply(500, {}, error))
    assert stopped(breaker) == {}


def _half_open():
    breaker = Breaker()
    for _ in range(5):
        tell(breaker, READ, UNAVAILABLE)
    assert not breaker.half_open(READ, START + 29.9)
    assert breaker.half_open(READ, START + 30)
    assert breaker.open(START + 30) == []
    breaker.claim_probe(READ, START + 30)
    return breaker


def test_exactly_one_probe():
    breaker = _half_open()
    assert not breaker.half_open(READ, START + 30)
    assert breaker.refusal(READ, START + 30)[1] == 5


def test_a_probe_that_succeeds_closes():
    breaker = _half_open()
    breaker.close_failures(READ, START + 31)
    assert stopped(breaker, START + 31) == {}
    tell(breaker, READ, UNAVAILABLE, START + 32)
    assert stopped(breaker, START + 32) == {}


def test_a_probe_that_fails_opens_again_and_counts():
    breaker = _half_open()
    tell(breaker, READ, UNAVAILABLE, START + 31)
    assert stopped(breaker, START + 31) == dict.fromkeys(SAME, ("failures", 30))
    assert [circuit.trip_count for circuit in breaker.open(START + 31)] == [2]
    assert breaker.half_open(READ, START + 61)


def test_a_probe_that_never_comes_back_gives_way():
    breaker = _half_open()
    assert breaker.refusal(READ, START + 629)
    assert breaker.half_open(READ, START + 631)


def test_a_straggler_does_not_close_an_open_circuit():
    breaker = Breaker()
    for _ in range(5):
        tell(breaker, READ, UNAVAILABLE)
    breaker.close_failures(READ, START + 1)
    assert stopped(breaker, START + 1)


def test_failures_of_calls_that_were_under_way_do_not_prolong():
    breaker = Breaker()
    for second in (0, 0, 0, 0, 0, 10, 10, 10, 10, 10):
        tell(breaker, READ, UNAVAILABLE, START + second)
    assert [(circuit.open_until, circuit.trip_count) for circuit in breaker.open(START + 10)] == [(START + 30, 1)]


def test_what_closed_a_day_ago_is_forgotten():
    breaker = Breaker()
    tell(breaker, READ, refused(368))
    breaker.forget(START + 1800 + 86_399)
    assert breaker.circuits
    breaker.forget(START + 1800 + 86_401)
    assert not breaker.circuits


class Stops(RuleBasedStateMachine):
    """A cooldown is never shortened, trips are counted, and what has passed is gone."""

    named: ClassVar = {(613, 1996): 3600, (368, None): 1800, (613, 1487742): 1800, (17, 2446079): 300, (17, None): 0}

    def __init__(self):
        super().__init__()
        self.breaker = Breaker()
        self.now = START
        self.whole = {"act_1": [0.0, 0], "act_2": [0.0, 0]}  # until, trips
        self.own = {"act_1": [0.0, 0], "act_2": [0.0, 0]}
        self.throttles = {"act_1": [], "act_2": []}

    @rule(call=st.sampled_from([READ, WRITE, OTHER]), error=st.sampled_from(sorted(named, key=str)))
    def named_error(self, call, error):
        tell(self.breaker, call, refused(*error), self.now)
        if self.named[error]:
            self.trip(self.whole[call.account], self.named[error])
        recent = [when for when in self.throttles[call.account] if when > self.now - 300] + [self.now]
        if len(recent) == 3:
            self.trip(self.own[call.account], 900)
            recent = []
        self.throttles[call.account] = recent

    def trip(self, circuit, seconds):
        circuit[:] = max(circuit[0], self.now + seconds), circuit[1] + 1

    @rule(call=st.sampled_from([READ, WRITE, OTHER]))
    def good_answer(self, call):
        tell(self.breaker, call, GOOD, self.now)
        self.breaker.close_failures(call, self.now)

    @rule(seconds=st.sampled_from([0.5, 30.0, 300.0, 1799.0, 3601.0]))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def another_process_merges(self):
        merged = Breaker()
        merged.adopt(self.breaker.circuits.values())
        self.breaker.adopt(merged.circuits.values())

    @invariant()
    def stopped_exactly_as_long_as_said(self):
        for call in (READ, WRITE, INSIGHTS, OTHER):
            until = self.whole[call.account][0]
            if call is not INSIGHTS:
                until = max(until, self.own[call.account][0])
            refusal = self.breaker.refusal(call, self.now)
            assert (refusal[1] if refusal else 0.0) == pytest.approx(max(0.0, until - self.now))

    @invariant()
    def only_what_is_open_is_shown(self):
        shown = {
            (circuit.account, circuit.use_case is None): circuit.trip_count for circuit in self.breaker.open(self.now)
        }
        model = [((account, True), one) for account, one in self.whole.items()]
        model += [((account, False), one) for account, one in self.own.items()]
        assert shown == {key: trips for key, (until, trips) in model if until > self.now}


TestStops = Stops.TestCase
TestStops.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
