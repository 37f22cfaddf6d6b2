"""Hide what the address of a feed can hold: a password or a token in its query, its user, or a login beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from meta_ads_mcp.core.values.graph_values import parse_json_text

SCHEDULES = ("schedule", "update_schedule")
_LOGIN = frozenset({"username", "password"})


def mask_address(url: Any) -> str:
    """Return an address without its query and its user, which can hold a password or a token."""
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return "…"
    query = "…" if parts.query else ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def mask_schedules(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of an object with its schedules, as objects or JSON texts, without what is secret in them."""
    return {name: _mask(value) if name in SCHEDULES else value for name, value in values.items()}


def _mask(value: Any) -> Any:
    schedule = parse_json_text(value)
    if not isinstance(schedule, Mapping):
        return value
    rest = {name: item for name, item in schedule.items() if name not in _LOGIN}
    return rest | ({"url": mask_address(rest["url"])} if rest.get("url") else {})
