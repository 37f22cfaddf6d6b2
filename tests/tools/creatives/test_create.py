"""Creatives from flat arguments: Graph's nested specs as they are on the wire, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from meta_ads_mcp.domain.creative_story import FEATURES
from tests.support.write_cases import (
    ACCOUNT,
    EVENT,
    FORM,
    INSTAGRAM,
    PAGE,
    Case,
    Refused,
    check,
    shop,
)

TOOL = "ads_create_ad_creative"
PATH = f"{ACCOUNT}/adcreatives"
LINK = "https://shop.example/spring"
H1, H2 = "h1", "hash-2"
PHONE = "+18005551234"
PLAIN = {"account_id": ACCOUNT, "name": "Spring", "page_id": PAGE, "image_hash": H1, "link_url": LINK}
FLEXIBLE = {"account_id": ACCOUNT, "name": "Spring", "page_id": PAGE, "link_url": LINK}
CROPS = {"100x100": [[0, 0], [600, 600]]}
OUT = {"enroll_status": "OPT_OUT"}


def link_data(arguments: Mapping[str, Any], data: Mapping[str, Any], **top: Any) -> Case:
    """A plain picture with these arguments, and all of its `link_data`."""
    return _story(arguments, {"link": LINK, "image_hash": H1, **data}, top)


def _story(arguments: Mapping[str, Any], data: Mapping[str, Any], top: Mapping[str, Any]) -> Case:
    given = {name: value for name, value in {**PLAIN, **arguments}.items() if value is not None}
    kept = {name: value for name, value in data.items() if value is not None}
    sent = {"name": "Spring", "object_story_spec": {"page_id": PAGE, "link_data": kept}, **top}
    return Case(TOOL, given, PATH, sent, absent=("asset_feed_spec",))


def feed(arguments: Mapping[str, Any], spec: Mapping[str, Any], story: Mapping[str, Any] | None = None) -> Case:
    """A flexible creative, and all of its asset feed; the story names the Page alone unless it is said."""
    sent = {"name": "Spring", "object_story_spec": story or {"page_id": PAGE}, "asset_feed_spec": spec}
    return Case(TOOL, {**FLEXIBLE, **arguments}, PATH, sent)


def text(*texts: str) -> list[dict[str, str]]:
    return [{"text": one} for one in texts]


CALL = {"type": "CALL_NOW", "value": {"link": f"tel:{PHONE}"}}
CALLING = {"call_to_action_type": "CALL_NOW", "phone_number": PHONE}
SITE = [{"website_url": LINK}]
ONE = {"images": [{"hash": H1}], "ad_formats": ["SINGLE_IMAGE"], "link_urls": SITE}
TWO = {"images": [{"hash": H1}, {"hash": H2}], "ad_formats": ["SINGLE_IMAGE"], "link_urls": SITE}
FREE = "DEGREES_OF_FREEDOM"
REMINDER = {"event_name": "Sale", "start_time": "2027-01-04T00:00:00+0100", "end_time": "2027-01-05T00:00:00+0100"}
PLAIN_CASES = {
    "a picture with all its texts": link_data(
        {"message": "m", "headline": "h", "description": "d", "call_to_action_type": "LEARN_MORE"},
        {"message": "m", "name": "h", "description": "d", "call_to_action": {"type": "LEARN_MORE"}},
    ),
    "one picture, one text, one headline each in a list": link_data(
        {"image_hash": None, "image_hashes": [H1], "messages": ["m"], "headlines": ["h"]}, {"message": "m", "name": "h"}
    ),
    "a Page as a number": link_data({"page_id": int(PAGE)}, {}),
    "a caption and url tags": link_data(
        {"caption": "shop.example", "url_tags": "utm_source=meta"},
        {"caption": "shop.example"},
        url_tags="utm_source=meta",
    ),
    "crops": link_data({"image_crops": CROPS, "caption": "c"}, {"image_crops": CROPS, "caption": "c"}),
    "crops as JSON text": link_data({"image_crops": '{"100x100":[[0,0],[600,600]]}'}, {"image_crops": CROPS}),
    "a call": link_data(CALLING, {"call_to_action": CALL}),
    "a phone number without a call": link_data(
        {"call_to_action_type": "LEARN_MORE", "phone_number": PHONE}, {"call_to_action": {"type": "LEARN_MORE"}}
    ),
    "an event": link_data(
        {"event_id": int(EVENT), "call_to_action_type": "EVENT_RSVP"},
        {"event_id": EVENT, "call_to_action": {"type": "EVENT_RSVP", "value": {"link": LINK, "event_id": EVENT}}},
    ),
    "an event and another button": link_data(
        {"event_id": EVENT, "call_to_action_type": "LEARN_MORE"},
        {"event_id": EVENT, "call_to_action": {"type": "LEARN_MORE"}},
    ),
    "a reminder without a link": link_data(
        {"reminder_data": REMINDER, "link_url": None}, {"reminder_data": REMINDER, "link": None}
    ),
    "a reminder as JSON text": link_data(
        {"reminder_data": '{"event_name":"Sale","start_time":"2027-01-04T00:00:00+0100"}'},
        {"reminder_data": {"event_name": "Sale", "start_time": "2027-01-04T00:00:00+0100"}},
    ),
    "a lead form": link_data(
        {"lead_gen_form_id": int(FORM), "call_to_action_type": "SIGN_UP"},
        {"call_to_action": {"type": "SIGN_UP", "value": {"link": LINK, "lead_gen_form_id": FORM}}},
    ),
    "features": link_data(
        {"creative_features_spec": {"image_touchups": "OPT_IN", "text_optimizations": OUT}},
        {},
        degrees_of_freedom_spec={
            "creative_features_spec": {"image_touchups": {"enroll_status": "OPT_IN"}, "text_optimizations": OUT}
        },
    ),
    "features as JSON text": link_data(
        {"creative_features_spec": '{"image_touchups":"OPT_IN"}'},
        {},
        degrees_of_freedom_spec={"creative_features_spec": {"image_touchups": {"enroll_status": "OPT_IN"}}},
    ),
    "no enhancement but one": link_data(
        {"disable_all_enhancements": True, "creative_features_spec": {"image_touchups": "OPT_IN"}},
        {},
        degrees_of_freedom_spec={
            "creative_features_spec": {**dict.fromkeys(FEATURES, OUT), "image_touchups": {"enroll_status": "OPT_IN"}}
        },
        contextual_multi_ads=OUT,
    ),
    "branded content": link_data(
        {
            "facebook_branded_content": '{"sponsor_page_id":"5"}',
            "instagram_branded_content": {"sponsor_id": "6"},
        },
        {},
        facebook_branded_content={"sponsor_page_id": "5"},
        instagram_branded_content={"sponsor_id": "6"},
    ),
    **{
        f"an Instagram account by {name}": Case(
            TOOL,
            {**PLAIN, name: INSTAGRAM},
            PATH,
            {
                "name": "Spring",
                "object_story_spec": {
                    "page_id": PAGE,
                    "instagram_user_id": INSTAGRAM,
                    "link_data": {"link": LINK, "image_hash": H1},
                },
            },
            absent=("instagram_actor_id", "instagram_user_id"),
        )
        for name in ("instagram_user_id", "instagram_actor_id")
    },
    "a carousel": link_data(
        {
            "image_hash": None,
            "link_url": None,
            "cards": [{"link": LINK, "image_hash": H1, "name": "A"}, {"link": f"{LINK}2", "video_id": 701}],
        },
        {
            "image_hash": None,
            "child_attachments": [
                {"link": LINK, "image_hash": H1, "name": "A"},
                {"link": f"{LINK}2", "video_id": "701"},
            ],
        },
    ),
}
FLEXIBLE_CASES = {
    "several texts": feed(
        {"image_hash": H1, "headlines": ["H1", "H2", "H3"], "descriptions": ["d"], "messages": ["m1", "m2"]},
        {**ONE, "titles": text("H1", "H2", "H3"), "descriptions": text("d"), "bodies": text("m1", "m2")},
    ),
    "texts with labels beside plain ones": feed(
        {"image_hash": H1, "headlines": [{"text": "a", "adlabels": [{"name": "l"}]}, "b"]},
        {**ONE, "titles": [{"text": "a", "adlabels": [{"name": "l"}]}, {"text": "b"}]},
    ),
    "several pictures": feed({"image_hashes": [H1, H2]}, TWO),
    "several pictures with crops and a button": feed(
        {"image_hashes": [H1, H2], "image_crops": CROPS, "call_to_action_type": "SHOP_NOW"},
        {
            **TWO,
            "images": [{"hash": H1, "image_crops": CROPS}, {"hash": H2, "image_crops": CROPS}],
            "call_to_action_types": ["SHOP_NOW"],
        },
    ),
    "a format of one's own, as JSON text": feed(
        {"image_hashes": [H1, H2], "ad_formats": '["AUTOMATIC_FORMAT"]'}, {**TWO, "ad_formats": ["AUTOMATIC_FORMAT"]}
    ),
    "several pictures that call": feed({"image_hashes": [H1, H2], **CALLING}, {**TWO, "call_to_actions": [CALL]}),
    "PLACEMENT": feed({"image_hash": H1, "optimization_type": "PLACEMENT"}, {**ONE, "optimization_type": "PLACEMENT"}),
    "REGULAR is nothing of its own": link_data({"optimization_type": "REGULAR"}, {}),
    "degrees of freedom": feed(
        {
            "image_hashes": [H1, H2],
            "optimization_type": FREE,
            "headline": "h",
            "message": "m",
            "description": "d",
            "call_to_action_type": "SHOP_NOW",
        },
        {
            "images": [{"hash": H1}, {"hash": H2}],
            "optimization_type": FREE,
            "titles": text("h"),
            "bodies": text("m"),
            "descriptions": text("d"),
        },
        {
            "page_id": PAGE,
            "link_data": {
                "link": LINK,
                "image_hash": H1,
                "call_to_action": {"type": "SHOP_NOW", "value": {"link": LINK}},
            },
        },
    ),
    "degrees of freedom and a call": feed(
        {"image_hash": H1, "optimization_type": FREE, **CALLING},
        {"images": [{"hash": H1}], "optimization_type": FREE},
        {"page_id": PAGE, "link_data": {"link": LINK, "image_hash": H1, "call_to_action": CALL}},
    ),
    "rules per placement": feed(
        {
            "image_hashes": [H1, H2],
            "asset_customization_rules": [
                {"placement_groups": ["FEED"], "customization_spec": {"image_hashes": [H1]}},
                {"placement_groups": ["STORY"], "customization_spec": {"image_hashes": [H2]}},
            ],
        },
        {
            **TWO,
            "images": [
                {"hash": H1, "adlabels": [{"name": "placement_1"}]},
                {"hash": H2, "adlabels": [{"name": "placement_2"}]},
            ],
            "asset_customization_rules": [
                {
                    "customization_spec": {
                        "publisher_platforms": ["facebook", "instagram"],
                        "facebook_positions": ["feed"],
                        "instagram_positions": ["stream"],
                    },
                    "image_label": {"name": "placement_1"},
                },
                {
                    "customization_spec": {
                        "publisher_platforms": ["facebook", "instagram"],
                        "facebook_positions": ["story"],
                        "instagram_positions": ["story"],
                    },
                    "image_label": {"name": "placement_2"},
                },
            ],
            "optimization_type": "PLACEMENT",
        },
    ),
    "two groups in one rule": feed(
        {
            "image_hashes": [H1, H2],
            "asset_customization_rules": [
                {"placement_groups": ["STORY", "FEED"], "customization_spec": {"image_hashes": [H1]}}
            ],
        },
        {
            **TWO,
            "images": [{"hash": H1, "adlabels": [{"name": "placement_1"}]}, {"hash": H2}],
            "asset_customization_rules": [
                {
                    "customization_spec": {
                        "publisher_platforms": ["facebook", "instagram"],
                        "facebook_positions": ["story", "feed"],
                        "instagram_positions": ["story", "stream"],
                    },
                    "image_label": {"name": "placement_1"},
                }
            ],
            "optimization_type": "PLACEMENT",
        },
    ),
    "rules in Meta's form": feed(
        {
            "image_hashes": [H1, H2],
            "asset_customization_rules": '[{"customization_spec":{"age_min":18},"image_label":{"name":"l"}}]',
        },
        {
            **TWO,
            "asset_customization_rules": [{"customization_spec": {"age_min": 18}, "image_label": {"name": "l"}}],
            "optimization_type": "PLACEMENT",
        },
    ),
    "no rules": link_data({"asset_customization_rules": []}, {}),
}
BARE = {"account_id": ACCOUNT, "page_id": PAGE}
CARD = {"link": LINK, "image_hash": H1}
REFUSALS = {
    **{
        f"{one} and {one}s": Refused(TOOL, {**PLAIN, one: "a", f"{one}s": ["b"]}, [one, f"{one}s"], nothing_read=True)
        for one in ("headline", "description", "message")
    },
    "no media": Refused(
        TOOL, {**BARE, "link_url": LINK}, ["image_hash", "video_id", "object_story_id"], nothing_read=True
    ),
    "two kinds of media": Refused(
        TOOL, {**PLAIN, "image_url": "https://shop.example/a.png"}, ["image_hash", "image_url"], nothing_read=True
    ),
    "a thumbnail without a video": Refused(
        TOOL, {**PLAIN, "thumbnail_url": "https://shop.example/a.png"}, ["thumbnail_url", "video"], nothing_read=True
    ),
    "no link": Refused(TOOL, {**BARE, "image_hash": H1}, ["link_url"], nothing_read=True),
    "a call without a number": Refused(
        TOOL, {**PLAIN, "call_to_action_type": "CALL_NOW"}, ["phone_number"], nothing_read=True
    ),
    "eleven pictures": Refused(
        TOOL, {**FLEXIBLE, "image_hashes": [H1] * 11}, ["image_hashes", "10"], nothing_read=True
    ),
    "an unknown placement group": Refused(
        TOOL,
        {
            **FLEXIBLE,
            "image_hashes": [H1, H2],
            "asset_customization_rules": [{"placement_groups": ["MOON"], "customization_spec": {"image_hashes": [H1]}}],
        },
        ["FEED", "STORY"],
    ),
    "Threads for an existing post": Refused(
        TOOL,
        {"account_id": ACCOUNT, "object_story_id": f"{PAGE}_1", "threads_user_id": "31"},
        ["threads_user_id", "object_story_id"],
        nothing_read=True,
    ),
    "one card": Refused(TOOL, {**BARE, "cards": [CARD]}, ["2 to 10"], nothing_read=True),
    "eleven cards": Refused(TOOL, {**BARE, "cards": [CARD] * 11}, ["2 to 10"], nothing_read=True),
    "a card without a link": Refused(
        TOOL, {**BARE, "cards": [CARD, {"image_hash": H1}]}, ["cards.1", "link"], nothing_read=True
    ),
    "a card without media": Refused(TOOL, {**BARE, "cards": [CARD, {"link": LINK}]}, ["card 1"], nothing_read=True),
    "standard enhancements": Refused(
        TOOL, {**PLAIN, "creative_features_spec": {"standard_enhancements": "OPT_OUT"}}, ["standard_enhancements"]
    ),
    "other content for what is there": Refused(
        "ads_update_ad_creative", {"creative_id": "401", "headline": "x"}, ["headline", "adlabels"], nothing_read=True
    ),
    "nothing to update": Refused(
        "ads_update_ad_creative", {"creative_id": "401"}, ["nothing to update"], nothing_read=True
    ),
}
ALL: dict[str, Case | Refused] = {**PLAIN_CASES, **FLEXIBLE_CASES, **REFUSALS}


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
async def test_what_is_sent_or_refused(case: Case | Refused) -> None:
    await check(case)


@pytest.mark.parametrize(
    "content",
    [
        {"image_hash": H1, "link_url": LINK},
        {"object_story_spec": {"page_id": PAGE, "link_data": {"link": LINK, "image_hash": H1}}},
        {"image_hashes": [H1, H2], "link_url": LINK},
    ],
)
async def test_a_threads_account_goes_into_the_story(content: dict[str, Any]) -> None:
    call = {"account_id": ACCOUNT, "name": "Spring", "page_id": PAGE, "threads_user_id": "31", **content}
    call = {name: value for name, value in call.items() if name != "page_id" or "object_story_spec" not in content}
    client = shop()
    answer = await client.call(TOOL, **call)
    story = client.params(PATH)["object_story_spec"]
    assert (story["page_id"], story["threads_user_id"]) == (PAGE, "31")
    assert "instagram_positions stream" in str(answer.structured["notes"])


async def test_a_name_is_made_where_there_is_none() -> None:
    client = shop()
    given = {name: value for name, value in PLAIN.items() if name != "name"}
    await check(Case(TOOL, given, PATH, {}, some=True), client)
    assert client.writes[0].params["name"] == "Creative 2026-11-25 10:00:00"


async def test_a_creative_with_a_retired_crop_is_warned_about() -> None:
    box = {"191x100": [[0, 0], [191, 100]]}
    link = "https://shop.example"
    spec = {"page_id": PAGE, "link_data": {"link": link, "image_hash": "hash0001", "image_crops": box}}
    arguments = {"account_id": ACCOUNT, "name": "n", "page_id": PAGE, "link_url": link, "image_hash": "hash0001"}
    await check(
        Case(
            "ads_create_ad_creative",
            {**arguments, "image_crops": box},
            f"{ACCOUNT}/adcreatives",
            {"name": "n", "object_story_spec": spec},
            notes=("191x100",),
        )
    )
