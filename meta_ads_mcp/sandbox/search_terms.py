"""What targeting search finds in the sandbox. Names are common words; ids are invented, except those of US states.

Interests and places come from the tables in the data folder, with their names in other languages.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Json = Any


def _interest(number: int, name: str, *path: str) -> dict[str, Json]:
    low = 4_000_000 + number * 7_310_000 % 240_000_000
    return {
        "id": str(6003000100000 + number * 7919),
        "name": name,
        "audience_size_lower_bound": low,
        "audience_size_upper_bound": low * 117 // 100,
        "path": ["Interests", *path, name],
        "description": None,
        "topic": path[0] if path else name,
        "disambiguation_category": None,
    }


def _table(name: str) -> list[dict[str, str]]:
    """The rows of a table in the data folder, by its column names."""
    text = files("meta_ads_mcp.sandbox").joinpath(f"data/{name}.tsv").read_text(encoding="utf-8")
    header, *lines = (line.split("\t") for line in text.splitlines())
    return [dict(zip(header, line, strict=True)) for line in lines]


_INTEREST_TABLE, _COUNTRY_TABLE = _table("interests"), _table("countries")
_REGION_TABLE, _CITY_TABLE = _table("regions"), _table("cities")
INTERESTS = [_interest(number, row["name"], *row["path"].split("/")) for number, row in enumerate(_INTEREST_TABLE)]


def _category(kind: str, number: int, name: str, *path: str) -> dict[str, Json]:
    low = 900_000 + number * 3_170_000
    return {
        "id": str(6002714800000 + number * 104729),
        "name": name,
        "type": kind,
        "path": [*path, name],
        "description": f"People who match: {name}",
        "audience_size_lower_bound": low,
        "audience_size_upper_bound": low * 118 // 100,
    }


_CATEGORIES: dict[str, tuple[tuple[str, ...], ...]] = {
    "behaviors": (
        ("Engaged shoppers", "Purchase behaviour"),
        ("Frequent travellers", "Travel"),
        ("Small business owners", "Digital activities"),
        ("Facebook page admins", "Digital activities"),
        ("Early technology adopters", "Digital activities"),
        ("Commuters", "Travel"),
    ),
    "demographics": (
        ("Parents (all)", "Parents"),
        ("Away from home town", "Life events"),
        ("University degree", "Education"),
    ),
    "life_events": (
        ("Recently moved", "Life events"),
        ("Newly engaged (6 months)", "Life events"),
        ("Upcoming birthday", "Life events"),
    ),
    "industries": (
        ("Education and libraries", "Work", "Industries"),
        ("Healthcare and medical services", "Work", "Industries"),
    ),
    "income": (("Household income: top 10% of ZIP codes (US)", "Financial", "Income"),),
    "family_statuses": (
        ("Parents with toddlers (1-2 years)", "Parents"),
        ("Parents with teenagers (13-17 years)", "Parents"),
    ),
    "user_device": (("iPhone 15", "Mobile device user"), ("Galaxy S24", "Mobile device user")),
    "user_os": (("iOS", "Operating systems"), ("Android", "Operating systems")),
}
CATEGORIES = {
    kind: [_category(kind, number * 11 + place, name, *path) for number, (name, *path) in enumerate(rows)]
    for place, (kind, rows) in enumerate(_CATEGORIES.items())
}


def _place(kind: str, key: str, name: str, country: str, country_name: str, **more: Json) -> dict[str, Json]:
    return {
        "key": key,
        "name": name,
        "type": kind,
        "country_code": country,
        "country_name": country_name,
        "supports_region": kind == "country",
        "supports_city": kind in ("country", "region"),
        **more,
    }


COUNTRIES = {row["code"]: row["name"] for row in _COUNTRY_TABLE}


def _region(row: dict[str, str]) -> dict[str, Json]:
    return _place("region", row["key"], row["name"], row["country"], COUNTRIES[row["country"]])


def _city(row: dict[str, str]) -> dict[str, Json]:
    above = {"region": row["region"], "region_id": int(row["region_id"])} if row["region"] else {}
    return _place("city", row["key"], row["name"], row["country"], COUNTRIES[row["country"]], **above)


PLACES = [
    *(_place("country", code, name, code, name) for code, name in COUNTRIES.items()),
    *(_region(row) for row in _REGION_TABLE),
    *(_city(row) for row in _CITY_TABLE),
    _place("zip", "US:97205", "97205", "US", "United States", region="Oregon", region_id=3880, primary_city="Portland"),
    _place(
        "zip",
        "US:90210",
        "90210",
        "US",
        "United States",
        region="California",
        region_id=3847,
        primary_city="Beverly Hills",
    ),
    _place("geo_market", "COMSCORE_MARKET:820", "Portland, OR", "US", "United States"),
    {
        "key": "european_union",
        "name": "European Union",
        "type": "country_group",
        "supports_region": False,
        "supports_city": False,
    },
]
LOCALES = [
    {"key": key, "name": name}
    for key, name in (
        (6, "English (US)"),
        (24, "English (UK)"),
        (1001, "English (All)"),
        (5, "German"),
        (9, "French (France)"),
        (11, "Japanese"),
        (16, "Portuguese (Brazil)"),
        (31, "Portuguese (Portugal)"),
        (23, "Spanish"),
    )
]
# id or key of a row -> its names in other languages
ALIASES: dict[str, tuple[str, ...]] = {
    key: tuple(row["aliases"].split("|"))
    for key, row in (
        *zip((interest["id"] for interest in INTERESTS), _INTEREST_TABLE, strict=True),
        *((row.get("code") or row["key"], row) for row in (*_COUNTRY_TABLE, *_REGION_TABLE, *_CITY_TABLE)),
    )
    if row["aliases"]
}


def plain_text(text: str) -> str:
    """A text as it is compared: without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def names_of(row: Mapping[str, Json]) -> list[str]:
    """All names of a row, in every language, as they are compared."""
    key = str(row.get("id") or row.get("key"))
    return [plain_text(name) for name in (str(row["name"]), *ALIASES.get(key, ()))]


@cache
def interest_of(name: str) -> dict[str, str]:
    """Id and name of an interest, as targeting names it."""
    return next({"id": row["id"], "name": row["name"]} for row in INTERESTS if row["name"] == name)


@cache
def region_of(country: str, name: str) -> dict[str, str]:
    """Key, name and country of a region, as targeting names it."""
    row = next(row for row in _REGION_TABLE if (row["country"], row["name"]) == (country, name))
    return {"key": row["key"], "name": name, "country": country}


PEOPLE: dict[str, list[dict[str, Json]]] = {
    "adeducationschool": [
        {"id": "105930651606", "name": "University of Oregon"},
        {"id": "108166822537", "name": "Universität Freiburg"},
    ],
    "adeducationmajor": [
        {"id": "104076956295773", "name": "Computer Science"},
        {"id": "103803232991647", "name": "Marketing"},
    ],
    "adworkemployer": [{"id": "50431654", "name": "Microsoft"}, {"id": "104958162837", "name": "Google"}],
    "adworkposition": [
        {"id": "105763692790962", "name": "Marketing manager"},
        {"id": "112703755410404", "name": "Software engineer"},
    ],
}
