"""Run a checked SELECT: bounded in memory, time and rows, and interrupted when its caller gives up."""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError, DataLimit, InvalidArguments, Transient
from meta_ads_mcp.store.duckdb_extra import MEMORY_LIMIT, require_duckdb
from meta_ads_mcp.store.files import StoreFile, StoreFolder
from meta_ads_mcp.store.name_columns import NameColumns, name_column
from meta_ads_mcp.store.statement import SCHEMA_URI, Statement, check_statement, first_line, nearest
from meta_ads_mcp.store.store_tables import TABLES, view_columns
from meta_ads_mcp.store.views import VIEWS, damaged_files, data_files, open_views, quote_name, signature_of

MAX_SECONDS = 20.0
MAX_CELL_CHARS = 2_000
# How often a query starts again because a sync replaced one of its files meanwhile.
MAX_RERUNS = 3
_UNKNOWN_COLUMN = re.compile(
    r'(?i:referenced column|column(?: with name)?|column named) "?([^"\s]+)"? (?:not found|does not)'
)
_NOT_IN_TABLE = re.compile(r'does not have a column named "?([^"\s]+)"?')
_PLAIN_TYPES = ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER")
_TYPES = (*_PLAIN_TYPES, "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DATE", "TIMESTAMP", "TIME")


@dataclass(frozen=True)
class QueryAnswer:
    """The rows of a query, at most `limit` of them, and whether there are more. `bad_files` are files left out."""

    columns: list[str]
    rows: list[list[Any]]
    has_more: bool
    statement: Statement
    bad_files: list[str]
    name_counts: Sequence[NameCount] = ()


@dataclass(frozen=True)
class NameCount:
    """How many names of a level there are in the views of a query, how many do not match, and one of these."""

    level: str
    names: int
    unmatched: int
    example: str


