"""Check a statement before it runs: one SELECT over the views of the store, with known functions.

DuckDB's own parser reads the statement. Every node of its tree must be of a known kind, so that new syntax is refused
until somebody has looked at it. The connection that then runs it has no access to files, network or settings either.
"""

from __future__ import annotations

import difflib
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.store.bounds import growth_problem
from meta_ads_mcp.store.currencies import mixes_money
from meta_ads_mcp.store.duckdb_extra import open_memory, require_duckdb
from meta_ads_mcp.store.functions import FUNCTIONS, TABLE_FUNCTIONS

MAX_CHARS = 20_000
SCHEMA_URI = "ads://store/schema"
WRITE_SELECT = "Write one SELECT over the views, such as: SELECT date, sum(spend) FROM insights_daily GROUP BY date."

_CORRECT_IT = "Correct it; the dialect is DuckDB's. Write AS before an alias that is a word of SQL, such as week."

_EXPRESSIONS = frozenset(
    """
    BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA LAMBDA_REF OPERATOR
    POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW
    """.split()
)
_NODES = frozenset(
    """
    SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE BASE_TABLE JOIN SUBQUERY TABLE_FUNCTION EMPTY
    EXPRESSION_LIST PIVOT ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT
    ASCENDING DESCENDING
    """.split()
)
# Prefixes of DuckDB's own views and functions.
_SYSTEM = ("duckdb_", "pragma_", "sqlite_", "pg_", "information_schema")


@dataclass
class Statement:
    """A checked statement. `tables` are the views that it reads, `columns` and `functions` are the names in it.

    `mixes_money` says whether it may add or compare money of several currencies.
    """

    text: str
    tables: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    mixes_money: bool = False


def check_statement(sql: str, views: Collection[str]) -> Statement:
    """Return the statement with what it reads. Raises InvalidArguments for anything but one SELECT over the views."""
    text = sql.strip().rstrip(";").strip()
    if not text or len(text) > MAX_CHARS or "\0" in text:
        raise InvalidArguments(f"sql is one SELECT of 1 to {MAX_CHARS:,} characters.", WRITE_SELECT)
    tree = _parse(text)
    if tree.get("error"):
        raise _not_a_select(str(tree.get("error_type")), str(tree.get("error_message")))
    statements = tree["statements"]
    if len(statements) != 1:
        raise InvalidArguments(f"sql holds {len(statements)} statements; only one SELECT can run.", WRITE_SELECT)
    statement = Statement(text)
    try:
        _Checker(frozenset(views), statement).visit(statements[0]["node"], frozenset())
        statement.mixes_money = mixes_money(statements[0]["node"])
    except RecursionError:
        raise InvalidArguments("The SQL is nested too deeply to be checked.", WRITE_SELECT) from None
    return statement


@cache
def _parser() -> tuple[Any, threading.Lock]:
    """Return a connection that only parses, and its lock: a connection is for one thread at a time."""
    return open_memory(), threading.Lock()


def _parse(text: str) -> dict[str, Any]:
    """Return the tree of DuckDB's parser. Raises InvalidArguments for a text that is nested too deeply for it."""
    connection, lock = _parser()
    try:
        with lock:
            (answer,) = connection.execute("SELECT json_serialize_sql(?)", [text]).fetchone()
        tree: dict[str, Any] = json.loads(answer)
    except (require_duckdb().Error, RecursionError):
        raise InvalidArguments("The SQL is nested too deeply to be read.", WRITE_SELECT) from None
    return tree


def nearest(name: str, names: Collection[str], count: int = 3, likeness: float = 0.5) -> list[str]:
    """Return the names that are most like one that does not exist."""
    by_folded_name = {item.casefold(): item for item in names}
    return [
        by_folded_name[item]
        for item in difflib.get_close_matches(name.casefold(), list(by_folded_name), count, likeness)
    ]


