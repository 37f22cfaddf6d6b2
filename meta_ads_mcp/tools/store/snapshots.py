"""Join daily snapshots of an account's structure into states: a row per object and state, with its days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.store.coverage import ONE_DAY
from meta_ads_mcp.store.store_tables import STRUCTURE

_TIME = ("valid_from", "valid_until", "synced_at")
_CONTENT = tuple(name for name in STRUCTURE.column_names if name not in _TIME)


def add_snapshot(states: Sequence[Row], snapshot: Iterable[Row], day: date, synced_at: str) -> list[Row]:
    """Return all states after a snapshot of one day. A second snapshot of a day replaces the first.

    `states` are rows of the table. A state whose object looks the same on the day is prolonged; another one ends.
    """
    history = [_before(_plain(state), day) for state in states if str(state["valid_from"]) < day.isoformat()]
    latest = {(state["level"], state["id"]): state for state in sorted(history, key=lambda row: row["valid_from"])}
    added: dict[tuple[Any, Any], Row] = {}
    for row in snapshot:
        content = {name: row.get(name) for name in _CONTENT}
        key = (content["level"], content["id"])
        state = latest.get(key)
        if state is not None and _same(state, content):
            state.update(valid_until=day.isoformat(), synced_at=synced_at)
        else:
            added[key] = {
                **content,
                "valid_from": day.isoformat(),
                "valid_until": day.isoformat(),
                "synced_at": synced_at,
            }
    return [*history, *added.values()]


def _before(state: Row, day: date) -> Row:
    """Return the state without what an earlier snapshot of the same day added to it."""
    if state["valid_until"] >= day.isoformat():
        state["valid_until"] = (day - ONE_DAY).isoformat()
    return state


def _plain(state: Row) -> Row:
    return {
        name: value if isinstance(value, str | int | float | bool | None) else _as_json(value)
        for name, value in state.items()
    }


def _as_json(value: Any) -> Any:
    """Return a value of DuckDB as JSON has it: days and times as text, decimals as numbers."""
    return float(value) if hasattr(value, "as_integer_ratio") else str(value)


def _same(state: Row, content: Row) -> bool:
    return all(_comparable(state.get(name)) == _comparable(content.get(name)) for name in _CONTENT)


def _comparable(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) else value
