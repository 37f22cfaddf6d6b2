"""The keys of Meta's objects are those of the SDK's classes, and a strange one is refused wherever it stands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter

from meta_ads_mcp.domain.creative_story import FEATURES
from meta_ads_mcp.domain.meta_objects import CustomizationRules, Freedom, Labels, StorySpec, TrackingSpecs
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.domain.sdk_keys import CLASSES, keys_of
from meta_ads_mcp.domain.targeting import BEYOND_SDK, TargetingSpec
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.sandbox.sdk_spec import load

# Inside which this server looks in a way of its own, or where any class of the SDK may stand.
LOOKED_INTO_ELSEWHERE = {"AdCreativeFeaturesSpec", "Targeting", "AdPlacePageSet", "ProductSet"}


@pytest.mark.parametrize("name", CLASSES)
def test_the_keys_and_what_is_inside_are_the_sdks(name: str) -> None:
    fields = load().fields(name)
    classes = {key: re.sub(r"^list<(\w+)>$", r"\1", kind) for key, kind in fields.items()}
    inside = {key: kind for key, kind in classes.items() if kind in load() and load().fields(kind)}
    documented = {"threads_user_id"} if name == "AdCreativeObjectStorySpec" else set()  # an argument of its own
    assert keys_of(name).keys == set(fields) - documented - BEYOND_SDK.get(name, frozenset())
    assert keys_of(name).inside == {key: kind for key, kind in inside.items() if kind not in LOOKED_INTO_ELSEWHERE}


def test_the_other_lists_are_the_sdks_too() -> None:
    assert set(load().fields("AdCreativeFeaturesSpec")) >= set(FEATURES)
    known = set(load().fields("AdPromotedObject"))
    assert set(PromotedObject.model_fields) <= known | {"custom_conversion_id"}


STRANGE: list[tuple[Any, Any]] = [
    (StorySpec, {"page": "1"}),
    (StorySpec, {"link_data": {"headline": "x"}}),
    (StorySpec, {"video_data": {"link": "https://shop.example"}}),
    (StorySpec, {"link_data": {"child_attachments": [{"link": "x"}, {"url": "x"}]}}),
    (StorySpec, {"link_data": {"child_attachments": [{"call_to_action": {"kind": "x"}}]}}),
    (StorySpec, {"template_data": {"call_to_action": {"value": {}, "text": "x"}}}),
    (StorySpec, {"link_data": {"call_to_action": {"value": {"phone_number": "+1"}}}}),
    (StorySpec, {"link_data": {"image_crops": {"1x1": []}}}),
    (Freedom, {"creative_features_spec": {"standard_enhancements": {"enroll_status": "OPT_IN"}}}),
    (Freedom, {"creative_features_spec": {"text_optimizations": {"status": "OPT_IN"}}}),
    (CustomizationRules, [{"customization_spec": {"image_hashes": ["a"]}}]),
    (CustomizationRules, [{"placement_groups": ["FEED"], "customization_spec": {"images": ["a"]}}]),
    (CustomizationRules, [{"image_label": {"label": "a"}}]),
    (TrackingSpecs, [{"pixel": ["1"]}]),
    (Labels, [{"label": "a"}]),
    (TargetingSpec, {"geo_locations": {"country": ["US"]}}),
    (TargetingSpec, {"geo_locations": {"cities": [{"id": "1"}]}}),
    (TargetingSpec, {"flexible_spec": [{"interest": []}]}),
    (TargetingSpec, {"flexible_spec": [{"interests": [{"key": "1"}]}]}),
    (TargetingSpec, {"exclusions": {"interest": []}}),
    (TargetingSpec, {"custom_audiences": [{"audience_id": "1"}]}),
    (TargetingSpec, {"targeting_automation": {"advantage": 1}}),
    (PromotedObject, {"omnichannel_object": {"pixel": [{"pixel": "1"}]}}),
]


@pytest.mark.parametrize(("kind", "spec"), STRANGE)
def test_a_strange_key_is_refused_with_the_known_ones(kind: Any, spec: Any) -> None:
    with pytest.raises(InvalidArguments) as refused:
        TypeAdapter(kind).validate_python(spec)
    assert refused.value.allowed


KNOWN: list[tuple[Any, Any]] = [
    (StorySpec, {"page_id": 1, "link_data": {"link": {"x": 1}, "child_attachments": "text"}}),
    (StorySpec, {"link_data": {"call_to_action": {"type": "SHOP_NOW", "value": {"link": "https://shop.example"}}}}),
    (Freedom, {"creative_features_spec": {"text_optimizations": {"enroll_status": "OPT_OUT"}}}),
    (CustomizationRules, [{"placement_groups": ["FEED"], "customization_spec": {"image_hashes": ["a"]}}]),
    (CustomizationRules, [{"customization_spec": {"age_min": 18}, "image_label": {"name": "a"}, "priority": 1}]),
    (TrackingSpecs, [{"action.type": ["offsite_conversion"], "fb_pixel": ["1"]}]),
    (TargetingSpec, {"flexible_spec": [{"interests": [{"id": "1", "name": "a"}], "custom_audiences": [{"id": "1"}]}]}),
    (TargetingSpec, {"geo_locations": {"cities": [{"key": "1", "radius": 10, "distance_unit": "mile"}]}}),
]


@pytest.mark.parametrize(("kind", "spec"), KNOWN)
def test_known_keys_pass_with_whatever_they_hold(kind: Any, spec: Any) -> None:
    assert TypeAdapter(kind).validate_python(spec) == spec
