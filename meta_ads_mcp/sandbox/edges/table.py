"""The complete table: importing the modules below registers their handlers."""

from __future__ import annotations

from meta_ads_mcp.sandbox.edges import (
    account,
    async_sets,
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
    write_account,
    write_ads,
    write_adsets,
    write_audiences,
    write_campaigns,
    write_copies,
    write_creatives,
    write_media,
    write_pages,
    write_rules,
)
from meta_ads_mcp.sandbox.edges.registry import HANDLERS, Handler

MODULES = (
    account,
    async_sets,
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
    write_account,
    write_ads,
    write_adsets,
    write_audiences,
    write_campaigns,
    write_copies,
    write_creatives,
    write_media,
    write_pages,
    write_rules,
)


def handler_of(node_type: str, method: str, edge: str) -> Handler | None:
    return HANDLERS.get((node_type, method, edge))
