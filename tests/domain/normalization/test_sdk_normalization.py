"""Our rules agree with the SDK's normalization for 1,000 people, apart from the differences that are listed here.

The SDK has two normalizers: serverside.normalize for conversion events, and the older one of CustomAudience. Meta's
page on customer lists (marketing-api/audiences/guides/custom-audiences#hash) decides where they differ.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter

import pytest
from facebook_business.adobjects.helpers.customaudiencemixin import CustomAudienceMixin
from facebook_business.adobjects.serverside.normalize import Normalize

from meta_ads_mcp.domain.normalization.normalization import Context, Unusable, normalize_value

SDK_FIELDS = {
    "EMAIL": "em",
    "PHONE": "ph",
    "GEN": "ge",
    "DOBY": "doby",
    "DOBM": "dobm",
    "DOBD": "dobd",
    "LN": "ln",
    "FN": "fn",
    "FI": "fi",
    "ST": "st",
    "CT": "ct",
    "ZIP": "zp",
    "COUNTRY": "country",
}
FIRST_NAMES = ["Mary", "Jean-Luc", "Zoë", "José María", "Søren", "Борис", "花", "D'Arcy", "ANNA", "Łukasz"]
LAST_NAMES = ["Smith", "O'Brien", "van der Berg", "Müller", "Ñúñez", "Иванов", "佐藤", "Groß", "DE LA CRUZ"]
CITIES = {
    "us": ["Menlo Park", "St. Louis", "New York"],
    "de": ["Berlin", "Gießen", "München"],
    "gb": ["London", "Stoke-on-Trent"],
    "br": ["São Paulo", "Rio de Janeiro"],
    "dk": ["København", "Aarhus"],
    "jp": ["東京", "Osaka"],
}
STATES = {"us": ["CA", "ny", "California"], "de": ["Hessen", "Baden-Württemberg"], "gb": [""], "br": ["SP"]}
ZIPS = {"us": ["94025", "94025-1234"], "de": ["10115"], "gb": ["SW1A 1AA", "M1 1AE"], "br": ["01310-100"]}
PHONES = {
    "us": "+1 (650) 555-{:04d}",
    "de": "+49 171 555{:04d}",
    "gb": "+44 20 7946 {:04d}",
    "br": "55 11 96123-{:04d}",
}


def people(number: int) -> list[dict[str, str]]:
    pick = random.Random(7)  # noqa: S311  not for secrets
    rows = []
    for index in range(number):
        country = pick.choice(sorted(CITIES))
        rows.append(
            {
                "EMAIL": f" Person.{index}@Example{pick.choice(['.com', '.co.uk', '.DE'])} ",
                "PHONE": PHONES.get(country, "+45 32 12 {:04d}").format(pick.randrange(10_000)),
                "GEN": pick.choice(["m", "F", "M"]),
                "DOBY": str(pick.randrange(1930, 2010)),
                "DOBM": str(pick.randrange(1, 13)),
                "DOBD": f"{pick.randrange(1, 32):02d}",
                "FN": pick.choice(FIRST_NAMES),
                "LN": pick.choice(LAST_NAMES),
                "FI": pick.choice(FIRST_NAMES)[:1],
                "CT": pick.choice(CITIES[country]),
                "ST": pick.choice(STATES.get(country, [""])),
                "ZIP": pick.choice(ZIPS.get(country, ["8000"])),
                "COUNTRY": country.upper(),
            }
        )
    return rows


def ours(key: str, row: dict[str, str]) -> str:
    try:
        return normalize_value(key, row[key], Context(row["COUNTRY"].lower(), 2026))
    except Unusable:
        return ""


def difference(key: str, row: dict[str, str]) -> str:
    """The documented reason for which our value differs from that of serverside.normalize; "" for none."""
    value = row[key]
    if key in ("FN", "LN") and re.search(r"[\W_]", value):
        return "names have no punctuation (#hash), and no blanks, as CustomAudience.normalize_key"
    if key in ("CT", "ST", "FI") and not value.isascii():
        return "a-z only, no special characters (#hash); the SDK keeps them"
    if key == "ST" and row["COUNTRY"] == "US" and len(value) > 2:
        return "two-character codes for states of the US (#hash)"
    if key == "ZIP" and row["COUNTRY"] == "GB":
        return "area, district and sector for the UK (#hash)"
    if key == "ZIP" and "-" in value and row["COUNTRY"] != "US":
        return "no dash (conversions-api/parameters/customer-information-parameters#zp); the SDK cuts the code there"
    return ""


def test_a_thousand_people_agree_with_the_sdk() -> None:
    differences: Counter[str] = Counter()
    for row in people(1_000):
        for key, field in SDK_FIELDS.items():
            expected = Normalize.normalize_field_skip_hashing(field, row[key]) or ""
            value = ours(key, row)
            if value != expected:
                reason = difference(key, row)
                assert reason, (key, row[key], value, expected)
                differences[reason] += 1
    assert len(differences) == 5


def test_names_agree_with_the_sdks_own_normalizer_of_audiences_where_they_are_ascii() -> None:
    for row in people(200):
        for key in ("FN", "LN"):
            if row[key].isascii():
                assert ours(key, row) == CustomAudienceMixin.normalize_key(key, row[key].lower())


@pytest.mark.parametrize("text", ["UK", "Germany", "USA"])
def test_we_accept_names_of_countries_that_the_sdk_refuses(text: str) -> None:
    with pytest.raises(TypeError):
        Normalize.normalize_field_skip_hashing("country", text)
    assert len(normalize_value("COUNTRY", text, Context())) == 2


def test_the_people_of_this_test_have_every_kind_of_letter() -> None:
    names = {unicodedata.name(char).split()[0] for row in people(1_000) for char in row["FN"] if char.isalpha()}
    assert {"LATIN", "CYRILLIC", "CJK"} <= names
