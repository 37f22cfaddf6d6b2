"""The demo's catalogs by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine, build_writer


@dataclass
class Shop:
    """A server on the demo, and the ids of a catalog: the first one has 5,000 items and twelve planted faults."""

    server: SandboxEngine
    place: int = 0

    @property
    def catalog(self) -> str:
        store = self.server.store
        return str(store.links[self.server.sandbox.world.business_id, "owned_product_catalogs"][self.place])

    def child(self, edge: str, name: str) -> str:
        return next(
            node.id for node in self.server.store.children(self.catalog, edge) if str(node.get("name")).startswith(name)
        )

    def item(self, retailer_id: str) -> dict[str, Any]:
        return next(
            dict(node.fields)
            for node in self.server.store.children(self.catalog, "products")
            if node.get("retailer_id") == retailer_id
        )

    async def data(self, tool: str, **arguments: Any) -> Any:
        answer = await self.server.call(f"ads_catalog_{tool}", **arguments)
        assert not answer.is_error, answer.text
        return answer.structured["data"]

    async def refused(self, tool: str, **arguments: Any) -> str:
        before = self.server.store.snapshot()
        answer = await self.server.call(f"ads_catalog_{tool}", **arguments)
        assert answer.is_error, answer.text
        assert self.server.changed(before) == {}
        return str(answer.text)


@pytest.fixture
def shop() -> Shop:
    return Shop(build_writer())
