"""Change the texts of an answer that say what to do next, wherever in the data they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NEXT_STEP = "next_step"


def map_next_steps(data: Any, change: Callable[[str], str]) -> Any:
    """Return the data with `change` applied to each text under the key or in the table column `next_step`."""
    if isinstance(data, list):
        return [map_next_steps(item, change) for item in data]
    if not isinstance(data, dict):
        return data
    if NEXT_STEP in data.get("columns", ()) and isinstance(data.get("rows"), list):
        return data | {"rows": _map_column(data["rows"], data["columns"].index(NEXT_STEP), change)}
    return {
        key: change(value) if key == NEXT_STEP and isinstance(value, str) else map_next_steps(value, change)
        for key, value in data.items()
    }


def _map_column(rows: list[list[Any]], position: int, change: Callable[[str], str]) -> list[list[Any]]:
    return [
        [change(cell) if index == position and isinstance(cell, str) else cell for index, cell in enumerate(row)]
        for row in rows
    ]
