"""Copy creatives and ad sets completely, or name what cannot be copied.

Graph's own `/copies` copies campaigns, ad sets and ads. Where something is to differ, a new object is created from what
Graph shows of the original. `copyable.json` has the fields that Graph both shows and accepts (`scripts/copyable.py`
distills it from Meta's SDK); the tables below say what is not taken over, and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row, Whole
from meta_ads_mcp.core.values.graph_values import parse_json_text
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor
from meta_ads_mcp.errors import ApiError, InvalidArguments

MAX_MISSING_FIELDS = 5

_NEW_VALUE = "the new object has its own"
_OF_SOURCE_ADS = "it names ads of the original"
# Copyable by its type, and yet not sent: class → field → reason.
NOT_SENT: Mapping[str, Mapping[str, str]] = {
    "AdCreative": {
        "thumbnail_url": "Graph makes a thumbnail of the media",
        "instagram_permalink_url": "it is the address of the Instagram post",
    },
    "AdSet": {
        "status": _NEW_VALUE,
        "source_adset_id": _NEW_VALUE,
        "is_budget_schedule_enabled": "budget schedules are objects of their own",
    },
    "Ad": {"status": _NEW_VALUE, "source_ad_id": _NEW_VALUE},
    "Campaign": {
        "status": _NEW_VALUE,
        "source_campaign_id": _NEW_VALUE,
        "topline_id": "it is an order of the original",
    },
}
# Fields of a creative that are its content in the old form, and derived where there is a story.
STORY_SOURCES = ("object_story_spec", "asset_feed_spec", "object_story_id", "source_instagram_media_id")
_DERIVED_FROM_STORY = frozenset("actor_id body image_hash image_url link_url object_type title".split())
# Settings that a new object cannot be given: class → field → reason. A copy of such an object is refused.
UNCOPYABLE: Mapping[str, Mapping[str, str]] = {
    "AdCreative": {
        "auto_update": "Graph does not accept it in a new creative",
        "collaborative_ads_lsb_image_bank_id": "Graph does not accept it in a new creative",
        "enable_direct_install": "Graph does not accept it in a new creative",
        "messenger_sponsored_message": "Graph does not accept it in a new creative",
        "photo_album_source_object_story_id": "Graph does not accept it in a new creative",
    },
    "AdSet": {
        "rf_prediction_id": "a reservation belongs to one ad set",
        "creative_sequence": _OF_SOURCE_ADS,
        "time_based_ad_rotation_id_blocks": _OF_SOURCE_ADS,
    },
    "Ad": {},
    "Campaign": {},
}
# Only readable, and no setting: state, ids, and what Graph derives.
STATE: Mapping[str, frozenset[str]] = {
    "AdCreative": frozenset(
        """
        account_id call_to_action_type effective_authorization_category effective_instagram_media_id
        effective_object_story_id id link_deep_link_url link_destination_display_url object_store_url product_data
        status thumbnail_id video_id
    """.split()
    ),
    "AdSet": frozenset(
        """
        account_id anchor_event_attribution_window_days asset_feed_id bid_info brand_safety_config budget_remaining
        campaign campaign_active_time configured_status created_time creative_diversity_label creative_diversity_score
        effective_status id instagram_user_id is_organic_ad_joint_optimized issues_info learning_stage_info
        low_creative_reach recommendations recurring_budget_semantics review_feedback source_adset
        special_ad_categories targeting_optimization_types updated_time use_new_app_click
    """.split()
    ),
}
MONEY_FIELDS = (
    "daily_budget",
    "lifetime_budget",
    "bid_amount",
    "daily_min_spend_target",
    "daily_spend_cap",
    "lifetime_min_spend_target",
    "lifetime_spend_cap",
)
# Graph adds these when it shows a targeting spec or a creative, and refuses them in a new one.
_READ_ONLY_TARGETING = ("targeting_relaxation_types", "is_whatsapp_destination_ad", "targeting_optimization")
_NESTED_READ_ONLY_KEYS = ("thumbnail_id", "original_text")
# Parts of a creative to whose labels and assets Graph adds ids.
_SPECS = ("object_story_spec", "asset_feed_spec")
# Graph's values for a field that is not set. It answers UNDEFINED for a missing destination_type, and refuses it.
_UNSET: tuple[Any, ...] = (None, "", [], {}, "0", 0, "UNDEFINED", "UNSET")
_NO_FIELD = re.compile(r"nonexisting field \((\w+)\)")


@cache
def copyable_fields(node: str) -> Mapping[str, str]:
    """Return the fields of an SDK class that Graph shows and accepts in a new object, with the parameter's type."""
    data = json.loads((files("meta_ads_mcp.domain") / "copyable.json").read_text(encoding="utf-8"))
    fields: Mapping[str, str] = data["classes"][node]["copyable"]
    return fields


def source_fields(node: str) -> list[str]:
    """Return the fields to read of an object of which a copy is made."""
    return ["id", *(name for name in copyable_fields(node) if name not in NOT_SENT[node]), *_uncopyable_only(node)]


def _uncopyable_only(node: str) -> list[str]:
    return [name for name in UNCOPYABLE[node] if name not in copyable_fields(node)]


