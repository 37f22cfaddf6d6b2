"""Objects of Meta that tools pass on: open in their values, closed in their keys where Meta's SDK knows them.

Graph drops or refuses a misspelt key, often without naming it; here it is refused before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from meta_ads_mcp.spec.creative import FEATURES
from meta_ads_mcp.spec.keys import only_keys

# Class of the SDK → its keys.
_LISTED = {
    "AdCreativeObjectStorySpec": """
        instagram_user_id link_data page_id photo_data product_data template_data text_data video_data
        whats_app_business_phone_number
    """,
    "AdCreativeLinkData": """
        ad_context additional_image_index app_link_spec attachment_style automated_product_tags
        boosted_product_set_id branded_content_shared_to_sponsor_status branded_content_sponsor_page_id
        call_to_action caption child_attachments collection_thumbnails customization_rules_spec description
        event_id force_single_link format_option image_crops image_hash image_layer_specs image_overlay_spec
        is_local_expansion link message multi_share_end_card multi_share_optimized name offer_id
        page_welcome_message picture post_click_configuration preferred_image_tags preferred_video_tags
        retailer_item_ids show_multiple_images smart_pse_enabled static_fallback_spec
        use_flexible_image_aspect_ratio
    """,
    "AdCreativeLinkDataChildAttachment": """
        android_url call_to_action caption description ig_media_id image_crops image_hash ios_url link
        marketing_message_buttons name picture place_data static_card video_id
    """,
    "AdCreativeVideoData": """
        additional_image_index branded_content_shared_to_sponsor_status branded_content_sponsor_page_id
        call_to_action collection_thumbnails customization_rules_spec image_hash image_url link_description
        message offer_id page_welcome_message post_click_configuration retailer_item_ids targeting title
        video_id
    """,
    "AdCreativePhotoData": """
        branded_content_shared_to_sponsor_status branded_content_sponsor_page_id caption image_hash
        page_welcome_message url
    """,
    "AdCreativeTextData": """
        message
    """,
    "AdCreativeLinkDataCallToAction": """
        type value
    """,
    "AdAssetFeedSpec": """
        ad_formats additional_data app_product_page_id asset_customization_rules audios autotranslate bodies
        call_ads_configuration call_to_action_types call_to_actions captions carousels ctwa_consent_data
        descriptions events groups images link_urls message_extensions onsite_destinations optimization_type
        promotional_metadata reasons_to_shop shops_bundle titles translations upcoming_events videos
        web_destination_spec
    """,
    "AdAssetFeedSpecAssetCustomizationRule": """
        body_label call_to_action_label call_to_action_type_label caption_label carousel_label
        customization_spec description_label image_label is_default link_url_label priority title_label
        video_label
    """,
    "AdCreativeDegreesOfFreedomSpec": """
        ad_handle_type creative_features_spec degrees_of_freedom_type image_transformation_types
        multi_media_transformation_type stories_transformation_types text_transformation_types
        video_transformation_types
    """,
    "AdCreativeContextualMultiAds": """
        enroll_status
    """,
    "AdCreativeFacebookBrandedContent": """
        shared_to_sponsor_status sponsor_page_id sponsor_relationship
    """,
    "AdCreativeInstagramBrandedContent": """
        sponsor_id
    """,
    "AdsImageCrops": """
        100x100 100x72 191x100 300x400 400x150 400x500 600x360 90x160
    """,
    "AdBidAdjustments": """
        age_range page_types user_groups
    """,
}
KEYS: Mapping[str, frozenset[str]] = {name: frozenset(text.split()) for name, text in _LISTED.items()}
# Class → key → class of what is inside: an object, or a list of them.
INSIDE: Mapping[str, Mapping[str, str]] = {
    "AdCreativeObjectStorySpec": {
        "link_data": "AdCreativeLinkData",
        "template_data": "AdCreativeLinkData",
        "video_data": "AdCreativeVideoData",
        "photo_data": "AdCreativePhotoData",
        "text_data": "AdCreativeTextData",
    },
    "AdCreativeLinkData": {
        "child_attachments": "AdCreativeLinkDataChildAttachment",
        "call_to_action": "AdCreativeLinkDataCallToAction",
        "image_crops": "AdsImageCrops",
    },
    "AdCreativeLinkDataChildAttachment": {"call_to_action": "AdCreativeLinkDataCallToAction"},
    "AdCreativeVideoData": {"call_to_action": "AdCreativeLinkDataCallToAction"},
    "AdAssetFeedSpec": {"asset_customization_rules": "AdAssetFeedSpecAssetCustomizationRule"},
}
# Not in the SDK's class, and taken by this server: groups of placements in place of Graph's positions.
OWN_RULE_KEYS = frozenset({"placement_groups"})
_SHOWN = 3


def known_keys(of: str, *, more: frozenset[str] = frozenset()) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A validator of the keys of an object of that class, also inside it. It raises InvalidArguments with `allowed`."""

    def check(given: dict[str, Any]) -> dict[str, Any]:
        _walk(given, of, more, of)
        return given

    return check


def each_of(of: str, *, more: frozenset[str] = frozenset()) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """The same for a list of such objects."""

    def check(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for one in given:
            _walk(one, of, more, of)
        return given

    return check


def _walk(given: Mapping[str, Any], of: str, more: frozenset[str], where: str) -> None:
    known = KEYS[of] | more
    only_keys(where, known, ", ".join(sorted(known)[:_SHOWN]))(dict(given))
    for key, inner in INSIDE.get(of, {}).items():
        value = given.get(key)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping):
                _walk(part, inner, frozenset(), key)


_FEATURES = only_keys("creative_features_spec", frozenset(FEATURES), "text_optimizations or image_touchups")
StorySpec = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeObjectStorySpec"))]
CallToAction = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeLinkDataCallToAction"))]
Crops = Annotated[dict[str, Any], AfterValidator(known_keys("AdsImageCrops"))]
AssetFeed = Annotated[dict[str, Any], AfterValidator(known_keys("AdAssetFeedSpec"))]
CustomizationRules = Annotated[
    list[dict[str, Any]], AfterValidator(each_of("AdAssetFeedSpecAssetCustomizationRule", more=OWN_RULE_KEYS))
]
Features = Annotated[dict[str, Any], AfterValidator(_FEATURES)]
Freedom = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeDegreesOfFreedomSpec"))]
MultiAds = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeContextualMultiAds"))]
FacebookBranded = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeFacebookBrandedContent"))]
InstagramBranded = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeInstagramBrandedContent"))]
BidAdjustments = Annotated[dict[str, Any], AfterValidator(known_keys("AdBidAdjustments"))]
