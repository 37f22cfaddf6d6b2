"""The customer information of events is hashed as by Meta's SDK, apart from the differences that are listed here."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import pytest
from facebook_business.adobjects.serverside.normalize import Normalize

from meta_ads_mcp.domain.normalization.match_keys import HASHED_KEYS, PLAIN_KEYS, hash_match_key, normalize_match_key
from meta_ads_mcp.domain.normalization.normalization import Context, Unusable
from tests.domain.normalization.test_sdk_normalization import people

COLUMNS = {"em": "EMAIL", "ph": "PHONE", "ge": "GEN", "fn": "FN", "ln": "LN", "ct": "CT", "st": "ST", "zp": "ZIP"}
COLUMNS |= {"country": "COUNTRY", "db": "DB"}
PAGE = "conversions-api/parameters/customer-information-parameters"


def birth_date(row: dict[str, str]) -> str:
    return f"{row['DOBY']}{int(row['DOBM']):02d}{min(int(row['DOBD']), 28):02d}"


def ours(key: str, value: str, country: str) -> str | None:
    try:
        return hash_match_key(key, value, Context(country, 2026))
    except Unusable:
        return None


def difference(key: str, value: str, country: str) -> str:
    """Return the rule of Meta's page by which our value differs from the SDK's; "" for none."""
    if key in ("fn", "ln", "ct", "st") and re.search(r"[^\w\s]", value):
        return f"{PAGE}#{key}: no punctuation"
    if key == "st" and country == "us" and len(value) > 2:
        return f"{PAGE}#st: the two-character code of a state of the United States"
    if key == "zp" and country == "gb":
        return f"{PAGE}#zp: area, district and sector for the United Kingdom"
    if key == "zp" and "-" in value and country != "us":
        return f"{PAGE}#zp: no dash; the SDK drops what follows it"
    return ""


def test_the_hashes_of_a_thousand_people_are_the_sdks() -> None:
    differences, equal = Counter[str](), Counter[str]()
    for row in people(1_000):
        values = {**row, "DB": birth_date(row)}
        for key, column in COLUMNS.items():
            value, country = values[column], row["COUNTRY"].lower()
            if not value:
                continue
            if ours(key, value, country) == Normalize.normalize_field(key, value):
                equal[key] += 1
                continue
            reason = difference(key, value, country)
            assert reason, (key, value)
            differences[reason] += 1
    assert set(COLUMNS) == set(HASHED_KEYS)
    assert len(differences) == 5
    assert all(equal[key] > 200 for key in ("em", "ph", "ge", "fn", "ln", "ct", "zp", "country", "db"))


def test_a_sha256_hash_is_taken_as_it_is_for_every_key() -> None:
    digest = hashlib.sha256(b"mary@example.com").hexdigest()
    for key in HASHED_KEYS:
        assert hash_match_key(key, f" {digest.upper()} ", Context()) == digest
        assert Normalize.normalize_field(key, digest.upper()) == digest


@pytest.mark.parametrize(
    ("key", "value", "country", "expected"),
    [
        ("em", " Mary@Example.COM ", "", "mary@example.com"),
        ("ph", "+1 (650) 555-1212", "", "16505551212"),
        ("ph", "0171 5551234", "de", "491715551234"),
        ("fn", "Jean-Luc", "", "jeanluc"),
        ("ln", "van der Berg", "", "van der berg"),
        ("ln", "Ñúñez", "", "ñúñez"),
        ("ct", "St. Louis", "us", "stlouis"),
        ("ct", "東京", "jp", "東京"),
        ("st", "California", "us", "ca"),
        ("st", "Baden-Württemberg", "de", "badenwürttemberg"),
        ("zp", "94025-1234", "us", "94025"),
        ("db", "31.03.1984", "", "19840331"),
        ("db", "1984-03-31", "", "19840331"),
        ("ge", "Female", "", "f"),
        ("client_ip_address", "2001:DB8::1", "", "2001:db8::1"),
        ("external_id", "User-7", "", "User-7"),
        ("lead_id", "123456789012345", "", "123456789012345"),
        ("fbc", "fb.1.1554763741205.AbCdEf", "", "fb.1.1554763741205.AbCdEf"),
    ],
)
def test_each_key_has_its_rule(key: str, value: str, country: str, expected: str) -> None:
    assert normalize_match_key(key, value, Context(country, 2026)) == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("em", "mary"),
        ("ph", "555"),
        ("fn", "!!"),
        ("st", "Bavaria 9"),
        ("db", "03/04/1984"),
        ("db", "soon"),
        ("ge", "x"),
        ("client_ip_address", "999.1.1.1"),
        ("fbp", "1.2.3"),
        ("lead_id", "12345"),
        ("lead_id", "l:123456789012345"),
        ("madid", "00000000-0000-0000-0000-000000000000"),
        ("em", "5d41402abc4b2a76b9719d911017c592"),
    ],
)
def test_a_value_that_cannot_match_is_refused_without_repeating_it(key: str, value: str) -> None:
    with pytest.raises(Unusable) as refusal:
        hash_match_key(key, value, Context("us" if key == "st" else "", 2026))
    assert value not in str(refusal.value)


def test_plain_values_are_refused_where_hashes_are_announced() -> None:
    for key in HASHED_KEYS:
        with pytest.raises(Unusable):
            hash_match_key(key, "mary@example.com", Context(), already_hashed=True)
    for key in PLAIN_KEYS:
        assert key not in HASHED_KEYS