async def read_source(call: Call, node: str, object_id: str, extra: Sequence[str] = ()) -> Row:
    """Read an object of which a copy is made. A field that this version of Graph does not have is named in a note."""
    fields = list(dict.fromkeys([*source_fields(node), *extra]))
    missing: list[str] = []
    while True:
        try:
            row = await call.graph.get(object_id, fields=[name for name in fields if name not in missing])
        except InvalidArguments as error:
            name = _NO_FIELD.search(error.message)
            if name is None or name[1] in missing or len(missing) == MAX_MISSING_FIELDS:
                raise
            missing.append(name[1])
        else:
            if missing:
                call.note(f"Graph does not show {', '.join(missing)} here, so the copy cannot have it.")
            return row


def require_copyable(node: str, source: Mapping[str, Any]) -> None:
    """Raise InvalidArguments that names every setting of the source that a copy cannot have."""
    reasons = [f"{name} ({reason})" for name, reason in UNCOPYABLE[node].items() if is_set(source.get(name))]
    if reasons:
        label = "creative" if node == "AdCreative" else "ad set"
        raise InvalidArguments(
            f"{label.capitalize()} {source.get('id')} cannot be copied completely: {'; '.join(reasons)}.",
            f"Create a new {label} without these settings, or copy the ad set with ads_duplicate_entity.",
        )


def is_set(value: Any) -> bool:
    """Tell whether a field from Graph has a value. False counts as not set."""
    return value not in _UNSET


def writable_targeting(targeting: Mapping[str, Any]) -> Row:
    """Return a targeting spec without the keys that Graph adds when it shows one."""
    return {
        key: value
        for key, value in targeting.items()
        if key not in _READ_ONLY_TARGETING and not key.startswith("effective_")
    }


def writable_ad_set(source: Mapping[str, Any], now: datetime | None = None) -> Row:
    """Return the parameters of a new ad set with the settings of `source`; money in minor units.

    A start time in the past is left out. Raises ApiError for an amount that is not a number.
    """
    params = {name: source[name] for name in _sent_fields("AdSet") if is_set(source.get(name))}
    if "value_rule_set_id" in params and source.get("value_rules_applied") is False:
        params["value_rules_applied"] = False
    for name in MONEY_FIELDS:
        if name in params:
            params[name] = _parse_amount(name, params[name])
    if "targeting" in params:
        params["targeting"] = writable_targeting(params["targeting"])
    if "start_time" in params and not _is_future(params["start_time"], now):
        del params["start_time"]
    return _without_label_ids(params)


def writable_creative(source: Mapping[str, Any]) -> Row:
    """Return the parameters that create the same creative again."""
    params = {
        name: _clean(source[name], name in _SPECS) for name in _sent_fields("AdCreative") if is_set(source.get(name))
    }
    if "object_story_spec" in params or "asset_feed_spec" in params:
        params.pop("object_story_id", None)
    if any(name in params for name in STORY_SOURCES):
        params = {name: value for name, value in params.items() if name not in _DERIVED_FROM_STORY}
    elif "image_hash" in params:
        params.pop("image_url", None)
    return _without_label_ids(params)


def _sent_fields(node: str) -> list[str]:
    """Return the fields of a copy, the name first."""
    fields = [name for name in copyable_fields(node) if name not in NOT_SENT[node] and name not in UNCOPYABLE[node]]
    return sorted(fields, key=lambda name: name != "name")


def _parse_amount(name: str, value: Any) -> int:
    """Return an amount in minor units. Raises ApiError, because a copy without its budget is another ad set."""
    try:
        amount = parse_minor(value)
    except UnreadableAmount:
        amount = None
    if amount is None:
        raise ApiError(f"Graph's answer has no amount in {name}.")
    return amount


def _is_future(time: Any, now: datetime | None) -> bool:
    try:
        return now is not None and datetime.fromisoformat(str(time)) > now
    except (ValueError, TypeError):
        return False


def _clean(value: Any, in_spec: bool) -> Any:
    """Drop the nested keys that Graph adds: ids in the specs, and the URL of a picture beside its hash."""
    if isinstance(value, list):
        return [_clean(item, in_spec) for item in value]
    if not isinstance(value, Mapping):
        return value
    extra_keys = {*_NESTED_READ_ONLY_KEYS, *(("id",) if in_spec and value.keys() != {"id"} else ())}
    if "image_hash" in value:
        extra_keys |= {"picture", "image_url"}
    return {name: _clean(item, in_spec) for name, item in value.items() if name not in extra_keys}


def _without_label_ids(params: Row) -> Row:
    """Name labels of the object by their names: Graph shows id, account and times too, and refuses them."""
    labels = params.get("adlabels")
    if not isinstance(labels, list):
        return params
    return {**params, "adlabels": [_label_reference(label) for label in labels]}


def _label_reference(label: Any) -> Any:
    if not isinstance(label, Mapping):
        return label
    return next(({key: label[key]} for key in ("name", "id") if label.get(key)), label)


def differences(before: Any, after: Any, path: str = "") -> dict[str, Row]:
    """Return dotted path → {before, after} for every value in which two specs differ.

    Keys that only one of them has count, with None for the other. Values that say "not set" are equal, and so are a
    number and its text.
    """
    before, after = parse_json_text(before), parse_json_text(after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        changes: dict[str, Row] = {}
        for key in [*before, *(key for key in after if key not in before)]:
            changes |= differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
        return changes
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        changes = {}
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            changes |= differences(old, new, f"{path}[{index}]")
        return changes
    return {} if _is_same(before, after) else {path: Whole({"before": before, "after": after})}


def _is_same(before: Any, after: Any) -> bool:
    return str(before) == str(after) or (not _has_value(before) and not _has_value(after))


def _has_value(value: Any) -> bool:
    return is_set(value) and value != "NONE"
