"""Read the Instagram accounts that ads can run from, and their posts."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import fields_for, list_summary, read_list
from meta_ads_mcp.core.params import ListParams, at_least_one
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Moment, to_unix
from meta_ads_mcp.core.values.ids import AccountId, InstagramId, PageId

USE_OF_ID = (
    "An ad names the account in object_story_spec.instagram_user_id; Graph no longer accepts instagram_actor_id."
)
# Permissions that Graph requires for the Instagram accounts of a Page or an ad account.
SCOPES = ("instagram_basic", "pages_show_list", "pages_read_engagement")


@tool(
    "ads_get_instagram_account",
    Effect.READ,
    get("{page_id}", "{page_id}/instagram_accounts", "{account_id}/instagram_accounts"),
    node="IGUser",
    fields="id username name profile_picture_url followers_count media_count biography website",
    identity="id",
    singular="Instagram account",
    keywords="ig identity profile followers",
)
class GetInstagramAccount(ListParams):
    """Find the Instagram account linked to a Page, or those an ad account may advertise with.

    Its id is the instagram_user_id that creatives take.
    """

    page_id: PageId | None = None
    account_id: AccountId | None = None

    @model_validator(mode="after")
    def _check_parent(self) -> Self:
        return at_least_one(self, "page_id", "account_id")

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES):
            linked_rows = await self._read_linked(call) if self.page_id and not self.after else []
            result = await self._with_edge(call, linked_rows)
        if result.data:
            call.note(USE_OF_ID)
        else:
            call.note("No Instagram account is linked there. Link one in Meta Business settings.")
        return result

    async def _with_edge(self, call: Call, linked_rows: list[Row]) -> Result:
        """Join the linked account with those of the ad account; without a linked one, use the Page's edge."""
        if linked_rows and not self.account_id:
            return Result(list_summary("Instagram account", 1, str(self.page_id), more=False), linked_rows, Page(1))
        parent = str(self.account_id or self.page_id)
        edge = await read_list(call, self, f"{parent}/instagram_accounts")
        if not linked_rows or not isinstance(edge.data, list):
            return edge
        rows = [*linked_rows, *(row for row in edge.data if row.get("id") != linked_rows[0].get("id"))]
        has_more, after = (edge.page.has_more, edge.page.after) if edge.page else (False, None)
        summary = list_summary(
            "Instagram account", len(rows), f"Page {self.page_id} and {parent}", more=after is not None
        )
        return Result(summary, rows, Page(len(rows), has_more, after), edge.notes)

    async def _read_linked(self, call: Call) -> list[Row]:
        """Return the professional account linked to the Page, or an empty list."""
        fields = ",".join(fields_for(self))
        page = await call.graph.get(str(self.page_id), fields=[f"instagram_business_account{{{fields}}}"])
        account = page.get("instagram_business_account")
        return [account] if isinstance(account, dict) else []


@tool(
    "ads_get_instagram_media",
    Effect.READ,
    get("{instagram_account_id}/media"),
    node="IGMedia",
    fields="id media_type media_product_type caption permalink thumbnail_url timestamp like_count comments_count "
    "boost_eligibility_info",
    identity="id",
    singular="post",
    keywords="ig reels stories posts boost organic",
)
class GetInstagramMedia(ListParams):
    """List an Instagram account's posts and reels: caption, link, likes, comments, and whether each can be boosted."""

    instagram_account_id: InstagramId
    since: Annotated[Moment, Field(description="ISO 8601 (without offset: UTC) or Unix seconds")] | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.since and self.until and to_unix(self.until, UTC) < to_unix(self.since, UTC):
            raise ValueError("until is before since")
        return self

    async def run(self, call: Call) -> Result:
        with needing("instagram_basic", "pages_show_list"):
            return await read_list(
                call,
                self,
                f"{self.instagram_account_id}/media",
                since=to_unix(self.since, UTC) if self.since else None,
                until=to_unix(self.until, UTC) if self.until else None,
            )
