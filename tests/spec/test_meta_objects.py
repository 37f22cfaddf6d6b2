"""The keys of Meta's objects are those of the SDK's classes, and a strange one is refused wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.sandbox.spec import load
from meta_ads_mcp.spec.creative import FEATURES
from meta_ads_mcp.spec.meta_objects import INSIDE, KEYS, OWN_RULE_KEYS, each_of, known_keys
from meta_ads_mcp.spec.targeting import GEO_KEYS

STORY = "AdCreativeObjectStorySpec"


@pytest.mark.parametrize("name", KEYS)
def test_the_keys_are_the_sdks(name: str) -> None:
    assert set(load().fields(name)) == KEYS[name]


def test_the_other_lists_are_the_sdks_too() -> None:
    assert set(load().fields("TargetingGeoLocation")) == GEO_KEYS
    assert set(load().fields("AdCreativeFeaturesSpec")) >= set(FEATURES)


def test_what_is_inside_is_a_key_and_a_known_class() -> None:
    assert all(key in KEYS[of] and inner in KEYS for of, inside in INSIDE.items() for key, inner in inside.items())


@pytest.mark.parametrize(
    "spec",
    [
        {"page": "1"},
        {"link_data": {"headline": "x"}},
        {"video_data": {"link": "https://shop.example"}},
        {"link_data": {"child_attachments": [{"link": "x"}, {"url": "x"}]}},
        {"link_data": {"child_attachments": [{"call_to_action": {"kind": "x"}}]}},
        {"template_data": {"call_to_action": {"value": {}, "text": "x"}}},
        {"link_data": {"image_crops": {"1x1": []}}},
    ],
)
def test_a_strange_key_is_refused_with_the_known_ones(spec: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments) as refused:
        known_keys(STORY)(spec)
    assert refused.value.allowed


def test_known_keys_pass_with_whatever_they_hold() -> None:
    spec = {
        "page_id": 1,
        "link_data": {"link": {"x": 1}, "child_attachments": "text", "call_to_action": {"value": {"x": 1}}},
    }
    assert known_keys(STORY)(spec) is spec
    rules = [{"placement_groups": ["FEED"], "image_label": {"name": "a"}}]
    assert each_of("AdAssetFeedSpecAssetCustomizationRule", more=OWN_RULE_KEYS)(rules) is rules
