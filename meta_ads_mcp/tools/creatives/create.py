"""Making creatives. A creative is immutable but for its name, labels and status: a change of content is a new one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Closed, Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.enums import CALL_TO_ACTIONS, Open, Word
from meta_ads_mcp.core.values.ids import AccountId, CreativeId, ObjectId, PageId, PostId, VideoId
from meta_ads_mcp.core.write import CreateParams, WriteParams
from meta_ads_mcp.domain.creative_story import (
    CALL,
    Story,
    call_to_action,
    customize_placements,
    features,
    story_params,
)
from meta_ads_mcp.domain.crops import RETIRED
from meta_ads_mcp.domain.meta_objects import (
    AssetFeed,
    CallToAction,
    Crops,
    CustomizationRules,
    Disclaimers,
    FacebookBranded,
    Features,
    Freedom,
    InstagramBranded,
    Labels,
    MultiAds,
    StorySpec,
)
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.creatives.default_page import the_page
from meta_ads_mcp.web.addresses import PublicUrl

MOST_ASSETS = 10


Text = Annotated[str, Field(min_length=1, max_length=5000)]
Hash = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]


class LabelledText(Closed):
    """A text variant with the labels that placement rules name."""

    text: Text
    adlabels: Annotated[Labels | None, Field(max_length=10)] = None


class VideoAsset(Closed):
    video_id: VideoId
    thumbnail_url: PublicUrl | None = None
    thumbnail_hash: Hash | None = None


class Card(Closed):
    """One card of a carousel."""

    link: PublicUrl
    name: Text | None = None
    description: Text | None = None
    image_hash: Hash | None = None
    picture: PublicUrl | None = None
    video_id: VideoId | None = None
    call_to_action: CallToAction | None = None


class Reminder(Closed):
    """An event that people can be reminded of."""

    event_name: Text
    start_time: str
    end_time: str | None = None


Texts = Annotated[list[Text | LabelledText] | None, Field(min_length=1, max_length=5)]
Button = Annotated[Word, Open("AdCreative.CallToActionType", CALL_TO_ACTIONS)]
_PAIRS = (("message", "messages"), ("headline", "headlines"), ("description", "descriptions"))
_MEDIA = ("image_hash", "image_hashes", "image_url", "video_id", "videos", "cards")


@tool(
    "ads_create_ad_creative",
    Effect.CREATE,
    post("{account_id}/adcreatives"),
    node="AdCreative",
    singular="creative",
    keywords="new image video carousel copy headline promote post",
    validate_only=True,
    write_only="execution_options",
)
class CreateAdCreative(CreateParams):
    """Create a creative: an image, video or carousel with texts and a button, or an existing post or Instagram post.

    Several texts or media make a flexible creative. `object_story_spec` and `asset_feed_spec` take Meta's own form.
    """

    account_id: AccountId
    name: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    page_id: Annotated[PageId | None, Local()] = None
    instagram_user_id: Annotated[ObjectId | None, Local()] = None
    instagram_actor_id: Annotated[ObjectId | None, Local(), Field(description="Old name of instagram_user_id")] = None
    object_story_id: Annotated[PostId | None, Local(), Field(description="page_post: promote that post")] = None
    source_instagram_media_id: Annotated[ObjectId | None, Local()] = None
    image_hash: Annotated[Hash | None, Local()] = None
    image_hashes: Annotated[list[Hash] | None, Local(), Field(min_length=1, max_length=MOST_ASSETS)] = None
    image_url: Annotated[PublicUrl | None, Local()] = None
    image_crops: Annotated[Crops | None, Local()] = None
    video_id: Annotated[VideoId | None, Local()] = None
    videos: Annotated[list[VideoAsset] | None, Local(), Field(min_length=1, max_length=MOST_ASSETS)] = None
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
    phone_number: Annotated[str | None, Local(), Field(pattern=r"^\+[0-9]{6,15}$")] = None
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

    @model_validator(mode="after")
    def _pre_flight(self) -> Self:
        for one, several in _PAIRS:
            if getattr(self, one) is not None and getattr(self, several) is not None:
                raise ValueError(f"give {one} or {several}, not both")
        self._one_mode()
        if self.existing is None and self.raw is None:
            self._check_scratch()
        if self.call_to_action_type == CALL and self.phone_number is None:
            raise ValueError("CALL_NOW needs phone_number, such as +18005551234")
        return self

    @property
    def existing(self) -> str | None:
        return self.object_story_id or self.source_instagram_media_id

    @property
    def raw(self) -> Row | None:
        return self.object_story_spec or self.asset_feed_spec

    def _one_mode(self) -> None:
        modes = [self.source_instagram_media_id, self.object_story_id, self.raw]
        if sum(mode is not None for mode in modes) > 1:
            raise ValueError("give one of source_instagram_media_id, object_story_id or a spec of your own")
        scratch = [name for name in (*_MEDIA, "headline", "headlines") if getattr(self, name) is not None]
        if self.existing and scratch and not self.asset_customization_rules:
            raise ValueError(f"an existing post brings its own media and texts: leave out {', '.join(scratch)}")

    def _check_scratch(self) -> None:
        media = [name for name in _MEDIA if getattr(self, name) is not None]
        if not media and self.reminder_data is None and self.product_set_id is None:
            raise ValueError(f"give one of {', '.join(_MEDIA)}, object_story_id or source_instagram_media_id")
        if len(media) > 1 and set(media) != {"image_hash", "video_id"}:
            raise ValueError(f"give one media source, not {' and '.join(media)}")
        is_video = self.video_id is not None or self.videos is not None
        if self.thumbnail_url is not None and not is_video:
            raise ValueError("thumbnail_url is for a video")
        leads_somewhere = (
            self.link_url or self.lead_gen_form_id or self.reminder_data or self.call_to_action_type == CALL
        )
        if not leads_somewhere and not self.cards:
            raise ValueError("link_url is needed: where the ad leads")
        self._check_cards()

    def _check_cards(self) -> None:
        if self.cards is None:
            return
        if not 2 <= len(self.cards) <= MOST_ASSETS:
            raise ValueError("a carousel has 2 to 10 cards")
        for index, card in enumerate(self.cards):
            if card.image_hash is None and card.picture is None and card.video_id is None:
                raise ValueError(f"card {index} has no image_hash, picture or video_id")

    async def plan_story(self, call: Call) -> Row:
        """The creative's own parameters; a missing Page and missing thumbnails are looked up."""
        if self.existing:
            return self._existing_params()
        if self.raw:
            return {}
        page = self.page_id or await the_page(call, self.account_id)
        videos = await self._videos(call)
        return story_params(self._story(page, videos))

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """The values of the new creative, complete."""
        enhancements = features(self.creative_features_spec, disable_all=self.disable_all_enhancements)
        if RETIRED.intersection(self.image_crops or ()):
            call.note("image_crops: Meta has retired the crop 191x100, and ads with it do not run (error 2490085).")
        name = self.name or f"Creative {call.now():%Y-%m-%d %H:%M:%S}"
        return {**enhancements, **await self.plan_story(call), **after, "name": name}

    def _existing_params(self) -> Row:
        story = self._story(self.page_id, [])
        made: Row = {"object_story_id": self.object_story_id} if self.object_story_id else {}
        if self.source_instagram_media_id:
            made = {"source_instagram_media_id": self.source_instagram_media_id}
            made |= {"object_id": self.page_id} if self.page_id else {}
        if self.instagram:
            made["instagram_user_id"] = self.instagram
        button = call_to_action(story)
        if self.asset_customization_rules:
            rules, media = customize_placements(self.asset_customization_rules, {})
            feed: Row = {**media, "asset_customization_rules": rules}
            feed |= {"link_urls": [{"website_url": self.link_url}]} if self.link_url else {}
            feed |= {"call_to_action_types": [button["type"]]} if button else {}
            return {**made, "asset_feed_spec": feed}
        return {**made, "call_to_action": button} if button else made

    @property
    def instagram(self) -> str | None:
        return self.instagram_user_id or self.instagram_actor_id

    def _story(self, page: str | None, videos: list[Row]) -> Story:
        cards = [card.model_dump(exclude_none=True) for card in self.cards or []]
        is_video = bool(videos)
        images = [self.image_hash] if self.image_hash and not is_video else list(self.image_hashes or [])
        return Story(
            page_id=page,
            instagram_user_id=self.instagram,
            link=self.link_url or (cards[0]["link"] if cards else None),
            messages=_listed(self.message, self.messages),
            headlines=_listed(self.headline, self.headlines),
            descriptions=_listed(self.description, self.descriptions),
            caption=self.caption,
            button=self.call_to_action_type,
            phone=self.phone_number,
            lead_form=self.lead_gen_form_id,
            event_id=self.event_id,
            image_hashes=images,
            image_url=None if is_video else self.image_url,
            videos=videos,
            cards=cards,
            crops=self.image_crops,
            reminder=self.reminder_data.model_dump(exclude_none=True) if self.reminder_data else None,
            ad_formats=list(self.ad_formats or []),
            optimization_type=self.optimization_type,
            rules=list(self.asset_customization_rules or []),
        )

    async def _videos(self, call: Call) -> list[Row]:
        given = [video.model_dump(exclude_none=True) for video in self.videos or []]
        if self.video_id is not None:
            given = [{"video_id": self.video_id}]
            given[0] |= {"thumbnail_url": self.thumbnail_url} if self.thumbnail_url else {}
            given[0] |= {"thumbnail_hash": self.image_hash} if self.image_hash else {}
        return await with_thumbnails(call, given)


