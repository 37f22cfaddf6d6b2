"""Destinations of creatives of any shape: all are found, replaced or named."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.domain import destinations
from meta_ads_mcp.domain.destinations import (
    DestinationKind,
    describe_remaining,
    distinct_links,
    effective_link_url,
    list_destinations,
    remaining_destinations,
    replace_links,
)
from tests.support.sdk import classes as sdk_classes

OLD = [
    "https://old.example.com/a",
    "https://old.example.com/a?utm_source=fb",
    "http://www.old.example.com/",
    "https://shop.old.example.com/b/{{product.id}}",
    "old.example.com/no-scheme",
]
NEW = "https://new.example.org/landing"
# Where a web address can stand. A star is an entry of a list.
WEB_PLACES = """
    link_url object_url template_url template_url_spec.web.url omnichannel_link_spec.web.url
    destination_spec.website.url call_to_action.value.link
    object_story_spec.link_data.link object_story_spec.link_data.call_to_action.value.link
    object_story_spec.link_data.child_attachments.*.link
    object_story_spec.link_data.child_attachments.*.call_to_action.value.link
    object_story_spec.link_data.static_fallback_spec.link object_story_spec.link_data.customization_rules_spec.*.link
    object_story_spec.video_data.call_to_action.value.link object_story_spec.template_data.link
    object_story_spec.template_data.call_to_action.value.link
    object_story_spec.template_data.child_attachments.*.link
    object_story_spec.template_data.customization_rules_spec.*.template_url_spec.web.url
    asset_feed_spec.link_urls.*.website_url asset_feed_spec.link_urls.*.carousel_see_more_url
    asset_feed_spec.call_to_actions.*.value.link
""".split()
# Where an old address may stand that link_url cannot replace.
OTHER_PLACES = """
    object_story_spec.link_data.caption object_story_spec.link_data.message url_tags
    asset_feed_spec.link_urls.*.display_url asset_feed_spec.link_urls.*.deeplink_url
    asset_feed_spec.bodies.*.text object_story_spec.link_data.call_to_action.value.app_link
    object_story_spec.link_data.child_attachments.*.ios_url page_welcome_message ad_disclaimer_spec.url
    creative_sourcing_spec.site_links_spec.*.site_link_url creative_sourcing_spec.source_url
    template_url_spec.android.url template_url_spec.ios.url interactive_components_spec.components.*.surprise
""".split()
MEDIA_PLACES = """
    object_story_spec.link_data.picture object_story_spec.video_data.image_url asset_feed_spec.images.*.url
    object_story_spec.link_data.child_attachments.*.picture object_story_spec.photo_data.url
    asset_feed_spec.videos.*.thumbnail_url
