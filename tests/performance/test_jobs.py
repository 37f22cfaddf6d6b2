"""Everyday jobs of a marketer are complete and correct, within a total of calls and characters."""

from __future__ import annotations

from tests.support.programs import run_benchmark

MAX_CALLS, MAX_CHARACTERS = 74, 160_000


def test_jobs_are_complete_correct_and_cheap() -> None:
    result = run_benchmark("jobs")
    assert [(number, failure) for number, _, _, failure in result["jobs"] if failure] == []
    assert len(result["jobs"]) == 25
    assert result["calls"] <= MAX_CALLS
    assert result["characters"] <= MAX_CHARACTERS
