"""Functions that would need more memory or time than a query may have."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.select_query import StoreQuery
from meta_ads_mcp.store.statement import check_statement
from meta_ads_mcp.store.views import VIEWS

LONG = "(SELECT string_agg('x', '') FROM range(200000))"
REFUSED = (
    "SELECT printf('%800000000d', 1)",
    "SELECT printf('%.800000000f', 1.5)",
    "SELECT printf('%*d', 800000000, 1)",
    "SELECT printf('%' || '800000000d', 1)",
    "SELECT format('{:800000000}', 1)",
    "SELECT format('{:{}}', 1, 800000000)",
    "SELECT format(account_name, 1) FROM accounts",
    f"SELECT replace('x', 'x', {LONG})",
    f"SELECT regexp_replace('x', '', {LONG}, 'g')",
    f"SELECT replace('x', 'x', '{'y' * 41}')",
    f"SELECT array_to_string(['x', 'y'], {LONG})",
    f"SELECT concat_ws({LONG}, 1, 2)",
    f"SELECT string_agg(account_id, {LONG}) FROM accounts",
    "SELECT range(400000000)",
    "SELECT generate_series(-400000000, 1)",
    "SELECT list_sum(range(count(*) * 100000000)) FROM accounts",
    "SELECT unnest(generate_series(1, 100000000))",
    "SELECT list_transform(range(1, 400000000, 2), lambda x: x)",
    "SELECT generate_series(TIMESTAMP '2020-01-01', TIMESTAMP '2026-01-01', INTERVAL 1 microsecond)",
    "SELECT generate_series(TIMESTAMP '2020-01-01', TIMESTAMP '2026-01-01', INTERVAL 1 second)",
)
HARMLESS: tuple[tuple[str, Any], ...] = (
    ("SELECT printf('%.2f', 1.5)", "1.50"),
    ("SELECT printf('%05d %s', 12, 'a')", "00012 a"),
    ("SELECT format('{:,}', 1234567)", "1,234,567"),
    ("SELECT replace('a-b-c', '-', ' ')", "a b c"),
    ("SELECT regexp_replace('a1b22', '[0-9]+', '#', 'g')", "a#b#"),
    ("SELECT regexp_replace('a1b22', '[0-9]+', '#')", "a#b22"),
    ("SELECT array_to_string(['x', 'y'], ', ')", "x, y"),
    ("SELECT count(*) FROM range(300000)", 300_000),
    ("SELECT length(range(10))", 10),
    ("SELECT length(generate_series(DATE '2026-01-01', DATE '2026-12-31', INTERVAL 1 DAY))", 365),
    ("SELECT count(*) FROM (SELECT unnest(generate_series(1, 90)))", 90),
    ("SELECT levenshtein('kitten', 'sitting')", 3),
    (f"SELECT levenshtein({LONG}, {LONG} || 'y')", 0),
    (f"SELECT length(replace(replace({LONG}, 'x', '{'y' * 40}'), 'y', '{'z' * 40}'))", 160_000),
)


@pytest.mark.parametrize("sql", REFUSED)
def test_a_value_without_bounds_is_refused(sql: str) -> None:
    with pytest.raises(InvalidArguments):
        check_statement(sql, VIEWS)


@pytest.mark.parametrize(("sql", "value"), HARMLESS)
def test_everyday_calls_run_and_long_values_are_cut(tmp_path: Path, sql: str, value: Any) -> None:
    answer = asyncio.run(StoreQuery(StoreFolder(tmp_path), sql, [{"account_id": "act_1"}], 5).run())
    assert answer.rows == [[value]]
