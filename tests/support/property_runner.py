"""Run an asynchronous property for a number of drawn examples."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

Property = Callable[[st.DataObject], Awaitable[None]]


def run_property(check: Property, examples: int, *, seed: int = 0, explain: bool = True) -> None:
    """Draw examples and raise what `check` raises for one of them.

    The same seed gives the same examples. With `explain` a failing example is made as small as it can be.
    """
    phases = (Phase.generate, Phase.shrink) if explain else (Phase.generate,)
    with asyncio.Runner() as runner:

        @seeded(seed)
        @settings(
            max_examples=examples, phases=phases, database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(st.data())
        def holds(data: st.DataObject) -> None:
            runner.run(check(data))

        holds()
