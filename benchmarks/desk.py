"""The engine in this process, over any transport: the parts of a server without stdio."""

from __future__ import annotations

from typing import Any

import httpx

from meta_ads_mcp.core.clock import Clock, SystemClock
from meta_ads_mcp.credentials import FixedToken
from meta_ads_mcp.engine.engine import Engine, Options
from meta_ads_mcp.graph.client import GraphClient
from meta_ads_mcp.graph.connection import Connection
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.sandbox import DEMO_TOKEN
from meta_ads_mcp.server.catalogue import Catalogue, catalog_entries


class Silent:
    def emit(self, level: str, event: str, **fields: Any) -> None:
        """Nobody listens."""


def client_of(transport: httpx.AsyncBaseTransport, governor: Governor, clock: Clock) -> GraphClient:
    """On the embedded sandbox's token."""
    return GraphClient(
        tokens=FixedToken(DEMO_TOKEN),
        governor=governor,
        events=Silent(),
        clock=clock,
        connection=Connection(),
        transport=transport,
    )


def engine(transport: httpx.AsyncBaseTransport, clock: Clock | None = None, **options: Any) -> Engine:
    """Every tool, writes included, on the embedded sandbox's token."""
    clock = clock or SystemClock()
    governor = Governor(clock=clock, events=Silent(), state_dir=None)
    client = client_of(transport, governor, clock)
    catalogue = Catalogue(catalog_entries(), listed=("all",), allow_writes=True)
    return Engine(catalogue, client, Silent(), clock, governor, Options(demo=True, **options))
