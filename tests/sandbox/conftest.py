from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.fake_transport import BASE, FakeTransport
from tests.support.seeded_worlds import SEEDS, moment_of

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)


def connect(transport: SandboxTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Authorization": f"Bearer {transport.token}"})


@pytest.fixture(scope="session")
def world() -> World:
    """Read only: tests that write make their own."""
    return World(today=NOW)


@pytest.fixture
def box(world: World) -> FakeTransport:
    return FakeTransport(SandboxTransport(world, clock=lambda: NOW))


@pytest.fixture(scope="module", params=SEEDS)
def seeded(request: pytest.FixtureRequest) -> World:
    """The world of one seed; pytest runs all tests of a seed before it makes the next one."""
    return World(seed=request.param, today=moment_of(request.param), accounts=4, ads=60)
