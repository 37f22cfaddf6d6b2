"""Read creatives, and the images and videos that they consist of."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, list_result, list_summary, read_list
from meta_ads_mcp.core.params import ListParams, Local, Params, exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.enums import Word
from meta_ads_mcp.core.values.ids import AccountId, AdId, CreativeId, VideoId
from meta_ads_mcp.domain.destinations import SOURCE_FIELDS, distinct_links
from meta_ads_mcp.tools.catalogue.product_source import product_source
from meta_ads_mcp.tools.creatives.ad_media import read_images, read_videos, save_media, show_media, with_crops
from meta_ads_mcp.tools.creatives.crops import USUAL, CropKey
from meta_ads_mcp.tools.creatives.url_tags import group_by_url_tags

FIELDS = (
    "id name title body image_hash image_url thumbnail_url object_story_spec asset_feed_spec call_to_action_type "
    f"effective_object_story_id status url_tags {' '.join(SOURCE_FIELDS[:2] + SOURCE_FIELDS[4:])}"
)
VIDEO_FIELDS = "id title description source picture length created_time updated_time status"

_LINK, _ALL_LINKS = "effective_link_url", "all_link_urls"


def with_links(creative: Row) -> Row:
    """Add `effective_link_url`, and `all_link_urls` when a creative leads to several web addresses."""
    links = distinct_links(creative)
    several = {_ALL_LINKS: links} if len(links) > 1 else {}
    return {**creative, **({_LINK: links[0]} if links else {}), **several}


def _with_link_sources(fields: list[str]) -> list[str]:
    """Read the fields from which the links are derived, because Graph does not have the derived ones."""
    derived_fields = {_LINK, _ALL_LINKS}
    if not derived_fields.intersection(fields):
        return fields
    return list(dict.fromkeys([*(name for name in fields if name not in derived_fields), *SOURCE_FIELDS]))


CreativeFields = Annotated[FieldList, AfterValidator(_with_link_sources)]
_LIBRARY_FILTERS = ("hashes", "name", "minwidth", "minheight")
Pixels = Annotated[int, Field(ge=1, le=10_000)]


@tool(
    "ads_get_ad_creatives",
    Effect.READ,
    get("{ad_id}/adcreatives", "{account_id}/adcreatives"),
    node="AdCreative",
    fields=f"{FIELDS} product_set_id",
    identity="id account_id",
    singular="creative",
    keywords="copy text headline image link url landing page",
)
class GetAdCreatives(ListParams):
    """List the creatives of an ad or an ad account: texts, media, button, post id; effective_link_url is the landing
    page.

    group_by=url_tags groups running ads by URL (UTM) parameters, and names those without. For a catalog ad: its product
    set and feeds.
    """

    ad_id: AdId | None = None
    account_id: AccountId | None = None
    group_by: Annotated[Literal["url_tags"] | None, Local(), Field(description="All active ads, grouped")] = None
    fields: CreativeFields | None = None

    @model_validator(mode="after")
    def _check_parent(self) -> Self:
        if self.group_by and self.account_id is None:
            raise ValueError("group_by takes account_id")
        return exactly_one(self, "ad_id", "account_id")

    async def run(self, call: Call) -> Result:
        """Read one list, or all running ads with their creatives."""
        if self.group_by:
            return await group_by_url_tags(call, str(self.account_id), self.after, self.max_items or self.limit)
        path = f"{self.ad_id or self.account_id}/adcreatives"
        result = await read_list(call, self, path, refine=with_links)
        if self.ad_id is None or not isinstance(result.data, list):
            return result
        return replace(result, data=[await _with_source(call, row) for row in result.data])


async def _with_source(call: Call, creative: Row) -> Row:
    """Return the creative of an ad; that of a catalog ad with its product set, catalog and feeds."""
    set_id = creative.get("product_set_id")
    source = await product_source(call, str(set_id)) if set_id else None
    return {**creative, **({"product_source": source} if source else {})}


@tool(
    "ads_get_creative_details",
    Effect.READ,
    get("{creative_id}"),
    node="AdCreative",
    identity="id account_id",
    fields=f"{FIELDS} instagram_user_id effective_instagram_media_id video_id degrees_of_freedom_spec product_set_id",
    singular="creative",
    keywords="post id enhancements thumbnail",
)
class GetCreativeDetails(Params):
    """Read one creative: texts, media, landing page (effective_link_url), post and Instagram ids, enhancements."""

    creative_id: CreativeId
    fields: CreativeFields | None = None
    thumbnail_width: Pixels | None = None
    thumbnail_height: Pixels | None = None

    @staticmethod
    def refine(row: Row) -> Row:
        return with_links(row)


@tool(
    "ads_get_ad_images",
    Effect.READ,
    get("{account_id}/adimages", "{ad_id}"),
    node="AdImage",
    fields="hash url url_128 name width height created_time status permalink_url",
    identity="hash",
    singular="image",
    keywords="picture library hash look see crop",
)
class GetAdImages(ListParams):
    """List the images of an ad account's library, or those of one ad: hash, address, size, status. `url` expires.

    show adds pictures, save writes files; crop_keys adds boxes for image_crops.
    """

    account_id: AccountId | None = None
    ad_id: AdId | None = None
    hashes: Annotated[list[Word] | None, Field(min_length=1, max_length=100)] = None
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    minwidth: Pixels | None = None
    minheight: Pixels | None = None
    show: Annotated[bool, Local()] = False
    save: Annotated[bool, Local()] = False
    crop_keys: Annotated[list[CropKey] | None, Local(), Field(description="Empty: the six usual ones")] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        exactly_one(self, "account_id", "ad_id")
        filters = [name for name in _LIBRARY_FILTERS if self.ad_id is not None and getattr(self, name) is not None]
        if filters:
            raise ValueError(f"{', '.join(filters)} cannot be combined with ad_id, which gives all images of the ad")
        return self

    async def run(self, call: Call) -> Result:
        fields = list(dict.fromkeys([*fields_for(self), *self._sources()]))
        result = await self._read(call, fields)
        rows = result.data if isinstance(result.data, list) else []
        images = await show_media(call, rows) if self.show else []
        if self.save:
            rows = await save_media(call, rows, self.ad_id or str(self.account_id))
        if self.crop_keys is not None:
            rows = with_crops(call, rows, self.crop_keys or USUAL)
        return replace(result, data=rows, images=images)

    def _sources(self) -> list[str]:
        """Return the fields from which pictures and crops are made."""
        sizes = ["width", "height"] if self.crop_keys is not None else []
        return [*sizes, "hash", "url", "url_128"] if self.show or self.save else sizes

    async def _read(self, call: Call, fields: list[str]) -> Result:
        if self.ad_id is not None:
            rows = await read_images(call, self.ad_id, fields)
            return Result(list_summary("image", len(rows), f"ad {self.ad_id}", more=False), rows, Page(len(rows)))
        filters = self.model_dump(include=set(_LIBRARY_FILTERS), exclude_none=True)
        path = f"{self.account_id}/adimages"
        listing = await call.graph.list(
            path, fields=fields, limit=self.limit, after=self.after, max_items=self.max_items, **filters
        )
        return list_result("image", path, listing)


@tool(
    "ads_get_ad_videos",
    Effect.READ,
    get("{account_id}/advideos", "{ad_id}"),
    node="AdVideo",
    fields=VIDEO_FIELDS,
    identity="id",
    singular="video",
    keywords="library film length",
)
class GetAdVideos(ListParams):
    """List the videos of an ad account's library, or those of one ad: title, length in seconds, status.

    `source` and `picture` expire.
    """

    account_id: AccountId | None = None
    ad_id: AdId | None = None
    title: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        exactly_one(self, "account_id", "ad_id")
        if self.ad_id is not None and self.title is not None:
            raise ValueError("title cannot be combined with ad_id, which gives all videos of the ad")
        return self

    async def run(self, call: Call) -> Result:
        if self.ad_id is None:
            return await read_list(call, self, f"{self.account_id}/advideos", title=self.title)
        rows = await read_videos(call, self.ad_id, list(dict.fromkeys([*fields_for(self), "status"])))
        return Result(list_summary("video", len(rows), f"ad {self.ad_id}", more=False), rows, Page(len(rows)))


@tool(
    "ads_get_video_details",
    Effect.READ,
    get("{video_id}"),
    node="AdVideo",
    identity="id",
    fields=f"{VIDEO_FIELDS} thumbnails{{id,uri,width,height,is_preferred}}",
    singular="video",
    keywords="thumbnail processing",
)
class GetVideoDetails(Params):
    """Read one video: processing status, length, and its thumbnails with the preferred one. Addresses expire."""

    video_id: VideoId
    fields: FieldList | None = None
