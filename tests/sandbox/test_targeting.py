"""What Graph refuses, drops and restricts in the targeting of an ad set."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_writes import US, untouched, writing

from .test_writes_refused import AD_SET, UNSHARED

ADVANTAGE = {"targeting_automation": {"advantage_audience": 1}}
# What Graph refuses in a targeting, and a word of the refusal.
TARGETING: list[tuple[dict[str, Any], str]] = [
    ({"facebook_positions": ["feed", "video_feeds"]}, "no longer available"),
    ({"instagram_positions": ["explore"]}, "no longer available"),
    ({"messenger_positions": ["messenger_home"]}, "no longer available"),
    ({"facebook_positions": ["feeds"]}, "not one of facebook_positions"),
    ({"publisher_platforms": ["audience_network"]}, "requires another platform"),
    ({"publisher_platforms": ["myspace"]}, "not one of publisher_platforms"),
    ({"threads_positions": ["threads_stream"], "instagram_positions": ["story"]}, "requires stream"),
    ({"exclusions": {"interests": [{"id": "6003"}]}}, "exclusions"),
    ({"geo_locations": {"countries": ["US"], "geo_markets": [{"key": "DMA:501"}]}}, "Comscore"),
    (ADVANTAGE | {"age_min": 30}, "age_min"),
    (ADVANTAGE | {"age_max": 50}, "age_max"),
]
# Places and interests named otherwise than by key or id: the path that is blamed, and a word of the refusal.
NAMES: list[tuple[dict[str, Any], str, str]] = [
    ({"geo_locations": {"cities": ["Tokyo"]}}, "[geo_locations][cities][0]", "key"),
    ({"geo_locations": {"cities": [{"name": "Tokyo"}]}}, "[geo_locations][cities][0]", "key"),
    ({"geo_locations": {"countries": ["US"], "regions": ["New Jersey"]}}, "[geo_locations][regions][0]", "key"),
    ({"geo_locations": {"countries": ["Deutschland"]}}, "[geo_locations][countries][0]", "two-letter"),
    ({"geo_locations": {"countries": ["XX"]}}, "[geo_locations][countries][0]", "two-letter"),
    ({"excluded_geo_locations": {"zips": ["10001"]}}, "[excluded_geo_locations][zips][0]", "key"),
    ({"interests": ["hot springs"]}, "[interests][0]", "numeric id"),
    ({"flexible_spec": [{"interests": [{"name": "hot springs"}]}]}, "[flexible_spec][0][interests][0]", "numeric id"),
    ({"flexible_spec": [{"behaviors": ["Commuters"]}]}, "[flexible_spec][0][behaviors][0]", "numeric id"),
]


@pytest.mark.parametrize(("wrong", "words"), TARGETING)
@pytest.mark.parametrize("path", ["{account}/adsets", "{ad_set}"])
async def test_a_targeting_that_graph_refuses_is_refused(path: str, wrong: dict[str, Any], words: str) -> None:
    """Also where the call only asks whether it would be accepted."""
    params = {"targeting": US | wrong, "execution_options": ["validate_only"]}
    error = await untouched().refused("POST", path, (AD_SET if "/" in path else {}) | params)
    assert (error["code"], error.get("error_subcode")) == (100, None)
    assert words in error["error_user_msg"]
    assert error["error_data"] == {"blame_field_specs": [["targeting"]]}


@pytest.mark.parametrize(("wrong", "blamed", "words"), NAMES)
@pytest.mark.parametrize("path", ["{account}/adsets", "{ad_set}"])
async def test_a_name_in_place_of_a_key_is_refused(path: str, wrong: dict[str, Any], blamed: str, words: str) -> None:
    params = {"targeting": US | wrong}
    error = await untouched().refused("POST", path, (AD_SET if "/" in path else {}) | params)
    assert (error["code"], error.get("error_subcode")) == (100, None)
    assert error["message"].startswith(f"(#100) Param targeting{blamed} must be ")
    assert words in error["message"]
    assert error["error_data"] == {"blame_field_specs": [[f"targeting{blamed}"]]}


@pytest.mark.parametrize(
    ("targeting", "words"),
    [
        (US, "advantage_audience"),
        (ADVANTAGE | US | {"age_min": 21}, "ages"),
        (ADVANTAGE | US | {"genders": [1]}, "genders"),
        (ADVANTAGE | {"geo_locations": {"zips": [{"key": "US:97205"}]}}, "places"),
        (ADVANTAGE | US | {"excluded_geo_locations": {"countries": ["CA"]}}, "places"),
    ],
)
async def test_an_audience_of_a_special_category_is_restricted(targeting: dict[str, Any], words: str) -> None:
    made = writing()
    categories = {"special_ad_categories": ["HOUSING"], "special_ad_category_country": ["US"]}
    campaign = (await made.done("POST", "{account}/campaigns", UNSHARED | categories))["id"]
    ad_set = AD_SET | {"campaign_id": campaign}
    error = await made.refused("POST", "{account}/adsets", ad_set | {"targeting": targeting})
    assert words in error["error_user_msg"]
    assert await made.done("POST", "{account}/adsets", ad_set | {"targeting": ADVANTAGE | US})


async def test_a_placement_is_refused_from_the_version_on_that_took_it_away() -> None:
    targeting = {"targeting": US | {"instagram_positions": ["stream", "explore"]}}
    sent = AD_SET | targeting | {"execution_options": ["validate_only"]}
    old = "https://graph.facebook.com/v25.0/"
    assert await untouched().done("POST", "{account}/adsets", sent, base=old) == {"success": True}


@pytest.mark.parametrize(("version", "is_known"), [("v25.0", False), ("v26.0", False), ("v27.0", True)])
async def test_the_automation_of_devices_exists_from_its_version_on(version: str, is_known: bool) -> None:
    sent = AD_SET | {"targeting": US | {"user_os": ["iOS"], "targeting_automation": {"device": 0}}}
    base = f"https://graph.facebook.com/{version}/"
    if is_known:
        assert (await writing().done("POST", "{account}/adsets", sent, base=base))["id"]
    else:
        assert "device" in (await untouched().refused("POST", "{account}/adsets", sent, base=base))["error_user_msg"]


async def test_messenger_stories_are_dropped_without_a_word() -> None:
    made = writing()
    positions = {"publisher_platforms": ["facebook", "messenger"], "messenger_positions": ["story"]}
    ad_set = (await made.done("POST", "{account}/adsets", AD_SET | {"targeting": US | positions}))["id"]
    stored = (await made.done("GET", ad_set, {"fields": "targeting"}))["targeting"]
    assert stored == US | {"publisher_platforms": ["facebook", "messenger"]}
