"""The type of a targeting spec, and a one-line summary of one.

Keys are checked at every depth. Values are left to Graph, because they change with every version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from meta_ads_mcp.domain.key_check import allow_only
from meta_ads_mcp.domain.meta_objects import check_keys, check_keys_of, iter_objects
from meta_ads_mcp.domain.sdk_keys import keys_of

# The SDK class Targeting.
TARGETING_KEYS = frozenset(
    """
    adgroup_id age_max age_min age_range alternate_auto_targeting_option app_install_state audience_network_positions
    behaviors brand_safety_content_filter_levels catalog_based_targeting cities college_years connections
    contextual_targeting_categories countries country country_groups custom_audiences device_platforms
    direct_install_devices dynamic_audience_ids education_majors education_schools education_statuses
    effective_audience_network_positions effective_brand_safety_content_filter_levels effective_device_platforms
    effective_facebook_positions effective_instagram_positions effective_messenger_positions
    effective_publisher_platforms effective_threads_positions effective_whatsapp_positions engagement_specs
    ethnic_affinity exclude_reached_since excluded_brand_safety_content_types excluded_connections
    excluded_custom_audiences excluded_dynamic_audience_ids excluded_engagement_specs excluded_geo_locations
    excluded_mobile_device_model excluded_product_audience_specs excluded_publisher_categories
    excluded_publisher_list_ids excluded_user_device exclusions facebook_positions family_statuses fb_deal_id
    flexible_spec friends_of_connections genders generation geo_locations home_ownership home_type home_value
    household_composition income industries instagram_positions install_state_application
    instream_video_skippable_excluded interested_in interests is_whatsapp_destination_ad keywords life_events locales
    messenger_positions moms net_worth office_type place_page_set_ids political_views politics product_audience_specs
    prospecting_audience publisher_platforms radius regions relationship_statuses site_category subscriber_universe
    targeting_automation targeting_optimization targeting_relaxation_types threads_positions user_adclusters
    user_age_unknown user_device user_event user_os whatsapp_positions wireless_carrier work_employers work_positions
    zips
