"""A person is kept as long as one value can match; what leaves is a hash or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.domain.normalization.hashing import Person, hash_person, schema_of
from meta_ads_mcp.domain.normalization.normalization import IDENTIFYING, KEYS, NOT_HASHED, Context

MARY = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"
PHONE = "1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(
    values: Mapping[str, Sequence[str] | str], country: str = "", *, already_hashed: bool = False
) -> tuple[list[str], Person]:
    cells = {key: [value] if isinstance(value, str) else value for key, value in values.items()}
    schema = schema_of(list(cells))
    return schema, hash_person(cells, schema, Context(country, 2026), already_hashed=already_hashed)


@pytest.mark.parametrize(
    ("key", "value", "digest"),
    [("EMAIL", " Mary@Example.COM\t", MARY), ("PHONE", "+1 (555) 987-6543", PHONE), ("PHONE", "0015559876543", PHONE)],
)
def test_metas_own_examples(key: str, value: str, digest: str) -> None:
    assert hashed({key: value})[1].records == [[digest]]


@pytest.mark.parametrize(
    ("key", "value", "country"),
    [
        ("CT", "東京", "JP"),
        ("CT", "Москва", "RU"),
        ("ZIP", "1", "US"),
        ("ST", "Ontario", "US"),
        ("GEN", "x", ""),
        ("DOBY", "2027", ""),
        ("DOBM", "13", ""),
        ("DOBD", "32", ""),
        ("FI", "!", ""),
        ("FN", "!", ""),
        ("LN", "…", ""),
        ("PHONE", "12", ""),
        ("MADID", "none", ""),
        ("EXTERN_ID", "x" * 300, ""),
        ("COUNTRY", "Atlantis", ""),
        ("DOB", "never", ""),
    ],
)
def test_an_unusable_value_costs_the_value_and_not_the_person(key: str, value: str, country: str) -> None:
    schema, person = hashed({"EMAIL": "mary@example.com", key: value, **({"COUNTRY": country} if country else {})})
    assert person.records[0][0] == MARY
    assert len(person.records[0]) == len(schema)
    assert person.usable.get(key, 0) == 0
    assert [reason.split(":")[0] for reason in person.reasons] == [key]


@pytest.mark.parametrize("key", sorted(set(KEYS) - IDENTIFYING))
def test_a_row_without_a_value_that_can_match_is_nobody(key: str) -> None:
    values = {"GEN": "m", "DOBY": "1984", "DOBM": "3", "DOBD": "1", "FI": "a", "ST": "ca", "CT": "Rome", "ZIP": "94025"}
    assert hashed({"EMAIL": "nobody", key: values.get(key, "DE")})[1].records == []


def test_the_country_of_the_row_decides_before_that_of_the_call() -> None:
    schema, person = hashed({"PHONE": "020 7946 0102", "ZIP": "SW1A 1AA", "COUNTRY": "UK"}, country="us")
    assert dict(zip(schema, person.records[0], strict=True)) == {
        "PHONE": sha256("442079460102"),
        "ZIP": sha256("sw1a1"),
        "COUNTRY": sha256("gb"),
    }
    assert hashed({"PHONE": "(555) 987-6543", "COUNTRY": " "}, country="us")[1].records[0][0] == PHONE


def test_each_further_address_or_number_is_a_record_of_its_own() -> None:
    values = {"EMAIL": ["a@b.de", "", "c@d.de", "A@b.de"], "PHONE": ["+1 555 987 6543", "12"], "FN": "Mary"}
    schema, person = hashed(values)
    assert schema == ["EMAIL", "PHONE", "FN"]
    assert person.records == [
        [sha256("a@b.de"), PHONE, sha256("mary")],
        [sha256("c@d.de"), "", sha256("mary")],
    ]
    assert person.usable == {"EMAIL": 2, "PHONE": 1, "FN": 1}


def test_a_date_of_birth_becomes_three_keys() -> None:
    schema, person = hashed({"EMAIL": "a@b.de", "DOB": "31.03.1984"})
    assert schema == ["EMAIL", "DOBY", "DOBM", "DOBD"]
    assert person.records[0][1:] == [sha256("1984"), sha256("03"), sha256("31")]
    schema, person = hashed({"EMAIL": "a@b.de", "DOB": "03/04/1984"})
    assert person.records[0][1:] == [sha256("1984"), "", ""]
    assert person.reasons == {"DOB: day and month could be exchanged; only the year is used": 1}
    schema, person = hashed({"EMAIL": "a@b.de", "DOBY": "1985", "DOB": "1984-03-31"})
    assert person.records[0][1:] == [sha256("1985"), sha256("03"), sha256("31")]


def test_hashes_pass_as_they_are() -> None:
    assert hashed({"EMAIL": MARY.upper(), "EXTERN_ID": "A"}, already_hashed=True)[1].records == [[MARY, "A"]]
    assert hashed({"EMAIL": MARY})[1].records == [[MARY]]
    for wrong in ("mary@example.com", MARY[:63], f"{MARY}0", "g" * 64):
        person = hashed({"EMAIL": wrong}, already_hashed=True)[1]
        assert person.records == []
        assert person.reasons == {"EMAIL: not a SHA-256 hash": 1}


@given(st.sampled_from(KEYS), st.text(max_size=40), st.booleans())
def test_what_leaves_is_a_hash_or_nothing(key: str, value: str, already_hashed: bool) -> None:
    schema, person = hashed({"EXTERN_ID": "1", key: value}, already_hashed=already_hashed)
    for record in person.records:
        for name, sent in zip(schema, record, strict=True):
            assert name in NOT_HASHED or sent == "" or (len(sent) == 64 and set(sent) <= set("0123456789abcdef"))
