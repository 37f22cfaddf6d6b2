"""Preview ads as links. Meta answers with HTML; only a verified facebook.com URL from it is returned."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.enums import Open, Word
from meta_ads_mcp.core.values.ids import AccountId, AdId
from meta_ads_mcp.domain.key_check import allow_only
from meta_ads_mcp.errors import AdsError, ApiError

# The SDK enum AdPreview.AdFormat.
AD_FORMATS = frozenset(
    """
    AUDIENCE_NETWORK_INSTREAM_VIDEO AUDIENCE_NETWORK_INSTREAM_VIDEO_MOBILE AUDIENCE_NETWORK_OUTSTREAM_VIDEO
    AUDIENCE_NETWORK_REWARDED_VIDEO BIZ_DISCO_FEED_MOBILE DESKTOP_FEED_STANDARD FACEBOOK_IFU_REELS_MOBILE
    FACEBOOK_PROFILE_FEED_DESKTOP FACEBOOK_PROFILE_FEED_MOBILE FACEBOOK_PROFILE_REELS_MOBILE FACEBOOK_REELS_BANNER
    FACEBOOK_REELS_BANNER_DESKTOP FACEBOOK_REELS_BANNER_FEED_ANDROID FACEBOOK_REELS_BANNER_FEED_ANDROID_LARGE
    FACEBOOK_REELS_BANNER_FULLSCREEN_IOS FACEBOOK_REELS_BANNER_FULLSCREEN_MOBILE FACEBOOK_REELS_MOBILE
    FACEBOOK_REELS_POSTLOOP FACEBOOK_REELS_POSTLOOP_FEED FACEBOOK_REELS_SIMILAR_PRODUCTS_MOBILE FACEBOOK_REELS_STICKER
    FACEBOOK_STORY_MOBILE FACEBOOK_STORY_STICKER_MOBILE INSTAGRAM_EXPLORE_CONTEXTUAL INSTAGRAM_EXPLORE_GRID_HOME
    INSTAGRAM_EXPLORE_IMMERSIVE INSTAGRAM_FEED_WEB INSTAGRAM_FEED_WEB_M_SITE INSTAGRAM_LEAD_GEN_MULTI_SUBMIT_ADS
    INSTAGRAM_PROFILE_FEED INSTAGRAM_PROFILE_REELS INSTAGRAM_REELS INSTAGRAM_REELS_OVERLAY INSTAGRAM_REELS_WEB
    INSTAGRAM_REELS_WEB_M_SITE INSTAGRAM_SEARCH_CHAIN INSTAGRAM_SEARCH_GRID INSTAGRAM_STANDARD INSTAGRAM_STORY
    INSTAGRAM_STORY_EFFECT_TRAY INSTAGRAM_STORY_WEB INSTAGRAM_STORY_WEB_M_SITE INSTANT_ARTICLE_RECIRCULATION_AD
    INSTANT_ARTICLE_STANDARD INSTREAM_BANNER_DESKTOP INSTREAM_BANNER_FEED_IOS INSTREAM_BANNER_FULLSCREEN_IOS
    INSTREAM_BANNER_FULLSCREEN_MOBILE INSTREAM_BANNER_IMMERSIVE_MOBILE INSTREAM_BANNER_MOBILE INSTREAM_VIDEO_DESKTOP
    INSTREAM_VIDEO_FULLSCREEN_IOS INSTREAM_VIDEO_FULLSCREEN_MOBILE INSTREAM_VIDEO_IMAGE INSTREAM_VIDEO_IMMERSIVE_MOBILE
    INSTREAM_VIDEO_MOBILE JOB_BROWSER_DESKTOP JOB_BROWSER_MOBILE MARKETPLACE_MOBILE MESSENGER_MOBILE_INBOX_MEDIA
    MESSENGER_MOBILE_STORY_MEDIA MOBILE_BANNER MOBILE_FEED_BASIC MOBILE_FEED_STANDARD MOBILE_FULLWIDTH
    MOBILE_INTERSTITIAL MOBILE_MEDIUM_RECTANGLE MOBILE_NATIVE RIGHT_COLUMN_STANDARD SUGGESTED_VIDEO_DESKTOP
    SUGGESTED_VIDEO_FULLSCREEN_MOBILE SUGGESTED_VIDEO_IMMERSIVE_MOBILE SUGGESTED_VIDEO_MOBILE WATCH_FEED_HOME
    WATCH_FEED_MOBILE WHATSAPP_STATUS_MEDIA
