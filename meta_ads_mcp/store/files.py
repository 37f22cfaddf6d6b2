"""Keep the Parquet files of the store: one per table, account and year, each replaced as a whole.

Layout: `insights_daily/account_id=act_1/2026.parquet`. A query reads only the folders of the accounts that it names.
What was read of a file's days is in the file's own metadata, so rows and coverage cannot disagree. A file that cannot
be read is set aside as `2026.parquet.damaged`, and its days count as never read. Files have mode 0600. All SQL here is
built from the definitions of the tables and from quoted paths.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.private_files import (
    make_private_folder,
    make_private_subfolder,
    move_into_place,
    refuse_unsafe,
    replace_private,
)
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.store.coverage import Coverage, Days, coverage_of
from meta_ads_mcp.store.duckdb_extra import open_memory, require_duckdb
from meta_ads_mcp.store.store_tables import StoreTable

WHOLE = "all"
_ACCOUNT = re.compile(r"act_[0-9]{1,30}")
_PARTITION = re.compile(r"account_id=(act_[0-9]{1,30})")
_FILE = re.compile(r"([0-9]{4}|all)\.parquet")


@dataclass(frozen=True)
class StoreFile:
    """One Parquet file."""

    table: StoreTable
    account: str
    path: Path


class StoreFolder:
    """The folder of the store. Nothing is created before something is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, table: StoreTable, account: str, year: int | None) -> Path:
        """Return the place of a file. Raises ValueError for anything but the id of an account."""
        if not _ACCOUNT.fullmatch(account):
            raise ValueError("not the id of an ad account")
        return self.folder / table.name / f"account_id={account}" / f"{year or WHOLE}.parquet"

    def files(self, table: StoreTable, accounts: Iterable[str] | None = None) -> list[StoreFile]:
        """Return the files of a table, of some accounts or all, by account and year."""
        selection = None if accounts is None else set(accounts)
        folders = sorted(_partitions(self.folder / table.name))
        return [
            StoreFile(table, account, path)
            for account, folder in folders
            if selection is None or account in selection
            for path in sorted(folder.iterdir())
            if _FILE.fullmatch(path.name) and path.is_file() and not path.is_symlink()
        ]

    def accounts(self) -> list[str]:
        """Return the accounts that were synced, with or without rows."""
        paths = sorted((self.folder / "accounts").glob("act_*.json")) if self.folder.is_dir() else []
        return [path.stem for path in paths if _ACCOUNT.fullmatch(path.stem)]

    def account(self, account: str) -> Row:
        """Return the facts of an account that `keep_account` stored, or an empty row."""
        with suppress(OSError, ValueError, RecursionError):
            row = json.loads((self.folder / "accounts" / f"{account}.json").read_text(encoding="utf-8"))
            return row if isinstance(row, dict) else {}
        return {}

    def keep_account(self, account: str, facts: Row) -> None:
        """Store the facts of an account. Raises OSError."""
        self._make(self.folder / "accounts")
        path = self.folder / "accounts" / f"{account}.json"
        _clear_place(path)
        replace_private(path, json.dumps(facts, ensure_ascii=False).encode())

    def coverage(self, table: StoreTable, account: str) -> Coverage:
        """Return the days of a table that are on this machine. Damaged files are set aside first."""
        whole = Coverage()
        for file in self.files(table, [account]):
            part = _checked_coverage(file.path)
            if part is None:
                set_aside(file.path)
            else:
                whole = whole.join(part)
        return whole

    def replace_days(self, table: StoreTable, account: str, days: Days, rows: Sequence[Row], read_on: date) -> None:
        """Replace all rows of some days, file by file. Raises OSError; then each file is either old or new.

        `rows` hold the table's columns as JSON values; other rows of the files stay.
        """
        for year in range(days[0].year, days[1].year + 1):
            first, last = max(days[0], date(year, 1, 1)), min(days[1], date(year, 12, 31))
            part = [row for row in rows if str(row["date"])[:4] == f"{year:04d}"]
            path = self.path(table, account, year)
            keep = f"date < DATE '{first}' OR date > DATE '{last}'"
            coverage = (_checked_coverage(path) if path.is_file() else None) or Coverage()
            coverage.add((first, last), read_on)
            self._write(table, path, part, keep, coverage)

    def read_rows(self, table: StoreTable, account: str) -> list[Row]:
        """Return all rows of the only file of an account, for a table without days."""
        path = self.path(table, account, None)
        if not path.is_file():
            return []
        try:
            with closing(open_memory()) as connection:
                cursor = connection.execute(f"SELECT {_projection(connection, table, path)} FROM {_scan(path)}")
                return [dict(zip(table.column_names, row, strict=True)) for row in cursor.fetchall()]
        except require_duckdb().Error:
            set_aside(path)
            return []

    def replace_rows(self, table: StoreTable, account: str, rows: Sequence[Row], coverage: Coverage) -> None:
        """Replace the only file of an account, for a table without days. Raises OSError."""
        self._write(table, self.path(table, account, None), rows, "false", coverage)

    def _write(self, table: StoreTable, path: Path, rows: Sequence[Row], keep: str, coverage: Coverage) -> None:
        self._make(path.parent)
        _clear_place(path)
        draft = _new_draft(path)
        try:
            with closing(open_memory()) as connection:
                _fill(connection, table, path, rows, keep)
                _copy_out(connection, table, draft, coverage)
            _sync(draft)
            move_into_place(draft, path)
        except require_duckdb().IOException as failure:
            raise OSError(str(failure).splitlines()[0]) from None
        finally:
            draft.unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        make_private_folder(self.folder)
        for part in [*reversed(folder.relative_to(self.folder).parents), folder.relative_to(self.folder)][1:]:
            make_private_subfolder(self.folder / part)


