"""What targeting search finds in the sandbox: a few entries of each kind. Names are common words, ids are invented."""

from __future__ import annotations

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


INTERESTS = [
    _interest(number, name, *path)
    for number, (name, *path) in enumerate(
        (
            ("Hiking", "Hobbies and activities", "Outdoor recreation"),
            ("Camping", "Hobbies and activities", "Outdoor recreation"),
            ("Mountain biking", "Hobbies and activities", "Vehicles"),
            ("Trail running", "Sports and outdoors"),
            ("Fishing", "Hobbies and activities", "Outdoor recreation"),
            ("Coffee", "Food and drink", "Beverages"),
            ("Coffeehouses", "Food and drink", "Beverages"),
            ("Cooking", "Food and drink"),
            ("Yoga", "Fitness and wellness"),
            ("Physical fitness", "Fitness and wellness"),
            ("Running", "Fitness and wellness"),
            ("Natural skin care", "Beauty"),
            ("Cosmetics", "Beauty"),
            ("Organic food", "Food and drink"),
            ("Travel", "Hobbies and activities"),
            ("Hot springs", "Travel"),
            ("Hotels", "Travel"),
            ("Photography", "Hobbies and activities"),
            ("Gardening", "Home and garden"),
            ("Dentistry", "Health"),
            ("Health care", "Health"),
            ("Parenting", "Family and relationships"),
            ("Online shopping", "Shopping and fashion"),
            ("Shoes", "Shopping and fashion"),
            ("Video games", "Entertainment"),
        )
    )
]


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


COUNTRIES = {
    "US": "United States",
    "CA": "Canada",
    "DE": "Germany",
    "AT": "Austria",
    "CH": "Switzerland",
    "FR": "France",
    "JP": "Japan",
    "TW": "Taiwan",
    "BR": "Brazil",
    "PT": "Portugal",
    "GB": "United Kingdom",
    "ES": "Spain",
    "IT": "Italy",
    "NL": "Netherlands",
    "MX": "Mexico",
    "AU": "Australia",
    "IN": "India",
    "PL": "Poland",
    "SE": "Sweden",
    "DK": "Denmark",
}
_REGIONS = (
    ("3847", "California", "US"),
    ("3886", "Texas", "US"),
    ("3875", "New York", "US"),
    ("3880", "Oregon", "US"),
    ("1111", "Bayern", "DE"),
    ("1118", "Berlin", "DE"),
    ("2340", "Tokyo", "JP"),
    ("460", "São Paulo (state)", "BR"),
)
_CITIES = (
    ("2421836", "Portland", "US", "Oregon", 3880),
    ("2418779", "Los Angeles", "US", "California", 3847),
    ("2490299", "New York", "US", "New York", 3875),
    ("2673660", "Berlin", "DE", "Berlin", 1118),
    ("2673661", "München", "DE", "Bayern", 1111),
    ("1118370", "Hakone", "JP", "Kanagawa Prefecture", 2345),
    ("268363", "Campinas", "BR", "São Paulo (state)", 460),
    ("269969", "São Paulo", "BR", "São Paulo (state)", 460),
)
PLACES = [
    *(_place("country", code, name, code, name) for code, name in COUNTRIES.items()),
    *(_place("region", key, name, code, COUNTRIES[code]) for key, name, code in _REGIONS),
    *(
        _place("city", key, name, code, COUNTRIES[code], region=region, region_id=rid)
        for key, name, code, region, rid in _CITIES
    ),
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
