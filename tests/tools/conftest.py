from __future__ import annotations

import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader
from tests.support.scripted_graph import ScriptedGraph, account_graph


@pytest.fixture(scope="session")
def world() -> World:
    """Read only: a test that writes makes its own `SandboxEngine`."""
    return World(today=NOW)


@pytest.fixture
def demo(world: World) -> SandboxEngine:
    return build_reader(SandboxTransport(world, clock=lambda: NOW))


@pytest.fixture
def account(world: World) -> str:
    """The account with most in it."""
    return f"act_{world.account_ids[0]}"


@pytest.fixture
def small_account(world: World) -> str:
    return f"act_{world.account_ids[1]}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> ScriptedGraph:
    """The account that the tests of writes begin with."""
    return account_graph(clock)
