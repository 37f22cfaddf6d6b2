"""The keys of Meta's nested objects, by SDK class. A test compares them with the SDK.

`key:Class` says that a key holds an object of that class, or a list of them. A key without a class is not checked:
the SDK has no class for it, or it is checked elsewhere (creative features, whole targeting specs).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class ObjectKeys:
    """The keys of an SDK class, and the class of the nested objects of some of them."""

    keys: frozenset[str]
    inside: Mapping[str, str]


@cache
def keys_of(name: str) -> ObjectKeys:
    """Return the keys of a class of the table below. Raises KeyError for an unknown class."""
    entries = [word.partition(":") for word in CLASSES[name].split()]
    return ObjectKeys(frozenset(key for key, _, _ in entries), {key: inner for key, _, inner in entries if inner})


CLASSES: Mapping[str, str] = {
    "AdAssetCustomizationRuleCustomizationSpec": """
        age_max age_min audience_network_positions device_platforms facebook_positions
        geo_locations:TargetingGeoLocation instagram_positions locales messenger_positions publisher_platforms
        threads_positions
    """,
    "AdAssetFeedAdditionalData": """
        automated_product_tags brand_page_id is_click_to_message multi_share_end_card page_welcome_message
        partner_app_welcome_message_flow_id
    """,
    "AdAssetFeedSpec": """
        ad_formats additional_data:AdAssetFeedAdditionalData app_product_page_id
        asset_customization_rules:AdAssetFeedSpecAssetCustomizationRule audios autotranslate
        bodies:AdAssetFeedSpecBody call_ads_configuration call_to_action_types
        call_to_actions:AdAssetFeedSpecCallToAction captions:AdAssetFeedSpecCaption
        carousels:AdAssetFeedSpecCarousel ctwa_consent_data descriptions:AdAssetFeedSpecDescription
        events:AdAssetFeedSpecEvents groups:AdAssetFeedSpecGroupRule images:AdAssetFeedSpecImage
        link_urls:AdAssetFeedSpecLinkURL message_extensions:AdAssetMessageExtensions
        onsite_destinations:AdAssetOnsiteDestinations optimization_type promotional_metadata reasons_to_shop
        shops_bundle titles:AdAssetFeedSpecTitle translations upcoming_events videos:AdAssetFeedSpecVideo
        web_destination_spec
    """,
    "AdAssetFeedSpecAssetCustomizationRule": """
        body_label:AdAssetFeedSpecAssetLabel call_to_action_label:AdAssetFeedSpecAssetLabel
        call_to_action_type_label:AdAssetFeedSpecAssetLabel caption_label:AdAssetFeedSpecAssetLabel
        carousel_label:AdAssetFeedSpecAssetLabel customization_spec:AdAssetCustomizationRuleCustomizationSpec
        description_label:AdAssetFeedSpecAssetLabel image_label:AdAssetFeedSpecAssetLabel is_default
        link_url_label:AdAssetFeedSpecAssetLabel priority title_label:AdAssetFeedSpecAssetLabel
        video_label:AdAssetFeedSpecAssetLabel
    """,
    "AdAssetFeedSpecAssetLabel": "id name",
    "AdAssetFeedSpecBody": "adlabels:AdAssetFeedSpecAssetLabel text url_tags",
    "AdAssetFeedSpecCallToAction": """
        adlabels:AdAssetFeedSpecAssetLabel type value:AdCreativeLinkDataCallToActionValue
    """,
    "AdAssetFeedSpecCaption": "adlabels:AdAssetFeedSpecAssetLabel text url_tags",
    "AdAssetFeedSpecCarousel": """
        adlabels:AdAssetFeedSpecAssetLabel child_attachments:AdAssetFeedSpecCarouselChildAttachment
        multi_share_end_card multi_share_optimized
    """,
    "AdAssetFeedSpecCarouselChildAttachment": """
        body_label:AdAssetFeedSpecAssetLabel call_to_action_type_label:AdAssetFeedSpecAssetLabel
        caption_label:AdAssetFeedSpecAssetLabel description_label:AdAssetFeedSpecAssetLabel
        image_label:AdAssetFeedSpecAssetLabel link_url_label:AdAssetFeedSpecAssetLabel
        phone_data_ids_label:AdAssetFeedSpecAssetLabel static_card title_label:AdAssetFeedSpecAssetLabel
        video_label:AdAssetFeedSpecAssetLabel
    """,
    "AdAssetFeedSpecDescription": "adlabels:AdAssetFeedSpecAssetLabel text url_tags",
    "AdAssetFeedSpecEvents": "id",
    "AdAssetFeedSpecGroupRule": """
        body_label:AdAssetFeedSpecAssetLabel caption_label:AdAssetFeedSpecAssetLabel
        description_label:AdAssetFeedSpecAssetLabel image_label:AdAssetFeedSpecAssetLabel
        link_url_label:AdAssetFeedSpecAssetLabel title_label:AdAssetFeedSpecAssetLabel
        video_label:AdAssetFeedSpecAssetLabel
    """,
    "AdAssetFeedSpecImage": "adlabels:AdAssetFeedSpecAssetLabel hash image_crops:AdsImageCrops url url_tags",
    "AdAssetFeedSpecLinkURL": """
        adlabels:AdAssetFeedSpecAssetLabel android_url carousel_see_more_url deeplink_url display_url ios_url
        object_store_urls url_tags website_url
    """,
    "AdAssetFeedSpecTitle": "adlabels:AdAssetFeedSpecAssetLabel text url_tags",
    "AdAssetFeedSpecVideo": """
        adlabels:AdAssetFeedSpecAssetLabel caption_ids thumbnail_hash thumbnail_url url_tags video_id
    """,
    "AdAssetMessageExtensions": "type",
    "AdAssetOnsiteDestinations": """
        auto_optimization details_page_product_id shop_collection_product_set_id source storefront_shop_id
    """,
    "AdBidAdjustments": "age_range page_types user_groups",
    "AdCreativeAdDisclaimer": "text title url",
    "AdCreativeBrandedContentAds": """
        acting_business_id ad_format automated_adgroup_creation content_search_input creator_ad_permission_type
        deliver_dynamic_partner_content facebook_boost_post_access_token instagram_boost_post_access_token
        is_mca_internal parent_source_facebook_post_id parent_source_instagram_media_id
        partners:AdCreativeBrandedContentAdsPartners product_set_partner_selection_status promoted_page_id
        testimonial testimonial_locale ui_version
    """,
    "AdCreativeBrandedContentAdsPartners": "fb_page_id has_create_ads_access identity_type ig_asset_id ig_user_id",
    "AdCreativeCollectionThumbnailInfo": "element_child_index element_crops:AdsImageCrops element_id",
    "AdCreativeContextualMultiAds": "enroll_status",
    "AdCreativeDegreesOfFreedomSpec": """
        ad_handle_type creative_features_spec degrees_of_freedom_type image_transformation_types
        multi_media_transformation_type stories_transformation_types text_transformation_types
        video_transformation_types
    """,
    "AdCreativeDestinationSpec": "destination_type native_commerce_experience website",
    "AdCreativeFacebookBrandedContent": "shared_to_sponsor_status sponsor_page_id sponsor_relationship",
    "AdCreativeFeatureCustomizations": """
        aspect_ratio_config background_color catalog_feed_tag_name fb_feed_tag_name fb_reels_tag_name
        fb_story_tag_name font_name ig_feed_tag_name ig_reels_tag_name ig_stream_tag_name image_crop_style
        pe_carousel recomposition_type showcase_card_display text_extraction text_style
    """,
    "AdCreativeFeatureDetails": "customizations:AdCreativeFeatureCustomizations enroll_status",
    "AdCreativeInstagramBrandedContent": "sponsor_id",
    "AdCreativeInteractiveComponentsSpec": "child_attachments components",
    "AdCreativeLinkData": """
        ad_context additional_image_index app_link_spec:AdCreativeLinkDataAppLinkSpec attachment_style
        automated_product_tags boosted_product_set_id branded_content_shared_to_sponsor_status
        branded_content_sponsor_page_id call_to_action:AdCreativeLinkDataCallToAction caption
        child_attachments:AdCreativeLinkDataChildAttachment collection_thumbnails:AdCreativeCollectionThumbnailInfo
        customization_rules_spec:AdCustomizationRuleSpec description event_id force_single_link format_option
        image_crops:AdsImageCrops image_hash image_layer_specs:AdCreativeLinkDataImageLayerSpec
        image_overlay_spec:AdCreativeLinkDataImageOverlaySpec is_local_expansion link message multi_share_end_card
        multi_share_optimized name offer_id page_welcome_message picture
        post_click_configuration:AdCreativePostClickConfiguration preferred_image_tags preferred_video_tags
        retailer_item_ids show_multiple_images smart_pse_enabled static_fallback_spec:AdCreativeStaticFallbackSpec
        use_flexible_image_aspect_ratio
    """,
    "AdCreativeLinkDataAppLinkSpec": "android:AndroidAppLink ios:IosAppLink ipad:IosAppLink iphone:IosAppLink",
    "AdCreativeLinkDataCallToAction": "type value:AdCreativeLinkDataCallToActionValue",
    "AdCreativeLinkDataCallToActionValue": """
        android_url app_destination app_link application event_id ios_url land_on_whatsapp_catalog
        land_on_whatsapp_profile lead_gen_form_id link link_caption link_format object_store_urls page product_link
        whatsapp_number
    """,
    "AdCreativeLinkDataChildAttachment": """
        android_url call_to_action:AdCreativeLinkDataCallToAction caption description ig_media_id
        image_crops:AdsImageCrops image_hash ios_url link marketing_message_buttons name picture
        place_data:AdCreativePlaceData static_card video_id
    """,
    "AdCreativeLinkDataImageLayerSpec": """
        blending_mode content frame_auto_show_enroll_status frame_image_hash frame_source image_source layer_type
        opacity overlay_position overlay_shape scale shape_color text_color text_font
    """,
    "AdCreativeLinkDataImageOverlaySpec": """
        custom_text_type float_with_margin overlay_template position text_font text_template_tags text_type
        theme_color
    """,
    "AdCreativeObjectStorySpec": """
        instagram_user_id link_data:AdCreativeLinkData page_id photo_data:AdCreativePhotoData
        product_data:AdCreativeProductData template_data:AdCreativeLinkData text_data:AdCreativeTextData
        video_data:AdCreativeVideoData whats_app_business_phone_number
    """,
    "AdCreativeOmnichannelLinkSpec": "app web",
    "AdCreativePhotoData": """
        branded_content_shared_to_sponsor_status branded_content_sponsor_page_id caption image_hash
        page_welcome_message url
    """,
    "AdCreativePlaceData": "address_string label latitude location_source_id longitude type",
    "AdCreativePlatformCustomization": "instagram",
    "AdCreativePortraitCustomizations": "carousel_delivery_mode specifications",
    "AdCreativePostClickConfiguration": "post_click_item_description post_click_item_headline",
    "AdCreativeProductData": "product_id product_source",
    "AdCreativeProductSuggestionSettings": "enabled",
    "AdCreativeRegionalRegulationDisclaimer": """
        australia_finserv india_finserv singapore_universal taiwan_finserv taiwan_universal
    """,
    "AdCreativeStaticFallbackSpec": """
        call_to_action:AdCreativeLinkDataCallToAction description image_hash link message name
    """,
    "AdCreativeTemplateURLSpec": "android config ios ipad iphone web windows_phone",
    "AdCreativeTextData": "message",
    "AdCreativeVideoData": """
        additional_image_index branded_content_shared_to_sponsor_status branded_content_sponsor_page_id
        call_to_action:AdCreativeLinkDataCallToAction collection_thumbnails:AdCreativeCollectionThumbnailInfo
        customization_rules_spec:AdCustomizationRuleSpec image_hash image_url link_description message offer_id
        page_welcome_message post_click_configuration:AdCreativePostClickConfiguration retailer_item_ids targeting
        title video_id
    """,
    "AdCustomizationRuleSpec": """
        caption customization_spec description image_hash link message name priority
        template_url_spec:AdCreativeTemplateURLSpec video_id
    """,
    "AdPromotedObject": """
        ads_signal_source_type application_id boosted_product_set_id conversion_goal_id
        custom_attribution_source_ids custom_conversion_id custom_event_str custom_event_type dataset_split_id
        dataset_split_ids event_id full_funnel_objective fundraiser_campaign_id instagram_actor_id
        is_catalog_user_acknowledged job_listing_id lead_ads_custom_event_str lead_ads_custom_event_type
        lead_ads_follow_up_event lead_ads_form_event_source_type lead_ads_offsite_conversion_type
        lead_ads_quality_volume_setting lead_ads_selected_pixel_id live_video_destination mcme_conversion_id
        multi_event_product object_store_url object_store_urls offer_id offline_conversion_data_set_id
        offsite_conversion_event_id omnichannel_object optimization_product_set_id page_id passback_application_id
        passback_pixel_id pixel_aggregation_rule pixel_id pixel_rule place_page_set place_page_set_id
        product_catalog_id product_item_id product_set product_set_id product_set_optimization retention_days
        smart_pse_enabled smart_pse_setting value_semantic_type variation whats_app_business_phone_number_id
        whatsapp_phone_number
    """,
    "AdsImageCrops": "100x100 100x72 191x100 300x400 400x150 400x500 600x360 90x160",
    "AndroidAppLink": "app_name class package url",
    "CatalogBasedTargeting": "geo_targeting_type",
    "ConnectionsTargeting": "id name",
    "ConversionActionQuery": """
        action.type application conversion_id creative dataset dataset_split event event.creator event_type fb_pixel
        fb_pixel_event leadgen object object.domain offer offer.creator offsite_pixel page page.parent post
        post.object post.object.wall post.wall question question.creator response subtype
    """,
    "FlexibleTargeting": """
        behaviors:IDName college_years connections:IDName custom_audiences:IDName education_majors:IDName
        education_schools:IDName education_statuses ethnic_affinity:IDName family_statuses:IDName
        friends_of_connections:IDName generation:IDName home_ownership:IDName home_type:IDName home_value:IDName
        household_composition:IDName income:IDName industries:IDName interested_in interests:IDName
        life_events:IDName moms:IDName net_worth:IDName office_type:IDName politics:IDName relationship_statuses
        user_adclusters:IDName work_employers:IDName work_positions:IDName
    """,
    "IDName": "id name",
    "IosAppLink": "app_name app_store_id url",
    "PlacementSoftOptOut": """
        audience_network_positions facebook_positions instagram_positions messenger_positions oculus_positions
        threads_positions whatsapp_positions
    """,
    "RawCustomAudience": "id name",
    "RegionalRegulationIdentities": """
        australia_finserv_beneficiary australia_finserv_payer india_finserv_beneficiary india_finserv_payer
        singapore_universal_beneficiary singapore_universal_payer taiwan_finserv_beneficiary taiwan_finserv_payer
        taiwan_universal_beneficiary taiwan_universal_payer universal_beneficiary universal_payer
    """,
    "TargetingAutomation": """
        advantage_audience creative_audience_pairing individual_setting shared_audiences value_expression
    """,
    "TargetingDynamicRule": """
        action.type ad_group_id campaign_group_id campaign_id impression_count page_id post retention_seconds
    """,
    "TargetingGeoLocation": """
        cities:TargetingGeoLocationCity countries country_groups custom_locations:TargetingGeoLocationCustomLocation
        electoral_districts:TargetingGeoLocationElectoralDistrict geo_markets:TargetingGeoLocationMarket
        large_geo_areas:TargetingGeoLocationGeoEntities location_cluster_ids:TargetingGeoLocationLocationCluster
        location_types medium_geo_areas:TargetingGeoLocationGeoEntities metro_areas:TargetingGeoLocationGeoEntities
        neighborhoods:TargetingGeoLocationGeoEntities places:TargetingGeoLocationPlace
        political_districts:TargetingGeoLocationPoliticalDistrict regions:TargetingGeoLocationRegion
        small_geo_areas:TargetingGeoLocationGeoEntities subcities:TargetingGeoLocationGeoEntities
        subneighborhoods:TargetingGeoLocationGeoEntities zips:TargetingGeoLocationZip
    """,
    "TargetingGeoLocationCity": "country distance_unit key name radius region region_id",
    "TargetingGeoLocationCustomLocation": """
        address_string country country_group custom_type distance_unit key latitude longitude max_population
        min_population name primary_city_id radius region_id
    """,
    "TargetingGeoLocationElectoralDistrict": "country deprecation_code electoral_district key name",
    "TargetingGeoLocationGeoEntities": "country key name region region_id",
    "TargetingGeoLocationLocationCluster": "key",
    "TargetingGeoLocationMarket": "country key market_type name",
    "TargetingGeoLocationPlace": "country distance_unit key latitude longitude name primary_city_id radius region_id",
    "TargetingGeoLocationPoliticalDistrict": "country key name political_district",
    "TargetingGeoLocationRegion": "country key name",
    "TargetingGeoLocationZip": "country key name primary_city_id region_id",
    "TargetingProductAudienceSpec": """
        exclusions:TargetingProductAudienceSubSpec inclusions:TargetingProductAudienceSubSpec product_set_id
    """,
    "TargetingProductAudienceSubSpec": "min_retention_seconds retention_seconds rule",
    "TargetingProspectingAudience": "sources",
    "TargetingSubscriberUniverse": """
        messaging_customer_base_for_whatsapp:IDName messenger_subscriber_pool:IDName
        messenger_subscriber_source:IDName whatsapp_subscriber_source:IDName
    """,
}
