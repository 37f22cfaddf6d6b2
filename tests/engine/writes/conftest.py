"""The account that the tests of writes begin with."""

from __future__ import annotations

import pytest

from tests.support.fake_graph import FakeGraph, StillClock, graph


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def client(clock: StillClock) -> FakeGraph:
    return graph(clock)