""".split()
)
AdFormat = Annotated[
    Word,
    Open("AdPreview.AdFormat", AD_FORMATS),
    Field(description="MOBILE_FEED_STANDARD, INSTAGRAM_STANDARD, INSTAGRAM_STORY, FACEBOOK_REELS_MOBILE, …"),
]
Size = Annotated[int, Field(ge=1, le=4000, description="Pixels")]
PREVIEW_URL_NOTE = "preview_url works for about a day, for people with access; do not share it."


@tool(
    "ads_get_ad_preview",
    Effect.READ,
    get("{ad_id}/previews", "{ad_id}"),
    node="AdPreview",
    singular="preview",
    keywords="look rendered link share mockup",
)
class GetAdPreview(Params):
    """Get links to see an ad as people see it: a preview in one placement, and the link that can be shared."""

    ad_id: AdId
    ad_format: AdFormat = "MOBILE_FEED_STANDARD"
    locale: Annotated[Word | None, Field(description="such as de_DE")] = None
    width: Size | None = None
    height: Size | None = None

    async def run(self, call: Call) -> Result:
        previews = await call.graph.get(
            f"{self.ad_id}/previews",
            ad_format=self.ad_format,
            locale=self.locale,
            width=self.width,
            height=self.height,
        )
        shareable = await attempt(call.graph.get(self.ad_id, fields=["preview_shareable_link"]))
        data: Row = {"ad_id": self.ad_id, "ad_format": self.ad_format, **_parse_frame(previews)}
        if isinstance(shareable, AdsError):
            call.note(unread("The shareable link", shareable))
        else:
            data["preview_shareable_link"] = shareable.get("preview_shareable_link")
        return Result(f"Preview of ad {self.ad_id} as {self.ad_format}.", data, notes=[PREVIEW_URL_NOTE])


# Parameters of the SDK's AdAccount.create_ad_creative, and the id of an existing creative.
CREATIVE_KEYS = frozenset(
    """
    actor_id ad_disclaimer_spec adlabels applink_treatment asset_feed_spec authorization_category body
    branded_content branded_content_sponsor_page_id bundle_folder_id call_to_action categorization_criteria
    category_media_source contextual_multi_ads creative_id creative_sourcing_spec degrees_of_freedom_spec
    destination_set_id destination_spec dynamic_ad_voice enable_launch_instant_app
    existing_post_title facebook_branded_content format_transformation_spec generative_asset_spec image_crops
    image_file image_hash image_url instagram_branded_content instagram_permalink_url instagram_user_id
    interactive_components_spec is_dco_internal link_og_id link_url marketing_message_structured_spec
    media_optimization_spec media_sourcing_spec name object_id object_story_id object_story_spec object_type
    object_url omnichannel_link_spec page_welcome_message place_page_set_id platform_customizations
    playable_asset_id portrait_customizations product_set_id product_suggestion_settings recommender_settings
    regional_regulation_disclaimer_spec source_facebook_post_id source_instagram_media_id template_url
    template_url_spec thumbnail_url title url_tags use_page_actor_override wamo_whatsapp_identity_spec
""".split()
)
_CREATIVE_SOURCES = ("creative_id", "object_story_id", "object_story_spec", "asset_feed_spec")


@tool(
    "ads_generate_preview",
    Effect.READ,
    get("{account_id}/generatepreviews"),
    node="AdPreview",
    singular="preview",
    keywords="mockup draft before creating",
)
class GeneratePreview(Params):
    """Preview a creative before there is an ad: one that exists (creative_id), or one described. Creates nothing."""

    account_id: AccountId
    creative: Annotated[
        dict[str, Any],
        AfterValidator(allow_only("a creative", CREATIVE_KEYS, "creative_id, object_story_spec or asset_feed_spec")),
        Field(
            description='{"creative_id": "…"}, or Meta\'s creative such as {"object_story_spec": {"page_id": "…", …}}'
        ),
    ]
    ad_format: AdFormat = "MOBILE_FEED_STANDARD"
    product_item_ids: Annotated[list[str], Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if not any(self.creative.get(name) for name in _CREATIVE_SOURCES):
            raise ValueError(f"creative needs one of {', '.join(_CREATIVE_SOURCES)}")
        return self

    async def run(self, call: Call) -> Result:
        existing = self.creative.get("creative_id")
        if existing:
            await call.account(str(existing))  # raises for an account that is not allowed
        previews = await call.graph.get(
            f"{self.account_id}/generatepreviews",
            creative=self.creative,
            ad_format=self.ad_format,
            product_item_ids=self.product_item_ids,
        )
        data: Row = {"ad_format": self.ad_format, **_parse_frame(previews)}
        return Result(f"Preview as {self.ad_format}.", data, notes=[PREVIEW_URL_NOTE])


def _parse_frame(previews: Mapping[str, Any]) -> Row:
    """Return URL and size of the iframe in Meta's answer. Raises ApiError without an iframe on facebook.com."""
    rows = previews.get("data")
    body = rows[0].get("body") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
    frame = _FrameFinder.first(body) if isinstance(body, str) else {}
    url = frame.get("src")
    if not url or not is_facebook(url):
        raise ApiError(
            "Meta's answer holds no preview on facebook.com.",
            "Try another ad_format; not every creative can be shown in each.",
        )
    size = {
        name: int(frame[name])
        for name in ("width", "height")
        if frame.get(name, "").isascii() and frame.get(name, "").isdigit()
    }
    return {"preview_url": url, **size}


def is_facebook(url: str) -> bool:
    """Tell whether a URL is https on facebook.com or a subdomain, without user, password or port."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        plain = parts.netloc.lower() == host
    except ValueError:
        return False
    return parts.scheme == "https" and plain and (host == "facebook.com" or host.endswith(".facebook.com"))


class _FrameFinder(HTMLParser):
    """An HTML parser for the attributes of the first iframe, with decoded entities."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, str] | None = None

    @classmethod
    def first(cls, html: str) -> dict[str, str]:
        """Return the attributes of the first iframe, or an empty dict."""
        finder = cls()
        finder.feed(html)
        return finder.attributes or {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the attributes of the first iframe."""
        if tag == "iframe" and self.attributes is None:
            self.attributes = {name: value or "" for name, value in attrs}