""".split()


def put(target: Any, steps: list[str], value: Any, index: int) -> None:
    step, rest = steps[0], steps[1:]
    if not rest:
        target[step] = value
    elif rest[0] == "*":
        entries = target.setdefault(step, [])
        while len(entries) <= index:
            entries.append({})
        put(entries[index], rest[1:], value, index)
    else:
        put(target.setdefault(step, {}), rest, value, index)


@st.composite
def creatives(draw: st.DrawFn) -> dict[str, Any]:
    creative: dict[str, Any] = {}
    places = [*WEB_PLACES, *OTHER_PLACES]
    for place in draw(st.lists(st.sampled_from(places), min_size=1, max_size=10)):
        text = draw(st.sampled_from(OLD))
        sentence = place in OTHER_PLACES and draw(st.booleans())
        put(creative, place.split("."), f"Look at {text} now" if sentence else text, draw(st.integers(0, 2)))
    for place in draw(st.lists(st.sampled_from(MEDIA_PLACES), max_size=3)):
        put(creative, place.split("."), "https://cdn.example.net/picture.png", draw(st.integers(0, 2)))
    return creative


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, f"{path}[{index}]")
    else:
        yield path, str(value)


@given(creatives())
def test_no_old_destination_remains_unless_it_is_named(creative: dict[str, Any]) -> None:
    before = copy.deepcopy(creative)
    changed = replace_links(creative, NEW)
    named = {row["place"] for row in describe_remaining(remaining_destinations(creative, changed, NEW))}
    # Without a web address there is nothing to replace, and the tools refuse the change.
    old = [url for url in OLD if url in distinct_links(creative)]
    left = {path for path, text in texts(changed) if any(url in text for url in old)}
    assert left <= named
    assert creative == before


@given(creatives())
def test_every_web_place_gets_the_new_address_and_media_stay(creative: dict[str, Any]) -> None:
    changed = dict(texts(replace_links(creative, NEW)))
    for path, text in texts(creative):
        place = ".".join("*" if part.isdigit() else part for part in path.replace("[", ".").replace("]", "").split("."))
        if place in WEB_PLACES and not path.startswith("asset_feed_spec.link_urls"):
            assert changed[path] == NEW
        elif place in MEDIA_PLACES:
            assert changed[path] == text
    assert NEW not in json.dumps(creative)


def test_links_of_a_feed_that_become_equal_are_joined() -> None:
    links = [{"website_url": OLD[0]}, {"website_url": OLD[1]}, {"website_url": OLD[1], "adlabels": [{"name": "l"}]}]
    changed = replace_links({"asset_feed_spec": {"link_urls": links}}, NEW)
    assert changed["asset_feed_spec"]["link_urls"] == [
        {"website_url": NEW},
        {"website_url": NEW, "adlabels": [{"name": "l"}]},
    ]


LINK = "https://shop.example.com/catalog"
EFFECTIVE: dict[str, tuple[dict[str, Any], str | None]] = {
    "a catalog template": (
        {"object_story_spec": {"template_data": {"link": LINK}}, "product_set_id": "1"},
        LINK,
    ),
    "a template for the products": (
        {
            "object_story_spec": {"template_data": {"link": LINK}},
            "template_url_spec": {"web": {"url": "https://shop.example.com/{{product.id}}"}},
        },
        "https://shop.example.com/{{product.id}}",
    ),
    "the button of a boosted post": (
        {"object_story_id": "1_2", "call_to_action": {"type": "SHOP_NOW", "value": {"link": LINK}}},
        LINK,
    ),
    "cards alone": ({"object_story_spec": {"link_data": {"child_attachments": [{"link": LINK}]}}}, LINK),
    "a fallback for stories": (
        {"object_story_spec": {"link_data": {"static_fallback_spec": {"link": LINK}}}},
        LINK,
    ),
    "a call and a page": (
        {
            "object_story_spec": {
                "link_data": {"link": LINK, "call_to_action": {"type": "CALL_NOW", "value": {"link": "tel:+1800"}}}
            }
        },
        LINK,
    ),
    "an address without a scheme": (
        {"object_story_spec": {"link_data": {"link": "shop.example.com"}}},
        "shop.example.com",
    ),
    "a post": ({"object_story_id": "1_2"}, None),
    "a picture": ({"object_story_spec": {"photo_data": {"url": LINK, "image_hash": "h"}}}, None),
    "an Instant Experience": (
        {"object_story_spec": {"link_data": {"link": "https://fb.com/canvas_doc/12"}}},
        "https://fb.com/canvas_doc/12",
    ),
    "a web page beside a form": (
        {
            "object_story_spec": {
                "link_data": {"link": "http://fb.me/", "child_attachments": [{"link": LINK}]},
            }
        },
        LINK,
    ),
    "an app": ({"object_story_spec": {"link_data": {"call_to_action": {"value": {"app_link": "app://x"}}}}}, None),
}


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://fb.com/canvas_doc/1234", DestinationKind.EXPERIENCE),
        ("https://www.facebook.com/canvas_doc/1234", DestinationKind.EXPERIENCE),
        ("https://fb.com/messenger_doc/", DestinationKind.MESSAGES),
        ("https://m.me/shop", DestinationKind.MESSAGES),
        ("https://api.whatsapp.com/send", DestinationKind.MESSAGES),
        ("http://fb.me/", DestinationKind.FORM),
        ("https://fb.me/shop-sale", DestinationKind.WEB),
        ("https://www.facebook.com/shop", DestinationKind.WEB),
        ("https://notm.me/x", DestinationKind.WEB),
    ],
)
def test_an_address_of_meta_is_what_it_stands_for_and_stays(address: str, kind: DestinationKind) -> None:
    creative = {"object_story_spec": {"link_data": {"link": LINK, "call_to_action": {"value": {"link": address}}}}}
    place = next(place for place in list_destinations(creative) if place.value == address)
    assert place.kind is kind
    changed = replace_links(creative, NEW)["object_story_spec"]["link_data"]
    assert changed["link"] == NEW
    assert changed["call_to_action"]["value"]["link"] == (NEW if kind is DestinationKind.WEB else address)
    rows = describe_remaining(remaining_destinations(creative, replace_links(creative, NEW), NEW))
    assert [row["value"] for row in rows] == ([] if kind is DestinationKind.WEB else [address])


@pytest.mark.parametrize(("creative", "link"), EFFECTIVE.values(), ids=EFFECTIVE)
def test_the_landing_page_of_each_shape(creative: dict[str, Any], link: str | None) -> None:
    assert effective_link_url(creative) == link


@pytest.mark.parametrize(
    ("creative", "named"),
    [
        ({"object_story_id": "1_2", "call_to_action": {"value": {"link": LINK}}}, {"object_story_id"}),
        (
            {"source_instagram_media_id": "5", "call_to_action": {"value": {"link": LINK}}},
            {"source_instagram_media_id"},
        ),
        (
            {"object_story_spec": {"template_data": {"link": LINK}}, "product_set_id": "7"},
            {"product_set_id"},
        ),
        (
            {
                "object_story_spec": {"template_data": {"link": LINK}},
                "product_set_id": "7",
                "template_url_spec": {"web": {"url": LINK}},
            },
            set(),
        ),
        (
            {"object_story_spec": {"link_data": {"link": LINK, "call_to_action": {"value": {"lead_gen_form_id": 9}}}}},
            {"object_story_spec.link_data.call_to_action.value.lead_gen_form_id"},
        ),
        (
            {"object_story_spec": {"link_data": {"link": LINK, "call_to_action": {"value": {"link": "tel:+18"}}}}},
            {"object_story_spec.link_data.call_to_action.value.link"},
        ),
        (
            {"object_story_spec": {"link_data": {"link": LINK, "caption": "SHOP.example.com"}}},
            {"object_story_spec.link_data.caption"},
        ),
        ({"object_story_spec": {"link_data": {"link": LINK, "caption": "notshop.example.com"}}}, set()),
    ],
)
def test_what_a_link_cannot_replace_is_named(creative: dict[str, Any], named: set[str]) -> None:
    rows = describe_remaining(remaining_destinations(creative, replace_links(creative, NEW), NEW))
    assert {row["place"] for row in rows} == named


def test_on_the_same_host_only_the_old_address_is_a_trace() -> None:
    creative = {"object_story_spec": {"link_data": {"link": LINK, "caption": "shop.example.com", "message": LINK}}}
    link = "https://shop.example.com/sale"
    places = remaining_destinations(creative, replace_links(creative, link), link)
    assert [place.name for place in places] == ["object_story_spec.link_data.message"]


# Keys of the SDK that read like an address and are none: ids, settings, and objects whose keys are classified.
NO_ADDRESS = frozenset(
    """
    applink_treatment app_link_spec app_name app_store_id destination_spec destination_type destinations
    destination_screenshot_spec dynamic_site_links_spec enable_launch_instant_app force_single_link hyperlink_formatting
    app_highlights land_on_whatsapp_catalog land_on_whatsapp_profile link_data link_description link_format link_og_id
    link_url_label link_urls omnichannel_link_spec onsite_destinations phone_data_ids_label show_destination_blurbs
    site_extensions site_link_classification site_link_extra_metadata site_link_hash site_link_id site_link_image_hash
    site_link_language site_link_recommendation_type site_link_title site_link_url_anchor
    site_link_url_recommender_type site_link_website_data_source site_links_data_consented site_links_spec
    template_url_spec url_tags web web_destination_spec website website_media_spec website_summary_spec
    is_site_link_sticky partner_app_welcome_message_flow_id app_product_page_id wamo_whatsapp_identity_spec
    wamo_whatsapp_identity_id whats_app_business_phone_number whats_app_business_phone_number_id
