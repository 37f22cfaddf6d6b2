"""Create creatives, and rename or label them. The content of a creative cannot change after its creation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import CreativeId
from meta_ads_mcp.core.write import WriteParams
from meta_ads_mcp.domain.creative_story import (
    build_features,
    build_post_params,
    build_story_params,
    build_template_params,
)
from meta_ads_mcp.domain.meta_objects import Labels
from meta_ads_mcp.tools.creatives.argument_rules import unused_arguments
from meta_ads_mcp.tools.creatives.arguments import CreativeArguments
from meta_ads_mcp.tools.creatives.crops import RETIRED
from meta_ads_mcp.tools.creatives.default_page import infer_page
from meta_ads_mcp.tools.creatives.thumbnails import with_thumbnails

THREADS = (
    "Threads is delivered to only if the targeting of the ad set names the platforms instagram and threads, with "
    "instagram_positions stream."
)


@tool(
    "ads_create_ad_creative",
    Effect.CREATE,
    post("{account_id}/adcreatives"),
    node="AdCreative",
    singular="creative",
    keywords="new image video carousel copy headline promote post",
    validate_only=True,
    write_only="execution_options adlabels template_url_spec",
)
class CreateAdCreative(CreativeArguments):
    """Create a creative: an image, video or carousel with texts and a button, or an existing post or Instagram post.

    Several texts or media make a flexible creative. object_story_spec and asset_feed_spec take Meta's own form.
    """

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """Build the creative's parameters; a missing Page and missing thumbnails are read from Graph."""
        enhancements = build_features(self.creative_features_spec, disable_all=self.disable_all_enhancements)
        if RETIRED.intersection(self.image_crops or ()):
            call.note("image_crops: Meta has retired the crop 191x100, and ads with it do not run (error 2490085).")
        for name, reason in unused_arguments(dict(self)):
            call.note(f"{name} is not used: {reason}.")
        name = self.name or f"Creative {call.now():%Y-%m-%d %H:%M:%S}"
        content = self._with_threads(await self._build_content(call))
        if self.threads_user_id:
            call.note(THREADS)
        return {**enhancements, **after, **content, "name": name}

    async def describe_effect(self, call: Call) -> Row:
        """Return the step that makes an ad of the creative."""
        return {"next_step": "Use it in an ad with ads_create_ad and its id as creative_id."}

    async def _build_content(self, call: Call) -> Row:
        if self.existing:
            return self._build_post(self.existing)
        if self.has_spec:
            return self._complete_spec()
        page = self.page_id or await infer_page(call, self.account_id)
        videos = await with_thumbnails(call, self.list_videos())
        story = self.build_story(page, videos)
        shows_items = self.product_set_id is not None and not (videos or story.image_hashes or story.image_url)
        return build_template_params(story) if shows_items and not story.is_flexible else build_story_params(story)

    def _with_threads(self, content: Row) -> Row:
        """Return the content with the Threads account in its story (Meta docs, marketing-api: Threads ads)."""
        story = {**(self.object_story_spec or {}), **(content.get("object_story_spec") or {})}
        if not self.threads_user_id:
            return content
        return {**content, "object_story_spec": {**story, "threads_user_id": self.threads_user_id}}

    def _build_post(self, post_id: str) -> Row:
        """Return the parameters of a creative from an existing post, with its button and placement rules."""
        source: Row = {"object_story_id": post_id}
        if self.source_instagram_media_id:
            source = {"source_instagram_media_id": post_id, **({"object_id": self.page_id} if self.page_id else {})}
        if self.instagram:
            source["instagram_user_id"] = self.instagram
        return {**source, **build_post_params(self.build_story(self.page_id, []))}

    def _complete_spec(self) -> Row:
        """Return `object_story_spec` with the Page and the Instagram account, if those are arguments of their own."""
        identity = {"page_id": self.page_id, "instagram_user_id": self.instagram}
        values = {name: value for name, value in identity.items() if value}
        return {"object_story_spec": {**values, **(self.object_story_spec or {})}} if values else {}


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
