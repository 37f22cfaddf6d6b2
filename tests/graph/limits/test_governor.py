"""The door: who is let through, when, and what is learnt from the answers."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.quota import VirtualClock, pause, run_virtually
from meta_ads_mcp.errors import Blocked, CircuitOpen, Throttled
from meta_ads_mcp.graph.limits.governor import Governor, GraphCall, Outcome
from tests.graph.limits.support import (
    GOOD,
    INSIGHTS,
    NO_ANSWER,
    NOBODY,
    OTHER,
    READ,
    UNAVAILABLE,
    WRITE,
    FakeClock,
    Heard,
    answered,
    business,
    refused,
)

STANDARD = answered(x_ad_account_usage={"acc_id_util_pct": 0.1, "ads_api_access_tier": "standard_access"})
DEVELOPMENT = answered(x_ad_account_usage={"acc_id_util_pct": 0.1, "ads_api_access_tier": "development_access"})


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def governor(clock, heard, tmp_path):
    return Governor(clock=clock, events=heard, state_dir=tmp_path)


async def made(governor, call, outcome=GOOD):
    await governor.admit(call)
    governor.settle(call, outcome)


async def error_of(governor, call):
    with pytest.raises(Throttled) as caught:
        await governor.admit(call)
    return caught.value


async def count_until_sent_away(governor, call, outcome=GOOD):
    for number in range(1000):
        try:
            await made(governor, call, outcome)
        except Throttled as error:
            return number, error
    raise AssertionError("never sent away")


# -- waiting


async def test_nothing_known_nothing_waited_for(governor, clock):
    await made(governor, READ)
    assert clock.slept_s == 0


@pytest.mark.parametrize(("percent", "waits_s"), [(74, 0), (75, 0.1), (85, 1.05), (95, 5)])
async def test_a_full_quota_keeps_calls_apart(governor, clock, percent, waits_s):
    await made(governor, READ, answered(x_business_use_case_usage=business(percent)))
    await made(governor, OTHER)
    await made(governor, INSIGHTS)
    assert clock.slept_s == 0
    await made(governor, READ)
    assert clock.slept_s == pytest.approx(waits_s)


async def test_a_wait_longer_than_twenty_seconds_is_not_slept_through(governor, clock):
    await made(governor, READ, answered(x_app_usage={"call_count": 100}))
    error = await error_of(governor, READ)
    assert (error.kind, error.retry_after_seconds, clock.slept_s) == ("throttled", 60, 0)
    clock.passed_s += error.retry_after_seconds
    await governor.admit(READ)


async def test_the_headers_of_errors_count_too(governor):
    await made(governor, READ, refused(100, X_App_Usage={"call_count": 100}))
    assert (await error_of(governor, OTHER)).retry_after_seconds == 60


async def test_a_regain_time_stops_these_calls_until_then(governor, clock):
    headers = {"x_business_use_case_usage": business(100, regain_minutes=3)}
    await made(governor, READ, refused(80004, **headers))
    error = await error_of(governor, READ)
    assert isinstance(error, CircuitOpen)
    assert error.retry_after_seconds == 180
    await governor.admit(OTHER)
    clock.passed_s += 180
    await governor.admit(READ)


async def test_the_time_to_come_back_is_never_too_early(governor, clock):
    await made(governor, READ, refused(368))
    clock.passed_s += 0.4
    assert (await error_of(governor, READ)).retry_after_seconds == 1800


async def test_the_careful_tier_wins_when_headers_disagree(governor):
    headers = {
        "X-Ad-Account-Usage": '{"acc_id_util_pct": 1, "ads_api_access_tier": "development_access"}',
        "X-FB-Ads-Insights-Throttle": '{"app_id_util_pct": 1, "ads_api_access_tier": "standard_access"}',
    }
    await made(governor, INSIGHTS, Outcome(200, headers, None))
    assert governor.status()["tier"] == "development_access"


async def test_after_a_throttle_without_a_time_calls_are_at_least_kept_apart(governor, clock):
    await made(governor, READ, refused(17))
    await made(governor, OTHER)
    assert clock.slept_s == 0
    await made(governor, READ)
    assert clock.slept_s == 5


@pytest.mark.parametrize(
    ("call", "outcome", "allowed_and_retry_s"),
    [
        (READ, GOOD, (59, 305)),
        (READ, DEVELOPMENT, (59, 305)),
        (WRITE, DEVELOPMENT, (19, 305)),
        (GraphCall("t", "act_1", "ads_management", write=True, object_id="7", budget_change=True), STANDARD, (4, 3605)),
        (GraphCall("t", "act_1", "ads_management", write=True, spend_limit_change=True), STANDARD, (10, 86405)),
    ],
)
async def test_meta_s_own_counts_are_met_before_meta_says_no(governor, clock, call, outcome, allowed_and_retry_s):
    number, error = await count_until_sent_away(governor, call, outcome)
    assert (number, error.retry_after_seconds) == allowed_and_retry_s
    assert clock.slept_s == 0
    clock.passed_s += error.retry_after_seconds
    await made(governor, call, outcome)


async def test_a_call_that_did_not_ask_counts_all_the_same(governor):
    for _ in range(59):
        governor.settle(READ, GOOD)
    assert (await error_of(governor, READ)).retry_after_seconds == 305


async def test_writes_of_the_standard_tier_are_paced_and_reads_are_not(governor, clock):
    for _ in range(60):
        await made(governor, WRITE, STANDARD)
    await made(governor, READ, STANDARD)
    assert clock.slept_s == 0
    await made(governor, WRITE, STANDARD)
    assert clock.slept_s == pytest.approx(2)


async def test_a_change_that_meta_calls_too_many_is_not_tried_again(governor, clock):
    change = GraphCall("t", "act_1", "ads_management", write=True, object_id="7", budget_change=True)
    await made(governor, change, refused(613, 1487632))
    assert (await error_of(governor, change)).retry_after_seconds == 3605
    await made(governor, GraphCall("t", "act_1", "ads_management", write=True, object_id="8", budget_change=True))
    assert clock.slept_s == 0


# -- many at once


def virtually(work):
    """A governor in virtual time, and the time that passed."""

    async def whole():
        governor = Governor(clock=VirtualClock(), events=Heard(), state_dir=None)
        return await work(governor)

    return run_virtually(whole())


def test_one_account_never_waits_for_another():
    async def work(governor):
        await made(governor, READ, answered(x_business_use_case_usage=business(95)))
        waiting = [asyncio.create_task(made(governor, READ)) for _ in range(3)]
        await asyncio.sleep(0)
        async with asyncio.timeout(0.001):
            await made(governor, OTHER)
        await asyncio.gather(*waiting)
        return asyncio.get_running_loop().time()

    assert virtually(work) == pytest.approx(15)


def test_waiters_go_in_the_order_they_came():
    async def work(governor):
        for _ in range(60):
            await made(governor, WRITE, STANDARD)
        went = []

        async def one(number):
            await made(governor, WRITE, STANDARD)
            went.append((number, asyncio.get_running_loop().time()))

        await asyncio.gather(*(one(number) for number in range(10)))
        return went

    assert virtually(work) == [(number, pytest.approx(2.0 * (number + 1))) for number in range(10)]


def test_cancelled_waiters_leave_nothing_behind():
    async def work(governor):
        for _ in range(60):
            await made(governor, WRITE, STANDARD)
        before = governor.status()
        waiting = [asyncio.create_task(governor.admit(WRITE)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert governor.status() == before
        assert governor._places == {}

    virtually(work)


async def test_a_call_that_is_not_sent_gives_its_place_back(governor):
    before = governor.status()
    await governor.admit(READ)
    governor.cancel(READ)
    assert governor.status() == before
    governor.cancel(READ)
    for _ in range(100):
        await governor.admit(WRITE)
        governor.cancel(WRITE)


def test_a_burst_at_the_start_waits_for_the_first_answers_to_name_the_tier():
    async def work(governor):
        async def one():
            await governor.admit(READ)
            await pause(0.3)
            governor.settle(READ, STANDARD)

        await asyncio.gather(*(one() for _ in range(200)))
        return asyncio.get_running_loop().time()

    assert virtually(work) < 1.5


def test_a_circuit_that_opens_during_the_wait_stops_the_waiter():
    async def work(governor):
        await made(governor, READ, answered(x_business_use_case_usage=business(95)))
        waiting = asyncio.create_task(governor.admit(READ))
        await pause(1)
        governor.settle(READ, refused(368))
        with pytest.raises(Blocked) as caught:
            await waiting
        assert caught.value.retry_after_seconds == 1796

    virtually(work)


def test_of_many_at_once_exactly_one_is_the_probe():
    async def work(governor):
        for _ in range(5):
            await made(governor, READ, UNAVAILABLE)
        await pause(30)
        ends = await asyncio.gather(*(governor.admit(READ) for _ in range(10)), return_exceptions=True)
        assert [type(end).__name__ for end in ends] == ["NoneType", *["CircuitOpen"] * 9]
        governor.settle(READ, GOOD)
        await governor.admit(READ)

    virtually(work)


async def test_a_probe_that_is_cancelled_lets_the_next_one_try(governor, clock):
    for _ in range(5):
        await made(governor, READ, NO_ANSWER)
    clock.passed_s += 30
    await governor.admit(READ)
    await error_of(governor, READ)
    governor.cancel(READ)
    await governor.admit(READ)
    governor.settle(READ, Outcome(None, {}, None))
    await governor.admit(READ)
    governor.settle(READ, UNAVAILABLE)
    assert (await error_of(governor, READ)).retry_after_seconds == 30


# -- other processes


async def test_a_restart_is_no_amnesty(governor, clock, tmp_path):
    await made(governor, READ, refused(613, 1996))
    await count_until_sent_away(governor, OTHER)
    again = Governor(clock=clock, events=Heard(), state_dir=tmp_path)
    assert (await error_of(again, INSIGHTS)).retry_after_seconds == 3600
    assert (await error_of(again, OTHER)).retry_after_seconds == 305


async def test_damaged_files_make_careful_and_never_crash(clock, heard, tmp_path):
    (tmp_path / "circuits.json").write_text("{")
    (tmp_path / "score.sqlite3").write_text("{" * 5000)
    governor = Governor(clock=clock, events=heard, state_dir=tmp_path)
    error = await error_of(governor, READ)
    assert (error.retry_after_seconds, error.details) == (300, {"reason": "state_damaged"})
    clock.passed_s += 300
    await error_of(governor, READ)  # the damage of the other file shows only now
    clock.passed_s += 300
    await made(governor, READ)
    assert {level for level, _ in heard.named("meta_limits_state_damaged")} == {"warning"}


# -- the status and the events


async def test_the_status_with_nothing_known(governor):
    assert governor.status() == {"usage": [], "circuits": [], "writePacer": [], "score": [], "tier": "unknown"}


async def test_the_status_names_everything(governor):
    headers = {
        "X-App-Usage": '{"call_count": 1, "total_time": 2, "total_cputime": 3}',
        "X-Business-Use-Case-Usage": json.dumps(business(100, regain_minutes=2)),
        "X-Ad-Account-Usage": '{"acc_id_util_pct": 4, "ads_api_access_tier": "standard_access"}',
        "X-FB-Ads-Insights-Throttle": '{"app_id_util_pct": 5, "acc_id_util_pct": 6}',
        "x-Fb-Ads-Insights-Reach-Throttle": '{"acc_id_util_pct": 7}',
    }
    await made(governor, WRITE, Outcome(200, headers, None))
    await made(governor, OTHER, refused(17, hint_s=120))
    status = governor.status()
    usage = {row["key"]: row for row in status["usage"]}
    assert usage["app:0123abcd"] == {
        "kind": "app",
        "key": "app:0123abcd",
        "callCount": 1,
        "cpuTime": 3,
        "totalTime": 2,
        "estimatedTimeToRegainAccessMs": 0,
    }
    assert usage["buc:0123abcd:act_1:ads_management"]["estimatedTimeToRegainAccessMs"] == 120_000
    assert usage["acc:act_1"]["adsApiAccessTier"] == "standard_access"
    assert usage["insights:0123abcd:ads_insights"]["callCount"] == 5
    assert usage["insights:0123abcd:act_1:ads_insights"]["callCount"] == 6
    assert usage["reach:0123abcd:act_1"]["kind"] == "reach"
    assert usage["local_retry:0123abcd:act_2:ads_management"]["estimatedTimeToRegainAccessMs"] == 120_000
    assert status["circuits"] == [
        {
            "key": "0123abcd:act_1:ads_management",
            "reason": "regain_time",
            "openUntil": "2027-01-15T08:02:00+00:00",
            "tripCount": 1,
            "lastError": "",
        },
        {
            "key": "0123abcd:act_2:ads_management",
            "reason": "retry_after_hint",
            "openUntil": "2027-01-15T08:02:00+00:00",
            "tripCount": 1,
            "lastError": "17",
        },
    ]
    assert status["writePacer"] == [
        {"key": "act_1", "tokens": 19, "capacity": 20, "rateRps": 0.0667, "tier": "development_access"}
    ]
    assert {"key": "score:act_2", "points": 1, "limit": 8999, "windowSeconds": 300} in status["score"]
    assert status["tier"] == "standard_access"


async def test_events(governor, heard, clock):
    await made(governor, READ, DEVELOPMENT)
    await made(governor, READ, DEVELOPMENT)
    assert heard.named("meta_access_tier") == [("warning", {"tokenHash": "0123abcd", "tier": "development_access"})]
    assert len(heard.named("meta_rate_usage")) == 1
    clock.passed_s += 60
    await made(governor, READ, refused(613, 1996, x_app_usage={"call_count": 1}))
    assert len(heard.named("meta_rate_usage")) == 2
    assert [level for level, _ in heard.named("META_ABUSE_SIGNAL")] == ["fatal"]
    ((level, fields),) = heard.named("meta_circuit_open")
    assert (level, fields["reason"], fields["tripCount"], fields["key"]) == (
        "warning",
        "abuse_signal",
        1,
        "0123abcd:act_1",
    )
    await count_until_sent_away(governor, OTHER)
    assert heard.named("meta_rate_throttle")[-1][1]["waitMs"] == 305_000


# -- faults


FAULTS = {
    "good": (GOOD, 0),
    "abuse": (refused(613, 1996), 3600),
    "block": (refused(368), 1800),
    "block by subcode": (refused(4, 1487742), 1800),
    "hint": (refused(17, hint_s=200), 200),
    "regain": (refused(80004, x_business_use_case_usage=business(100, regain_minutes=5)), 300),
    "throttle": (refused(80003), 0),
    "hostile": (Outcome(200, {"x-app-usage": "[" * 9999, "x-business-use-case-usage": '{"1": NaN}'}, None), 0),
    "unavailable": (UNAVAILABLE, 0),
    "no answer": (NO_ANSWER, 0),
}


@settings(max_examples=120, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(FAULTS)),
            st.sampled_from([READ, WRITE]),
            st.sampled_from([0, 1, 29, 200, 901]),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_no_sequence_of_errors_lets_a_call_through_an_open_circuit(sequence):
    """The oracle knows only the named times, three throttles, and five failures; restarts come in between."""

    async def run(directory):
        clock = FakeClock()
        governor = Governor(clock=clock, events=Heard(), state_dir=directory)
        until, throttles, failures = 0.0, [], []
        for fault, call, pause_s, restart in sequence:
            clock.passed_s += pause_s
            if restart:
                governor, throttles, failures = Governor(clock=clock, events=Heard(), state_dir=directory), [], []
            try:
                await governor.admit(call)
            except Throttled as error:
                comes_back_at = clock.now() + (error.retry_after_seconds or 0)
            else:
                comes_back_at = None
            if comes_back_at is not None:
                assert comes_back_at >= until
                continue
            now = clock.now()
            assert now >= until
            outcome, named_s = FAULTS[fault]
            governor.settle(call, outcome)
            until = max(until, now + named_s)
            throttles = [when for when in throttles if when > now - 300]
            if fault in ("abuse", "block", "block by subcode", "hint", "regain", "throttle"):
                throttles.append(now)
            if len(throttles) == 3:
                until, throttles = max(until, now + 900), []
            failures = [when for when in failures if when > now - 60]
            if fault in ("unavailable", "no answer"):
                failures.append(now)
            if len(failures) == 5:
                until, failures = max(until, now + 30), []

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))


names = st.sampled_from(["", "1", "act_1", "-", "*", "\ud800", "x" * 500])
rows = st.fixed_dictionaries(
    {"estimated_time_to_regain_access": st.sampled_from([0, 3, 1e300, "5", None])},
    optional={"type": names | st.none() | st.lists(names), "call_count": st.sampled_from([1, 100, "17%", 10**400])},
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(names, rows | st.lists(rows, max_size=2), max_size=3), st.sampled_from([READ, NOBODY]))
def test_nothing_in_a_header_damages_what_is_kept(said, call):
    async def run(directory):
        clock, heard = FakeClock(), Heard()
        governor = Governor(clock=clock, events=heard, state_dir=directory)
        governor.settle(call, answered(x_business_use_case_usage=said))
        governor.status()
        again = Governor(clock=clock, events=heard, state_dir=directory)
        assert again.status()["circuits"] == governor.status()["circuits"]
        assert not [event for _, event, _ in heard.events if event.startswith("meta_limits_state")]

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))
