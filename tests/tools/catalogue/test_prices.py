"""Prices are exact in each of Meta's three forms, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.sandbox.world.shop import SYMBOLS, money_text
from meta_ads_mcp.tools.catalogue.prices import price_minor, shown_minor, to_feed_text, to_hundredths


@given(st.integers(0, 10**9), st.sampled_from(sorted(SYMBOLS)))
def test_a_price_is_the_same_in_all_forms(minor: int, currency: str) -> None:
    text = to_feed_text(minor, currency)
    hundredths = minor * 100 // (offset(currency) or 1)
    assert price_minor(text) == (minor, currency)
    assert to_hundredths(text) == (hundredths, currency)
    assert shown_minor(money_text(hundredths, currency), currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("$1,299.00", "USD", 129900),
        ("1.299,00 €", "EUR", 129900),
        ("1 299,00 €", "EUR", 129900),
        ("€1.299", "EUR", 129900),
        ("¥3,800", "JPY", 3800),
        ("3.800 Ft", "HUF", 3800),
        ("free", "USD", None),
        ("$5", "XYZ", None),
    ],
)
def test_the_last_separator_is_decimal_only_if_its_digits_fit(text: str, currency: str, minor: int | None) -> None:
    assert shown_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text", ["9,99 EUR", "$9.99", "9.99", "9.999 USD", "9.9 USD", "-1.00 USD", "1.00 JPY", "1 usd", ""]
)
def test_any_other_text_is_refused_with_the_accepted_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"9\.99 USD"):
        price_minor(text)