def set_aside(path: Path) -> None:
    """Rename a damaged file, so that nothing reads it and a person can look at it. The next one replaces it."""
    with suppress(OSError):
        path.replace(path.with_name(path.name + ".damaged"))


def _clear_place(path: Path) -> None:
    """Set aside a folder or a link at the place of a file. Raises OSError where that is not possible."""
    if path.is_symlink() or path.is_dir():
        set_aside(path)
    refuse_unsafe(path)


def has_damage(path: Path) -> bool:
    """Return whether a file cannot be read to its end."""
    return path.is_file() and _checked_coverage(path) is None


def _partitions(folder: Path) -> list[tuple[str, Path]]:
    if not folder.is_dir() or folder.is_symlink():
        return []
    matches = ((_PARTITION.fullmatch(path.name), path) for path in folder.iterdir() if not path.is_symlink())
    return [(match[1], path) for match, path in matches if match and path.is_dir()]


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _scan(path: Path) -> str:
    return f"read_parquet([{_quoted(path)}], hive_partitioning = false)"


def _checked_coverage(path: Path) -> Coverage | None:
    """Return the coverage of a file whose every value can be read, else None."""
    duckdb = require_duckdb()
    try:
        with closing(open_memory()) as connection:
            pairs = connection.execute(f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({_quoted(path)})")
            coverage = coverage_of(dict(pairs.fetchall()))
            connection.execute(f"SELECT max(hash(COLUMNS(*))) FROM {_scan(path)}").fetchall()
            return coverage
    except (duckdb.Error, ValueError, RecursionError):
        return None


def _projection(connection: Any, table: StoreTable, path: Path) -> str:
    """Return the table's columns as a file has them. A column that an older version did not have is NULL."""
    there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {_scan(path)}").fetchall()}
    return ", ".join(
        f"{column.name}::{column.sql_type} AS {column.name}"
        if column.name in there
        else f"NULL::{column.sql_type} AS {column.name}"
        for column in table.columns
    )


def _fill(connection: Any, table: StoreTable, path: Path, rows: Sequence[Row], keep: str) -> None:
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in table.columns)
    connection.execute(f"CREATE TABLE rows ({columns})")
    if keep != "false" and path.is_file():
        with suppress(require_duckdb().Error):  # a damaged file is read again day by day
            old = f"SELECT {_projection(connection, table, path)} FROM {_scan(path)} WHERE {keep}"
            connection.execute(f"INSERT INTO rows {old}")
    load = "INSERT INTO rows SELECT entry.* FROM (SELECT unnest(from_json(?, ?)) AS entry)"
    for start in range(0, len(rows), 5000):
        text = json.dumps(rows[start : start + 5000], ensure_ascii=False)
        connection.execute(load, [text, json.dumps([table.struct])])


def _copy_out(connection: Any, table: StoreTable, draft: Path, coverage: Coverage) -> None:
    metadata = f"{{coverage: {_quoted(coverage.dump())}}}"
    options = f"FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, KV_METADATA {metadata}"
    order = ", ".join(table.key)
    connection.execute(f"COPY (SELECT * FROM rows ORDER BY {order}) TO {_quoted(draft)} ({options})")


def _new_draft(path: Path) -> Path:
    """Create an empty file beside the target, with mode 0600, which DuckDB then fills."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        os.close(handle)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _sync(path: Path) -> None:
    path.chmod(0o600)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
