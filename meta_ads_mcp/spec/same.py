"""Whether a value of Graph is the one that was sent."""

from __future__ import annotations

from typing import Any


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
