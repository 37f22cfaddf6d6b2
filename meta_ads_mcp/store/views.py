"""Create the views of a query in a database in memory, and then close every way out of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.store.bounds import MACROS
from meta_ads_mcp.store.duckdb_extra import open_memory
from meta_ads_mcp.store.files import StoreFile, StoreFolder, has_damage
from meta_ads_mcp.store.store_tables import ACCOUNT_COLUMN, ACCOUNT_COLUMNS, ACCOUNTS, TABLES, StoreTable, TableColumn

VIEWS = (ACCOUNTS, *TABLES)
# The last one cannot be taken back.
_CLOSING = (
    "enable_external_file_cache = false",
    "enable_external_access = false",
    "python_enable_replacements = false",
    "lock_configuration = true",
)
Signature = dict[str, tuple[int, int, int]]


def signature_of(files: Iterable[StoreFile]) -> Signature:
    """Return what changes when one of the files is replaced."""
    states = {str(file.path): file.path.stat() for file in files if file.path.exists()}
    return {path: (state.st_ino, state.st_mtime_ns, state.st_size) for path, state in states.items()}


def data_files(folder: StoreFolder, tables: Iterable[str], accounts: Sequence[str]) -> list[StoreFile]:
    """Return the files that a query over some views reads."""
    return [file for name in tables if name in TABLES for file in folder.files(TABLES[name], accounts)]


def damaged_files(files: Iterable[StoreFile]) -> list[StoreFile]:
    """Return the files that cannot be read."""
    return [file for file in files if has_damage(file.path)]


def open_views(
    tables: Collection[str],
    files: Sequence[StoreFile],
    accounts: Sequence[Row],
    extra: Mapping[str, Mapping[str, str]],
    *,
    functions: Collection[str] = (),
    union_by_name: bool = False,
) -> Any:
    """Return a connection that reads the files through the views `tables` and nothing else on this machine.

    `extra` has SQL expressions of further columns by view and name. `functions` are those that the query calls, some
    of which get bounds. With `union_by_name`, the files may have different columns, which takes longer: each is opened
    first. The caller closes the connection.
    """
    connection = open_memory()
    try:
        paths = [str(file.path) for file in files]
        connection.execute(f"SET allowed_paths = [{', '.join(map(quote, paths))}]")
        for table in (TABLES[name] for name in tables if name in TABLES):
            paths_of_table = [file.path for file in files if file.table is table]
            connection.execute(_view(table, paths_of_table, extra.get(table.name, {}), union_by_name=union_by_name))
        if ACCOUNTS in tables:
            _create_accounts(connection, accounts)
        for name in MACROS.keys() & set(functions):
            connection.execute(f"CREATE MACRO {MACROS[name]}")
        for setting in _CLOSING:
            connection.execute(f"SET {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def quote(text: object) -> str:
    """Return a SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _view(table: StoreTable, paths: Sequence[Path], extra: Mapping[str, str], *, union_by_name: bool) -> str:
    columns = [ACCOUNT_COLUMN, *table.column_names]
    further = "".join(f", {expression} AS {quote_name(name)}" for name, expression in extra.items())
    if paths:
        source = _source(table, paths, union_by_name)
        return f"CREATE VIEW {table.name} AS SELECT {', '.join(columns)}{further} FROM {source}"
    nothing = ", ".join(_null(column) for column in (TableColumn(ACCOUNT_COLUMN, "VARCHAR", ""), *table.columns))
    return f"CREATE VIEW {table.name} AS SELECT *{further} FROM (SELECT {nothing}) WHERE false"


def _null(column: TableColumn) -> str:
    return f"NULL::{column.sql_type} AS {column.name}"


def _source(table: StoreTable, paths: Sequence[Path], union_by_name: bool) -> str:
    """Return the files as a table. Of files with different columns, a column that none of them has is NULL."""
    files = ", ".join(quote(path) for path in paths)
    options = f"hive_partitioning = true, hive_types = {{'{ACCOUNT_COLUMN}': VARCHAR}}, union_by_name = {union_by_name}"
    source = f"read_parquet([{files}], {options})"
    if not union_by_name:
        return source
    nothing = ", ".join(_null(column) for column in table.columns)
    return f"((SELECT * FROM {source}) UNION ALL BY NAME (SELECT {nothing} WHERE false))"


def _create_accounts(connection: Any, accounts: Sequence[Row]) -> None:
    columns = ", ".join(f"{column.name} {column.sql_type}" for column in ACCOUNT_COLUMNS)
    connection.execute(f"CREATE TABLE {ACCOUNTS} ({columns})")
    if accounts:
        struct = json.dumps([{column.name: column.sql_type for column in ACCOUNT_COLUMNS}])
        load = f"INSERT INTO {ACCOUNTS} SELECT entry.* FROM (SELECT unnest(from_json(?, ?)) AS entry)"
        connection.execute(load, [json.dumps(list(accounts)), struct])
