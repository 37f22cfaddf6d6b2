"""Creatives of videos and of posts that exist already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.domain.creative_story import FEATURES
from meta_ads_mcp.errors import AdsError, Transient
from tests.support.write_cases import (
    ACCOUNT,
    FORM,
    INSTAGRAM,
    LOST,
    PAGE,
    PROCESSING,
    VIDEO,
    Case,
    Refused,
    check,
    reads,
    shop,
)

TOOL = "ads_create_ad_creative"
PATH = f"{ACCOUNT}/adcreatives"
LINK, PHONE = "https://shop.example/spring", "+18005551234"
PICTURE, OTHER = "https://cdn.example/v1.jpg", "https://shop.example/own.jpg"
BASE = {"account_id": ACCOUNT, "name": "Spring", "page_id": PAGE, "link_url": LINK}
SITE = [{"website_url": LINK}]
GO = {"type": "LEARN_MORE", "value": {"link": LINK}}
CALL = {"type": "CALL_NOW", "value": {"link": f"tel:{PHONE}"}}
CALLING = {"call_to_action_type": "CALL_NOW", "phone_number": PHONE}
FREE = "DEGREES_OF_FREEDOM"
OUT = {"enroll_status": "OPT_OUT"}
ONCE = {(VIDEO, "picture"): 1, (VIDEO, "thumbnails"): 1, (VIDEO, "status"): 1}


def video(arguments: Mapping[str, Any], data: Mapping[str, Any], **more: Any) -> Case:
    """A creative of one video, and all of its `video_data`."""
    story = {"page_id": PAGE, "video_data": {"video_id": VIDEO, "image_url": PICTURE, **data}}
    if "instagram_user_id" in arguments:
        story["instagram_user_id"] = arguments["instagram_user_id"]
    sent = {"name": "Spring", "object_story_spec": story}
    return Case(TOOL, {**BASE, "video_id": VIDEO, **arguments}, PATH, sent, absent=("asset_feed_spec",), **more)


def feed(arguments: Mapping[str, Any], spec: Mapping[str, Any], story: Mapping[str, Any] | None = None) -> Case:
    sent = {"name": "Spring", "object_story_spec": story or {"page_id": PAGE}, "asset_feed_spec": spec}
    return Case(TOOL, {**BASE, **arguments}, PATH, sent)


SHOWN = {"video_id": VIDEO, "thumbnail_url": PICTURE}
ONE = {"videos": [SHOWN], "ad_formats": ["SINGLE_VIDEO"], "link_urls": SITE}
BARE_LINK = {"page_id": PAGE, "link_data": {"link": LINK}}
VIDEOS = {
    "all its texts": video(
        {"video_id": int(VIDEO), "message": "m", "headline": "h", "call_to_action_type": "SHOP_NOW"},
        {"message": "m", "title": "h", "call_to_action": {"type": "SHOP_NOW", "value": {"link": LINK}}},
        reads=ONCE,
    ),
    "a link and no button": video({}, {"call_to_action": GO}),
    "a description": video({"description": "d"}, {"link_description": "d", "call_to_action": GO}),
    "a thumbnail of one's own is not asked for": video(
        {"thumbnail_url": OTHER}, {"image_url": OTHER, "call_to_action": GO}, reads={(VIDEO, "picture"): 0}
    ),
    "a lead form": video(
        {"lead_gen_form_id": FORM, "call_to_action_type": "SIGN_UP"},
        {"call_to_action": {"type": "SIGN_UP", "value": {"link": LINK, "lead_gen_form_id": FORM}}},
    ),
    "a call": video(CALLING, {"call_to_action": CALL}),
    "an Instagram account": video(
        {"instagram_user_id": INSTAGRAM, "headlines": ["h"]}, {"title": "h", "call_to_action": GO}
    ),
    "several descriptions": feed(
        {"video_id": VIDEO, "descriptions": ["d", "e"]}, {**ONE, "descriptions": [{"text": "d"}, {"text": "e"}]}
    ),
    "several texts and a call": feed(
        {"video_id": VIDEO, "headlines": ["h", "i"], **CALLING},
        {**ONE, "titles": [{"text": "h"}, {"text": "i"}], "call_to_actions": [CALL]},
    ),
    "degrees of freedom": feed(
        {"video_id": VIDEO, "optimization_type": FREE, "message": "m", "call_to_action_type": "SHOP_NOW"},
        {**ONE, "bodies": [{"text": "m"}], "call_to_action_types": ["SHOP_NOW"], "optimization_type": FREE},
        BARE_LINK,
    ),
    "degrees of freedom and no button": feed(
        {"video_id": VIDEO, "optimization_type": FREE},
        {**ONE, "call_to_action_types": ["LEARN_MORE"], "optimization_type": FREE},
        BARE_LINK,
    ),
    "degrees of freedom and a call": feed(
        {"video_id": VIDEO, "optimization_type": FREE, **CALLING},
        {**ONE, "call_to_actions": [CALL], "optimization_type": FREE},
        BARE_LINK,
    ),
    "several videos as JSON text": feed(
        {"videos": f'[{{"video_id":"{VIDEO}"}},{{"video_id":"{PROCESSING}","thumbnail_url":"{OTHER}"}}]'},
        {**ONE, "videos": [SHOWN, {"video_id": PROCESSING, "thumbnail_url": OTHER}]},
    ),
    "videos per placement": feed(
        {
            "videos": [{"video_id": VIDEO}, {"video_id": "704", "thumbnail_url": OTHER}],
            "asset_customization_rules": [
                {"placement_groups": ["RIGHT_COLUMN"], "customization_spec": {"video_ids": ["704"]}}
            ],
        },
        {
            **ONE,
            "videos": [SHOWN, {"video_id": "704", "thumbnail_url": OTHER, "adlabels": [{"name": "placement_1"}]}],
            "asset_customization_rules": [
                {
                    "customization_spec": {
                        "publisher_platforms": ["facebook"],
                        "facebook_positions": ["right_hand_column"],
                    },
                    "video_label": {"name": "placement_1"},
                }
            ],
            "optimization_type": "PLACEMENT",
        },
    ),
}

POST = f"{PAGE}_77"
MADE = {"account_id": ACCOUNT, "name": "Spring", "object_story_id": POST}
STORY = {"name": "Spring", "object_story_id": POST}
RULE = {"placement_groups": ["MARKETPLACE"], "customization_spec": {"video_ids": [VIDEO]}}


def post(arguments: Mapping[str, Any], sent: Mapping[str, Any]) -> Case:
    return Case(
        TOOL,
        {**MADE, **arguments},
        PATH,
        {**STORY, **sent},
        absent=("object_story_spec",),
        reads={(f"{ACCOUNT}/promote_pages", "id"): 0},
    )


POSTS = {
    "a post alone": post({}, {}),
    "a button and a link": post({"call_to_action_type": "LEARN_MORE", "link_url": LINK}, {"call_to_action": GO}),
    "a call": post(CALLING, {"call_to_action": CALL}),
    "an Instagram account": post({"instagram_user_id": INSTAGRAM}, {"instagram_user_id": INSTAGRAM}),
    "rules per placement": post(
        {"asset_customization_rules": [RULE], "link_url": LINK, "call_to_action_type": "LEARN_MORE"},
        {
            "asset_feed_spec": {
                "videos": [{"video_id": VIDEO, "adlabels": [{"name": "placement_1"}]}],
                "asset_customization_rules": [
                    {
                        "customization_spec": {
                            "publisher_platforms": ["facebook"],
                            "facebook_positions": ["marketplace"],
                        },
                        "video_label": {"name": "placement_1"},
                    }
                ],
                "link_urls": SITE,
                "call_to_action_types": ["LEARN_MORE"],
            }
        },
    ),
    "no enhancements": post(
        {"disable_all_enhancements": True},
        {
            "degrees_of_freedom_spec": {"creative_features_spec": dict.fromkeys(FEATURES, OUT)},
            "contextual_multi_ads": OUT,
        },
    ),
    "a post of Instagram": Case(
        TOOL,
        {"account_id": ACCOUNT, "name": "Spring", "source_instagram_media_id": INSTAGRAM, "page_id": PAGE},
        PATH,
        {"name": "Spring", "source_instagram_media_id": INSTAGRAM, "object_id": PAGE},
    ),
}
REFUSALS = {
    "a post and a picture": Refused(TOOL, {**MADE, "image_hash": "hash0001"}, ["image_hash"], nothing_read=True),
    "a call without a number": Refused(
        TOOL, {**MADE, "call_to_action_type": "CALL_NOW"}, ["phone_number"], nothing_read=True
    ),
    "videos that are not ready, alone": Refused(
        TOOL,
        {**BASE, "videos": [{"video_id": VIDEO}, {"video_id": PROCESSING}]},
        ["processing", f"video {PROCESSING}."],
    ),
}
ALL: dict[str, Case | Refused] = {**VIDEOS, **POSTS, **REFUSALS}


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
async def test_what_is_sent_or_refused(case: Case | Refused) -> None:
    await check(case)


async def test_a_thumbnail_that_cannot_be_read_is_left_out() -> None:
    client = shop()
    client.objects[LOST] = {"id": LOST}

    def refuse(request: Request) -> AdsError | None:
        return Transient("later") if request.path == LOST and "picture" in str(request.params.get("fields")) else None

    client.refuse = refuse
    case = feed(
        {"videos": [{"video_id": LOST}, {"video_id": VIDEO}]},
        {**ONE, "videos": [{"video_id": LOST}, SHOWN]},
    )
    await check(case, client)
    assert reads(client, VIDEO, "picture") == reads(client, LOST, "picture") == 1
