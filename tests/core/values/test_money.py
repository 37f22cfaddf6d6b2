"""Money: Meta's minor units, on the way in and out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from meta_ads_mcp.core.values.money import WITH_SUBUNIT, WITHOUT_SUBUNIT, Money, format_money, money, offset, to_minor
from meta_ads_mcp.errors import InvalidArguments

KNOWN = sorted(WITH_SUBUNIT | WITHOUT_SUBUNIT)
ARGUMENT: TypeAdapter[Any] = TypeAdapter(Money)


def test_currencies_without_subunit_follow_meta() -> None:
    assert sorted(WITHOUT_SUBUNIT) == "CLP COP CRC HUF IDR ISK JPY KRW PYG TWD VND".split()
    assert not WITHOUT_SUBUNIT & WITH_SUBUNIT
    assert (offset("BHD"), offset("JOD"), offset("XAF"), offset("usd")) == (100, 100, None, None)


SDK_CURRENCIES = sorted(value for key, value in vars(AdAccount.Currency).items() if not key.startswith("_"))


@pytest.mark.parametrize("currency", SDK_CURRENCIES)
def test_every_currency_of_the_sdk_is_known(currency: str) -> None:
    digits = 0 if currency in WITHOUT_SUBUNIT else 2
    amount = f"46.{'0' * digits}".rstrip(".")
    assert money(46 * 10**digits, currency) == {"minor": 46 * 10**digits, "amount": amount, "currency": currency}
    for text in (f"{amount} {currency}", f"46 {currency}"):
        assert to_minor(ARGUMENT.validate_python(text), currency) == 46 * 10**digits


@given(st.sampled_from(KNOWN), st.from_regex(r"[0-9]{1,4}([.,][0-9]{1,4}){1,2}", fullmatch=True))
def test_an_accepted_amount_has_one_reading(currency: str, amount: str) -> None:
    """The readings of people who use points for thousands, and of those who use commas, agree or only one exists."""
    try:
        minor = to_minor(ARGUMENT.validate_python(f"{amount} {currency}"), currency)
    except (ValidationError, InvalidArguments):
        return
    whole, _, decimals = amount.replace(",", "").partition(".")
    assert len(decimals) in (0, 0 if currency in WITHOUT_SUBUNIT else 2)
    assert minor == int(whole + decimals) * (1 if decimals else offset(currency) or 0)


@given(st.integers(0, 10**15 - 1), st.sampled_from(KNOWN))
def test_shown_amounts_are_accepted_as_arguments(minor: int, currency: str) -> None:
    shown = money(minor, currency)
    assert to_minor(format_money(shown), currency) == minor
    assert Decimal(shown["amount"]) * (offset(currency) or 0) == minor


@given(st.integers(-(10**15), 10**15), st.sampled_from(KNOWN))
def test_amounts_are_exact(minor: int, currency: str) -> None:
    amount = money(minor, currency)["amount"]
    assert len(amount.partition(".")[2]) == (0 if currency in WITHOUT_SUBUNIT else 2)
    assert Decimal(amount) * (offset(currency) or 0) == minor


@pytest.mark.parametrize(
    ("given", "currency", "minor"),
    [
        (5000, "USD", 5000),
        (5000, "XAF", 5000),
        ("50.00 USD", "USD", 5000),
        ("50 USD", "USD", 5000),
        ("5000 JPY", "JPY", 5000),
        ("1,200.00 USD", "USD", 120_000),
        ("1,234,567 EUR", "EUR", 123_456_700),
        ("1,200 JPY", "JPY", 1200),
        ("$120", "USD", 12_000),
        ("$1,200.50", "CAD", 120_050),
        ("$120", "TWD", 120),
        ("19.99 GBP", "GBP", 1999),
        ("0.29 USD", "USD", 29),
    ],
)
def test_an_argument_in_minor_units(given: Any, currency: str, minor: int) -> None:
    assert to_minor(ARGUMENT.validate_python(given), currency) == minor


@pytest.mark.parametrize(
    ("given", "currency", "said"),
    [
        ("50.00 USD", "EUR", "in EUR"),
        ("50.5 JPY", "JPY", "no decimals"),
        ("0.005 USD", "USD", "two decimals"),
        ("50.00 XAF", "XAF", "not known"),
        ("fifty", "USD", "minor units"),
        ("1.200 EUR", "EUR", "ambiguous"),
        ("1,200 EUR", "EUR", "ambiguous"),
        ("0.5 EUR", "EUR", "two decimals"),
        ("1.2 EUR", "EUR", "two decimals"),
        ("5000.00 JPY", "JPY", "no decimals"),
        ("1.200 JPY", "JPY", "no decimals"),
        ("$120", "EUR", "1200.00 EUR"),
        ("$120", "MXN", "1200.00 MXN"),
        ("$1.200", "USD", "ambiguous"),
    ],
)
def test_an_amount_that_cannot_be_converted(given: str, currency: str, said: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        to_minor(given, currency)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        True,
        False,
        -5,
        5.0,
        "",
        "-5",
        "5,00 USD",
        "5.00USD",
        "5.00  USD",
        "5.00 usd",
        "1.200 EUR",
        "1,200 EUR",
        "1.2 EUR",
        "1.200,00 EUR",
        "1,20,000.00 INR",
        "1,2000.00 USD",
        "5000.0 JPY",
        "€120",
        "$ 120",
        "$120 USD",
        "120$",
        ",200.00 USD",
        "\u0665",
        "5.00 USD\n",
        10**18,
        None,
        "1e3",
        [5],
    ],
)
def test_malformed_amounts_are_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        ARGUMENT.validate_python(wrong)
