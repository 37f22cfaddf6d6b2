"""Read the Instagram accounts that ads can run from, and their posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import fields_for, list_summary, read_list
from meta_ads_mcp.core.params import ListParams, Local, at_least_one
from meta_ads_mcp.core.partial import attempt, needing, read_batch, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Moment, to_unix
from meta_ads_mcp.core.values.ids import AccountId, InstagramId, PageId
from meta_ads_mcp.errors import AdsError

USE_OF_ID = (
    "An ad names the account in object_story_spec.instagram_user_id; Graph no longer accepts instagram_actor_id."
)
# Permissions that Graph requires for the Instagram accounts of a Page or an ad account.
# Edge → kind of Threads account (SDK class IGUser).
_THREADS = {"connected_threads_user": "connected", "instagram_backed_threads_user": "instagram_backed"}
USE_OF_THREADS = "ads_create_ad_creative takes the id of a Threads account as threads_user_id."
NO_THREADS = "There is no Threads account, so ads cannot run on Threads. Connect one in Meta Business settings."
SCOPES = ("instagram_basic", "pages_show_list", "pages_read_engagement")


@tool(
    "ads_get_instagram_account",
    Effect.READ,
    get("{page_id}", "{page_id}/instagram_accounts", "{account_id}/instagram_accounts"),
    node="IGUser",
    fields="id username name profile_picture_url followers_count media_count biography website",
    identity="id",
    singular="Instagram account",
    keywords="ig identity profile followers threads",
)
class GetInstagramAccount(ListParams):
    """Find the Instagram account linked to a Page, or those an ad account may advertise with.

    Its id is the instagram_user_id that creatives take.
    """

    page_id: PageId | None = None
    account_id: AccountId | None = None
    threads: Annotated[bool, Local(), Field(description="Add the Threads accounts that creatives can take")] = False

    @model_validator(mode="after")
    def _check_parent(self) -> Self:
        return at_least_one(self, "page_id", "account_id")

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES):
            linked_rows = await self._read_linked(call) if self.page_id and not self.after else []
            result = await self._with_edge(call, linked_rows)
        if self.threads and isinstance(result.data, list):
            result = replace(result, data=await self._with_threads(call, result.data))
        if result.data:
            call.note(USE_OF_ID)
        else:
            call.note("No Instagram account is linked there. Link one in Meta Business settings.")
        return result

    async def _with_threads(self, call: Call, rows: list[Row]) -> list[Row]:
        """Return the rows with the ids of their Threads accounts. What cannot be read becomes a note."""
        ids = [str(row["id"]) for row in rows if row.get("id")]
        params = {"fields": "threads_user_id"}
        requests = {
            f"{account} {edge}": Request("GET", f"{account}/{edge}", params, kind="IGUser")
            for account in ids
            for edge in _THREADS
        }
        answers = await read_batch(call, requests)
        if self.page_id:
            # With the token of the Page, so not in the same batch.
            page_fields = ["page_backed_threads_account_id"]
            answers["page"] = await attempt(call.graph.get(self.page_id, fields=page_fields, page=self.page_id))
        failed = next((answer for answer in answers.values() if isinstance(answer, AdsError)), None)
        if failed is not None:
            call.note(f"{unread('Some Threads accounts', failed)} Threads requires threads_business_basic.")
        page = answers.get("page")
        of_page = page.get("page_backed_threads_account_id") if isinstance(page, dict) else None
        result = [{**row, "threads": self._threads_of(str(row.get("id")), answers, of_page)} for row in rows]
        has_one = any(row["threads"] for row in result)
        if has_one or failed is None:
            call.note(USE_OF_THREADS if has_one else NO_THREADS)
        return result

    def _threads_of(self, account: str, answers: Mapping[str, Row | AdsError], of_page: str | None) -> Row:
        """Return the ids by kind, of an account with those of its Page."""
        listings = {name: answers.get(f"{account} {edge}") for edge, name in _THREADS.items()}
        rows = {name: listing.get("data") or [{}] for name, listing in listings.items() if isinstance(listing, dict)}
        ids = {name: entries[0].get("threads_user_id") for name, entries in rows.items()}
        return {name: value for name, value in {**ids, "page_backed": of_page}.items() if value}

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
    since: Annotated[Moment, Field(description="Without offset: UTC")] | None = None
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
