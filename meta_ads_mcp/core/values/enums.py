"""List Meta's enums that several tools share: statuses, breakdowns, attribution windows, goals.

A closed enum is a `Literal`: any other value is an error that lists the accepted values. An open-ended enum is a `Word`
with an `Open` marker. A test compares each with the SDK's enum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.core.params import Params, Wire, marker

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


@dataclass(frozen=True)
class Open:
    """Mark a field (or a list field) whose values should be among `known`, the values of `source` in Meta's SDK."""

    source: str
    known: frozenset[str]


def _word(value: str) -> str:
    if not value or len(value) > 80 or not _LETTERS.issuperset(value):
        raise ValueError("a value is letters, digits and underscores")
    return value


# One value of an open-ended enum; add an `Open` beside it.
Word = Annotated[str, AfterValidator(_word)]


# Ad.EffectiveStatus of the SDK. One list for all three edges, although the SDK has six of these for campaigns and seven
# for ad sets: where Graph refuses one, it names those it takes.
EffectiveStatus = Literal[
    "ACTIVE",
    "PAUSED",
    "DELETED",
    "ARCHIVED",
    "IN_PROCESS",
    "WITH_ISSUES",
    "CAMPAIGN_PAUSED",
    "ADSET_PAUSED",
    "PENDING_REVIEW",
    "DISAPPROVED",
    "PREAPPROVED",
    "PENDING_BILLING_INFO",
]
StatusFilter = Annotated[
    list[EffectiveStatus],
    Wire("effective_status"),
    Field(min_length=1, description="ARCHIVED, DELETED only when named"),
]


def _graph_level(value: object) -> object:
    return "adset" if value == "ad_set" else value


def _our_level(value: object) -> object:
    return "ad_set" if value == "adset" else value


# AdsInsights.Level of the SDK; `ad_set` is accepted too.
InsightsLevel = Annotated[Literal["account", "campaign", "adset", "ad"], BeforeValidator(_graph_level)]
# The level of an analytic view and the type of an entity; Graph's `adset` is accepted too.
ViewLevel = Annotated[Literal["account", "campaign", "ad_set", "ad"], BeforeValidator(_our_level)]
EntityType = Annotated[Literal["campaign", "ad_set", "ad"], BeforeValidator(_our_level)]

BREAKDOWNS = frozenset(
    """
    ad_extension_domain ad_extension_url ad_format_asset affiliate_click_region affiliate_link_url age app_id
    body_asset breakdown_ad_objective breakdown_reporting_ad_id call_to_action_asset coarse_conversion_value
    comscore_market conversion_destination country creative_automation_asset_id creative_fingerprint_details
    creative_format_classification creative_media_type_breakdown creative_relaxation_asset_type
    crm_advertiser_l12_territory_ids crm_advertiser_subvertical_id crm_advertiser_vertical_id crm_ult_advertiser_id
    description_asset device_platform dma existing_post_id fidelity_type flexible_format_asset_type frequency_value
    gen_ai_asset_type gender hourly_stats_aggregated_by_advertiser_time_zone
    hourly_stats_aggregated_by_audience_time_zone hsid image_asset impression_device
    impression_view_time_advertiser_hour_v2 instagram_ads_follow_type instagram_ads_instagram_media_product_type
    instagram_ads_time_since_creation_bucket internal_campaign_id is_auto_advance is_conversion_id_modeled
    is_rendered_as_delayed_skip_ad landing_destination link_url_asset marketing_messages_btn_name
    mdsa_landing_destination media_asset_url media_creator media_destination_url media_format media_id
    media_origin_url media_text_content media_type mmm msa_seller_name overlap_segment pa_creator_ig_handle
    place_page_id placement_path platform_position postback_sequence_index product_brand_breakdown
    product_category_breakdown product_custom_label_0_breakdown product_custom_label_1_breakdown
    product_custom_label_2_breakdown product_custom_label_3_breakdown product_custom_label_4_breakdown
    product_group_content_id_breakdown product_id publisher_platform redownload reels_trending_topic region
    rta_ugc_topic rule_set_id rule_set_name signal_source signal_source_bucket skan_campaign_id skan_conversion_id
    skan_version sot_attribution_model_type sot_attribution_window sot_channel sot_event_type sot_source
    standard_event_content_type title_asset user_persona_id user_persona_name video_asset zip
""".split()
)
ACTION_BREAKDOWNS = frozenset(
    """
    action_canvas_component_name action_carousel_card_id action_carousel_card_name action_destination action_device
    action_reaction action_target_id action_type action_video_sound action_video_type conversion_destination
    is_business_ai_assisted matched_persona_id matched_persona_name signal_source_bucket
    standard_event_content_type
""".split()
)
ATTRIBUTION_WINDOWS = frozenset(
    """
    1d_click 1d_ev 1d_sequenced 1d_view 28d_click 28d_sequenced 28d_view 28d_view_all_conversions
    28d_view_first_conversion 7d_click 7d_sequenced 7d_view 7d_view_all_conversions 7d_view_first_conversion custom
    dda default incrementality incrementality_all_conversions incrementality_first_conversion skan_click
    skan_click_second_postback skan_click_third_postback skan_view skan_view_second_postback
    skan_view_third_postback
""".split()
)

