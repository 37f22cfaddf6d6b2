"""Every kind of bulk change with a fault at each of its requests: the account ends as after one uninterrupted run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tests.support.unit_kinds import FAULTS, UNIT_KINDS, run_unit
from tests.torture.trial import Trials, tried, turn


def units(full: bool) -> Trials:
    """Each trial is a kind of change, a request and a fault. The short run takes one request of each kind."""
    for kind in UNIT_KINDS:
        expected, count = _run(run_unit(kind))
        for at in range(count) if full else (turn(kind, count),):
            for fault in FAULTS if full else (sorted(FAULTS)[turn(kind, len(FAULTS))],):

                def check(kind: str = kind, at: int = at, fault: str = fault, expected: str = expected) -> None:
                    state, _ = _run(run_unit(kind, at, fault))
                    missing = [line for line in expected.splitlines() if line not in state.splitlines()]
                    more = [line for line in state.splitlines() if line not in expected.splitlines()]
                    assert state == expected, (missing[:2], more[:2])

                yield tried(f"{kind}, request {at + 1} of {count}, {fault}", check)


def _run(work: Coroutine[Any, Any, tuple[str, int]]) -> tuple[str, int]:
    with asyncio.Runner() as runner:
        return runner.run(work)