""".split()
)
# Addresses that are compared with the old one, because they are not the landing page itself.
COMPARED = frozenset(
    "caption link_caption display_url link_destination_display_url site_link_url site_link_original_url "
    "source_url".split()
)


def test_every_address_of_the_sdk_is_classified() -> None:
    classes = sdk_classes()
    queue, seen, unknown = ["AdCreative"], set[str](), set[str]()
    known = (
        destinations.WEB_KEYS
        | destinations.APP_KEYS
        | destinations.PHONE_KEYS
        | destinations.MEDIA_KEYS
        | destinations.OTHER_KINDS.keys()
        | NO_ADDRESS
        | COMPARED
        | destinations.APP_PARENTS
        | {"url"}
    )
    while queue:
        name = queue.pop()
        if name in seen or not name.startswith(("AdCreative", "AdAsset", "AdCustomization", "IosApp", "AndroidApp")):
            continue
        seen.add(name)
        for field, kind in classes[name]["fields"].items():
            if any(word in field for word in ("link", "url", "destination", "site", "web", "app_", "phone", "form_id")):
                unknown |= {f"{name}.{field}"} if field not in known else set()
            queue += [word.strip("<>") for word in kind.replace("<", " ").replace(">", " ").split() if word in classes]
    assert not unknown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(OLD),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["link", "value", "url", "web", "link_data", "child_attachments"]), inner)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["link_url", "object_story_spec", "asset_feed_spec", "product_set_id"]), JSON))
def test_no_creative_is_too_odd(creative: dict[str, Any]) -> None:
    places = list_destinations(creative)
    changed = replace_links(creative, NEW)
    assert remaining_destinations(creative, changed, NEW) is not None
    assert effective_link_url(creative) is None or places
