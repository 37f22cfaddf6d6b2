"""Read and compare values as Graph returns them: JSON inside text, numbers as text."""

from __future__ import annotations

import json
from typing import Any

from meta_ads_mcp.core.result import Row


def parse_json_text(value: Any) -> Any:
    """Return the value behind a JSON object or list in text; anything else, also broken JSON, as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def with_parsed(row: Row, *names: str) -> Row:
    """Return the row with these fields parsed, where they are there."""
    return row | {name: parse_json_text(row[name]) for name in names if name in row}


def same_value(graph: Any, intent: Any) -> bool:
    """Return whether Graph's value is the one that was sent. Graph echoes numbers as text and adds keys to objects."""
    if isinstance(intent, bool) or intent is None:
        return bool(graph) == bool(intent)
    if isinstance(graph, dict) and isinstance(intent, str):
        return str(graph.get("id")) == intent  # a reference, read as an object with its id
    if isinstance(intent, dict) and isinstance(graph, dict):
        return all(same_value(graph.get(key), value) for key, value in intent.items())
    if isinstance(intent, list) and isinstance(graph, list):
        return len(intent) == len(graph) and all(same_value(g, o) for g, o in zip(graph, intent, strict=True))
    return str(graph) == str(intent)