@dataclass
class StoreQuery:
    """One query: the accounts that it may see, their facts, and the columns into which names are split."""

    folder: StoreFolder
    sql: str
    accounts: Sequence[Row]
    limit: int
    names: NameColumns = field(default_factory=NameColumns)
    seconds: float = MAX_SECONDS

    def __post_init__(self) -> None:
        self._connection: Any = None
        self._is_late = self._is_cancelled = False

    async def run(self) -> QueryAnswer:
        """Run in a thread. Raises InvalidArguments, DataLimit and Transient; ends at once when it is cancelled."""
        work = asyncio.ensure_future(asyncio.to_thread(self._run))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._is_cancelled = True
            self._interrupt()
            with suppress(Exception):
                await work
            raise

    def _run(self) -> QueryAnswer:
        statement = check_statement(self.sql, VIEWS)
        ids = [str(account["account_id"]) for account in self.accounts]
        bad_files: list[StoreFile] = []
        union_by_name = False
        for attempt in range(MAX_RERUNS + 1):
            files = [file for file in data_files(self.folder, statement.tables, ids) if file not in bad_files]
            before = signature_of(files)
            try:
                columns, rows, counts = self._select(statement, files, union_by_name=union_by_name)
            except _unreadable() as failure:
                bad = damaged_files(files)
                if union_by_name and not bad and signature_of(files) == before:
                    raise self._explain(failure, statement) from None
                bad_files += bad
                union_by_name = not bad
                continue
            if signature_of(files) == before or attempt == MAX_RERUNS:
                paths = [str(file.path) for file in bad_files]
                return QueryAnswer(columns, rows[: self.limit], len(rows) > self.limit, statement, paths, counts)
        raise Transient("The files of the store changed while they were read.", "Call ads_query again.")

    def _select(
        self, statement: Statement, files: Sequence[StoreFile], *, union_by_name: bool
    ) -> tuple[list[str], list[list[Any]], list[NameCount]]:
        try:
            extra = self.names.extra
            options: dict[str, Any] = {"functions": statement.functions, "union_by_name": union_by_name}
            connection = open_views(statement.tables, files, self.accounts, extra, **options)
        except require_duckdb().BinderException as failure:
            raise _MixedFiles(str(failure)) from None
        with closing(connection), self._bounded(connection), self._explained(statement):
            description = connection.execute(f"DESCRIBE {statement.text}").fetchall()
            names, types = [str(row[0]) for row in description], [str(row[1]) for row in description]
            cursor = connection.execute(_wrap(statement.text, types, self.limit + 1))
            rows = [[_cell(value) for value in row] for row in cursor.fetchall()]
            return names, rows, self._count_names(connection, statement)

    def _count_names(self, connection: Any, statement: Statement) -> list[NameCount]:
        """Count the names that the templates do not split, of each level whose columns the query uses."""
        counts = []
        for level, column in self.names.levels_of(statement.columns):
            for view in sorted(statement.tables & set(TABLES)):
                if name_column(view, level) is not None:
                    row = connection.execute(self.names.count_sql(view, level, column)).fetchone()
                    counts.append(NameCount(level, row[0], row[1], str(row[2] or "")))
        return counts

    def _explain(self, failure: Exception, statement: Statement) -> AdsError:
        return explain(str(failure), statement, {name for columns in self.names.extra.values() for name in columns})

    @contextmanager
    def _bounded(self, connection: Any) -> Iterator[None]:
        """Interrupt the connection when the time is up."""
        self._connection, self._is_late = connection, False
        timer = threading.Timer(self.seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            if self._is_cancelled:
                raise Transient("The query was cancelled.")
            yield
        finally:
            timer.cancel()
            self._connection = None

    def _end(self) -> None:
        self._is_late = True
        self._interrupt()

    def _interrupt(self) -> None:
        connection = self._connection
        if connection is not None:
            connection.interrupt()

    @contextmanager
    def _explained(self, statement: Statement) -> Iterator[None]:
        """Turn DuckDB's errors into this server's words. Errors of reading files pass."""
        duckdb = require_duckdb()
        try:
            yield
        except duckdb.InterruptException:
            if self._is_late:
                raise DataLimit(
                    f"The query took longer than {self.seconds:g} seconds and was stopped.",
                    "Select fewer days or accounts, or aggregate before joining.",
                ) from None
            raise Transient("The query was cancelled.") from None
        except duckdb.OutOfMemoryException:
            raise DataLimit(
                f"The query needs more than {MEMORY_LIMIT} of memory and was stopped.",
                "Select fewer days or columns, or aggregate before sorting and joining.",
            ) from None
        except _unreadable():
            raise
        except duckdb.PermissionException:
            raise InvalidArguments("The query reaches outside the views of the store.", _SEE_SCHEMA) from None
        except duckdb.Error as failure:
            raise self._explain(failure, statement) from None


class _MixedFiles(Exception):
    """The files have different columns: an older version of this server wrote some of them."""


def _unreadable() -> tuple[type[Exception], ...]:
    """Return the errors that a damaged file, a replaced one, or files with different columns can cause."""
    duckdb = require_duckdb()
    return duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException, _MixedFiles


_SEE_SCHEMA = f"The views and their columns are in the resource {SCHEMA_URI}."


def explain(message: str, statement: Statement, more: Collection[str] = ()) -> AdsError:
    """Return the error for a message of DuckDB, with the nearest columns where one does not exist.

    `more` are columns beside those of the views.
    """
    match = _UNKNOWN_COLUMN.search(message) or _NOT_IN_TABLE.search(message)
    if match is None:
        return InvalidArguments(f"The query failed: {first_line(message)}.", _SEE_SCHEMA)
    columns = {column.name for name in statement.tables for column in view_columns(name)} | set(more)
    close = nearest(match[1], columns)
    tables = ", ".join(sorted(statement.tables)) or "the views"
    hint = f"Nearest: {', '.join(close)}. " if close else ""
    return InvalidArguments(f"There is no column {match[1][:80]!r} in {tables}.", f"{hint}{_SEE_SCHEMA}")


def _wrap(sql: str, types: Sequence[str], limit: int) -> str:
    """Return SQL for the first rows, in which a long text or a nested value is a short text."""
    names = [f"c{index}" for index in range(len(types))]
    cells = ", ".join(_short(name, kind) for name, kind in zip(names, types, strict=True))
    aliases = ", ".join(map(quote_name, names))
    return f"SELECT {cells} FROM (\n{sql}\n) AS result ({aliases}) LIMIT {limit}"


def _short(name: str, kind: str) -> str:
    if kind.startswith(("DECIMAL", "TIMESTAMP")) or kind in _TYPES:
        return name
    if kind.startswith(("MAP", "STRUCT")) or kind.endswith("]"):
        return f"left(to_json({name})::VARCHAR, {MAX_CELL_CHARS}) AS {name}"
    return f"left({name}::VARCHAR, {MAX_CELL_CHARS}) AS {name}"


def _cell(value: Any) -> Any:
    """Return a value as answers have it: numbers without needless decimals, days and times as text."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return _rounded(value) if math.isfinite(value) else None
    return _from_json(value) if isinstance(value, str) and value[:1] in "{[" else value


def _rounded(value: float) -> float | int:
    short = round(value, 6)
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


def _from_json(text: str) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return text
