"""What Graph refuses in the targeting of an ad set.

Source: docs marketing-api/audiences/reference/placement-targeting, .../targeting-expansion/advantage-audience,
marketing-api/audiences/special-ad-category, marketing-api/out-of-cycle-changes/occ-2025 and occ-2026,
marketing-api/marketing-api-changelog/version22.0, version24.0 and version26.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.sandbox.edges.estimates import audience
from meta_ads_mcp.sandbox.edges.registry import Ask
from meta_ads_mcp.sandbox.edges.targeting_ids import check_ids
from meta_ads_mcp.sandbox.edges.writing import known_node
from meta_ads_mcp.sandbox.refusal import Refusal, invalid
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.versions import version_number

Json = Any
Spec = Mapping[str, Json]
NO_LOCATION_TYPES = 1870199  # subcode, docs marketing-api/error-reference
MIN_AGE, MAX_AGE = 13, 65
ADULT_AGE = 18
MAX_AGE_MIN_OF_ADVANTAGE = 25  # docs .../advantage-audience: age_min is 18 to 25

# The values of each placement field. docs .../placement-targeting (device, publisher and positions)
PLACEMENTS: dict[str, frozenset[str]] = {
    "device_platforms": frozenset({"mobile", "desktop"}),
    "publisher_platforms": frozenset({"facebook", "instagram", "threads", "messenger", "audience_network", "whatsapp"}),
    "facebook_positions": frozenset(
        {"feed", "right_hand_column", "marketplace", "story", "search", "instream_video", "facebook_reels",
         "facebook_reels_overlay", "profile_feed", "notification", "biz_disco_feed"}
    ),
    "instagram_positions": frozenset(
        {"stream", "story", "explore", "explore_home", "reels", "profile_feed", "ig_search", "profile_reels", "shop"}
    ),
    "messenger_positions": frozenset({"sponsored_messages", "story"}),
    "audience_network_positions": frozenset({"classic", "rewarded_video"}),
    "threads_positions": frozenset({"threads_stream"}),
    "whatsapp_positions": frozenset({"status"}),
}  # fmt: skip
# Placements that are gone -> the version from which an ad set that names them is refused.
RETIRED_PLACEMENTS = {
    ("facebook_positions", "video_feeds"): 24.0,  # docs version24.0
    ("messenger_positions", "messenger_home"): 0.0,  # docs occ-2025, all versions since 2025-11-11
    ("instagram_positions", "explore"): 26.0,  # Meta blog, 2026-07-29, Graph API v26.0
}
# Platforms that cannot be the only one. docs marketing-api/audience-network
NEVER_ALONE = frozenset({"audience_network"})
# A placement -> another one that has to be chosen with it. docs .../placement-targeting (limitations)
COMPANIONS = {("threads_positions", "threads_stream"): ("instagram_positions", "stream")}
# Placements that Graph drops without a word. Meta blog, 2026-07-29: all versions since 2026-10-27
DROPPED_PLACEMENTS = {("messenger_positions", "story")}

# targeting_automation.device came with it. Meta blog, 2026-11-04, Graph API v27.0
DEVICE_AUTOMATION_FROM = 27.0

# Categories whose audiences are restricted, and what such an audience cannot have.
RESTRICTED_CATEGORIES = frozenset({"HOUSING", "EMPLOYMENT", "FINANCIAL_PRODUCTS_SERVICES"})
RESTRICTED_PLACES = ("zips", "subcities", "neighborhoods", "subneighborhoods")


def check_targeting(ask: Ask, spec: Spec, campaign: GraphNode, *, creating: bool) -> None:
    """Refuse a targeting that Graph refuses: its places, ages, placements, audiences, and the campaign's categories."""
    audience(dict(spec))
    check_ids(spec)
    _check_places(spec)
    _check_ages(spec)
    _check_placements(spec, version_number(ask.call.version))
    _check_automation(spec, version_number(ask.call.version))
    if spec.get("exclusions"):
        raise invalid(None, "Detailed targeting exclusions are no longer available", "targeting")
    for item in (*spec.get("custom_audiences", []), *spec.get("excluded_custom_audiences", [])):
        _check_audience(ask, str(item.get("id")))
    if RESTRICTED_CATEGORIES & set(campaign.get("special_ad_categories") or ()):
        _check_restricted(spec, creating=creating)


