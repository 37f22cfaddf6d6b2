"""Say for each key of a targeting spec how its entries are named, and how Graph's search finds them.

Sources: Meta docs, marketing-api/audiences/reference/targeting-search and basic-targeting; the SDK classes
TargetingGeoLocation and FlexibleTargeting, and the enum TargetingSearchTypes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Family = Literal["place", "detail", "language"]


@dataclass(frozen=True)
class NameKind:
    """Hold how the entries of a key are searched.

    `params` are those of Graph's search. Graph cannot search a class of options by a word, so with `is_class` all of
    its options are read. `tool` is where a user looks for the right name, if there is one.
    """

    noun: str
    family: Family
    params: Mapping[str, Any]
    tool: str
    is_class: bool = False

    @property
    def id_key(self) -> str:
        """Return the key that holds the id, in an entry and in a row of the search."""
        return "id" if self.family == "detail" else "key"


def _place(location_type: str) -> NameKind:
    params = {"type": "adgeolocation", "location_types": [location_type]}
    return NameKind(location_type.replace("_", " "), "place", params, "ads_search_geo_locations")


def _option(noun: str, search_type: str, tool: str = "ads_search_demographics") -> NameKind:
    return NameKind(noun, "detail", {"type": search_type}, tool)


def _class(noun: str, name: str, tool: str = "ads_search_demographics") -> NameKind:
    return NameKind(noun, "detail", {"type": "adTargetingCategory", "class": name}, tool, is_class=True)


# Keys of `geo_locations` and `excluded_geo_locations` whose entries are objects with a `key`.
PLACE_KINDS: Mapping[str, NameKind] = {
    "regions": _place("region"),
    "cities": _place("city"),
    "zips": _place("zip"),
    "geo_markets": _place("geo_market"),
    "electoral_districts": _place("electoral_district"),
    "neighborhoods": _place("neighborhood"),
    "subcities": _place("subcity"),
    "subneighborhoods": _place("subneighborhood"),
    "metro_areas": _place("metro_area"),
    "small_geo_areas": _place("small_geo_area"),
    "medium_geo_areas": _place("medium_geo_area"),
    "large_geo_areas": _place("large_geo_area"),
}
# Keys of a spec, of a group of `flexible_spec` and of `exclusions`.
DETAIL_KINDS: Mapping[str, NameKind] = {
    "interests": _option("interest", "adinterest", "ads_search_interests"),
    "behaviors": _class("behavior", "behaviors", "ads_search_behaviors"),
    "life_events": _class("life event", "life_events"),
    "industries": _class("industry", "industries"),
    "income": _class("income", "income"),
    "family_statuses": _class("family status", "family_statuses"),
    "work_employers": _option("employer", "adworkemployer"),
    "work_positions": _option("position", "adworkposition"),
    "education_schools": _option("school", "adeducationschool"),
    "education_majors": _option("major", "adeducationmajor"),
}
LOCALES = "locales"
KINDS: Mapping[str, NameKind] = {
    **PLACE_KINDS,
    **DETAIL_KINDS,
    LOCALES: NameKind("language", "language", {"type": "adlocale"}, ""),
}
AUDIENCE_KEYS = ("custom_audiences", "excluded_custom_audiences")

_NUMBER = re.compile(r"[0-9]+")
# Keys of places: numbers, and a country or a kind with a code, such as US:94103, DMA:807 and US:CA12.
_PLACE_KEY = re.compile(r"[0-9]+|[A-Z]{2,}:\S+")
_ZIP_KEY = re.compile(r"[A-Z]{2}:\S.*")
# Meta's interest ids have at least ten digits; shorter numbers are names, such as those of years or games.
_LONG_NUMBER = re.compile(r"[0-9]{10,}")


def is_id(key: str, value: Any, *, in_object: bool) -> bool:
    """Return whether a value of an entry is an id, not a name.

    In an object the value stands at the key of the id. A bare number in `zips` is a postal code, and a short bare
    number among the interests a name.
    """
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return key != "zips"
    if not isinstance(value, str):
        return False
    if key in PLACE_KINDS:
        return (_ZIP_KEY if key == "zips" else _PLACE_KEY).fullmatch(value) is not None
    return (_NUMBER if in_object or key == LOCALES else _LONG_NUMBER).fullmatch(value) is not None