def _listed(one: Any, several: list[Any] | None) -> list[Any]:
    items = several or ([one] if one is not None else [])
    return [item.model_dump(exclude_none=True) if isinstance(item, LabelledText) else item for item in items]


async def with_thumbnails(call: Call, videos: list[Row]) -> list[Row]:
    """Videos with a picture each. Raises InvalidArguments naming those that Meta is still processing."""
    looked = await asyncio.gather(*(_look_at(call, video) for video in videos))
    processing = [video["video_id"] for video, ready in looked if not ready]
    if processing:
        raise InvalidArguments(
            f"Meta is still processing video {', '.join(processing)}.", "Wait until its status is ready."
        )
    return [video for video, _ in looked]


async def _look_at(call: Call, video: Row) -> tuple[Row, bool]:
    """The video with a picture, as far as one can be read, and whether Meta is done with it."""
    if {"thumbnail_url", "thumbnail_hash"} & video.keys():
        return video, True
    try:
        found = await call.graph.get(video["video_id"], fields=["picture", "thumbnails", "status"])
    except AdsError as failure:
        call.note(f"The thumbnail of video {video['video_id']} could not be read ({failure.kind}).")
        return video, True
    picture = _thumbnail(found)
    ready = (found.get("status") or {}).get("video_status") != "processing"
    return ({**video, "thumbnail_url": picture} if picture else video), ready


def _thumbnail(video: Row) -> str | None:
    offered = (video.get("thumbnails") or {}).get("data") or []
    preferred = next((item for item in offered if item.get("is_preferred")), offered[0] if offered else None)
    return preferred["uri"] if preferred and preferred.get("uri") else video.get("picture")


@tool(
    "ads_update_ad_creative",
    Effect.UPDATE,
    post("{creative_id}"),
    node="AdCreative",
    singular="creative",
    keywords="rename label",
    write_only="adlabels",
)
class UpdateAdCreative(WriteParams):
    """Change a creative's name, labels or status. Its content cannot change: make a new one, or ads_update_ad_link."""

    creative_id: CreativeId
    name: Annotated[str | None, Field(min_length=1, max_length=255)] = None
    status: Literal["ACTIVE", "DELETED", "IN_PROCESS", "WITH_ISSUES"] | None = None
    adlabels: Annotated[Labels | None, Field(max_length=50)] = None