Breakdowns = Annotated[list[Word], Open("AdsInsights.Breakdowns", BREAKDOWNS), Field(max_length=8)]
ActionBreakdowns = Annotated[list[Word], Open("AdsInsights.ActionBreakdowns", ACTION_BREAKDOWNS), Field(max_length=4)]
AttributionWindows = Annotated[
    list[Word], Open("AdsInsights.ActionAttributionWindows", ATTRIBUTION_WINDOWS), Field(max_length=10)
]
OptimizationGoal = Literal[
    "ADVERTISER_SILOED_VALUE",
    "AD_RECALL_LIFT",
    "APP_INSTALLS",
    "APP_INSTALLS_AND_OFFSITE_CONVERSIONS",
    "AUTOMATIC_OBJECTIVE",
    "CONVERSATIONS",
    "DERIVED_EVENTS",
    "ENGAGED_PAGE_VIEWS",
    "ENGAGED_USERS",
    "EVENT_RESPONSES",
    "IMPRESSIONS",
    "IN_APP_VALUE",
    "LANDING_PAGE_VIEWS",
    "LEAD_GENERATION",
    "LINK_CLICKS",
    "MEANINGFUL_CALL_ATTEMPT",
    "MESSAGING_APPOINTMENT_CONVERSION",
    "MESSAGING_DEEP_CONVERSATION_AND_FOLLOW",
    "MESSAGING_PURCHASE_CONVERSION",
    "NONE",
    "OFFSITE_CONVERSIONS",
    "PAGE_LIKES",
    "POST_ENGAGEMENT",
    "PROFILE_AND_PAGE_ENGAGEMENT",
    "PROFILE_VISIT",
    "QUALITY_CALL",
    "QUALITY_LEAD",
    "REACH",
    "REMINDERS_SET",
    "SUBSCRIBERS",
    "THRUPLAY",
    "VALUE",
    "VISIT_INSTAGRAM_PROFILE",
]
# AdSet.BidStrategy and Campaign.BidStrategy of the SDK.
BidStrategy = Literal["LOWEST_COST_WITHOUT_CAP", "LOWEST_COST_WITH_BID_CAP", "COST_CAP", "LOWEST_COST_WITH_MIN_ROAS"]
# AdSet.DestinationType of the SDK; open-ended: new destinations appear every year.
DESTINATION_TYPES = frozenset(
    """
    APP APPLINKS_AUTOMATIC FACEBOOK FACEBOOK_LIVE FACEBOOK_PAGE IMAGINE INSTAGRAM_DIRECT INSTAGRAM_LIVE
    INSTAGRAM_PROFILE INSTAGRAM_PROFILE_AND_FACEBOOK_PAGE MESSAGING_INSTAGRAM_DIRECT_MESSENGER
    MESSAGING_INSTAGRAM_DIRECT_MESSENGER_WHATSAPP MESSAGING_INSTAGRAM_DIRECT_WHATSAPP
    MESSAGING_MESSENGER_WHATSAPP MESSENGER ON_AD ON_EVENT ON_PAGE ON_POST ON_VIDEO SHOP_AUTOMATIC WEBSITE
    WHATSAPP
""".split()
)
# AdCreative.CallToActionType of the SDK.
CALL_TO_ACTIONS = frozenset(
    """
    ADD_TO_CART APPLY_NOW ASK_ABOUT_SERVICES ASK_A_QUESTION ASK_FOR_MORE_INFO ASK_US AUDIO_CALL
    BOOK_A_CONSULTATION BOOK_NOW BOOK_TRAVEL BROWSE_SHOP BUY BUY_ACTIVITY_TICKETS BUY_NOW BUY_TICKETS
    BUY_VIA_MESSAGE CALL CALL_ME CALL_NOW CHAT_NOW CHAT_WITH_US CONFIRM CONTACT CONTACT_US DONATE DONATE_NOW
    DOWNLOAD EVENT_RSVP FIND_A_GROUP FIND_OUT_MORE FIND_YOUR_GROUPS FOLLOW_NEWS_STORYLINE FOLLOW_PAGE
    FOLLOW_USER GET_A_QUOTE GET_DETAILS GET_DIRECTIONS GET_IN_TOUCH GET_OFFER GET_OFFER_VIEW GET_PROMOTIONS
    GET_QUOTE GET_SHOWTIMES GET_STARTED INQUIRE_NOW INSTALL_APP INSTALL_MOBILE_APP JOIN_CHANNEL
    JOIN_LIVE_VIDEO LEARN_MORE LIKE_PAGE LISTEN_MUSIC LISTEN_NOW MAKE_AN_APPOINTMENT MESSAGE_PAGE
    MOBILE_DOWNLOAD NO_BUTTON OPEN_INSTANT_APP OPEN_LINK ORDER_NOW PAY_TO_ACCESS PLAY_GAME
    PLAY_GAME_ON_FACEBOOK PURCHASE_GIFT_CARDS RAISE_MONEY RECORD_NOW REFER_FRIENDS REQUEST_TIME SAY_THANKS
    SEE_MORE SEE_SHOP SELL_NOW SEND_A_GIFT SEND_GIFT_MONEY SEND_UPDATES SHARE SHOP_NOW SHOP_WITH_AI SIGN_UP
    SOTTO_SUBSCRIBE START_A_CHAT START_ORDER STREAM_NOW SUBSCRIBE SWIPE_UP_PRODUCT SWIPE_UP_SHOP TRY_DEMO
    TRY_ON_WITH_AI UPDATE_APP USE_APP USE_MOBILE_APP VIDEO_ANNOTATION VIDEO_CALL VIEW_CART VIEW_CHANNEL
    VIEW_IN_CART VIEW_PRODUCT VISIT_PAGES_FEED VISIT_WEBSITE WATCH_LIVE_VIDEO WATCH_MORE WATCH_NOW WATCH_VIDEO
    WHATSAPP_MESSAGE WOODHENGE_SUPPORT
""".split()
)


def unknown_values(args: Params) -> list[str]:
    """Return a note for each argument that holds a value outside the SDK's list."""
    notes = []
    for name, info in type(args).model_fields.items():
        enum = marker(info, Open)
        value = getattr(args, name)
        if enum is None or value is None:
            continue
        unknown = [item for item in _as_list(value) if item not in enum.known]
        if unknown:
            notes.append(
                f"{name}: {', '.join(unknown)} is not in Meta's list for {GRAPH_VERSION} ({enum.source}); "
                "it was sent as it is."
            )
    return notes


def _as_list(value: Any) -> Sequence[str]:
    return value if isinstance(value, list) else [value]
