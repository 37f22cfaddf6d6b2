"""Templates of names: what splits, what does not match, and that SQL splits as Python does."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_ads_mcp.analysis.query.name_templates import UNMATCHED, NameTemplate
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.store.name_columns import NameColumns

TEMPLATES = ("{a}_{b}", "{a}_{b}_{*}", "{a} | {b}-{c}", "[{a}]{b}", "{*}_{a}", "{a}_{b}_x", "{a}.*{b}", "{a}")


@pytest.mark.parametrize(
    ("template", "name", "values"),
    [
        ("{market}_{goal}_{date}", "DE_SALES_20261101", {"market": "DE", "goal": "SALES", "date": "20261101"}),
        ("{market}_{goal}_{date}", "DE_SALES_20261101_copy", None),
        ("{market}_{goal}_{date}", "DE_SALES", None),
        ("{market}_{goal}_{*}", "DE_SALES_20261101_copy", {"market": "DE", "goal": "SALES"}),
        ("{market}_{goal}_{*}", "DE_SALES_", {"market": "DE", "goal": "SALES"}),
        ("{market} | {goal}", "Österreich | Käufe (neu)", {"market": "Österreich", "goal": "Käufe (neu)"}),
        ("{market} | {goal}", "A | B | C", None),
        ("{market}|{goal}", "DE | Sales", {"market": "DE", "goal": "Sales"}),
        ("[{brand}] {*}", "[Acme] Broad\n2", {"brand": "Acme"}),
        ("{a}+{b}", "x+y", {"a": "x", "b": "y"}),
        ("{a}_{b}", "_y", None),
        ("{a}_{b}", "", None),
    ],
)
def test_names_are_split(template: str, name: str, values: dict[str, str] | None) -> None:
    assert NameTemplate.read(template).split(name) == values


@pytest.mark.parametrize(
    "template",
    ["", "no place", "{a}{b}", "{a}_{a}", "{*}", "{a", "{A}_{b}", "{a}_{b:03}", "{a b}", "{a}}", "{a}" * 200],
)
def test_templates_that_cannot_split_are_refused(template: str) -> None:
    with pytest.raises(InvalidArguments):
        NameTemplate.read(template)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TEMPLATES), st.lists(st.text("ab_| -[].*\nxÄ", max_size=14), min_size=1, max_size=8))
def test_sql_splits_as_python_does(text: str, names: list[str]) -> None:
    template = NameTemplate.read(text)
    columns = NameColumns({"campaign": template}).extra["insights_daily"]
    with duckdb.connect() as connection:
        source = "FROM (SELECT unnest(?) AS campaign_name)"
        rows = connection.execute(f"SELECT {', '.join(columns.values())} {source}", [names]).fetchall()
    for name, row in zip(names, rows, strict=True):
        values = template.split(name)
        expected = values.values() if values is not None else [UNMATCHED] * len(columns)
        assert list(row) == list(expected), (text, name)