""".split()
)
# Keys of `geo_locations` that name a place; the others, such as location_types, only qualify it (TargetingGeoLocation).
PLACES = (
    "countries",
    "country_groups",
    "regions",
    "cities",
    "zips",
    "custom_locations",
    "places",
    "geo_markets",
    "electoral_districts",
    "political_districts",
    "neighborhoods",
    "subcities",
    "subneighborhoods",
    "metro_areas",
    "small_geo_areas",
    "medium_geo_areas",
    "large_geo_areas",
    "location_cluster_ids",
)
AUDIENCES = ("custom_audiences", "dynamic_audience_ids", "product_audience_specs", "place_page_set_ids")

TargetingPart = Literal["spec", "places", "group", "tree"]


@dataclass(frozen=True)
class HoldsTargeting:
    """Mark an argument in which names of places and interests can stand for ids: a spec, its places, a group
    of its details, or a tree of objects with specs.

    The engine looks the names up before the tool runs (`domain/targeting_names`).
    """

    part: TargetingPart


Places = Annotated[dict[str, Any], AfterValidator(check_keys_of("TargetingGeoLocation")), HoldsTargeting("places")]
# SDK class → keys of newer versions of Graph. `device` of v27.0 (2026-11-04) keeps Sales ad sets on named devices.
BEYOND_SDK = {"TargetingAutomation": frozenset({"device"})}
# SDK class → the keys of a targeting spec that hold it.
_INSIDE = {
    "TargetingGeoLocation": "geo_locations excluded_geo_locations",
    "TargetingAutomation": "targeting_automation",
    "RawCustomAudience": "custom_audiences excluded_custom_audiences",
    "ConnectionsTargeting": "connections excluded_connections friends_of_connections",
    "CatalogBasedTargeting": "catalog_based_targeting",
    "TargetingDynamicRule": "engagement_specs excluded_engagement_specs",
    "TargetingProductAudienceSpec": "product_audience_specs excluded_product_audience_specs",
    "TargetingProspectingAudience": "prospecting_audience",
    "TargetingSubscriberUniverse": "subscriber_universe",
    "IDName": """
        behaviors education_majors education_schools ethnic_affinity family_statuses generation home_ownership
        home_type home_value household_composition income industries interests life_events moms net_worth office_type
        politics user_adclusters work_employers work_positions
    """,
}


def _check_nested_keys(spec: dict[str, Any]) -> dict[str, Any]:
    """Check the keys of nested objects that have an SDK class. A flexible group also accepts audiences."""
    for of, names in _INSIDE.items():
        for name in names.split():
            for part in iter_objects(spec.get(name)):
                check_keys(part, of, BEYOND_SDK.get(of, frozenset()), name)
    for name in ("flexible_spec", "exclusions"):
        for part in iter_objects(spec.get(name)):
            check_keys(part, "FlexibleTargeting", frozenset(AUDIENCES), name)
    return spec


def _parent_key(key: str) -> str | None:
    """Return the key inside which a misplaced key belongs, such as targeting_automation for advantage_audience."""
    return next((names.split()[0] for of, names in _INSIDE.items() if key in keys_of(of).keys), None)


_SUCH_AS = "geo_locations, age_min, flexible_spec or custom_audiences"
TargetingSpec = Annotated[
    dict[str, Any],
    AfterValidator(allow_only("a targeting spec", TARGETING_KEYS, _SUCH_AS, _parent_key)),
    AfterValidator(_check_nested_keys),
    HoldsTargeting("spec"),
    Field(description="Places and interests by id or name"),
]


def has_audience(spec: Mapping[str, Any]) -> bool:
    """Tell whether the spec names a location or an audience, also inside `flexible_spec`."""
    where = spec.get("geo_locations")
    groups = [spec, *iter_objects(spec.get("flexible_spec"))]
    return (isinstance(where, Mapping) and any(where.get(key) for key in PLACES)) or any(
        group.get(key) for group in groups for key in AUDIENCES
    )


def summarize_targeting(spec: Mapping[str, Any]) -> str:
    """Summarize a spec in one line: places, ages, genders, number of interests and audiences, platforms.

    The summary has only Meta's codes and counts, never a name that an advertiser chose.
    """
    parts = [
        _list_places(spec.get("geo_locations"), "everywhere"),
        _prefix("without ", _list_places(spec.get("excluded_geo_locations"))),
        _format_ages(spec),
        _format_genders(spec.get("genders")),
        *_count_details(spec),
        _format_advantage(spec.get("targeting_automation")),
        ", ".join(str(item) for item in _items(spec.get("publisher_platforms"))),
    ]
    return "; ".join(part for part in parts if part)


def _list_places(where: Any, none: str = "") -> str:
    if not isinstance(where, Mapping):
        return none
    codes = [str(item) for key in ("countries", "country_groups") for item in _items(where.get(key))]
    rest = [_format_count(len(_items(where.get(key))), key) for key in PLACES[2:] if _items(where.get(key))]
    parts = [*codes[:10], *([f"{len(codes) - 10} more countries"] if len(codes) > 10 else []), *rest]
    return ", ".join(parts) or none


def _format_ages(spec: Mapping[str, Any]) -> str:
    low, high = spec.get("age_min"), spec.get("age_max")
    if low is None and high is None:
        return ""
    top = "65+" if high in (None, 65) else str(high)
    return f"{low or 18}-{top} years"


def _format_genders(genders: Any) -> str:
    return "men" if genders == [1] else "women" if genders == [2] else ""


def _count_details(spec: Mapping[str, Any]) -> list[str]:
    """Count the entries of each kind of detailed targeting and of audiences."""
    counts: dict[str, int] = {}
    for group in (spec, *iter_objects(spec.get("flexible_spec"))):
        for key, value in group.items():
            if key in _DETAIL_KEYS and isinstance(value, list):
                counts[key] = counts.get(key, 0) + len(value)
    parts = [_format_count(number, key) for key, number in counts.items() if number]
    exclusions = spec.get("exclusions")
    exclusion_count = sum(len(_items(value)) for value in exclusions.values()) if isinstance(exclusions, Mapping) else 0
    return [*parts, *([_format_count(exclusion_count, "detailed_exclusions")] if exclusion_count else [])]


_DETAIL_KEYS = frozenset(
    "interests behaviors life_events industries income family_statuses work_employers work_positions education_schools "
    "education_majors custom_audiences excluded_custom_audiences locales".split()
)


def _format_advantage(automation: Any) -> str:
    if not isinstance(automation, Mapping) or "advantage_audience" not in automation:
        return ""
    return f"Advantage+ audience {'on' if automation['advantage_audience'] else 'off'}"


def _format_count(number: int, key: str) -> str:
    noun = key.replace("_", " ")
    return f"{number} {_SINGULAR.get(key, noun.removesuffix('s')) if number == 1 else noun}"


_SINGULAR = {
    "cities": "city",
    "subcities": "subcity",
    "industries": "industry",
    "income": "income",
    "family_statuses": "family status",
}


def _prefix(prefix: str, text: str) -> str:
    return prefix + text if text else ""


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
