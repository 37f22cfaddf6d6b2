from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
BASE = "https://graph.facebook.com/v26.0/"


@dataclass
class Box:
    """A transport with a client on it. Lists and dicts in params travel as JSON, as Graph has it."""

    transport: SandboxTransport
    client: httpx.AsyncClient

    @property
    def world(self) -> World:
        return self.transport.world

    def account(self, number: int = 0) -> str:
        return f"act_{self.world.account_ids[number]}"

    async def raw(self, method: str, path: str, **params: Any) -> httpx.Response:
        sent = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        return await self.client.request(method, path, **({"params": sent} if method == "GET" else {"data": sent}))

    async def get(self, path: str, **params: Any) -> Any:
        response = await self.raw("GET", path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    async def error(self, path: str, **params: Any) -> dict[str, Any]:
        response = await self.raw("GET", path, **params)
        assert response.status_code != 200, response.text
        return response.json()["error"]

    async def insights(self, node: str, **params: Any) -> list[dict[str, Any]]:
        return (await self.get(f"{node}/insights", limit=5_000, **params))["data"]


def connect(transport: SandboxTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Authorization": f"Bearer {transport.token}"})


@pytest.fixture(scope="session")
def world() -> World:
    """Read only: tests that write make their own."""
    return World(today=NOW)


@pytest.fixture
async def box(world: World) -> AsyncIterator[Box]:
    transport = SandboxTransport(world, clock=lambda: NOW)
    async with connect(transport) as client:
        yield Box(transport, client)
