"""Keep the state of running syncs in one small SQLite file: who syncs which account, and pages that have arrived.

A page is stored with the cursor behind it, so that a sync which is killed at any request goes on with the next page.
All processes of one user on one machine share the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from meta_ads_mcp.core.private_files import make_private_folder
from meta_ads_mcp.core.result import Row

_SCHEMA = """
CREATE TABLE IF NOT EXISTS locks (
    account TEXT PRIMARY KEY, holder TEXT NOT NULL, pid INTEGER NOT NULL, expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS pages (
    job TEXT NOT NULL, number INTEGER NOT NULL, rows TEXT NOT NULL, after TEXT, read_at REAL NOT NULL,
    PRIMARY KEY (job, number)
);
"""
FILE = "state.sqlite3"
BUSY_S = 5.0
# A holder renews its lock with every request; between two it waits for a quarter of an hour at most.
LOCK_S = 1200.0
# Rows behind an older cursor may have moved.
MAX_PAGE_AGE_S = 3600.0
# The holders of this process, which live as long as it does.
_HOLDERS: set[str] = set()


class AccountBusy(Exception):
    """Another process is syncing the account."""


@dataclass(frozen=True)
class StagedPages:
    """The pages of a job that have arrived: their rows, and the cursor of the next page; None at the end."""

    rows: list[Row]
    after: str | None
    count: int


class SyncState:
    """The state of syncs. Raises OSError or sqlite3.Error where the file cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
        self._db = None

    @contextmanager
    def hold(self, account: str, now: float) -> Iterator[AccountLock]:
        """Hold the lock of an account for the block. Raises AccountBusy while another process has it."""
        lock = AccountLock(self, account, uuid.uuid4().hex)
        lock.take(now)
        try:
            yield lock
        finally:
            lock.release()

    def staged(self, job: str, now: float) -> StagedPages:
        """Return what has arrived of a job. Pages that are too old are dropped."""
        query = "SELECT rows, after, read_at FROM pages WHERE job = ? ORDER BY number"
        pages = self.database.execute(query, (job,)).fetchall()
        if pages and not 0 <= now - pages[-1][2] <= MAX_PAGE_AGE_S:
            self.drop(job)
            pages = []
        rows = [row for page in pages for row in json.loads(page[0])]
        return StagedPages(rows, pages[-1][1] if pages else None, len(pages))

    def stage(self, job: str, number: int, rows: list[Row], after: str | None, now: float) -> None:
        """Store a page and the cursor behind it."""
        text = json.dumps(rows, ensure_ascii=False)
        self.database.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)", (job, number, text, after, now))

    def drop(self, job: str) -> None:
        """Forget the pages of a job."""
        self.database.execute("DELETE FROM pages WHERE job = ?", (job,))

    def drop_old(self, now: float) -> None:
        """Forget the pages of jobs that nobody will go on with."""
        self.database.execute("DELETE FROM pages WHERE read_at < ? OR read_at > ?", (now - MAX_PAGE_AGE_S, now + 60))

    @property
    def database(self) -> sqlite3.Connection:
        """Return the connection; every statement is a transaction. A damaged file is set aside."""
        if self._db is None:
            make_private_folder(self._folder)
            path = self._folder / FILE
            if path.is_symlink() or path.is_dir():
                path.replace(path.with_name(FILE + ".damaged"))
            try:
                self._db = _open(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                path.replace(path.with_name(FILE + ".damaged"))
                self._db = _open(path)
        return self._db


@dataclass(frozen=True)
class AccountLock:
    """The lock of one account, which expires unless it is renewed."""

    state: SyncState
    account: str
    holder: str

    def take(self, now: float) -> None:
        """Take the lock; also one whose process has ended. Raises AccountBusy."""
        database = self.state.database
        database.execute("BEGIN IMMEDIATE")
        try:
            query = "SELECT holder, pid, expires_at FROM locks WHERE account = ?"
            row = database.execute(query, (self.account,)).fetchone()
            if row is not None and _is_held(row[0], row[1], row[2], now):
                raise AccountBusy
            entry = (self.account, self.holder, os.getpid(), now + LOCK_S)
            database.execute("INSERT OR REPLACE INTO locks VALUES (?, ?, ?, ?)", entry)
        finally:
            database.execute("COMMIT")
        _HOLDERS.add(self.holder)

    def renew(self, now: float) -> None:
        """Put off the expiry. Raises AccountBusy where the lock was lost."""
        query = "UPDATE locks SET expires_at = ? WHERE account = ? AND holder = ?"
        if self.state.database.execute(query, (now + LOCK_S, self.account, self.holder)).rowcount == 0:
            raise AccountBusy

    def release(self) -> None:
        _HOLDERS.discard(self.holder)
        with suppress(sqlite3.Error, OSError):
            query = "DELETE FROM locks WHERE account = ? AND holder = ?"
            self.state.database.execute(query, (self.account, self.holder))


def _is_held(holder: str, pid: int, expires_at: float, now: float) -> bool:
    if not now < expires_at <= now + LOCK_S + 60:  # expired, or written before the clock was put back
        return False
    return holder in _HOLDERS if pid == os.getpid() else _is_running(pid)


def _is_running(pid: int) -> bool:
    if os.name == "nt":
        return True  # signal 0 would end the process there; the lock expires
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA auto_vacuum = FULL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
