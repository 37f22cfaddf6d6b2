"""Places and interests of a targeting are named by keys and ids, never by names alone.

Source: docs marketing-api/audiences/reference/basic-targeting and flexible-targeting (Targeting objects).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meta_ads_mcp.sandbox.refusal import invalid_param
from meta_ads_mcp.sandbox.sdk_spec import load

Json = Any
# Places that are objects with a `key`; the others are codes (countries, country groups) or coordinates.
KEYED_PLACES = (
    "regions",
    "cities",
    "zips",
    "geo_markets",
    "electoral_districts",
    "subcities",
    "neighborhoods",
    "subneighborhoods",
    "metro_areas",
    "large_geo_areas",
    "medium_geo_areas",
    "small_geo_areas",
)
# Detailed targeting, inside and outside `flexible_spec`: each entry is an id or an object with an `id`.
DETAILED = (
    "interests",
    "behaviors",
    "demographics",
    "life_events",
    "industries",
    "income",
    "family_statuses",
    "work_employers",
    "work_positions",
    "education_schools",
    "education_majors",
    "user_adclusters",
)
# The enum of the SDK that has every country.
COUNTRIES = "Campaign.SpecialAdCategoryCountry"


def check_ids(spec: Mapping[str, Json]) -> None:
    """Refuse a targeting that names a place or an interest without its key or id."""
    for part in ("geo_locations", "excluded_geo_locations"):
        geo = spec.get(part) or {}
        for path, entry in _entries(part, geo, KEYED_PLACES):
            if not isinstance(entry, Mapping) or not str(entry.get("key") or "").strip():
                raise invalid_param(path, "must be an object with the key of the place.")
        for path, code in _entries(part, geo, ("countries",)):
            if not _is_code(code):
                raise invalid_param(path, "must be a two-letter country code.")
    groups = [("", spec), ("exclusions", spec.get("exclusions") or {})]
    groups += [(f"flexible_spec][{place}", group) for place, group in enumerate(spec.get("flexible_spec") or ())]
    for part, group in groups:
        for path, entry in _entries(part, group, DETAILED):
            object_id = entry.get("id") if isinstance(entry, Mapping) else entry
            if not str(object_id or "").isdigit():
                raise invalid_param(path, "must be a numeric id, or an object with a numeric id.")


def _entries(part: str, group: Mapping[str, Json], names: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    """The path and the value of each entry of the lists with these names."""
    prefix = f"targeting[{part}]" if part else "targeting"
    for name in names:
        for place, entry in enumerate(group.get(name) or ()):
            yield f"{prefix}[{name}][{place}]", entry


def _is_code(value: Json) -> bool:
    return value in load().enum(COUNTRIES)
