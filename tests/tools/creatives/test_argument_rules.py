"""Every argument of ads_create_ad_creative is sent, refused by name, or named in a note."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meta_ads_mcp.tools.creatives.arguments import CreativeArguments
from tests.support.write_cases import ACCOUNT, PAGE, VIDEO, Case, Refused, call, check, on_the_wire, shop

TOOL = "ads_create_ad_creative"
PATH = f"{ACCOUNT}/adcreatives"
LINK = "https://shop.example/spring"
POST = f"{PAGE}_77"
TIME = "2027-01-04T00:00:00+0100"
CARDS = [{"link": f"https://{name}.example/", "image_hash": f"hash{name}", "name": name} for name in ("cardA", "cardB")]

# What a creative is made of → arguments that make a valid call.
BASES: dict[str, dict[str, Any]] = {
    "image": {"image_hash": "imagehash", "link_url": LINK},
    "image by URL": {"image_url": "https://cdn.example/picture.png", "link_url": LINK},
    "carousel": {"cards": CARDS},
    "video": {"video_id": VIDEO, "thumbnail_url": "https://cdn.example/thumbnail.png", "link_url": LINK},
    "feed of images": {"image_hashes": ["hashone", "hashtwo"], "link_url": LINK},
    "feed of a video": {"video_id": VIDEO, "headlines": ["headone", "headtwo"], "link_url": LINK},
    "feed of an image by URL": {
        "image_url": "https://cdn.example/p.png",
        "headlines": ["one", "two"],
        "link_url": LINK,
    },
    "degrees of freedom": {
        "image_hashes": ["hashone", "hashtwo"],
        "link_url": LINK,
        "optimization_type": "DEGREES_OF_FREEDOM",
    },
    "degrees of freedom of a video": {
        "video_id": VIDEO,
        "thumbnail_url": "https://cdn.example/thumbnail.png",
        "link_url": LINK,
        "optimization_type": "DEGREES_OF_FREEDOM",
    },
    "post": {"object_story_id": POST},
    "post with a button": {"object_story_id": POST, "call_to_action_type": "SHOP_NOW"},
    "Instagram media": {"source_instagram_media_id": "17900000000000001"},
    "post with rules": {
        "object_story_id": POST,
        "asset_customization_rules": [
            {"placement_groups": ["STORY"], "customization_spec": {"image_hashes": ["rulehash"]}}
        ],
    },
    "story spec": {"object_story_spec": {"page_id": PAGE, "link_data": {"link": LINK}}},
    "feed spec": {"asset_feed_spec": {"link_urls": [{"website_url": LINK}]}},
}
# Argument → a value, and the texts by which it is recognized on the wire.
VALUES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "page_id": (PAGE, (PAGE,)),
    "instagram_user_id": ("17841400000000077", ("17841400000000077",)),
    "threads_user_id": ("17841400000000088", ("17841400000000088",)),
    "instagram_actor_id": ("17841400000000088", ("17841400000000088",)),
    "object_story_id": (POST, (POST,)),
    "source_instagram_media_id": ("17900000000000002", ("17900000000000002",)),
    "image_hash": ("newimagehash", ("newimagehash",)),
    "image_hashes": (["newhashA", "newhashB"], ("newhashA", "newhashB")),
    "image_url": ("https://cdn.example/new.png", ("https://cdn.example/new.png",)),
    "image_crops": ({"100x100": [[0, 0], [77, 77]]}, ("100x100", "77")),
    "video_id": ("701", ("701",)),
    "videos": (
        [{"video_id": "704", "thumbnail_url": "https://cdn.example/t.png"}],
        ("704", "https://cdn.example/t.png"),
    ),
    "thumbnail_url": ("https://cdn.example/new-thumb.png", ("https://cdn.example/new-thumb.png",)),
    "cards": (CARDS, ("cardA", "cardB")),
    "link_url": ("https://new.example/landing", ("https://new.example/landing",)),
    "message": ("a message", ("a message",)),
    "messages": (["message one", "message two"], ("message one", "message two")),
    "headline": ("a headline", ("a headline",)),
    "headlines": (["headline one", "headline two"], ("headline one", "headline two")),
    "description": ("a description", ("a description",)),
    "descriptions": (["description one", "description two"], ("description one", "description two")),
    "caption": ("caption.example", ("caption.example",)),
    "call_to_action_type": ("BOOK_NOW", ("BOOK_NOW",)),
    "phone_number": ("+18005551234", ("tel:+18005551234",)),
    "lead_gen_form_id": ("1999", ("1999",)),
    "event_id": ("1998", ("1998",)),
    "reminder_data": ({"event_name": "a reminder", "start_time": TIME}, ("a reminder", TIME)),
    "ad_formats": (["AUTOMATIC_FORMAT"], ("AUTOMATIC_FORMAT",)),
    "optimization_type": ("LANGUAGE", ("LANGUAGE",)),
    "asset_customization_rules": (
        [{"placement_groups": ["MARKETPLACE"], "customization_spec": {"image_hashes": ["rulehashB"]}}],
        ("marketplace", "rulehashB"),
    ),
    "creative_features_spec": ({"image_touchups": "OPT_IN"}, ("image_touchups",)),
    "disable_all_enhancements": (True, ("image_touchups",)),
    "url_tags": ("utm_source=new", ("utm_source=new",)),
    "asset_feed_spec": ({"titles": [{"text": "spec title"}]}, ("spec title",)),
    "object_story_spec": ({"page_id": PAGE, "link_data": {"message": "spec text"}}, ("spec text",)),
    "degrees_of_freedom_spec": (
        {"creative_features_spec": {"image_uncrop": {"enroll_status": "OPT_IN"}}},
        ("image_uncrop",),
    ),
    "contextual_multi_ads": ({"enroll_status": "OPT_OUT"}, ("contextual_multi_ads", "OPT_OUT")),
    "facebook_branded_content": ({"sponsor_page_id": "5001"}, ("5001",)),
    "instagram_branded_content": ({"sponsor_id": "6001"}, ("6001",)),
    "regional_regulation_disclaimer_spec": ({}, ()),
    "product_set_id": ("123450000000007", ("123450000000007",)),
    "authorization_category": ("POLITICAL", ("POLITICAL",)),
    "name": ("a name", ("a name",)),
    "call_to_action": (
        {"type": "GET_QUOTE", "value": {"link": "https://cta.example/"}},
        ("GET_QUOTE", "https://cta.example/"),
    ),
    "destination_spec": ({"destination_type": "WEBSITE_X"}, ("WEBSITE_X",)),
    "template_url": ("https://template.example/{{product.id}}", ("https://template.example/{{product.id}}",)),
    "template_url_spec": ({"web": {"url": "https://web.example"}}, ("https://web.example",)),
    "applink_treatment": ("web_only", ("web_only",)),
    "page_welcome_message": ("welcome", ("welcome",)),
    "omnichannel_link_spec": ({"web": {"url": "https://omni.example"}}, ("https://omni.example",)),
    "product_suggestion_settings": ({"enabled": True}, ("product_suggestion_settings",)),
    "platform_customizations": ({"instagram": {"image_hash": "pc"}}, ("platform_customizations", "pc")),
    "portrait_customizations": ({"carousel_delivery_mode": "optimal"}, ("optimal",)),
    "ad_disclaimer_spec": ({"title": "disclaimer"}, ("disclaimer",)),
    "interactive_components_spec": ({"components": [{"type": "POLL"}]}, ("POLL",)),
    "branded_content": ({"promoted_page_id": "7001"}, ("7001",)),
    "adlabels": ([{"name": "a label"}], ("a label",)),
}
BUTTONS = {
    "event": {"call_to_action_type": "EVENT_RSVP", "event_id": "1998"},
    "call": {"call_to_action_type": "CALL_NOW", "phone_number": "+18005551234"},
    "form": {"call_to_action_type": "SIGN_UP", "lead_gen_form_id": "1999"},
}


def test_every_argument_has_a_value_here() -> None:
    assert {*VALUES, "account_id", "dry_run", "idempotency_key"} == set(CreativeArguments.model_fields)


async def assert_nothing_vanishes(arguments: dict[str, Any], expected: dict[str, tuple[str, ...]]) -> None:
    client = shop()
    answer = await call(client, TOOL, {"account_id": ACCOUNT, "page_id": PAGE, **arguments})
    if answer.is_error:
        error = answer.structured["error"]
        assert any(name in error["message"] for name in expected), error
        assert client.writes == []
        return
    sent = json.dumps(on_the_wire(client.writes[0]))
    notes = " ".join(answer.structured.get("notes", ()))
    lost = {name for name, texts in expected.items() if not all(text in sent for text in texts) and name not in notes}
    assert not lost, sent


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("base", BASES)
async def test_an_added_argument_is_sent_or_named(base: str, name: str) -> None:
    value, texts = VALUES[name]
    await assert_nothing_vanishes({**BASES[base], name: value}, {name: texts})


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("base", BASES)
async def test_a_button_and_all_it_needs_are_sent_or_named(base: str, button: str) -> None:
    arguments = BUTTONS[button]
    expected = {name: VALUES[name][1] for name in arguments if name != "call_to_action_type"}
    link = BASES[base].get("link_url")
    expected |= {"call_to_action_type": (arguments["call_to_action_type"],), **({"link_url": (link,)} if link else {})}
    await assert_nothing_vanishes({**BASES[base], **arguments}, expected)


CASES: dict[str, Case | Refused] = {
    "an image as the picture of a video": Case(
        TOOL,
        {
            "account_id": ACCOUNT,
            "name": "a",
            "page_id": PAGE,
            "video_id": VIDEO,
            "image_url": "https://cdn.example/p.png",
            "link_url": LINK,
        },
        PATH,
        {
            "name": "a",
            "object_story_spec": {
                "page_id": PAGE,
                "video_data": {
                    "video_id": VIDEO,
                    "image_url": "https://cdn.example/p.png",
                    "call_to_action": {"type": "LEARN_MORE", "value": {"link": LINK}},
                },
            },
        },
        reads={(VIDEO, "picture"): 0},
    ),
    "a feed in Meta's form gets the Page": Case(
        TOOL,
        {
            "account_id": ACCOUNT,
            "name": "a",
            "page_id": PAGE,
            "instagram_user_id": "1784",
            "asset_feed_spec": {"link_urls": [{"website_url": LINK}]},
        },
        PATH,
        {
            "name": "a",
            "object_story_spec": {"page_id": PAGE, "instagram_user_id": "1784"},
            "asset_feed_spec": {"link_urls": [{"website_url": LINK}]},
        },
    ),
    "the Page of another post": Refused(
        TOOL, {"account_id": ACCOUNT, "page_id": "5", "object_story_id": POST}, ["page_id", PAGE], nothing_read=True
    ),
    "another Page than the spec's": Refused(
        TOOL,
        {"account_id": ACCOUNT, "page_id": "5", **BASES["story spec"]},
        ["page_id", "object_story_spec"],
        nothing_read=True,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_is_sent_or_refused(case: Case | Refused) -> None:
    await check(case)


async def test_access_tokens_of_partners_are_not_accepted() -> None:
    content = {"instagram_boost_post_access_token": "EAAB"}
    await check(
        Refused(
            TOOL,
            {"account_id": ACCOUNT, "page_id": PAGE, **BASES["image"], "branded_content": content},
            ["instagram_boost_post_access_token", "secret"],
            nothing_read=True,
        )
    )
