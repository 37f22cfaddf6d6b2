"""Read the comments of many posts of both networks as rows of one form, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.comments.ad_posts import AdPost

# SDK classes Comment and IGComment, and their edges of replies.
FACEBOOK = "id,message,from,created_time,is_hidden,can_hide,comment_count,parent"
INSTAGRAM = "id,text,username,timestamp,hidden,parent_id"
REPLIES = {"facebook": ",comments.limit(25){from}", "instagram": ",replies{username}"}
MAX_PAGE = 100
COLUMNS = (
    "created_time",
    "platform",
    "username",
    "message",
    "is_hidden",
    "replies",
    "answered",
    "ad_id",
    "ad_name",
    "id",
    "page_id",
)


@dataclass(frozen=True)
class Comment:
    """A comment of either network. `time` is in Unix seconds; `repliers` are ids (Facebook) or user names."""

    post: AdPost
    id: str
    time: int
    text: str
    author: str
    author_id: str
    is_hidden: bool
    replies: int
    repliers: tuple[str, ...] = ()
    answered: bool = False

    @property
    def key(self) -> tuple[int, str]:
        """Return what comments are sorted by."""
        return self.time, self.id

    @property
    def settled(self) -> bool:
        """Return whether nothing is left to answer: it was answered, is hidden, or is the Page's own."""
        return self.answered or self.is_hidden or self.author_id == self.post.page

    def row(self) -> Row:
        """Return the values of COLUMNS by name."""
        ad_id, ad_name = self.post.ads[0] if self.post.ads else (None, None)
        others = len(self.post.ads) - 1
        return {
            "created_time": datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%MZ") if self.time else None,
            "platform": self.post.platform,
            "username": self.author or None,
            "message": self.text,
            "is_hidden": self.is_hidden,
            "replies": self.replies,
            "answered": self.answered,
            "ad_id": ad_id,
            "ad_name": f"{ad_name} (+{others} ads)" if others > 0 else ad_name,
            "id": self.id,
            "page_id": self.post.page,
        }


@dataclass(frozen=True)
class CommentQuery:
    """Which comments to read: at most `most` of each post that are older than `before` and not older than `since`."""

    most: int
    before: tuple[int, str] | None = None
    since: int | None = None
    level: str = "toplevel"

    def takes(self, comment: Comment) -> bool:
        """Return whether a comment is within the times."""
        return (self.before is None or comment.key < self.before) and comment.time >= (self.since or 0)

    def params(self, post: AdPost) -> Row:
        """Return the parameters of the edge. Instagram takes neither an order nor a time: it lists newest first."""
        if post.platform == "instagram":
            return {"fields": INSTAGRAM + REPLIES["instagram"]}
        params: Row = {"fields": FACEBOOK + REPLIES["facebook"], "filter": self.level, "order": "reverse_chronological"}
        return params | ({"since": self.since} if self.since else {})


