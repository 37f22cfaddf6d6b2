"""The texts, videos, cards and buttons that ads_create_ad_creative accepts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meta_ads_mcp.core.params import Closed, Form
from meta_ads_mcp.core.values.enums import CALL_TO_ACTIONS, Open, Word
from meta_ads_mcp.core.values.ids import VideoId
from meta_ads_mcp.domain.meta_objects import CallToAction, Labels
from meta_ads_mcp.web.addresses import PublicUrl

# Meta docs: marketing-api/reference/ad-creative, a carousel or an asset feed has at most ten.
MAX_ASSETS = 10
Text = Annotated[str, Field(min_length=1, max_length=5000)]
Hash = Annotated[str, Form("an image hash", "0f8c2d7e5b1a4963c8e7d2f1a0b59c34"), Field(pattern="^[A-Za-z0-9_-]{1,64}$")]


class LabelledText(Closed):
    """A text variant with the labels that placement rules refer to (SDK class AdAssetFeedSpecBody)."""

    text: Text
    adlabels: Annotated[Labels | None, Field(max_length=10)] = None


class VideoAsset(Closed):
    """A video with its thumbnail (SDK class AdAssetFeedSpecVideo)."""

    video_id: VideoId
    thumbnail_url: PublicUrl | None = None
    thumbnail_hash: Hash | None = None


class Card(Closed):
    """A card of a carousel (SDK class AdCreativeLinkDataChildAttachment)."""

    link: PublicUrl
    name: Text | None = None
    description: Text | None = None
    image_hash: Hash | None = None
    picture: PublicUrl | None = None
    video_id: VideoId | None = None
    call_to_action: CallToAction | None = None


class Reminder(Closed):
    """An event that people can ask to be reminded of; times are ISO 8601 with an offset."""

    event_name: Text
    start_time: str
    end_time: str | None = None


Texts = Annotated[list[Text | LabelledText] | None, Field(min_length=1, max_length=5)]
Button = Annotated[Word, Open("AdCreative.CallToActionType", CALL_TO_ACTIONS)]
