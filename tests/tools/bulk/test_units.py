"""A unit ends as planned however it is interrupted, and its undo restores what was there."""

from __future__ import annotations

import asyncio
from functools import cache

import pytest

from tests.support.property_runner import run_property
from tests.support.unit_runs import State, check_undo, differences, interrupted_run, uninterrupted_run

UNDO_EXAMPLES = 12
# Every so many requests are interrupted; `make torture` takes the others too.
STEPS = [("batch", "killed", False, 9), ("batch", "killed", True, 7), ("batch", "no answer", True, 10)]
STEPS += [("batch", "no answer", False, 10), ("member", "no answer", True, 20), ("member", "no answer", False, 40)]


@cache
def expected_end() -> tuple[State, dict[str, int]]:
    with asyncio.Runner() as runner:
        return runner.run(uninterrupted_run())


@pytest.mark.parametrize(("place", "fault", "after", "step"), STEPS)
def test_an_interrupted_unit_ends_as_an_uninterrupted_one(place: str, fault: str, after: bool, step: int) -> None:
    expected, counts = expected_end()
    for at in range(1 + step // 2, counts[place] + 1, step):
        with asyncio.Runner() as runner:
            state = runner.run(interrupted_run(place, at, fault, after=after))
        assert not differences(state, expected), at


def test_an_undo_restores_what_was_there() -> None:
    run_property(check_undo, UNDO_EXAMPLES)
