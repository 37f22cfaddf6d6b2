"""What the governor tells: its status, its events; and that faults never open it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from meta_ads_mcp.errors import Throttled
from meta_ads_mcp.graph.limits.governor import Governor
from tests.support.clock import FakeClock
from tests.support.governor import DEVELOPMENT, count_until_sent_away, made
from tests.support.limits import (
    GOOD,
    NO_ANSWER,
    NOBODY,
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
    await made(governor, WRITE, Reply(200, headers, None))
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
    "hostile": (Reply(200, {"x-app-usage": "[" * 9999, "x-business-use-case-usage": '{"1": NaN}'}, None), 0),
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
        governor = Governor(clock=clock, events=EventRecorder(), state_dir=directory)
        until, throttles, failures = 0.0, [], []
        for fault, call, pause_s, restart in sequence:
            clock.passed_s += pause_s
            if restart:
                governor, throttles, failures = (
                    Governor(clock=clock, events=EventRecorder(), state_dir=directory),
                    [],
                    [],
                )
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
            governor.settle(call, outcome.outcome(call))
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
        clock, heard = FakeClock(), EventRecorder()
        governor = Governor(clock=clock, events=heard, state_dir=directory)
        governor.settle(call, answered(x_business_use_case_usage=said).outcome(call))
        governor.status()
        again = Governor(clock=clock, events=heard, state_dir=directory)
        assert again.status()["circuits"] == governor.status()["circuits"]
        assert not [event for _, event, _ in heard.events if event.startswith("meta_limits_state")]

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))
