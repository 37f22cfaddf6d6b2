"""The complete table: importing the modules below registers their handlers."""

from __future__ import annotations

from meta_ads_mcp.sandbox.edges import (
    account,
    estimates,
    insights,
    lists,
    media,
    pages,
    reports,
    search,
    signals,
    structure,
    tokens,
)
from meta_ads_mcp.sandbox.edges.registry import HANDLERS, Handler

MODULES = (account, estimates, insights, lists, media, pages, reports, search, signals, structure, tokens)


def handler_of(node_type: str, method: str, edge: str) -> Handler | None:
    return HANDLERS.get((node_type, method, edge))