@dataclass
class _Checker:
    """Visit the tree. `names` in its methods are the common table expressions that are visible there."""

    views: frozenset[str]
    statement: Statement
    # The function of the latest table function, which makes rows and not a list.
    _row_source: Any = None

    def visit(self, node: Any, names: frozenset[str]) -> None:
        if isinstance(node, list):
            for item in node:
                self.visit(item, names)
        elif isinstance(node, dict):
            self._check(node, names)
            names = self._with_expressions(node, names)
            for key, value in node.items():
                if key != "cte_map":
                    self.visit(value, names)

    def _with_expressions(self, node: Mapping[str, Any], names: frozenset[str]) -> frozenset[str]:
        """Visit the common table expressions of a node, each of which sees those before it. Returns all names."""
        for entry in (node.get("cte_map") or {}).get("map", ()):
            name = str(entry["key"]).casefold()
            if name.startswith(_SYSTEM):
                raise InvalidArguments(f"WITH cannot define {name[:80]!r}, which is a name of DuckDB's.", "Rename it.")
            self.visit(entry["value"], names)
            names |= {name}
        if node.get("type") == "RECURSIVE_CTE_NODE":
            names |= {str(node.get("cte_name")).casefold()}
        return names

    def _check(self, node: Mapping[str, Any], names: frozenset[str]) -> None:
        kind, expression = node.get("type"), node.get("class")
        if isinstance(expression, str):
            if expression not in _EXPRESSIONS:
                raise _unsupported(expression)
        elif isinstance(kind, str) and kind not in _NODES and not kind.endswith("_TYPE_INFO"):
            raise _unsupported(kind)
        if "function_name" in node:
            self._check_function(node)
            self._check_growth(node)
        if kind == "TABLE_FUNCTION":
            self._check_table_function(node)
        elif kind == "BASE_TABLE":
            self._check_table(node, names)
        elif kind == "COLUMN_REF":
            self.statement.columns.add(str(node["column_names"][-1]).casefold())

    def _check_function(self, node: Mapping[str, Any]) -> None:
        name = str(node["function_name"]).casefold()
        if node.get("schema") or node.get("catalog") or name not in FUNCTIONS | TABLE_FUNCTIONS:
            close = nearest(name, FUNCTIONS, likeness=0.75)
            hint = f"Nearest: {', '.join(close)}. " if close else ""
            raise InvalidArguments(
                f"The function {name[:80]!r} cannot be used here.",
                f"{hint}Aggregates, window functions, and functions of numbers, texts, times, lists and maps can.",
            )

    def _check_growth(self, node: Mapping[str, Any]) -> None:
        name, arguments = str(node["function_name"]).casefold(), node.get("arguments") or ()
        self.statement.functions.add(name)
        problem = growth_problem(name, [entry["expression"] for entry in arguments])
        if problem and node is not self._row_source:
            raise InvalidArguments(f"{problem}.", "Write it in another way; the rest of the query can stay.")

    def _check_table_function(self, node: Mapping[str, Any]) -> None:
        self._row_source = node.get("function")
        name = str((node.get("function") or {}).get("function_name")).casefold()
        if name not in TABLE_FUNCTIONS:
            raise _unknown_table(f"{name}()", self.views)

    def _check_table(self, node: Mapping[str, Any], names: frozenset[str]) -> None:
        name = str(node.get("table_name")).casefold()
        is_plain = not node.get("schema_name") and not node.get("catalog_name")
        if is_plain and name in names:
            return
        if not is_plain or name not in self.views:
            raise _unknown_table(str(node.get("table_name")), self.views)
        self.statement.tables.add(name)


def _unsupported(kind: str) -> InvalidArguments:
    return InvalidArguments(
        f"This part of SQL is not supported here: {kind.casefold().replace('_', ' ')}.",
        f"{WRITE_SELECT} The columns are in the resource {SCHEMA_URI}.",
    )


def _unknown_table(name: str, views: Collection[str]) -> InvalidArguments:
    close = nearest(name, views, 1)
    hint = f"Nearest: {close[0]}. " if close else ""
    return InvalidArguments(f"There is no view {name[:80]!r}.", f"{hint}Views are {', '.join(sorted(views))}.")


def _not_a_select(kind: str, message: str) -> InvalidArguments:
    if kind == "parser" or "syntax" in message.casefold():
        reason = first_line(message)
        return InvalidArguments(f"The SQL cannot be read: {reason}.", _CORRECT_IT)
    return InvalidArguments("Only one SELECT can run here.", WRITE_SELECT)


def first_line(message: str) -> str:
    """Return the first line of a message of DuckDB, without its kind and the final stop."""
    line = message.strip().splitlines()[0] if message.strip() else "no reason given"
    return line.removeprefix("Parser Error: ").rstrip(".")[:300]
