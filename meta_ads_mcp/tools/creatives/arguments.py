"""The arguments of ads_create_ad_creative."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Form, Local
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.enums import Word
from meta_ads_mcp.core.values.ids import AccountId, ObjectId, PageId, PostId, VideoId
from meta_ads_mcp.core.write import CreateParams
from meta_ads_mcp.domain.creative_story import Story
from meta_ads_mcp.domain.meta_objects import (
    AdDisclaimer,
    AssetFeed,
    BrandedContent,
    CallToAction,
    Crops,
    CustomizationRules,
    DestinationSpec,
    Disclaimers,
    FacebookBranded,
    Features,
    Freedom,
    InstagramBranded,
    InteractiveComponents,
    Labels,
    MultiAds,
    OmnichannelLinks,
    PlatformCustomizations,
    PortraitCustomizations,
    ProductSuggestions,
    StorySpec,
    TemplateUrls,
)
from meta_ads_mcp.tools.creatives.argument_rules import check_combination
from meta_ads_mcp.tools.creatives.assets import (
    MAX_ASSETS,
    Button,
    Card,
    Hash,
    LabelledText,
    Reminder,
    Text,
    Texts,
    VideoAsset,
)
from meta_ads_mcp.web.addresses import PublicUrl

# The SDK enum AdCreative.ApplinkTreatment.
ApplinkTreatment = Literal["automatic", "deeplink_with_appstore_fallback", "deeplink_with_web_fallback", "web_only"]


class CreativeArguments(CreateParams):
    """The arguments, their checks, and the values that follow from several of them."""

    account_id: AccountId
    name: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    page_id: Annotated[PageId | None, Local()] = None
    instagram_user_id: Annotated[ObjectId | None, Local()] = None
    instagram_actor_id: Annotated[ObjectId | None, Local(), Field(description="Old name of instagram_user_id")] = None
    threads_user_id: Annotated[ObjectId | None, Local(), Field(description="To deliver to Threads")] = None
    object_story_id: Annotated[PostId | None, Local(), Field(description="page_post: promote that post")] = None
    source_instagram_media_id: Annotated[ObjectId | None, Local()] = None
    image_hash: Annotated[Hash | None, Local()] = None
    image_hashes: Annotated[list[Hash] | None, Local(), Field(min_length=1, max_length=MAX_ASSETS)] = None
    image_url: Annotated[PublicUrl | None, Local()] = None
    image_crops: Annotated[Crops | None, Local()] = None
    video_id: Annotated[VideoId | None, Local()] = None
    videos: Annotated[list[VideoAsset] | None, Local(), Field(min_length=1, max_length=MAX_ASSETS)] = None
    thumbnail_url: Annotated[PublicUrl | None, Local()] = None
    cards: Annotated[list[Card] | None, Local(), Field(description="Carousel, 2 to 10")] = None
    link_url: Annotated[PublicUrl | None, Local()] = None
    message: Annotated[Text | None, Local()] = None
    messages: Annotated[Texts, Local()] = None
    headline: Annotated[Text | None, Local()] = None
    headlines: Annotated[Texts, Local()] = None
    description: Annotated[Text | None, Local()] = None
    descriptions: Annotated[Texts, Local()] = None
    caption: Annotated[str | None, Local(), Field(max_length=255)] = None
    call_to_action_type: Annotated[Button | None, Local()] = None
    phone_number: Annotated[
        str | None,
        Local(),
        Form("a phone number with its country code", "+491701234567"),
        Field(pattern=r"^\+[0-9]{6,15}$"),
    ] = None
    lead_gen_form_id: Annotated[ObjectId | None, Local()] = None
    event_id: Annotated[ObjectId | None, Local()] = None
    reminder_data: Annotated[Reminder | None, Local()] = None
    ad_formats: Annotated[list[Word] | None, Local(), Field(max_length=5)] = None
    optimization_type: Annotated[Literal["DEGREES_OF_FREEDOM", "PLACEMENT", "LANGUAGE", "REGULAR"] | None, Local()] = (
        None
    )
    asset_customization_rules: Annotated[CustomizationRules | None, Local(), Field(max_length=20)] = None
    creative_features_spec: Annotated[Features | None, Local()] = None
    disable_all_enhancements: Annotated[bool, Local()] = False
    url_tags: Annotated[str | None, Field(max_length=1000)] = None
    asset_feed_spec: AssetFeed | None = None
    object_story_spec: StorySpec | None = None
    degrees_of_freedom_spec: Freedom | None = None
    contextual_multi_ads: MultiAds | None = None
    facebook_branded_content: FacebookBranded | None = None
    instagram_branded_content: InstagramBranded | None = None
    regional_regulation_disclaimer_spec: Disclaimers | None = None
    product_set_id: ObjectId | None = None
    authorization_category: Literal["NONE", "POLITICAL", "POLITICAL_WITH_DIGITALLY_CREATED_MEDIA"] | None = None
    call_to_action: Annotated[CallToAction | None, Field(description="Button of an existing post")] = None
    destination_spec: DestinationSpec | None = None
    template_url: Annotated[PublicUrl | None, Field(description="Address of catalog items")] = None
    template_url_spec: TemplateUrls | None = None
    applink_treatment: ApplinkTreatment | None = None
    page_welcome_message: Annotated[str | None, Field(max_length=10_000)] = None
    omnichannel_link_spec: OmnichannelLinks | None = None
    product_suggestion_settings: ProductSuggestions | None = None
    platform_customizations: PlatformCustomizations | None = None
    portrait_customizations: PortraitCustomizations | None = None
    ad_disclaimer_spec: AdDisclaimer | None = None
    interactive_components_spec: InteractiveComponents | None = None
    branded_content: BrandedContent | None = None
    adlabels: Annotated[Labels | None, Field(max_length=50)] = None

    @model_validator(mode="after")
    def _check_combination(self) -> Self:
        check_combination({name: getattr(self, name) for name in type(self).model_fields})
        return self

    @property
    def existing(self) -> str | None:
        """The id of the Facebook post or Instagram media that the creative promotes."""
        return self.object_story_id or self.source_instagram_media_id

    @property
    def has_spec(self) -> bool:
        """Tell whether the content comes in Meta's own form."""
        return self.object_story_spec is not None or self.asset_feed_spec is not None

    @property
    def instagram(self) -> str | None:
        """The Instagram account, under its present or its old name."""
        return self.instagram_user_id or self.instagram_actor_id

    def build_story(self, page: str | None, videos: list[Row]) -> Story:
        """Collect the flat arguments; `videos` are complete with thumbnails."""
        cards = [card.model_dump(exclude_none=True) for card in self.cards or []]
        has_video = bool(videos)
        images = [self.image_hash] if self.image_hash and not has_video else list(self.image_hashes or [])
        return Story(
            page_id=page,
            instagram_user_id=self.instagram,
            link=self.link_url or (cards[0]["link"] if cards else None),
            messages=_list_texts(self.message, self.messages),
            headlines=_list_texts(self.headline, self.headlines),
            descriptions=_list_texts(self.description, self.descriptions),
            caption=self.caption,
            button=self.call_to_action_type,
            phone=self.phone_number,
            lead_form=self.lead_gen_form_id,
            event_id=self.event_id,
            image_hashes=images,
            image_url=None if has_video else self.image_url,
            videos=videos,
            cards=cards,
            crops=self.image_crops,
            reminder=self.reminder_data.model_dump(exclude_none=True) if self.reminder_data else None,
            ad_formats=list(self.ad_formats or []),
            optimization_type=self.optimization_type,
            rules=list(self.asset_customization_rules or []),
        )

    def list_videos(self) -> list[Row]:
        """Return the videos as SDK class AdAssetFeedSpecVideo, with the thumbnails that the caller gave."""
        if self.video_id is None:
            return [video.model_dump(exclude_none=True) for video in self.videos or []]
        thumbnails = {"thumbnail_url": self.thumbnail_url or self.image_url, "thumbnail_hash": self.image_hash}
        return [{"video_id": self.video_id, **{name: value for name, value in thumbnails.items() if value}}]


def _list_texts(text: Any, texts: list[Any] | None) -> list[Any]:
    items = texts or ([text] if text is not None else [])
    return [item.model_dump(exclude_none=True) if isinstance(item, LabelledText) else item for item in items]
