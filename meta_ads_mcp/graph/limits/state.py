"""Store what the limits know in one small SQLite file: spent points, access tiers and open circuits.

All processes of one user on one machine share the file. Its transactions decide between two processes that ask for the
last free point at the same time, and a process that is killed leaves nothing half done. Syncing to disk is off: a power
cut may lose the last seconds, after which most of Meta's counts have decayed. A damaged file is set aside and reported.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from meta_ads_mcp.graph.limits.circuit import Circuit

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spent (
    ticket TEXT NOT NULL, rule TEXT NOT NULL, key TEXT NOT NULL, points INTEGER NOT NULL,
    slot REAL NOT NULL, expires_at REAL NOT NULL, settled INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_key ON spent (rule, key, expires_at, points, settled);
CREATE INDEX IF NOT EXISTS by_age ON spent (expires_at);
CREATE INDEX IF NOT EXISTS by_slot ON spent (slot);
CREATE INDEX IF NOT EXISTS by_ticket ON spent (ticket);
CREATE TABLE IF NOT EXISTS tiers (token TEXT PRIMARY KEY, name TEXT NOT NULL, learnt_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS circuits (
    token_key TEXT, account TEXT, use_case TEXT, reason TEXT NOT NULL, open_until REAL NOT NULL,
    trip_count INTEGER NOT NULL, last_error TEXT NOT NULL, probe_until REAL NOT NULL, changed_at REAL NOT NULL
);
"""
_BUSY_S = 0.2
# A place is granted 20 seconds ahead at most: what lies further ahead was written before the clock was put back.
_AHEAD_S = 60.0
# How often a process that keeps its state in memory tries the file again.
_RETRY_FILE_S = 30.0


class LedgerBusy(Exception):
    """Another process holds the file for longer than its work can take."""


@dataclass(frozen=True)
class Points:
    """One row: points of a call on one count, made at `slot`, forgotten at `expires_at` (wall-clock seconds)."""

    ticket: str
    rule: str
    key: str
    points: int
    slot: float
    expires_at: float
    settled: bool = False


