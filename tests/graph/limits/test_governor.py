"""The door: who is let through, when, and what is learnt from the answers."""

from __future__ import annotations

import asyncio

import pytest

from meta_ads_mcp.errors import Blocked, CircuitOpen
from meta_ads_mcp.graph.limits.governor import Governor, GraphCall
from tests.support.clock import FakeClock, pause, run_virtually
from tests.support.governor import DEVELOPMENT, STANDARD, count_until_sent_away, error_of, made
from tests.support.limits import (
    GOOD,
    INSIGHTS,
    NO_ANSWER,
    OTHER,
    READ,
    UNAVAILABLE,
    WRITE,
    Reply,
    answered,
    business,
    refused,
)
from tests.support.recorders import EventRecorder

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
    assert error.public().keys() == {"kind", "message", "next_step", "retry_after_seconds"}
    assert "(regain_time)" in error.message
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
    await made(governor, INSIGHTS, Reply(200, headers, None))
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
        governor.settle(READ, GOOD.outcome(READ))
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
        governor = Governor(clock=FakeClock(), events=EventRecorder(), state_dir=None)
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
            governor.settle(READ, STANDARD.outcome(READ))

        await asyncio.gather(*(one() for _ in range(200)))
        return asyncio.get_running_loop().time()

    assert virtually(work) < 1.5


def test_a_circuit_that_opens_during_the_wait_stops_the_waiter():
    async def work(governor):
        await made(governor, READ, answered(x_business_use_case_usage=business(95)))
        waiting = asyncio.create_task(governor.admit(READ))
        await pause(1)
        governor.settle(READ, refused(368).outcome(READ))
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
        governor.settle(READ, GOOD.outcome(READ))
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
    governor.settle(READ, Reply(None, {}, None).outcome(READ))
    await governor.admit(READ)
    governor.settle(READ, UNAVAILABLE.outcome(READ))
    assert (await error_of(governor, READ)).retry_after_seconds == 30


# -- other processes


async def test_a_restart_is_no_amnesty(governor, clock, tmp_path):
    await made(governor, READ, refused(613, 1996))
    await count_until_sent_away(governor, OTHER)
    again = Governor(clock=clock, events=EventRecorder(), state_dir=tmp_path)
    assert (await error_of(again, INSIGHTS)).retry_after_seconds == 3600
    assert (await error_of(again, OTHER)).retry_after_seconds == 305


async def test_a_damaged_file_makes_careful_and_never_crashes(clock, heard, tmp_path):
    (tmp_path / "score.sqlite3").write_text("{" * 5000)
    governor = Governor(clock=clock, events=heard, state_dir=tmp_path)
    error = await error_of(governor, READ)
    assert error.retry_after_seconds == 300
    assert "(state_damaged)" in error.message
    clock.passed_s += 300
    await made(governor, READ)
    assert {level for level, _ in heard.named("meta_limits_state_damaged")} == {"warning"}