@dataclass
class CommentReader:
    """Read posts in batches, one Page at a time. `errors` are those of the posts that could not be read."""

    call: Call
    query: CommentQuery
    errors: Counter[str] = field(default_factory=Counter)
    first_error: AdsError | None = None

    async def read(self, posts: Sequence[AdPost]) -> list[Comment]:
        """Return the comments of all posts, newest first."""
        groups: dict[tuple[str, str | None], list[AdPost]] = {}
        for post in posts:
            groups.setdefault((post.platform, post.page), []).append(post)
        comments = [comment for group in groups.values() for comment in await self._read_group(group)]
        answered = await self._answered(comments)
        return sorted(answered, key=lambda comment: comment.key, reverse=True)

    async def _read_group(self, posts: Sequence[AdPost]) -> list[Comment]:
        limit = min(self.query.most, MAX_PAGE)
        requests = [
            Request(
                "GET",
                f"{post.id}/comments",
                {**self.query.params(post), "limit": limit},
                page=post.page,
                kind="IGMedia" if post.platform == "instagram" else "PagePost",
            )
            for post in posts
        ]
        answers = await attempt(self.call.graph.batch(requests))
        if isinstance(answers, AdsError):
            answers = [answers] * len(posts)
        return [
            comment for post, answer in zip(posts, answers, strict=True) for comment in await self._of(post, answer)
        ]

    async def _of(self, post: AdPost, answer: Row | AdsError) -> list[Comment]:
        """Return the comments in the first page of a post; where that is too short, read on."""
        if isinstance(answer, AdsError):
            self._fail(post, answer)
            return []
        comments = self._comments(post, answer.get("data"))
        paging = answer.get("paging")
        if not (isinstance(paging, Mapping) and paging.get("next")) or len(comments) >= self.query.most:
            return comments
        rest = await attempt(self._read_on(post))
        if isinstance(rest, AdsError):
            self._fail(post, rest)
            return comments
        return rest

    async def _read_on(self, post: AdPost) -> list[Comment]:
        comments: list[Comment] = []
        path, params = f"{post.id}/comments", self.query.params(post)
        async for rows in self.call.graph.each_page(path, limit=MAX_PAGE, page=post.page, **params):
            comments += self._comments(post, rows)
            times = [_comment(post, row).time for row in rows]
            if len(comments) >= self.query.most or (times and min(times) < (self.query.since or 0)):
                break
        return comments

    def _comments(self, post: AdPost, rows: Any) -> list[Comment]:
        objects = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        return [comment for row in objects if self.query.takes(comment := _comment(post, row))]

    def _fail(self, post: AdPost, error: AdsError) -> None:
        self.first_error = self.first_error or error
        self.errors[f"{post.platform} posts ({error.kind}: {error.message})"] += 1

    async def _answered(self, comments: Sequence[Comment]) -> list[Comment]:
        """Say which comments the Page or the Instagram account itself has answered."""
        media = {
            comment.post.id: Request("GET", comment.post.id, {"fields": "username"}, page=comment.post.page)
            for comment in comments
            if comment.post.platform == "instagram" and comment.repliers
        }
        owners: dict[str, str] = {}
        for page in {request.page for request in media.values()}:
            ids = [media_id for media_id, request in media.items() if request.page == page]
            answers = await attempt(self.call.graph.batch([media[media_id] for media_id in ids]))
            if not isinstance(answers, AdsError):
                rows = zip(ids, answers, strict=True)
                owners |= {media_id: str(row.get("username")) for media_id, row in rows if isinstance(row, dict)}
        return [replace(comment, answered=_owner(comment, owners) in comment.repliers) for comment in comments]


def _owner(comment: Comment, owners: Mapping[str, str]) -> str | None:
    return comment.post.page if comment.post.platform == "facebook" else owners.get(comment.post.id)


def _comment(post: AdPost, row: Row) -> Comment:
    author = row["from"] if isinstance(row.get("from"), dict) else {}
    if post.platform == "instagram":
        replies = _rows(row.get("replies"))
        names = tuple(str(reply.get("username")) for reply in replies)
        moment, text, is_hidden, count = row.get("timestamp"), row.get("text"), row.get("hidden"), len(replies)
        name = row.get("username")
    else:
        replies = _rows(row.get("comments"))
        names = tuple(str(reply["from"].get("id")) for reply in replies if isinstance(reply.get("from"), dict))
        moment, text, is_hidden = row.get("created_time"), row.get("message"), row.get("is_hidden")
        count, name = int(row.get("comment_count") or len(replies)), author.get("name")
    return Comment(
        post, str(row.get("id")), _seconds(moment), str(text or ""), str(name or ""), str(author.get("id") or ""),
        bool(is_hidden), count, names,
    )  # fmt: skip


def _rows(edge: Any) -> list[Row]:
    rows = edge.get("data") if isinstance(edge, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _seconds(moment: Any) -> int:
    try:
        parsed = datetime.fromisoformat(str(moment))
    except ValueError:
        return 0
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
