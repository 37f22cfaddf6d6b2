"""The whole server in memory, with the sandbox where the network would be and a clock that does not wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from meta_ads_mcp.credentials import EnvironmentToken, Vault
from meta_ads_mcp.engine.engine import Engine, Options
from meta_ads_mcp.graph.client import Connection, GraphClient
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.profiles.profiles import ProfileService
from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxTransport, World
from meta_ads_mcp.server.catalogue import Catalogue
from meta_ads_mcp.server.server import AdsServer
from tests.support.clock import START, FakeClock
from tests.support.every_tool import TOOLS
from tests.support.recorders import EventRecorder

# 2026-07-28 speaks without a handshake, the others with one.
ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}


@dataclass
class Demo:
    """A server with two small ad accounts, and what stands behind it."""

    server: AdsServer
    transport: SandboxTransport
    world: World


@cache
def shared_world() -> World:
    """For calls that change nothing: making a world is half the time of a test."""
    return new_world()


def new_world() -> World:
    return World(today=datetime.fromtimestamp(START, UTC), accounts=2, ads=40)


def demo(
    world: World | None = None,
    *,
    allow_writes: bool | Sequence[str] = True,
    listed: Sequence[str] = ("default",),
    **options: Any,
) -> Demo:
    clock = FakeClock()
    world = world or new_world()
    transport = SandboxTransport(world, clock=lambda: datetime.fromtimestamp(clock.now(), UTC))
    governor = Governor(clock=clock, events=EventRecorder(), state_dir=None)
    vault = Vault(lambda: {"demo": EnvironmentToken(DEMO_TOKEN, "demo")})
    client = GraphClient(
        tokens=vault,
        governor=governor,
        events=EventRecorder(),
        clock=clock,
        connection=Connection(),
        transport=transport,
    )
    profiles = ProfileService(vault, client.for_token, clock, app=None, environ={}, locked=False)
    catalogue = Catalogue(TOOLS, listed=listed, allow_writes=allow_writes)
    engine = Engine(
        catalogue, client, EventRecorder(), clock, governor, Options(demo=True, **options), profiles=profiles
    )
    return Demo(AdsServer(catalogue, engine), transport, world)


def as_json(model: Any) -> dict[str, Any]:
    """A result as it is on the wire."""
    made: Mapping[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dict(made)
