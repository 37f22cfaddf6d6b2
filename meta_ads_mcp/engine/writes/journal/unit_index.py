"""Index the units of the journal: a line for the unit, and a line for each planned step behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.changes import ChangeQuery

# Segment, offset and length of a line.
Place = tuple[int, int, int]


@dataclass(frozen=True)
class IndexedUnit:
    """Where the lines of a unit are: its own, and those of its steps in order."""

    unit_id: str
    line: Place
    steps: Sequence[Place]


def add_unit(connection: sqlite3.Connection, line: Mapping[str, Any], place: Place) -> None:
    """Index the line of a unit."""
    names = ("unit_id", "tool", "key", "account", "started", "count")
    connection.execute(
        "INSERT OR IGNORE INTO units (unit_id, tool, key, account, started, count, segment, offset, length)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*(line.get(name) for name in names), *place),
    )


def add_unit_step(connection: sqlite3.Connection, line: Mapping[str, Any], place: Place) -> None:
    """Index the line of a step."""
    connection.execute(
        "INSERT OR IGNORE INTO unit_steps VALUES (?, ?, ?, ?, ?)", (line["unit_id"], line["number"], *place)
    )


def select_units(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[IndexedUnit]:
    """Return the units whose steps are all in the journal, the oldest first."""
    sql = f"SELECT unit_id, count, segment, offset, length FROM units WHERE {where} ORDER BY seq"  # noqa: S608
    rows = connection.execute(sql, values).fetchall()
    units = [(IndexedUnit(row[0], row[2:5], _steps(connection, row[0])), row[1]) for row in rows]
    return [unit for unit, count in units if len(unit.steps) == count]


def find_units(connection: sqlite3.Connection, query: ChangeQuery) -> tuple[list[IndexedUnit], int, bool]:
    """Return a page of units that match, newest first, their number, and whether more follow."""
    terms: dict[str, Any] = {"account = ?": query.account, "tool = ?": query.tool, "unit_id = ?": query.unit}
    terms |= {"started >= ?": query.since}
    if query.object_id is not None:
        terms["unit_id IN (SELECT unit FROM changes WHERE object_id = ?)"] = query.object_id
    terms = {term: value for term, value in terms.items() if value is not None}
    units = select_units(connection, " AND ".join(["1", *terms]), tuple(terms.values()))
    if query.is_visible is not None:
        accounts = dict(connection.execute("SELECT unit_id, account FROM units").fetchall())
        units = [unit for unit in units if query.is_visible(accounts[unit.unit_id], None)]
    units.reverse()
    names = [unit.unit_id for unit in units]
    start = names.index(query.after) + 1 if query.after in names else 0
    page = units[start : start + query.limit]
    return page, len(units), start + len(page) < len(units)


def _steps(connection: sqlite3.Connection, unit_id: str) -> list[Place]:
    sql = "SELECT segment, offset, length FROM unit_steps WHERE unit_id = ? ORDER BY number"
    return [(row[0], row[1], row[2]) for row in connection.execute(sql, (unit_id,)).fetchall()]
