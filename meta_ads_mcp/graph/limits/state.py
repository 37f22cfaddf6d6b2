"""Where the points are written down: one small SQLite file, shared by the processes of one user on one machine.

SQLite, because its transactions are what two processes need that ask for the last free point at the same time, and
because a process that is killed in the middle leaves nothing half done. Syncing to disk is off: a power cut may lose
the last seconds, after which most of Meta's counts are old anyway. A damaged file is set aside, and its user is told.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path

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
"""
_BUSY_S = 0.2
# A place is granted 20 seconds ahead at most: what lies further ahead was written before the clock was put back.
_AHEAD_S = 60.0


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
        asked = "SELECT expires_at, points FROM spent WHERE rule = ? AND key = ? ORDER BY expires_at"
        return self._db.execute(asked, (rule, key)).fetchall()

    def total(self, rule: str, key: str) -> int:
        asked = "SELECT total(points) FROM spent WHERE rule = ? AND key = ?"
        return int(self._db.execute(asked, (rule, key)).fetchone()[0])

    def settled(self, rule: str, key: str, after: float) -> int:
        asked = "SELECT total(points) FROM spent WHERE rule = ? AND key = ? AND settled AND expires_at > ?"
        return int(self._db.execute(asked, (rule, key, after)).fetchone()[0])

    def totals(self) -> list[tuple[str, str, int]]:
        return self._db.execute("SELECT rule, key, sum(points) FROM spent GROUP BY 1, 2 ORDER BY 1, 2").fetchall()

    def add(self, point: Points) -> None:
        self._db.execute("INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(point))

    def settle(self, ticket: str, rule: str, expires_at: float) -> None:
        """Never later than before: places have been promised on it."""
        said = "UPDATE spent SET settled = 1, expires_at = min(expires_at, ?) WHERE ticket = ? AND rule = ?"
        self._db.execute(said, (expires_at, ticket, rule))

    def tier(self, token: str, learnt_after: float) -> str | None:
        asked = "SELECT name FROM tiers WHERE token = ? AND learnt_at > ?"
        found = self._db.execute(asked, (token, learnt_after)).fetchone()
        return str(found[0]) if found else None

    def keep_tier(self, token: str, name: str, now: float) -> None:
        self._db.execute("INSERT OR REPLACE INTO tiers VALUES (?, ?, ?)", (token, name, now))

    def remove(self, ticket: str) -> None:
        self._db.execute("DELETE FROM spent WHERE ticket = ?", (ticket,))


class LimitState:
    """The file, opened when first needed, or the same in memory when there is no place for one.

    `on_trouble(what, lost)` is called after a file was given up; `lost` says that points are lost with it.
    """

    def __init__(self, path: Path | None, on_trouble: Callable[[str, bool], None]) -> None:
        self._path = path
        self._on_trouble = on_trouble
        self._db: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def transaction(self, now: float) -> Iterator[Rows]:
        """One transaction against all processes, with the aged points gone; raises `LedgerBusy`."""
        db = self._begun()
        try:
            rows = Rows(db)
            rows.age(now)
            yield rows
            db.execute("COMMIT")
        except BaseException as failure:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            if isinstance(failure, sqlite3.Error):
                self._give_up(failure)
                raise LedgerBusy from failure
            raise

    def _begun(self) -> sqlite3.Connection:
        """The connection, in a transaction; the second attempt is on a new file or in memory."""
        for _ in range(2):
            try:
                db = self._connected()
                db.execute("BEGIN IMMEDIATE")
            except (sqlite3.Error, OSError) as failure:
                if _busy(failure):
                    raise LedgerBusy from failure
                self._give_up(failure)
            else:
                return db
        raise LedgerBusy

    def _connected(self) -> sqlite3.Connection:
        if self._db is not None and self._path is not None and _inode(self._path) != self._inode:
            self._close()  # another process has set the file aside, or somebody has deleted it
        if self._db is None:
            self._db = _opened(self._path)
            self._inode = _inode(self._path) if self._path is not None else 0
            weakref.finalize(self, _quietly_close, self._db)
        return self._db

    def _give_up(self, failure: Exception) -> None:
        """Set a damaged file aside and start anew; where no file can be, go on in memory."""
        damaged = isinstance(failure, sqlite3.DatabaseError) and not isinstance(failure, sqlite3.OperationalError)
        lost = damaged or self._db is not None
        self._close()
        try:
            if damaged and self._path is not None:
                _set_aside(self._path)
            else:
                self._path = None
        except OSError:
            self._path = None
        self._on_trouble(type(failure).__name__, lost)

    def _close(self) -> None:
        if self._db is not None:
            _quietly_close(self._db)
        self._db = None


def _opened(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
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


def _quietly_close(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()


def _busy(failure: Exception) -> bool:
    return getattr(failure, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
