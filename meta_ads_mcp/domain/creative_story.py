"""From the flat arguments of a creative to Graph's nested specs.

A plain ad stays a plain `object_story_spec`; only several texts or media, or an explicit format, make an
`asset_feed_spec` (Meta docs, marketing-api/reference/ad-creative; SDK classes AdCreativeObjectStorySpec,
AdCreativeLinkData, AdCreativeVideoData, AdAssetFeedSpec).
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
# Where a placement group shows: the positions per platform.
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
    """The pieces of a creative, already checked. Texts are lists; entries are text, or {"text", "adlabels"}."""

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
        """Whether it takes an asset feed: several texts or media, labels, a format, or rules per placement."""
        texts = (self.messages, self.headlines, self.descriptions)
        several = any(len(items) > 1 or any(isinstance(item, dict) for item in items) for items in texts)
        media = len(self.image_hashes) > 1 or len(self.videos) > 1
        chosen = self.optimization_type not in (None, "REGULAR")
        return several or media or chosen or bool(self.ad_formats or self.rules)


def call_to_action(story: Story) -> Row | None:
    """The button with where it leads. A call leads to `tel:`; Graph refuses a key for the number itself."""
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
    made: Row = {"type": story.button or "LEARN_MORE"}
    return {**made, "value": value} if value else made


def story_params(story: Story) -> Row:
    """`object_story_spec`, and `asset_feed_spec` where the story is flexible."""
    if story.is_flexible:
        return _flexible(story)
    spec = _identity(story)
    if story.videos:
        return {"object_story_spec": {**spec, "video_data": _video_data(story)}}
    return {"object_story_spec": {**spec, "link_data": _link_data(story)}}


def _identity(story: Story) -> Row:
    return _given(page_id=story.page_id, instagram_user_id=story.instagram_user_id)


def _link_data(story: Story) -> Row:
    button = call_to_action(story)
    if button and story.button not in (CALL, *EVENT_BUTTONS) and not story.lead_form:
        button = {"type": button["type"]}
    return _given(
        link=story.link,
        message=_first(story.messages),
        name=_first(story.headlines),
        description=_first(story.descriptions),
        caption=story.caption,
        image_hash=story.image_hashes[0] if story.image_hashes else None,
        picture=story.image_url,
        image_crops=story.crops,
        child_attachments=story.cards,
        event_id=story.event_id,
        reminder_data=story.reminder,
        call_to_action=button,
    )


def _video_data(story: Story) -> Row:
    """A video takes its link in the button alone, and its description under another name."""
    video = story.videos[0]
    button = call_to_action(story)
    if button is None and story.link:
        button = {"type": "LEARN_MORE", "value": {"link": story.link}}
    return _given(
        video_id=video["video_id"],
        image_url=video.get("thumbnail_url"),
        image_hash=video.get("thumbnail_hash"),
        message=_first(story.messages),
        title=_first(story.headlines),
        link_description=_first(story.descriptions),
        call_to_action=button,
    )


def _flexible(story: Story) -> Row:
    if story.optimization_type == DEGREES_OF_FREEDOM:
        return _degrees_of_freedom(story)
    feed = {**_texts(story), **_media(story), "ad_formats": _formats(story)}
    if story.link:
        feed["link_urls"] = [{"website_url": story.link}]
    feed |= _feed_button(story)
    if story.optimization_type not in (None, "REGULAR"):
        feed["optimization_type"] = story.optimization_type
    if story.rules:
        rules, media = customize_placements(story.rules, feed)
        feed |= {"asset_customization_rules": rules, **media, "optimization_type": "PLACEMENT"}
    return {"object_story_spec": _identity(story), "asset_feed_spec": feed}


def _degrees_of_freedom(story: Story) -> Row:
    """Images keep their link and button in `link_data`; a video brings them in the feed and only the link outside."""
    feed: Row = {**_texts(story), **_media(story), "optimization_type": DEGREES_OF_FREEDOM}
    if story.videos:
        feed |= {"link_urls": [{"website_url": story.link}], "ad_formats": ["SINGLE_VIDEO"]}
        feed |= _feed_button(story) or {"call_to_action_types": ["LEARN_MORE"]}
        spec = {**_identity(story), "link_data": {"link": story.link}}
        return {"object_story_spec": spec, "asset_feed_spec": feed}
    link_data = _given(
        link=story.link,
        image_hash=story.image_hashes[0] if story.image_hashes else None,
        image_crops=story.crops,
        call_to_action=call_to_action(story) or {"type": "LEARN_MORE", "value": {"link": story.link}},
    )
    return {"object_story_spec": {**_identity(story), "link_data": link_data}, "asset_feed_spec": feed}


def _feed_button(story: Story) -> Row:
    button = call_to_action(story)
    if button is None:
        return {}
    if story.button == CALL or story.lead_form:
        return {"call_to_actions": [button]}
    return {"call_to_action_types": [button["type"]]}


def _texts(story: Story) -> Row:
    named = {"titles": story.headlines, "descriptions": story.descriptions, "bodies": story.messages}
    return {
        key: [item if isinstance(item, dict) else {"text": item} for item in items]
        for key, items in named.items()
        if items
    }


def _media(story: Story) -> Row:
    images = [_given(hash=image, image_crops=story.crops) for image in story.image_hashes]
    return _given(images=images, videos=story.videos)


def _formats(story: Story) -> list[str]:
    return story.ad_formats or ["SINGLE_VIDEO" if story.videos else "SINGLE_IMAGE"]


def customize_placements(rules: Sequence[Row], feed: Row) -> tuple[list[Row], Row]:
    """Rules per placement in Graph's form, and the media with the labels that the rules name.

    A rule is {"placement_groups": ["FEED"], "customization_spec": {"image_hashes" or "video_ids": [...]}}; one in
    Graph's own form passes as it is. Raises ValueError for an unknown placement group.
    """
    made: list[Row] = []
    labels: dict[tuple[str, str], list[str]] = {}
    for index, rule in enumerate(rules):
        if "placement_groups" not in rule:
            made.append(dict(rule))
            continue
        label = f"placement_{index + 1}"
        spec = dict(rule.get("customization_spec") or {})
        kind = "video" if "video_ids" in spec else "image"
        for asset in spec.pop("video_ids" if kind == "video" else "image_hashes", []):
            labels.setdefault((kind, str(asset)), []).append(label)
        made.append(
            {"customization_spec": {**spec, **positions(rule["placement_groups"])}, f"{kind}_label": {"name": label}}
        )
    return made, _labelled(feed, labels)


def positions(groups: Sequence[str]) -> Row:
    """The platforms and positions of several placement groups, merged. Raises ValueError for an unknown one."""
    unknown = [group for group in groups if group not in PLACEMENTS]
    if unknown:
        raise ValueError(f"placement groups are {', '.join(PLACEMENTS)}")
    found: dict[str, list[str]] = {}
    for group in groups:
        for platform, places in PLACEMENTS[group].items():
            found.setdefault(platform, []).extend(place for place in places if place not in found.get(platform, []))
    return {
        "publisher_platforms": list(found),
        **{f"{platform}_positions": places for platform, places in found.items()},
    }


def _labelled(feed: Row, labels: Mapping[tuple[str, str], list[str]]) -> Row:
    """Images and videos of the feed with their labels; those that only a rule names are added."""
    found: Row = {}
    for kind, plural, key in (("image", "images", "hash"), ("video", "videos", "video_id")):
        wanted = {asset: names for (which, asset), names in labels.items() if which == kind}
        present = {str(item[key]): item for item in feed.get(plural, [])}
        merged = {**present, **{asset: {key: asset} for asset in wanted if asset not in present}}
        if merged:
            found[plural] = [
                {**item, "adlabels": [{"name": name} for name in wanted[asset]]} if asset in wanted else item
                for asset, item in merged.items()
            ]
    return found


def features(chosen: Mapping[str, Any] | None, *, disable_all: bool) -> Row:
    """`degrees_of_freedom_spec`, and the opt-out of multi-advertiser ads when everything is switched off."""
    spec: Row = {name: {"enroll_status": "OPT_OUT"} for name in FEATURES} if disable_all else {}
    spec |= {
        name: value if isinstance(value, dict) else {"enroll_status": value} for name, value in (chosen or {}).items()
    }
    found: Row = {"degrees_of_freedom_spec": {"creative_features_spec": spec}} if spec else {}
    return {**found, "contextual_multi_ads": {"enroll_status": "OPT_OUT"}} if disable_all else found


def _first(items: Sequence[Any]) -> str | None:
    if not items:
        return None
    return str(items[0]["text"] if isinstance(items[0], dict) else items[0])


def _given(**values: Any) -> Row:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
