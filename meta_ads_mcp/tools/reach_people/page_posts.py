"""List the posts of a Page, and change them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import list_summary, read_list
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.dates import Moment, iso, to_unix
from meta_ads_mcp.core.values.ids import PageId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.pages.page_zone import read_moment
from meta_ads_mcp.tools.pages.pages import MAX_MESSAGE_CHARS, StoryId, check_schedule, page_of

POST_FIELDS = (
    "id message created_time updated_time permalink_url full_picture status_type is_published is_hidden "
    "scheduled_publish_time is_eligible_for_promotion allowed_advertising_objectives promotion_status shares"
)
_EDGES = {"published": "published_posts", "scheduled": "scheduled_posts", "ads": "ads_posts"}
# The field that the dates are compared with.
_TIMES = {"published": "created_time", "scheduled": "scheduled_publish_time"}
BOOST = "ads_boost_ig_post takes the id of a post as page_post_id, a creative as object_story_id."


@tool(
    "ads_get_page_posts",
    Effect.READ,
    get("{page_id}/published_posts", "{page_id}/scheduled_posts", "{page_id}/ads_posts"),
    node="PagePost",
    fields=POST_FIELDS,
    singular="post",
    keywords="facebook feed timeline published scheduled dark unpublished boost promote",
    page_token=True,
)
class GetPagePosts(ListParams):
    """List the posts of a Page: published, scheduled, or those that exist only as ads; each with whether and for which
    objectives it can be boosted."""

    page_id: PageId
    which: Annotated[Literal["published", "scheduled", "ads"], Local()] = "published"
    since: Annotated[Moment | None, Field(description="Without offset: UTC")] = None
    until: Moment | None = None
    include_hidden: bool | None = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        if self.include_hidden is not None and self.which != "published":
            raise ValueError("include_hidden goes with which=published")
        if self.since and self.until and to_unix(self.until, UTC) < to_unix(self.since, UTC):
            raise ValueError("until is before since")
        return self

    async def run(self, call: Call) -> Result:
        since, until = (to_unix(moment, UTC) if moment else None for moment in (self.since, self.until))
        dates = {"since": since, "until": until} if self.which == "ads" else {}
        with needing("pages_read_engagement", "pages_show_list"):
            result = await read_list(
                call,
                self,
                f"{self.page_id}/{_EDGES[self.which]}",
                refine=_with_time,
                page=self.page_id,
                include_hidden=self.include_hidden,
                **dates,
            )
        if self.which != "ads" and (since or until):
            result = self._within(result, since, until)
        if any(row.get("is_eligible_for_promotion") for row in _rows(result)):
            call.note(BOOST)
        return result

    def _within(self, result: Result, since: int | None, until: int | None) -> Result:
        """Keep the rows between the dates: these edges of Graph take none. Published posts come newest first."""
        rows = _rows(result)
        moments = [_seconds(row, _TIMES[self.which]) for row in rows]
        rows_within = [
            row
            for row, moment in zip(rows, moments, strict=True)
            if moment is None or ((since is None or moment >= since) and (until is None or moment <= until))
        ]
        oldest = moments[-1] if moments else None
        is_over = self.which == "published" and None not in (since, oldest) and (oldest or 0) < (since or 0)
        has_more, after = (False, None) if is_over or result.page is None else (result.page.has_more, result.page.after)
        summary = list_summary("post", len(rows_within), self.page_id, more=after is not None)
        left_out = len(rows) - len(rows_within)
        notes = [
            *result.notes,
            *(
                [f"{left_out} posts outside the dates were left out here; Graph cannot filter them."]
                if left_out
                else []
            ),
        ]
        return Result(summary, rows_within, Page(len(rows_within), has_more, after), notes, marks=result.marks)


def _with_time(row: Row) -> Row:
    """Return the post with its publishing time as ISO 8601 in UTC; Graph writes it as Unix seconds."""
    when = row.get("scheduled_publish_time")
    return {**row, "scheduled_publish_time": iso(when) or when} if when else row


def _rows(result: Result) -> list[Row]:
    return result.data if isinstance(result.data, list) else []


def _seconds(row: Mapping[str, object], name: str) -> float | None:
    """Return a time of a row in Unix seconds, None if it has none."""
    try:
        return datetime.fromisoformat(str(row.get(name))).timestamp()
    except ValueError:
        return None


# The question shows a longer text of a post that is published in full besides.
MAX_TITLE_CHARS = 200
# What is read before a change. Graph does not show `is_pinned` (SDK class PagePost).
_READ = (
    "id message is_published is_hidden scheduled_publish_time timeline_visibility promotion_status created_time"
).split()
# States of a post whose text Meta does not let change any more (PagePost.promotion_status, observed by others).
_ADVERTISED = frozenset({"active", "pending", "finished", "paused"})


@tool(
    "ads_update_page_post",
    Effect.UPDATE,
    post("{post_id}"),
    node="PagePost",
    singular="post",
    keywords="edit text publish now reschedule pin hide timeline facebook",
    page_token=True,
)
class UpdatePagePost(ConfirmedParams):
    """Change a Page post: its text, publishing time, whether it is published, pinned or hidden on the timeline. A dry
    run unless dry_run=false. Text and publishing need a confirmation.

    Meta lets an app change its own posts only, and not the text of an advertised post.
    """

    dry_run: Annotated[bool, Local()] = True
    post_id: StoryId
    page_id: Annotated[PageId | None, Local(), Field(description="The part of post_id before _")] = None
    message: Annotated[str | None, Field(min_length=1, max_length=MAX_MESSAGE_CHARS)] = None
    is_published: Annotated[bool | None, Field(description="true publishes a scheduled post now")] = None
    scheduled_publish_time: Annotated[
        Moment | None, Field(description="Of a scheduled post: 10 minutes to 30 days ahead")
    ] = None
    is_pinned: bool | None = None
    is_hidden: bool | None = None
    timeline_visibility: Literal["forced_allow", "hidden", "normal"] | None = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        if self.page_id not in (None, page_of(self.post_id)):
            raise ValueError("page_id is not the Page of the post, which its id begins with")
        if self.is_published is not None and self.scheduled_publish_time is not None:
            raise ValueError("give is_published or scheduled_publish_time: a post is published now or later")
        if not self._values():
            raise ValueError("give at least one thing to change, such as message or is_pinned")
        return self

    def _values(self) -> Row:
        names = ("message", "is_published", "scheduled_publish_time", "is_pinned", "is_hidden", "timeline_visibility")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    async def plan(self, call: Call) -> Plan:
        """Read the post and plan the change. Raises InvalidArguments for a time that a post cannot have."""
        page, after = page_of(self.post_id), self._values()
        zone: tzinfo | None = None
        if self.scheduled_publish_time is not None:
            name = "scheduled_publish_time"
            seconds, zone = await read_moment(call, page, name, self.scheduled_publish_time)
            after |= check_schedule(call, seconds)
            after.pop("published", None)
        with needing("pages_manage_posts", "pages_read_engagement"):
            now = await call.graph.get(self.post_id, fields=_READ, page=page)
        self._check_state(call, now)
        before = {name: now.get(name) for name in after}
        if self.is_pinned is not None:
            before["is_pinned"] = not self.is_pinned
        change = Change(
            Effect.UPDATE,
            Request("POST", self.post_id, after, page=page, repeatable=False, write=True, kind="PagePost"),
            "PagePost",
            object_id=self.post_id,
            before=before,
            after=after,
            readable=tuple(name for name in after if name in _READ),
            title=str(now.get("message") or "")[:MAX_TITLE_CHARS],
        )
        text = str(now.get("message") or "")
        shows_text = bool(self.is_published) and len(text) > len(change.title)
        notes = [f"The text of the post in full: {json.dumps(text, ensure_ascii=False)}"] if shows_text else []
        return Plan([change], f"Change post {self.post_id}.", notes, zone=zone)

    def _check_state(self, call: Call, now: Row) -> None:
        if self.scheduled_publish_time is not None and now.get("is_published"):
            raise InvalidArguments(
                f"Post {self.post_id} is published already, so it has no publishing time.",
                "List the scheduled posts with ads_get_page_posts which=scheduled.",
            )
        if self.message is not None and str(now.get("promotion_status")).lower() in _ADVERTISED:
            call.note("The post was advertised: Meta refuses to change its text.")
        if self.is_published:
            call.note("A publication cannot be undone; facebook_delete_post removes the post.")
