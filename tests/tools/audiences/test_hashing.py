"""Values are normalised and hashed as Meta documents it, and what cannot be matched is said without repeating it."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.tools.audiences.hashing import KEYS, NOT_HASHED, Unusable, hashed_row, normalize_value

MARY = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"
PHONE = "1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e"
DEVICE = "38400000-8cf0-11bd-b23e-10b96e40000d"


@pytest.mark.parametrize(
    ("key", "value", "sha256"),
    [("EMAIL", " Mary@Example.COM\t", MARY), ("PHONE", "+1 (555) 987-6543", PHONE), ("PHONE", "0015559876543", PHONE)],
)
def test_metas_own_examples(key: str, value: str, sha256: str) -> None:
    assert hashed_row({key: value}) == [sha256]


@pytest.mark.parametrize(
    ("key", "value", "country", "normal"),
    [
        ("GEN", "Female", "", "f"),
        ("GEN", "M", "", "m"),
        ("DOBY", "1984", "", "1984"),
        ("DOBM", "3", "", "03"),
        ("DOBD", "31", "", "31"),
        ("LN", "O'Brien-Smith ", "", "obriensmith"),
        ("FN", "Valéry", "", "valéry"),
        ("FN", "정", "", "정"),
        ("FI", " Ána", "", "á"),
        ("ST", "CA", "us", "ca"),
        ("ST", "Nordrhein-Westfalen", "de", "nordrheinwestfalen"),
        ("CT", "São Paulo", "br", "saopaulo"),
        ("CT", "St. John's", "", "stjohns"),
        ("ZIP", "94025-1234", "us", "94025"),
        ("ZIP", "94025-1234", "", "94025"),
        ("ZIP", "SW1A 1AA", "gb", "sw1a1"),
        ("ZIP", "10115", "de", "10115"),
        ("COUNTRY", "US", "", "us"),
        ("MADID", DEVICE.upper(), "", DEVICE),
        ("EXTERN_ID", " Kunde-7 ", "", "Kunde-7"),
    ],
)
def test_the_rule_of_each_key(key: str, value: str, country: str, normal: str) -> None:
    assert normalize_value(key, value, country) == normal
    beside = {"EXTERN_ID": "1", "COUNTRY": country}
    sent = hashed_row({key: value, **{name: found for name, found in beside.items() if name != key}})
    assert sent[0] == (normal if key in NOT_HASHED else hashlib.sha256(normal.encode()).hexdigest())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EMAIL", "mary"),
        ("EMAIL", "mary@localhost"),
        ("PHONE", "12345"),
        ("PHONE", "1" * 16),
        ("PHONE", "1234²³²³"),
        ("GEN", "x"),
        ("DOBY", "77"),
        ("DOBM", "13"),
        ("DOBD", "99"),
        ("FN", "!!!"),
        ("CT", "東京"),
        ("ZIP", "1"),
        ("COUNTRY", "Germany"),
        ("MADID", "00000000-0000-0000-0000-000000000000"),
        ("MADID", "device"),
        ("EXTERN_ID", "x" * 300),
    ],
)
def test_what_cannot_be_matched_is_said_without_the_value(key: str, value: str) -> None:
    with pytest.raises(Unusable) as refused:
        hashed_row({key: value})
    assert value not in str(refused.value)
    assert str(refused.value).startswith(key)


def test_a_row_needs_something_that_identifies() -> None:
    with pytest.raises(Unusable, match="identifies"):
        hashed_row({"EMAIL": " ", "COUNTRY": "DE"})
    assert hashed_row({"EMAIL": "", "PHONE": "15559876543"}) == ["", PHONE]


def test_hashes_pass_as_they_are_and_nothing_else_does() -> None:
    assert hashed_row({"EMAIL": MARY.upper(), "EXTERN_ID": "A"}, already_hashed=True) == [MARY, "A"]
    for wrong in ("mary@example.com", MARY[:63], f"{MARY}0", "g" * 64):
        with pytest.raises(Unusable):
            hashed_row({"EMAIL": wrong}, already_hashed=True)


@given(st.sampled_from(sorted(KEYS - NOT_HASHED)), st.text(max_size=40))
def test_a_hashed_key_leaves_as_a_hash_or_not_at_all(key: str, value: str) -> None:
    try:
        sent = hashed_row({key: value, "EXTERN_ID": "1"})[0]
    except Unusable:
        return
    assert sent == "" or (len(sent) == 64 and set(sent) <= set("0123456789abcdef"))