def without_dropped_placements(spec: Spec) -> dict[str, Json]:
    """Return the targeting as Graph stores it: placements that it drops silently are gone."""
    copy = dict(spec)
    for name, value in DROPPED_PLACEMENTS:
        if value in (copy.get(name) or ()):
            copy[name] = [position for position in copy[name] if position != value]
    return {name: value for name, value in copy.items() if value != [] or name not in PLACEMENTS}


def _check_places(spec: Spec) -> None:
    geo = spec.get("geo_locations") or {}
    if "location_types" in geo:
        raise invalid(NO_LOCATION_TYPES, "Remove location_types from geo_locations", "targeting")
    if any(str(market.get("key", "")).startswith("DMA:") for market in geo.get("geo_markets") or ()):
        raise invalid(None, "DMA markets are no longer supported; use Comscore markets", "targeting")


def _check_ages(spec: Spec) -> None:
    low, high = spec.get("age_min", ADULT_AGE), spec.get("age_max", MAX_AGE)
    if not MIN_AGE <= low <= high <= MAX_AGE:
        raise invalid(None, "The age range is wrong", "targeting")
    if (spec.get("targeting_automation") or {}).get("advantage_audience") != 1:
        return
    if high < MAX_AGE:
        raise invalid(None, "With advantage_audience the age_max is 65", "targeting")
    if low > MAX_AGE_MIN_OF_ADVANTAGE:
        raise invalid(None, "With advantage_audience the age_min is at most 25", "targeting")


def _check_placements(spec: Spec, version: float) -> None:
    for name, options in PLACEMENTS.items():
        for value in spec.get(name) or ():
            if version >= RETIRED_PLACEMENTS.get((name, value), float("inf")):
                raise invalid(None, f"The placement {value} in {name} is no longer available", "targeting")
            if value not in options and (name, value) not in RETIRED_PLACEMENTS:
                raise invalid(None, f"{value} is not one of {name}: {', '.join(sorted(options))}", "targeting")
            if name == "publisher_platforms" and set(spec[name]) <= NEVER_ALONE:
                raise invalid(None, f"{value} requires another platform in {name}", "targeting")
            other = COMPANIONS.get((name, value))
            if other and other[1] not in (spec.get(other[0]) or ()):
                raise invalid(None, f"{value} requires {other[1]} in {other[0]}", "targeting")


def _check_automation(spec: Spec, version: float) -> None:
    if version < DEVICE_AUTOMATION_FROM and "device" in (spec.get("targeting_automation") or {}):
        raise invalid(None, "targeting_automation has no key device before v27.0", "targeting")


def _check_restricted(spec: Spec, *, creating: bool) -> None:
    """Refuse what an audience of a special ad category cannot have. docs marketing-api/audiences/special-ad-category"""
    geo = spec.get("geo_locations") or {}
    if any(geo.get(name) for name in RESTRICTED_PLACES) or any((spec.get("excluded_geo_locations") or {}).values()):
        raise _category_refusal("cannot use these places, or exclude places")
    if spec.get("age_min", ADULT_AGE) != ADULT_AGE or spec.get("age_max", MAX_AGE) != MAX_AGE:
        raise _category_refusal("has ages 18 to 65+")
    if len(set(spec.get("genders") or ())) == 1:
        raise _category_refusal("includes all genders")
    if creating and "advantage_audience" not in (spec.get("targeting_automation") or {}):
        raise _category_refusal("requires targeting_automation.advantage_audience 1 or 0")


def _category_refusal(text: str) -> Refusal:
    return invalid(None, f"An audience of a special ad category {text}", "targeting")


def _check_audience(ask: Ask, audience_id: str) -> None:
    """An audience is the account's own, or shared with it."""
    sharers = ask.graph.world.store.links.get((audience_id, "adaccounts"), ())
    if f"act_{ask.node.account}" not in sharers:
        known_node(ask, "CustomAudience", audience_id)
