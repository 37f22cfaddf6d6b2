"""Read and compare values as Graph returns them: JSON inside text, numbers as text."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.text import replace_escaped_surrogates

# Digits of Unix seconds from 2001 on.
_UNIX_DIGITS = 10
# More seconds than any date has; a float does not hold every whole number of JSON.
_NO_TIME = 10**12
_WALL_CLOCK_CHARS = len("2026-11-30T09:00:00")


def parse_json_text(value: Any) -> Any:
    """Return the value behind a JSON object or list in text; anything else, also broken JSON, as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(replace_escaped_surrogates(value))
    except (ValueError, RecursionError):
        return value


def with_parsed(row: Row, *names: str) -> Row:
    """Return the row with these fields parsed, where they are there."""
    return row | {name: parse_json_text(row[name]) for name in names if name in row}


def same_value(graph: Any, intent: Any) -> bool:
    """Return whether a value that Graph shows is the value that was sent, by all that Graph is known to normalize.

    Graph shows numbers as text, some objects as JSON text, times in ISO 8601 where Unix seconds were sent, references
    as objects with their `id`, texts without blanks around them, lists of plain values in another order, and objects
    with keys added. Two texts are never compared as numbers: "007" is not "7".
    """
    if isinstance(intent, bool) or intent is None:
        return _truth(graph) == bool(intent)
    if isinstance(intent, dict | list) and isinstance(graph, str):
        graph = parse_json_text(graph)
    if isinstance(graph, dict) and isinstance(intent, str):
        return str(graph.get("id")) == intent
    if isinstance(intent, dict) and isinstance(graph, dict):
        return all(same_value(graph.get(key), value) for key, value in intent.items())
    if isinstance(intent, list | tuple) and isinstance(graph, list | tuple):
        return _same_list(list(graph), list(intent))
    if isinstance(graph, str) and isinstance(intent, str):
        return graph.strip() == intent.strip() or _same_time(graph, intent)
    return str(graph) == str(intent) or _same_number(graph, intent) or _same_time(graph, intent)


def _truth(graph: Any) -> bool:
    return bool(graph) and graph not in ("0", "false")


def _same_list(graph: list[Any], intent: list[Any]) -> bool:
    if len(graph) != len(intent):
        return False
    if any(isinstance(item, dict | list | tuple) for item in intent):
        return all(same_value(value, item) for value, item in zip(graph, intent, strict=True))
    return sorted(map(str, graph)) == sorted(map(str, intent))


def _same_number(graph: Any, intent: Any) -> bool:
    """Compare a number with a number or with its text."""
    try:
        return not isinstance(graph, bool) and math.isclose(float(graph), float(intent), rel_tol=1e-12)
    except (TypeError, ValueError, OverflowError):
        return False


def _same_time(graph: Any, intent: Any) -> bool:
    """Compare times. A time without an offset is one of the account's clocks, in whose time zone Graph shows times."""
    if isinstance(graph, str) and isinstance(intent, str) and is_wall_clock_time(intent):
        return graph[:_WALL_CLOCK_CHARS] == intent[:_WALL_CLOCK_CHARS].replace(" ", "T")
    is_number = isinstance(intent, str) and intent.isdecimal() and len(intent) >= _UNIX_DIGITS
    graph_s, intent_s = unix_seconds(graph), unix_seconds(int(intent) if is_number else intent)
    return graph_s is not None and graph_s == intent_s


def is_wall_clock_time(text: str) -> bool:
    """Return whether a text is a date and time without an offset from UTC."""
    try:
        return len(text) >= _WALL_CLOCK_CHARS and datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def unix_seconds(time: Any) -> float | None:
    """Return a time of Graph in Unix seconds, or None for anything else.

    Graph gives ISO 8601 with a time of day and an offset from UTC, or Unix seconds as a number.
    """
    if isinstance(time, int | float) and not isinstance(time, bool):
        return float(time) if abs(time) < _NO_TIME else None
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) and "T" in time else None
    except ValueError:
        return None
    return moment.timestamp() if moment is not None and moment.tzinfo is not None else None
