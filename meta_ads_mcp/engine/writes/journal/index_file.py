"""Open, create and remove the SQLite file of the index."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from meta_ads_mcp.core.private_files import open_private

FILE = "journal-index.sqlite3"
VERSION = 2
BUSY_SECONDS = 2.0
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY, change_id TEXT NOT NULL UNIQUE, tool TEXT, key TEXT, account TEXT, page TEXT,
    object_id TEXT, effect TEXT, started REAL, undo_of TEXT, undone_by TEXT, status TEXT, unit TEXT,
    intent_segment INTEGER, intent_offset INTEGER, intent_length INTEGER,
    outcome_segment INTEGER, outcome_offset INTEGER, outcome_length INTEGER,
    result_segment INTEGER, result_offset INTEGER, result_length INTEGER);
CREATE INDEX IF NOT EXISTS changes_by_key ON changes (key, tool) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS changes_by_object ON changes (object_id);
CREATE INDEX IF NOT EXISTS changes_by_tool ON changes (tool);
CREATE INDEX IF NOT EXISTS changes_by_account ON changes (account);
CREATE INDEX IF NOT EXISTS changes_by_owner ON changes (account, page);
CREATE INDEX IF NOT EXISTS changes_by_time ON changes (started);
CREATE INDEX IF NOT EXISTS changes_by_unit ON changes (unit) WHERE unit IS NOT NULL;
CREATE TABLE IF NOT EXISTS units (
    seq INTEGER PRIMARY KEY, unit_id TEXT NOT NULL UNIQUE, tool TEXT, key TEXT, account TEXT, page TEXT, started REAL,
    count INTEGER, segment INTEGER, offset INTEGER, length INTEGER);
CREATE INDEX IF NOT EXISTS units_by_key ON units (key, tool) WHERE key IS NOT NULL;
CREATE TABLE IF NOT EXISTS unit_steps (
    unit_id TEXT NOT NULL, number INTEGER, segment INTEGER, offset INTEGER, length INTEGER,
    PRIMARY KEY (unit_id, number));
CREATE TABLE IF NOT EXISTS segments (number INTEGER PRIMARY KEY, indexed INTEGER, damaged INTEGER, tail BLOB);
PRAGMA user_version = {VERSION};
"""


def open_index(path: Path | None) -> sqlite3.Connection:
    """Open the index, and create it where it is missing. None opens one in memory.

    Raises OSError, or sqlite3.Error: an OperationalError if the file cannot be used now, another DatabaseError if it is
    damaged or of another version.
    """
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(open_private(path))
    connection = sqlite3.connect(
        ":memory:" if path is None else path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError("an index of another version")
        if version == 0:
            connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def remove_index(path: Path) -> None:
    """Remove the index with its companion files."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit the block as a whole, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
