"""JSON that Graph hands over as text: rules of audiences and conversions, results of studies."""

from __future__ import annotations

import json
from typing import Any

from meta_ads_mcp.core.result import Row


def parse_json_text(value: Any) -> Any:
    """The value behind a JSON object or list in text; anything else, also broken JSON, as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def with_parsed(row: Row, *names: str) -> Row:
    """The row with these fields parsed, where they are there."""
    return row | {name: parse_json_text(row[name]) for name in names if name in row}


def same_value(graph: Any, ours: Any) -> bool:
    """Graph echoes numbers as text, and adds keys to objects; both are the same value."""
    if isinstance(ours, bool) or ours is None:
        return bool(graph) == bool(ours)
    if isinstance(graph, dict) and isinstance(ours, str):
        return str(graph.get("id")) == ours  # a reference, read as an object with its id
    if isinstance(ours, dict) and isinstance(graph, dict):
        return all(same_value(graph.get(key), value) for key, value in ours.items())
    if isinstance(ours, list) and isinstance(graph, list):
        return len(ours) == len(graph) and all(same_value(g, o) for g, o in zip(graph, ours, strict=True))
    return str(graph) == str(ours)
