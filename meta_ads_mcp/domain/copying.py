"""What may be written of what was read: creatives and ad sets that are made anew after an original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import ApiError

# The parts of a creative that make a faithful copy (AdCreative of the SDK; all of them can be written).
CREATIVE_FIELDS = (
    "name",
    "object_story_id",
    "object_story_spec",
    "asset_feed_spec",
    "degrees_of_freedom_spec",
    "contextual_multi_ads",
    "instagram_user_id",
    "source_instagram_media_id",
    "product_set_id",
    "template_url_spec",
    "facebook_branded_content",
    "branded_content",
    "authorization_category",
    "regional_regulation_disclaimer_spec",
    "url_tags",
)
# The parts of an ad set that a copy needs; without them bids, attribution and compliance are lost.
AD_SET_FIELDS = (
    "name",
    "campaign_id",
    "optimization_goal",
    "billing_event",
    "bid_amount",
    "bid_strategy",
    "bid_constraints",
    "daily_budget",
    "lifetime_budget",
    "end_time",
    "targeting",
    "promoted_object",
    "destination_type",
    "attribution_spec",
    "frequency_control_specs",
    "is_dynamic_creative",
    "adset_schedule",
    "pacing_type",
    "dsa_beneficiary",
    "dsa_payor",
    "regional_regulated_categories",
    "regional_regulation_identities",
    "daily_min_spend_target",
    "daily_spend_cap",
    "lifetime_min_spend_target",
    "lifetime_spend_cap",
)
# Read back by Graph and refused when written.
_READ_ONLY_TARGETING = ("targeting_relaxation_types", "is_whatsapp_destination_ad", "targeting_optimization")
_READ_ONLY = ("id", "thumbnail_id", "original_text")
# What Graph shows where there is nothing; `destination_type` reads UNDEFINED, which Graph refuses to take.
_ZERO: tuple[Any, ...] = (None, "", [], {}, "0", 0, "UNDEFINED")


def writable_targeting(targeting: Mapping[str, Any]) -> Row:
    """The targeting without what Graph adds when it is read."""
    return {
        key: value
        for key, value in targeting.items()
        if key not in _READ_ONLY_TARGETING and not key.startswith("effective_")
    }


def writable_ad_set(source: Mapping[str, Any]) -> Row:
    """The settings of an ad set that a new one takes. A start time lies in the past and is not among them."""
    kept = {name: source[name] for name in AD_SET_FIELDS if source.get(name) not in _ZERO}
    for name in (
        "daily_budget",
        "lifetime_budget",
        "bid_amount",
        "daily_min_spend_target",
        "daily_spend_cap",
        "lifetime_min_spend_target",
        "lifetime_spend_cap",
    ):
        if name in kept:
            kept[name] = _amount(name, kept[name])
    if "targeting" in kept:
        kept["targeting"] = writable_targeting(kept["targeting"])
    return kept


def _amount(name: str, value: Any) -> int:
    """In minor units. Raises ApiError for what is no amount: without its budget a copy would be another ad set."""
    if str(value).isascii() and str(value).isdigit():
        return int(value)
    raise ApiError(f"Graph's answer has no amount in {name}.")


def writable_creative(source: Mapping[str, Any]) -> Row:
    """The parameters that make the same creative again."""
    kept = {name: _without_read_only(source[name]) for name in CREATIVE_FIELDS if source.get(name) not in _ZERO}
    if "object_story_spec" in kept or "asset_feed_spec" in kept:
        kept.pop("object_story_id", None)
    return kept


def _without_read_only(value: Any) -> Any:
    """Nested ids and doubled pictures are Graph's own: it refuses a hash together with the picture's address."""
    if isinstance(value, list):
        return [_without_read_only(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kept = {key: _without_read_only(item) for key, item in value.items() if key not in _READ_ONLY}
    if "image_hash" in kept:
        kept.pop("picture", None)
        kept.pop("image_url", None)
    return kept


def with_link(value: Any, old: str, new: str) -> Any:
    """The spec with one address in place of another, wherever it stands."""
    if isinstance(value, list):
        return [with_link(item, old, new) for item in value]
    if isinstance(value, Mapping):
        return {key: with_link(item, old, new) for key, item in value.items()}
    return new if value == old else value


def differences(before: Any, after: Any, path: str = "") -> dict[str, Row]:
    """Dotted path → before and after, for every value in which two specs differ. Keys that Graph added do not count."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        found: dict[str, Row] = {}
        for key in before:
            found |= differences(before[key], after.get(key), f"{path}.{key}" if path else str(key))
        return found
    if isinstance(before, Sequence) and isinstance(after, Sequence) and not isinstance(before, str):
        if len(before) != len(after):
            return {path: {"before": before, "after": after}}
        found = {}
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            found |= differences(one, other, f"{path}[{index}]")
        return found
    return {} if str(before) == str(after) else {path: {"before": before, "after": after}}
