from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.analysis.numbers import amount, change_pct, number, ratio, round_number, total


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("361324", 361324), ("5339.5", 5339.5), ("0", 0), ("-1.50", -1.5), ("3.0", 3), (7, 7), (1.5, 1.5)),
        *(("1e3", 1000), ("1.5E+3", 1500), ("2E-1", 0.2), ("+5", 5), (".5", 0.5), ("5.", 5), ("-0", 0)),
    ],
)
def test_numbers_are_read(text: object, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "AVERAGE",
        "25-34",
        True,
        [],
        "٣",
        "1,000",
        "nan",
        "inf",
        "9" * 61,
        10**400,
        "1e999",
        "1_000",
        " 5",
        ".",
    ],
)
def test_what_is_no_number_is_none(text: object) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.357812, 0.3578),
        (12.345678, 12.35),
        (1234.567, 1234.57),
        (0.00123456, 0.001235),
        (0, 0),
        (2.0, 2),
        (None, None),
    ],
)
def test_ratios_keep_four_digits_and_two_decimals(value: float | None, shown: float | None) -> None:
    assert round_number(value) == shown


@given(st.floats(1e-6, 1e9))
def test_rounding_changes_a_ratio_by_less_than_a_thousandth(value: float) -> None:
    assert round_number(value) == pytest.approx(value, rel=1e-3)


def test_sums_have_no_binary_dust() -> None:
    assert total([0.1, 0.2, None]) == 0.3
    assert total([]) == 0


def test_from_nothing_there_is_no_percentage() -> None:
    assert change_pct(5, 0) is None
    assert change_pct(None, 5) is None
    assert change_pct(0, 5) == -100
    assert change_pct(3, -2) == 250
    assert ratio(3, 0) is None


def test_amounts_read_as_the_currency_is_written() -> None:
    assert amount(1234.5, "EUR") == "1,234.50 EUR"
    assert amount(1234, "JPY") == "1,234 JPY"
