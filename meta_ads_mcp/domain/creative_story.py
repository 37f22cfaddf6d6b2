"""Build Graph's nested creative specs from flat arguments.

A creative with one text and one image or video becomes an `object_story_spec`. Several texts or media, or an explicit
format, also need an `asset_feed_spec`. Sources: Meta docs marketing-api/reference/ad-creative; SDK classes
AdCreativeObjectStorySpec, AdCreativeLinkData, AdCreativeVideoData, AdAssetFeedSpec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.result import Row

DEGREES_OF_FREEDOM = "DEGREES_OF_FREEDOM"
CALL = "CALL_NOW"
EVENT_BUTTONS = ("EVENT_RSVP", "BUY_TICKETS")
# AdCreativeFeaturesSpec of the SDK without `standard_enhancements`, which Graph refuses since v22 (subcode 3858504),
# and without the two keys that are settings rather than features.
FEATURES = tuple(
    """
    adapt_to_placement add_text_overlay ads_with_benefits advantage_plus_creative app_highlights audio
    auto_promotion_tag biz_ai carousel_to_video catalog_feed_tag creative_stickers
    customize_product_recommendation cv_transformation description_automation dha_optimization dynamic_cta_text
    dynamic_partner_content enable_ncs_testimonials enhance_cta fb_feed_tag fb_reels_tag fb_story_tag
    feed_caption_optimization generate_cta hide_price hyperlink_formatting ig_feed_tag ig_glados_feed
    ig_reels_tag ig_stream_tag ig_video_native_subtitle image_animation image_auto_crop image_background_gen
    image_banner image_brightness_and_contrast image_end_card image_enhancement image_templates
    image_text_translation image_touchups image_uncrop inline_comment local_store_extension
    media_liquidity_animated_image media_order media_type_automation multi_creative_post_carousel
    multi_photo_to_video music_generation pac_genai_recomposition pac_recomposition pac_relaxation
    product_browsing product_extensions product_metadata_automation product_tags profile_card profile_extension
    replace_media_text reveal_details_over_time show_destination_blurbs show_summary site_extensions
    text_extraction_for_headline text_extraction_for_tap_target text_formatting_optimization text_generation
    text_optimizations text_overlay_translation text_translation translate_voiceover video_auto_crop
    video_filtering video_highlight video_highlights video_to_image video_uncrop video_uncrop_9x16_to_9x18
    video_voiceover
    """.split()
)
# Placement group → positions per platform.
PLACEMENTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "FEED": {"facebook": ("feed",), "instagram": ("stream",)},
    "STORY": {"facebook": ("story",), "instagram": ("story",)},
    "REELS": {"facebook": ("facebook_reels",), "instagram": ("reels",)},
    "RIGHT_COLUMN": {"facebook": ("right_hand_column",)},
    "MARKETPLACE": {"facebook": ("marketplace",)},
    "SEARCH": {"facebook": ("search",), "instagram": ("ig_search",)},
    "INSTREAM": {"facebook": ("instream_video",)},
}


@dataclass(frozen=True)
class Story:
    """The validated parts of a creative. Entries of text lists are strings or {"text", "adlabels"}."""

    page_id: str | None = None
    instagram_user_id: str | None = None
    link: str | None = None
    messages: list[Any] = field(default_factory=list)
    headlines: list[Any] = field(default_factory=list)
    descriptions: list[Any] = field(default_factory=list)
    caption: str | None = None
    button: str | None = None
    phone: str | None = None
    lead_form: str | None = None
    event_id: str | None = None
    image_hashes: list[str] = field(default_factory=list)
    image_url: str | None = None
    videos: list[Row] = field(default_factory=list)
    cards: list[Row] = field(default_factory=list)
    crops: Row | None = None
    reminder: Row | None = None
    ad_formats: list[str] = field(default_factory=list)
    optimization_type: str | None = None
    rules: list[Row] = field(default_factory=list)

    @property
    def is_flexible(self) -> bool:
        """Tell whether an asset feed is required: several texts or media, labels, a format, or placement rules."""
        texts = (self.messages, self.headlines, self.descriptions)
        has_variants = any(len(items) > 1 or any(isinstance(item, dict) for item in items) for items in texts)
        has_media_variants = len(self.image_hashes) > 1 or len(self.videos) > 1
        has_optimization = self.optimization_type not in (None, "REGULAR")
        return has_variants or has_media_variants or has_optimization or bool(self.ad_formats or self.rules)


def build_call_to_action(story: Story) -> Row | None:
    """Return the button with its destination, or None.

    A call button gets a `tel:` link, because Graph refuses a separate key for the number.
    """
    if story.button is None and story.lead_form is None:
        return None
    value: Row = {}
    if story.button == CALL:
        value["link"] = f"tel:{story.phone}"
    elif story.link:
        value["link"] = story.link
    if story.lead_form:
        value["lead_gen_form_id"] = story.lead_form
    if story.event_id and story.button in EVENT_BUTTONS:
        value["event_id"] = story.event_id
    button: Row = {"type": story.button or "LEARN_MORE"}
    return {**button, "value": value} if value else button


def build_story_params(story: Story) -> Row:
    """Return `object_story_spec`, and `asset_feed_spec` if the story needs one."""
    if story.is_flexible:
        return _build_feed(story)
    spec = _build_identity(story)
    if story.videos:
        return {"object_story_spec": {**spec, "video_data": _build_video_data(story)}}
    return {"object_story_spec": {**spec, "link_data": _build_link_data(story)}}


# What a catalog ad says of each item. Source: Meta docs, marketing-api/advantage-catalog-ads/ads-management.
ITEM_TEXTS = {"name": "{{product.name}}", "description": "{{product.price}}"}


def build_template_params(story: Story) -> Row:
    """Return the story of a catalog ad: `template_data`, whose pictures and texts come from the items of its set."""
    template = {**ITEM_TEXTS, **_build_link_data(story)}
    return {"object_story_spec": {**_build_identity(story), "template_data": template}}


def build_post_params(story: Story) -> Row:
    """Return the button of an existing post, or `asset_feed_spec` if placements get media of their own."""
    if not story.rules:
        button = build_call_to_action(story)
        return {"call_to_action": button} if button else {}
    rules, media = customize_placements(story.rules, {})
    return {
        "asset_feed_spec": {**media, "asset_customization_rules": rules, **_build_feed_links(story)}
        | _build_feed_button(story)
    }


def _build_identity(story: Story) -> Row:
    return _drop_empty(page_id=story.page_id, instagram_user_id=story.instagram_user_id)


def _build_link_data(story: Story) -> Row:
    button = build_call_to_action(story)
    if button and story.button not in (CALL, *EVENT_BUTTONS) and not story.lead_form:
        button = {"type": button["type"]}
    return _drop_empty(
        link=story.link,
        message=_first_text(story.messages),
        name=_first_text(story.headlines),
        description=_first_text(story.descriptions),
        caption=story.caption,
        image_hash=story.image_hashes[0] if story.image_hashes else None,
        picture=story.image_url,
        image_crops=story.crops,
        child_attachments=story.cards,
        event_id=story.event_id,
        reminder_data=story.reminder,
        call_to_action=button,
    )


def _build_video_data(story: Story) -> Row:
    """A video has its link only in the button, and its description as `link_description`."""
    video = story.videos[0]
    button = build_call_to_action(story)
    if button is None and story.link:
        button = {"type": "LEARN_MORE", "value": {"link": story.link}}
    return _drop_empty(
        video_id=video["video_id"],
        image_url=video.get("thumbnail_url"),
        image_hash=video.get("thumbnail_hash"),
        message=_first_text(story.messages),
        title=_first_text(story.headlines),
        link_description=_first_text(story.descriptions),
        call_to_action=button,
    )


def _build_feed(story: Story) -> Row:
    if story.optimization_type == DEGREES_OF_FREEDOM:
        return _build_degrees_of_freedom(story)
    feed = {**_build_texts(story), **_build_media(story), "ad_formats": _choose_formats(story)}
    feed |= {**_build_feed_links(story), **_build_feed_button(story)}
    if story.optimization_type not in (None, "REGULAR"):
        feed["optimization_type"] = story.optimization_type
    if story.rules:
        rules, media = customize_placements(story.rules, feed)
        feed = {"optimization_type": "PLACEMENT", **feed, "asset_customization_rules": rules, **media}
    return {"object_story_spec": _build_identity(story), "asset_feed_spec": feed}


def _build_degrees_of_freedom(story: Story) -> Row:
    """Put link and button of images in `link_data`; those of a video in the feed, with only the link in `link_data`."""
    feed: Row = {**_build_texts(story), **_build_media(story), "optimization_type": DEGREES_OF_FREEDOM}
    if story.videos:
        feed |= {**_build_feed_links(story), "ad_formats": ["SINGLE_VIDEO"]}
        feed |= _build_feed_button(story) or {"call_to_action_types": ["LEARN_MORE"]}
        spec = {**_build_identity(story), **_drop_empty(link_data=_drop_empty(link=story.link))}
        return {"object_story_spec": spec, "asset_feed_spec": feed}
    button = build_call_to_action(story) or {"type": "LEARN_MORE", **_drop_empty(value=_drop_empty(link=story.link))}
    link_data = _drop_empty(
        link=story.link,
        image_hash=story.image_hashes[0] if story.image_hashes else None,
        image_crops=story.crops,
        call_to_action=button,
    )
    return {"object_story_spec": {**_build_identity(story), "link_data": link_data}, "asset_feed_spec": feed}


def _build_feed_links(story: Story) -> Row:
    return {"link_urls": [{"website_url": story.link}]} if story.link else {}


def _build_feed_button(story: Story) -> Row:
    button = build_call_to_action(story)
    if button is None:
        return {}
    if story.button == CALL or button.get("value", {}).keys() - {"link"}:
        return {"call_to_actions": [button]}
    return {"call_to_action_types": [button["type"]]}


def _build_texts(story: Story) -> Row:
    texts_by_key = {"titles": story.headlines, "descriptions": story.descriptions, "bodies": story.messages}
    return {
        key: [item if isinstance(item, dict) else {"text": item} for item in items]
        for key, items in texts_by_key.items()
        if items
    }


def _build_media(story: Story) -> Row:
    images = [_drop_empty(hash=image, image_crops=story.crops) for image in story.image_hashes]
    images += [_drop_empty(url=story.image_url, image_crops=story.crops)] if story.image_url else []
    return _drop_empty(images=images, videos=story.videos)


def _choose_formats(story: Story) -> list[str]:
    return story.ad_formats or ["SINGLE_VIDEO" if story.videos else "SINGLE_IMAGE"]


def customize_placements(rules: Sequence[Row], feed: Row) -> tuple[list[Row], Row]:
    """Return the placement rules in Graph's form, and the media with the labels that the rules name.

    A rule is {"placement_groups": ["FEED"], "customization_spec": {"image_hashes" or "video_ids": [...]}}. A rule in
    Graph's form is not changed. Raises ValueError for an unknown placement group.
    """
    graph_rules: list[Row] = []
    labels: dict[tuple[str, str], list[str]] = {}
    for index, rule in enumerate(rules):
        if "placement_groups" not in rule:
            graph_rules.append(dict(rule))
            continue
        label = f"placement_{index + 1}"
        spec = dict(rule.get("customization_spec") or {})
        kind = "video" if "video_ids" in spec else "image"
        for asset in spec.pop("video_ids" if kind == "video" else "image_hashes", []):
            labels.setdefault((kind, str(asset)), []).append(label)
        graph_rules.append(
            {
                "customization_spec": {**spec, **placement_positions(rule["placement_groups"])},
                f"{kind}_label": {"name": label},
            }
        )
    return graph_rules, _label_assets(feed, labels)


def placement_positions(groups: Sequence[str]) -> Row:
    """Return the merged platforms and positions of placement groups. Raises ValueError for an unknown group."""
    unknown = [group for group in groups if group not in PLACEMENTS]
    if unknown:
        raise ValueError(f"placement groups are {', '.join(PLACEMENTS)}")
    merge: dict[str, list[str]] = {}
    for group in groups:
        for platform, names in PLACEMENTS[group].items():
            merge.setdefault(platform, []).extend(name for name in names if name not in merge.get(platform, []))
    return {
        "publisher_platforms": list(merge),
        **{f"{platform}_positions": names for platform, names in merge.items()},
    }


def _label_assets(feed: Row, labels: Mapping[tuple[str, str], list[str]]) -> Row:
    """Return the feed's images and videos with their labels, plus those that only a rule names."""
    media: Row = {}
    for kind, plural, key in (("image", "images", "hash"), ("video", "videos", "video_id")):
        labels_of = {asset: names for (which, asset), names in labels.items() if which == kind}
        present = {str(item.get(key) or item.get("url")): item for item in feed.get(plural, [])}
        merge = {**present, **{asset: {key: asset} for asset in labels_of if asset not in present}}
        if merge:
            media[plural] = [
                {**item, "adlabels": [{"name": name} for name in labels_of[asset]]} if asset in labels_of else item
                for asset, item in merge.items()
            ]
    return media


def build_features(choice: Mapping[str, Any] | None, *, disable_all: bool) -> Row:
    """Return `degrees_of_freedom_spec`; with `disable_all` also the opt-out of multi-advertiser ads."""
    spec: Row = {name: {"enroll_status": "OPT_OUT"} for name in FEATURES} if disable_all else {}
    spec |= {
        name: value if isinstance(value, dict) else {"enroll_status": value} for name, value in (choice or {}).items()
    }
    params: Row = {"degrees_of_freedom_spec": {"creative_features_spec": spec}} if spec else {}
    return {**params, "contextual_multi_ads": {"enroll_status": "OPT_OUT"}} if disable_all else params


def _first_text(items: Sequence[Any]) -> str | None:
    if not items:
        return None
    return str(items[0]["text"] if isinstance(items[0], dict) else items[0])


def _drop_empty(**values: Any) -> Row:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