class Rows:
    """The rows of one open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def age(self, now: float) -> None:
        self._db.execute("DELETE FROM spent WHERE expires_at <= ?", (now,))
        self._db.execute(
            "UPDATE spent SET expires_at = expires_at - (slot - ?1), slot = ?1 WHERE slot > ?1 + ?2", (now, _AHEAD_S)
        )

    def points(self, rule: str, key: str) -> list[tuple[float, int]]:
        query = "SELECT expires_at, points FROM spent WHERE rule = ? AND key = ? ORDER BY expires_at"
        return self._db.execute(query, (rule, key)).fetchall()

    def total(self, rule: str, key: str) -> int:
        query = "SELECT total(points) FROM spent WHERE rule = ? AND key = ?"
        return int(self._db.execute(query, (rule, key)).fetchone()[0])

    def settled(self, rule: str, key: str, after: float) -> int:
        query = "SELECT total(points) FROM spent WHERE rule = ? AND key = ? AND settled AND expires_at > ?"
        return int(self._db.execute(query, (rule, key, after)).fetchone()[0])

    def totals(self) -> list[tuple[str, str, int]]:
        return self._db.execute("SELECT rule, key, sum(points) FROM spent GROUP BY 1, 2 ORDER BY 1, 2").fetchall()

    def add(self, point: Points) -> None:
        self._db.execute("INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(point))

    def settle(self, ticket: str, rule: str, expires_at: float) -> None:
        """Only ever shorten: other calls were scheduled on the earlier expiry."""
        query = "UPDATE spent SET settled = 1, expires_at = min(expires_at, ?) WHERE ticket = ? AND rule = ?"
        self._db.execute(query, (expires_at, ticket, rule))

    def tier(self, token: str, learnt_after: float) -> str | None:
        query = "SELECT name FROM tiers WHERE token = ? AND learnt_at > ?"
        row = self._db.execute(query, (token, learnt_after)).fetchone()
        return str(row[0]) if row else None

    def keep_tier(self, token: str, name: str, now: float) -> None:
        self._db.execute("INSERT OR REPLACE INTO tiers VALUES (?, ?, ?)", (token, name, now))

    def remove(self, ticket: str) -> None:
        self._db.execute("DELETE FROM spent WHERE ticket = ?", (ticket,))

    def circuits(self) -> list[dict[str, Any]]:
        """Return the stored circuits as records, one key per column."""
        columns = list(Circuit.__dataclass_fields__)
        rows = self._db.execute(f"SELECT {', '.join(columns)} FROM circuits")  # noqa: S608  names of our own fields
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def replace_circuits(self, circuits: Iterable[Circuit]) -> None:
        self._db.execute("DELETE FROM circuits")
        marks = ", ".join("?" * len(Circuit.__dataclass_fields__))
        self._db.executemany(f"INSERT INTO circuits VALUES ({marks})", map(astuple, circuits))  # noqa: S608


class LimitState:
    """The file, opened at first use. While it cannot be used, the same tables are kept in memory.

    `on_trouble(cause, lost)` is called after a file was given up; `lost` says that records are lost with it. A file
    that could not be opened or written is tried again every 30 seconds, and takes over what memory holds.
    """

    def __init__(self, path: Path | None, on_trouble: Callable[[str, bool], None]) -> None:
        self._path = path
        self._on_trouble = on_trouble
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._connections = 0
        self._retry_at: float | None = None

    @contextmanager
    def transaction(self, now: float) -> Iterator[Rows]:
        """Open a transaction against all processes, and drop decayed points first. Raises `LedgerBusy`."""
        db = self._begin(now)
        try:
            rows = Rows(db)
            rows.age(now)
            yield rows
            db.execute("COMMIT")
        except BaseException as failure:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            if isinstance(failure, sqlite3.Error):
                self._give_up(failure, now)
                raise LedgerBusy from failure
            raise

    def version(self, now: float) -> tuple[int, int] | None:
        """Return a value that changes when another process has written, or when this one opened another file.

        The first number counts the files opened. None means that the state is unreadable now.
        """
        try:
            db = self._connect(now)
            return self._connections, int(db.execute("PRAGMA data_version").fetchone()[0])
        except (sqlite3.Error, OSError):
            return None

    def _begin(self, now: float) -> sqlite3.Connection:
        """Return the connection, in a transaction; the second attempt is on a new file or in memory."""
        for _ in range(2):
            try:
                db = self._connect(now)
                db.execute("BEGIN IMMEDIATE")
            except (sqlite3.Error, OSError) as failure:
                if _busy(failure):
                    raise LedgerBusy from failure
                self._give_up(failure, now)
            else:
                return db
        raise LedgerBusy

    def _connect(self, now: float) -> sqlite3.Connection:
        if self._retry_at is not None and now >= self._retry_at:
            self._return_to_file(now)
        path = self._path if self._retry_at is None else None
        if self._db is not None and path is not None and _inode(path) != self._inode:
            self._close()  # another process has set the file aside, or somebody has deleted it
        return self._db or self._use(_open(path), path)

    def _use(self, db: sqlite3.Connection, path: Path | None) -> sqlite3.Connection:
        self._db = db
        self._connections += 1
        self._inode = _inode(path) if path is not None else 0
        weakref.finalize(self, _close_quietly, db)
        return db

    def _return_to_file(self, now: float) -> None:
        """Open the file again after a pause, and move the points and tiers that memory holds into it."""
        db = None
        try:
            db = _open(self._path)
            db.execute("BEGIN IMMEDIATE")
            if self._db is not None:
                _copy_rows(self._db, db)
            db.execute("COMMIT")
        except (sqlite3.Error, OSError):
            if db is not None:
                _close_quietly(db)
            self._retry_at = now + _RETRY_FILE_S
            return
        self._close()
        self._retry_at = None
        self._use(db, self._path)

    def _give_up(self, failure: Exception, now: float) -> None:
        """Set a damaged file aside and start a new one; where no file can be, go on in memory."""
        has_damage = isinstance(failure, sqlite3.DatabaseError) and not isinstance(failure, sqlite3.OperationalError)
        there = self._path is not None and _inode(self._path) >= 0
        is_lost = has_damage or self._db is not None or there
        self._close()
        try:
            if has_damage and self._path is not None:
                _set_aside(self._path)
            else:
                self._retry_at = now + _RETRY_FILE_S
        except OSError:
            self._retry_at = now + _RETRY_FILE_S
        self._on_trouble(type(failure).__name__, is_lost)

    def _close(self) -> None:
        if self._db is not None:
            _close_quietly(self._db)
        self._db = None


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(OSError):  # the file exists with its mode, and SQLite opens it itself
            os.close(descriptor)
    connection = sqlite3.connect(path or ":memory:", timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _copy_rows(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    spent = source.execute("SELECT * FROM spent").fetchall()
    target.executemany("INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?)", spent)
    tiers = source.execute("SELECT * FROM tiers").fetchall()
    target.executemany("INSERT OR REPLACE INTO tiers VALUES (?, ?, ?)", tiers)


def _set_aside(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if path.exists():
        path.replace(path.with_name(path.name + ".damaged"))


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1


def _close_quietly(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()


def _busy(failure: Exception) -> bool:
    return getattr(failure, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
