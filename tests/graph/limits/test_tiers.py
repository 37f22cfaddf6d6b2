"""What one process has learnt of a token's tier serves the next one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meta_ads_mcp.errors import Throttled
from meta_ads_mcp.graph.limits.governor import Governor, GraphCall
from tests.support.clock import FakeClock
from tests.support.limits import answered
from tests.support.recorders import EventRecorder

READ = GraphCall("token", "act_1", "ads_management", path="act_1/campaigns")
STANDARD = {"acc_id_util_pct": 2.5, "reset_time_duration": 100, "ads_api_access_tier": "standard_access"}


async def reads(governor: Governor, most: int) -> int:
    """How many reads go through before the limits send one away."""
    for count in range(most):
        try:
            await governor.admit(READ)
        except Throttled:
            return count
        governor.settle(READ, answered().outcome(READ))
    return most


def process(clock: FakeClock, state_dir: Path) -> Governor:
    return Governor(clock=clock, events=EventRecorder(), state_dir=state_dir)


async def test_a_second_process_knows_the_tier_and_is_not_sent_away(tmp_path: Path) -> None:
    clock = FakeClock()
    first = process(clock, tmp_path)
    await first.admit(READ)
    first.settle(READ, answered(**{"x-ad-account-usage": STANDARD}).outcome(READ))
    assert await reads(process(clock, tmp_path), 100) == 100


@pytest.mark.parametrize("days", [2])
async def test_a_tier_that_was_learnt_long_ago_is_not_relied_on(tmp_path: Path, days: int) -> None:
    clock = FakeClock()
    first = process(clock, tmp_path)
    await first.admit(READ)
    first.settle(READ, answered(**{"x-ad-account-usage": STANDARD}).outcome(READ))
    await clock.sleep(days * 86_400)
    assert await reads(process(clock, tmp_path), 100) < 60


async def test_a_renewed_token_is_not_measured_against_the_old_ones_points(tmp_path: Path) -> None:
    clock = FakeClock()
    first = process(clock, tmp_path)
    await first.admit(READ)
    first.settle(READ, answered(**{"x-ad-account-usage": STANDARD}).outcome(READ))
    other = replace(READ, account="act_3")
    await first.admit(other)
    first.settle(other, answered(**{"x-ad-account-usage": STANDARD}).outcome(other))
    for governor in (first, process(clock, tmp_path)):
        await governor.admit(replace(other, token_key="renewed"))
        await governor.admit(replace(READ, token_key="renewed"))


async def test_what_one_account_has_told_says_nothing_of_another(tmp_path: Path) -> None:
    clock = FakeClock()
    first = process(clock, tmp_path)
    await first.admit(READ)
    first.settle(READ, answered(**{"x-ad-account-usage": STANDARD}).outcome(READ))
    foreign = replace(READ, token_key="renewed", account="act_2")
    for _ in range(59):
        await first.admit(foreign)
        first.settle(foreign, answered().outcome(foreign))
    with pytest.raises(Throttled):
        await first.admit(foreign)
