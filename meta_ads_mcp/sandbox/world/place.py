"""One client's corner of the world, for what is built beside its campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.delivery_plan import AccountPlan
from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world import ids
from meta_ads_mcp.sandbox.world.clients import Client

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any


@dataclass(frozen=True)
class Place:
    """The account, its Page, Instagram account and pixel, and where nodes go."""

    world: World
    store: Store
    number: int
    client: Client
    account: AccountPlan
    page_id: str
    instagram_id: str
    pixel_id: str

    @property
    def node_id(self) -> str:
        """The account's node."""
        return f"act_{self.account.id}"

    def make(self, kind: str, *key: object) -> str:
        return ids.make(self.world.seed, kind, self.number, *key)

    def ago(self, **span: float) -> str:
        """A time before the world's day, in UTC, as Graph writes it."""
        return (self.world.today - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def unix(self, days: float) -> int:
        return int((self.world.today - timedelta(days=days)).timestamp())

    def add(
        self, parent: str, edge: str, kind: str, fields: Mapping[str, Json], *, in_account: bool = True
    ) -> GraphNode:
        """A node of the account (or of none) on an edge, behind those that are there."""
        account = self.account.id if in_account else ""
        node = self.store.add(GraphNode(str(fields["id"]), kind, fields, account))
        self.store.links[parent, edge] = (*self.store.links.get((parent, edge), ()), node.id)
        return node
