"""The two promises of the benchmark, on a small form of it: Meta never refuses, and no time is wasted."""

from __future__ import annotations

import pytest

from benchmarks.quota import DEVELOPMENT, STANDARD, governed, naive, workloads

SMALL = workloads(0.4)


@pytest.mark.parametrize("quota", [DEVELOPMENT, STANDARD], ids=lambda quota: quota.tier)
@pytest.mark.parametrize("work", SMALL, ids=lambda work: work.name)
def test_meta_never_refuses_and_no_time_is_wasted(work, quota):
    result = governed(work, quota)
    assert result.done == sum(len(process) for process in work.processes)
    assert result.refusals == 0
    assert result.seconds is not None
    assert result.seconds <= 1.25 * work.shortest_s(quota)


def test_the_simulated_meta_does_refuse():
    assert naive(SMALL[0], DEVELOPMENT).refusals > 100
