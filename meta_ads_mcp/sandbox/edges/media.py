"""Images: the one list with filters of its own. Source: docs marketing-api/reference/ad-image."""

from __future__ import annotations

from meta_ads_mcp.sandbox.edges.registry import Ask, Listing, serves
from meta_ads_mcp.sandbox.store import Node


@serves("GET", "AdAccount/adimages")
def images(ask: Ask) -> Listing:
    rows = ask.graph.world.store.children(ask.node.id, "adimages")
    return Listing([node for node in rows if fits(ask, node)])


def fits(ask: Ask, node: Node) -> bool:
    hashes, name = ask.params.get("hashes"), ask.params.get("name")
    return (
        (hashes is None or node.get("hash") in hashes)
        and (name is None or name.lower() in str(node.get("name")).lower())
        and node.get("width") >= ask.params.get("minwidth", 0)
        and node.get("height") >= ask.params.get("minheight", 0)
    )
