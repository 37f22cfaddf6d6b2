"""A second business in the sandbox: it has the last ad account with its Page and dataset, and the last catalog.

The token sees all of it. What belongs to it is foreign to a server that is limited to the accounts of the first one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meta_ads_mcp.sandbox import World
from meta_ads_mcp.sandbox.store import GraphNode

RIVAL = "799999999999990"
_OWNED = ("owned_ad_accounts", "owned_pages", "owned_pixels", "owned_product_catalogs")


def add_rival(world: World) -> None:
    """Give the last asset of each kind to another business."""
    store = world.store
    store.add(GraphNode(RIVAL, "Business", {"id": RIVAL, "name": "Rival"}, default_fields=("id", "name")))
    for edge in _OWNED:
        *rest, last = store.links[world.business_id, edge]
        store.links[world.business_id, edge], store.links[RIVAL, edge] = tuple(rest), (last,)
        node = store.nodes[last]
        owners = [name for name in ("business", "owner_business") if name in node.fields]
        owner: Any = {"id": RIVAL, "name": "Rival"}
        store.nodes[last] = replace(node, fields={**node.fields, **dict.fromkeys(owners, owner)})
