"""Publish, read and delete posts of a Facebook Page, and read its insights, all with the token of the Page."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Form, Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row, Table
from meta_ads_mcp.core.tool import Effect, delete, get, post, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.ids import PageId, PostId
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.errors import InvalidArguments, NotFound
from meta_ads_mcp.tools.comments.moderate import IN_PUBLIC
from meta_ads_mcp.tools.pages.metrics import DEFAULT, require_present
from meta_ads_mcp.tools.pages.page_zone import read_moment
from meta_ads_mcp.tools.pages.photos import MAX_PHOTOS, plan_photos, publish_with_photos
from meta_ads_mcp.web.addresses import PublicUrl

MAX_MESSAGE_CHARS = 63_206
# The range in which Meta accepts a scheduled post (Meta docs, pages-api/posts).
MIN_AHEAD_SECONDS = 10 * 60
MAX_AHEAD_SECONDS = 30 * 86_400
PERIOD_DAYS = {"week": 7, "days_28": 28}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _with_page(value: str) -> str:
    if "_" not in value:
        raise ValueError("a post id must be <page>_<post>, because the token of its Page is required")
    return value


StoryId = Annotated[PostId, AfterValidator(_with_page), Field(description="<page>_<post>")]


def page_of(post_id: str) -> str:
    """Return the Page id at the start of a post id."""
    return post_id.split("_", 1)[0]


@tool(
    "facebook_create_post",
    Effect.CREATE,
    post("{page_id}/feed", "{page_id}/photos"),
    node="PagePost",
    singular="post",
    keywords="publish schedule text photo link",
)
class CreatePost(CreateParams, ConfirmedParams):
    """Publish a post on a Page, or schedule it: text, with a link, a photo or several photos. A dry run unless
    dry_run=false, and it needs a confirmation."""

    dry_run: Annotated[bool, Local(), Field(description="Validate and plan; publish nothing")] = True
    page_id: PageId
    message: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARS)]
    link: PublicUrl | None = None
    photo_url: PublicUrl | None = None
    photo_urls: Annotated[list[PublicUrl] | None, Local(), Field(min_length=1, max_length=MAX_PHOTOS)] = None
    photo_paths: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1000)]] | None,
        Local(),
        Field(min_length=1, max_length=MAX_PHOTOS, description="Absolute paths in an upload folder"),
    ] = None
    scheduled_publish_time: Annotated[
        Moment | None,
        Field(description="10 minutes to 30 days ahead: 2026-12-04T18:00 in the time zone of the Page's ad account"),
    ] = None

    @model_validator(mode="after")
    def _one_attachment(self) -> Self:
        names = ("link", "photo_url", "photo_urls")
        values = [name for name in names if getattr(self, name) is not None]
        values += ["photo_paths"] if self.photo_paths is not None and self.photo_urls is None else []
        if len(values) > 1:
            raise ValueError(f"give {values[0]} or {values[1]}, not both")
        if len([*(self.photo_urls or ()), *(self.photo_paths or ())]) > MAX_PHOTOS:
            raise ValueError(f"a post has at most {MAX_PHOTOS} photos")
        return self

    async def plan(self, call: Call) -> Plan:
        after: Row = {"message": self.message}
        after |= {"link": self.link} if self.link else {}
        after |= {"url": self.photo_url} if self.photo_url else {}
        zone: tzinfo | None = None
        if self.scheduled_publish_time is not None:
            moment, name = self.scheduled_publish_time, "scheduled_publish_time"
            seconds, zone = await read_moment(call, self.page_id, name, moment)
            after |= check_schedule(call, seconds)
        edge = "photos" if self.photo_url else "feed"
        change = Change(
            Effect.CREATE,
            Request("POST", f"{self.page_id}/{edge}", after, page=self.page_id, repeatable=False, write=True),
            "PagePost",
            after=after,
            parent=self.page_id,
            edge=edge,
            reasons=(IN_PUBLIC,),
        )
        urls, paths = self.photo_urls or (), self.photo_paths or ()
        photos = plan_photos(call, self.page_id, urls, paths, scheduled=not self._is_public)
        return Plan([*photos, change], f"New post on Page {self.page_id}.", zone=zone)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        *photos, post = plan.changes
        response = await publish_with_photos(steps, photos, post) if photos else await steps.do(post)
        # A photo has its own id besides the post's. A scheduled photo has no post yet.
        post_id = str(response.get("post_id") or response["id"])
        result: Row = {"id": post_id, "post_id": post_id, "next_step": "facebook_delete_post removes it."}
        return {**result, "post_url": f"https://www.facebook.com/{post_id}"} if self._is_public else result

    @property
    def _is_public(self) -> bool:
        return self.scheduled_publish_time is None


def check_schedule(call: Call, seconds: int) -> Row:
    """Return the parameters of a scheduled post. Raises InvalidArguments for a time that Meta does not accept."""
    ahead = seconds - call.now().timestamp()
    if not MIN_AHEAD_SECONDS <= ahead <= MAX_AHEAD_SECONDS:
        now = call.now().isoformat(timespec="minutes")
        raise InvalidArguments(
            "scheduled_publish_time is not 10 minutes to 30 days ahead.", f"Give a later time; it is {now} now."
        )
    return {"published": False, "scheduled_publish_time": seconds}


PostField = Literal[
    "message",
    "created_time",
    "updated_time",
    "permalink_url",
    "full_picture",
    "from",
    "attachments",
    "likes",
    "reactions",
    "comments",
    "shares",
]
# Edges that are reduced to their total count, and the parts of an attachment (Meta docs, graph-api/reference/page-post
# and story-attachment).
_PARTS = {
    "from": "from{id,name}",
    "attachments": "attachments{media_type,type,title,description,url,unshimmed_url}",
    "likes": "likes.limit(1).summary(total_count)",
    "reactions": "reactions.limit(1).summary(total_count)",
    "comments": "comments.limit(1).summary(total_count)",
}
_COUNTED = ("likes", "reactions", "comments", "shares")


@tool(
    "facebook_get_post",
    Effect.READ,
    get("{post_id}"),
    node="PagePost",
    fields="message created_time permalink_url full_picture shares",
    identity="id",
    singular="post",
    keywords="likes comments shares text",
    page_token=True,
)
class GetPost(Params):
    """Read a post of a Page: text, time, link, picture, and how many likes, comments and shares it has."""

    post_id: StoryId
    fields: Annotated[list[PostField] | None, Field(min_length=1, max_length=11)] = None

    async def run(self, call: Call) -> Result:
        names = list(dict.fromkeys(self.fields or get_args(PostField)))
        fields = ["id", *(_PARTS.get(name, name) for name in names)]
        post = await call.graph.get(self.post_id, fields=fields, page=page_of(self.post_id))
        row = {name: value for name, value in post.items() if name not in _COUNTED}
        if isinstance(row.get("attachments"), dict):
            row["attachments"] = row["attachments"].get("data")
        counts = {f"{name}_count": _count(post.get(name)) for name in _COUNTED if name in names}
        return Result(f"Post {self.post_id}.", row | counts)


def _count(value: Any) -> int:
    """Return the total of an edge, or the count of `shares`. Graph omits a field whose count is 0."""
    if not isinstance(value, dict):
        return 0
    summary = value.get("summary")
    total = summary.get("total_count") if isinstance(summary, dict) else value.get("count")
    return total if isinstance(total, int) else 0


@tool(
    "facebook_delete_post",
    Effect.DELETE,
    delete("{post_id}"),
    node="PagePost",
    singular="post",
    keywords="remove",
    page_token=True,
)
class DeletePost(ConfirmedParams):
    """Delete a post of a Page for good. Needs a confirmation; one that is gone already is a success."""

    post_id: StoryId

    async def plan(self, call: Call) -> Plan:
        page = page_of(self.post_id)
        try:
            post = await call.graph.get(self.post_id, fields=["id", "message"], page=page)
        except NotFound:
            call.note("Meta does not find this post: it is already deleted.")
            return Plan([], f"Post {self.post_id} is gone.")
        change = Change(
            Effect.DELETE,
            Request("DELETE", self.post_id, page=page, repeatable=False, write=True),
            "PagePost",
            object_id=self.post_id,
            title=str(post.get("message", ""))[:200],
        )
        return Plan([change], f"Delete post {self.post_id}.")

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        for change in plan.changes:
            await steps.do(change)
        return {"id": self.post_id}


@tool(
    "facebook_get_page_insights",
    Effect.READ,
    get("{page_id}/insights"),
    node="InsightsResult",
    singular="metric",
    keywords="page reach views follows engagement statistics",
    page_token=True,
)
class GetPageInsights(Params):
    """Read figures of a Page (not of ads): views, reach, engagements, follows; per day, week or 28 days.

    Days are Meta's, in California. since and until given as dates are both included.
    """

    page_id: PageId
    metrics: Annotated[
        list[Annotated[str, Form("a metric", "page_post_engagements"), Field(pattern="^[a-z0-9_]{3,80}$")]],
        Field(min_length=1, max_length=30),
    ] = list(DEFAULT)
    period: Literal["day", "week", "days_28"] = "week"
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _require_present_metrics(self) -> Self:
        require_present(self.metrics)
        return self

    async def run(self, call: Call) -> Result:
        metrics = await call.graph.list(
            f"{self.page_id}/insights",
            page=self.page_id,
            metric=self.metrics,
            period=self.period,
            since=_shift_date(self.since, 1),
            until=_shift_date(self.until, 2),
        )
        missing = [name for name in self.metrics if name not in [row.get("name") for row in metrics.rows]]
        if missing:
            call.note(f"Meta has no figures per {self.period} for {', '.join(missing)}.")
        if length := PERIOD_DAYS.get(self.period):
            call.note(f"Each value covers the {length} days up to last_day; values that overlap cannot be added up.")
        count = len(metrics.rows)
        summary = f"{count} {plural('metric', count)} of Page {self.page_id} per {self.period}."
        return Result(summary, _to_rows(metrics.rows))


def _shift_date(moment: str | None, days: int) -> str | None:
    """Return a date moved by some days, because Graph selects periods by their end, which is a midnight.

    Moments with a time are sent as they are.
    """
    if moment is None or not _DATE.fullmatch(moment):
        return moment
    return (date.fromisoformat(moment) + timedelta(days=days)).isoformat()


def _last_day(end_time: object) -> str | None:
    """Return the last day of a period that ends at midnight in California, which is 7 or 8 o'clock UTC."""
    try:
        return (datetime.fromisoformat(str(end_time)) - timedelta(hours=12)).date().isoformat()
    except ValueError:
        return None


def _to_rows(metrics: list[Row]) -> list[Row] | Table:
    """Return a row per metric, or a table if a metric has several periods."""
    points = [(row, value) for row in metrics for value in row.get("values") or [] if isinstance(value, dict)]
    if len(points) > len(metrics):
        rows = [[row.get("name"), _last_day(value.get("end_time")), value.get("value")] for row, value in points]
        return Table(["metric", "last_day", "value"], rows)
    return [
        {
            "metric": row.get("name"),
            "value": value.get("value"),
            "period": row.get("period"),
            "last_day": _last_day(value.get("end_time")),
            "title": row.get("title"),
            "description": row.get("description"),
        }
        for row, value in points
    ]
