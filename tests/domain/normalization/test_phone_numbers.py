"""Telephone numbers get the country code that Meta requires, or are not used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.domain.normalization.phone_numbers import complete_number
from tests import support

# [country, national form, international form, digits], written by scripts/distill_countries.py from libphonenumber.
EXAMPLES = json.loads((Path(support.__file__).parent / "phone_numbers.json").read_text(encoding="utf-8"))


def test_the_examples_of_libphonenumber() -> None:
    """About two numbers for each of 242 countries, in every form a file may have."""
    wrong = [
        (country, form)
        for country, national, international, digits in EXAMPLES
        for form, text, known in (
            ("national", national, country),
            ("international", international, ""),
            ("international with its country", international, country),
            ("international with another country", international, "de"),
            ("digits", digits, ""),
            ("digits with the country", digits, country),
            ("00", f"00{digits}", ""),
        )
        if complete_number(text, known) != digits
    ]
    assert len(EXAMPLES) > 400
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("+1 (555) 987-6543", "", "15559876543"),
        ("0171 5550101", "de", "491715550101"),
        ("0170/499 1234", "de", "491704991234"),
        ("+49 (0)170 4991234", "", "491704991234"),
        ("+44 (0)20 7946 0102", "gb", "442079460102"),
        ("+44 20 7946 0958 ext 12", "", "442079460958"),
        ("020 7946 0958 x12", "gb", "442079460958"),
        ("tel: 020 7946 0958", "gb", "442079460958"),
        ("+49 30 1234567 Durchwahl: 89", "", "49301234567"),
        ("(555) 987-6543", "us", "15559876543"),
        ("1-555-987-6543", "us", "15559876543"),
        ("011 49 171 5550101", "us", "491715550101"),
        ("0049 171 5550101", "us", "491715550101"),
        ("06 1234 5678", "it", "390612345678"),
        ("8 (912) 345-67-89", "ru", "79123456789"),
        ("06 20 123 4567", "hu", "36201234567"),
        ("011 15-2345-6789", "ar", "5491123456789"),
        ("98765 43210", "in", "919876543210"),
        ("800 555-35-35", "ru", "78005553535"),
        ("+7 800 555-35-35", "", "78005553535"),
        ("٠١٧١ ٥٥٥٠١٠١", "de", "491715550101"),  # noqa: RUF001  Arabic-Indic digits
        ("491715550101.0", "de", "491715550101"),
    ],
)
def test_numbers_are_completed(text: str, country: str, digits: str) -> None:
    assert complete_number(text, country) == digits


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("0171 5550101", ""),
        ("1715550101", ""),
        ("2025550123", ""),
        ("0171", "de"),
        ("+999 1234567", ""),
        ("+49", ""),
        ("4.91716E+11", "de"),
        ("1-800-FLOWERS", "us"),
        ("0171 5550101 / 0172 5550102", "de"),
        ("n/a", "de"),
        ("", "de"),
        ("0171 5550101", "zz"),
    ],
)
def test_a_number_that_is_not_whole_is_not_used(text: str, country: str) -> None:
    assert complete_number(text, country) == ""


@given(st.text(max_size=30), st.sampled_from(["", "de", "us", "gb", "it", "ar", "br", "jp"]))
def test_the_result_is_digits_or_nothing(text: str, country: str) -> None:
    number = complete_number(text, country)
    assert number == "" or (number.isascii() and number.isdigit() and 7 <= len(number) <= 15)
