"""The two promises of the quota benchmark, on a small form of it: Meta never refuses, and no time is wasted."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.support.programs import run_benchmark

WORK = [
    "an agent's burst of 200 reads",
    "bulk edit of 300 ad sets, 6 accounts",
    "portfolio report, 60 accounts",
    "two processes at once, 2 accounts",
    "350 reads, more than an hour's quota",
]


@cache
def runs() -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = run_benchmark("quota", "0.4")
    return results


@pytest.mark.parametrize("tier", ["development_access", "standard_access"])
@pytest.mark.parametrize("work", WORK)
def test_meta_never_refuses_and_no_time_is_wasted(work: str, tier: str) -> None:
    (run,) = [run for run in runs() if (run["work"], run["tier"], run["client"]) == (work, tier, "governed")]
    assert run["answered"] == run["calls"]
    assert run["refusals"] == 0
    assert run["seconds"] is not None
    assert run["seconds"] <= 1.25 * run["shortest_s"]


def test_every_workload_is_tested() -> None:
    assert {run["work"] for run in runs()} == set(WORK)


def test_the_simulated_meta_does_refuse() -> None:
    assert runs()[-1]["client"] == "naive"
    assert runs()[-1]["refusals"] > 100
