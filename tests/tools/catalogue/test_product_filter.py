"""Filters that Meta refuses are refused here, with the accepted form, and others arrive as Graph takes them."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.product_filter import FilterCheck, describe_filter


@pytest.mark.parametrize(
    "rule",
    [
        {"and": []},
        {"and": {"brand": {"eq": "x"}}},
        {"or": [{}]},
        {"not": {}},
        {"brand": "x"},
        {"brand": {}},
        {"brand": {"eq": None}},
        {"brand": {"eq": ["x"]}},
        {"brand": {"is_any": "x"}},
        {"brand": {"is_any": []}},
        {"price": {"lt": 49.99}},
        {"price": {"lt": "49.99"}},
        {"price": {"lt": "49,99 EUR"}},
        {"price": {"lt": -5}},
        {"inventory": {"gt": "many"}},
        {"brand": {"eq": "x" * 600_000}},
    ],
)
def test_a_filter_that_meta_refuses_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments) as refusal:
        FilterCheck().convert(rule)
    assert "i_contains" in refusal.value.next_step


@pytest.mark.parametrize(
    ("value", "hundredths"), [("50.00 USD", 5000), ("1200 JPY", 120000), (5000, 5000), ("5000", 5000)]
)
def test_money_is_sent_in_hundredths(value: Any, hundredths: int) -> None:
    assert FilterCheck().convert({"and": [{"price": {"lt": value}}]}) == {"and": [{"price": {"lt": hundredths}}]}


def test_unknown_words_go_to_graph_with_a_note() -> None:
    check, rule = FilterCheck(), {"brandd": {"i_contain": "x"}}
    assert check.convert(rule) == rule
    assert [("brand" in note, "i_contains" in note) for note in check.notes] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "all items"),
        ({"product_type": {"i_contains": "shirt"}}, 'product type contains the word "shirt"'),
        (
            {"and": [{"price": {"lt": 5000}}, {"or": [{"brand": {"eq": "A"}}, {"brand": {"eq": "B"}}]}]},
            'price below 50.00 USD and (brand is "A" or brand is "B")',
        ),
        ({"not": {"availability": {"eq": "in stock"}}}, 'not (availability is "in stock")'),
    ],
)
def test_a_filter_is_told_in_words(rule: dict[str, Any], words: str) -> None:
    assert describe_filter(rule, "USD") == words
