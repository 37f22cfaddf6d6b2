"""The account that the tests of writes begin with."""

from __future__ import annotations

import pytest

from tests.support.clock import FakeClock
from tests.support.scripted_graph import ScriptedGraph, account_graph


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> ScriptedGraph:
    return account_graph(clock)
