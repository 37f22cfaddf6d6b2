"""Reply to, hide and delete Facebook comments, with the token of the Page that published the post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, delete, post, tool
from meta_ads_mcp.core.values.ids import CommentId, PageId
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams, WriteParams
from meta_ads_mcp.errors import AdsError, Denied, InvalidArguments, NotFound, PermissionMissing

IN_PUBLIC = "it publishes text in the name of the Page"
# Pages whose token is tried on a comment.
MAX_PAGES = 50


class OnComment(WriteParams):
    """Base of the tools that act on a comment with its Page's token."""

    comment_id: CommentId
    page_id: Annotated[PageId | None, Local(), Field(description="Page of the post, if known")] = None

    @model_validator(mode="before")
    @classmethod
    def _page_of_the_id(cls, data: Any) -> Any:
        """Split `<page>_<post>_<comment>` into the Page and Graph's id of the comment, `<post>_<comment>`."""
        if not isinstance(data, Mapping) or not isinstance(data.get("comment_id"), str):
            return data
        page, _, rest = data["comment_id"].partition("_")
        if "_" not in rest:
            return data
        return {**data, "comment_id": rest, "page_id": data.get("page_id") or page}

    async def page_for_token(self, call: Call) -> str:
        return self.page_id or await find_page(call, self.comment_id)


async def find_page(call: Call, comment_id: str) -> str:
    """Return the id of the Page whose post has the comment, and note it.

    Reads the comment with the token of each Page that this server may act for, unless there is only one. Raises
    InvalidArguments when there is no such Page, or when none of them may moderate the comment.
    """
    ids = await _own_pages(call)
    if len(ids) == 1:
        call.note(f"page_id {ids[0]}: the only Page that this server may use.")
        return ids[0]
    for page in ids:
        if await _may_moderate(call, comment_id, page):
            call.note(f"page_id {page}: the Page whose token sees the comment.")
            return page
    if not ids:
        raise InvalidArguments(f"There is no Page that {_subject(call)} may use.", "Use a token with a Page.")
    raise InvalidArguments(
        f"No Page that {_subject(call)} may use can moderate comment {comment_id}. Tried: {', '.join(ids)}.",
        "Check the comment's id, or give page_id, the Page that published the post.",
    )


def _subject(call: Call) -> str:
    """Return the words for what limits the Pages: the accounts that the owner of the server allows, or the token."""
    return "the accounts of META_ADS_ACCOUNTS" if call.allowed_accounts() else "this token"


async def _own_pages(call: Call) -> list[str]:
    """Return the Pages that the token manages; under META_ADS_ACCOUNTS only those that the accounts may promote."""
    accounts = call.allowed_accounts()
    edges = [f"{account}/promote_pages" for account in sorted(accounts)] if accounts else ["me/accounts"]
    lists = [await call.graph.list(edge, fields=["id", "name"], limit=MAX_PAGES) for edge in edges]
    ids = dict.fromkeys(str(row.get("id")) for listing in lists for row in listing.rows)
    return list(ids)[:MAX_PAGES]


async def _may_moderate(call: Call, comment_id: str, page: str) -> bool:
    """Read the comment with the Page's token. Meta says `can_remove` is false on other Pages' public comments."""
    comment = await attempt(call.graph.get(comment_id, fields=["id", "can_remove"], page=page))
    if not isinstance(comment, AdsError):
        return comment.get("can_remove") is not False
    if isinstance(comment, NotFound | PermissionMissing | InvalidArguments | Denied):
        return False
    raise comment


@tool(
    "ads_hide_comment",
    Effect.UPDATE,
    post("{comment_id}"),
    node="Comment",
    singular="comment",
    keywords="moderation unhide show",
    display_title="Hide or show comment",
    page_token=True,
    write_only="name status",
)
class HideComment(OnComment):
    """Hide a Facebook comment from everybody but its author and their friends, or show it again (is_hidden=false)."""

    is_hidden: bool = True

    def fields_to_read(self) -> tuple[str, ...]:
        return ("message", "can_hide")

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if before.get("can_hide") is False and self.is_hidden:
            call.note("Meta reports that this Page cannot hide the comment (can_hide=false) and may refuse.")

    async def describe_effect(self, call: Call) -> Row:
        return {"next_step": f"is_hidden={'false' if self.is_hidden else 'true'} reverses this."}


@tool(
    "ads_reply_comment",
    Effect.CREATE,
    post("{comment_id}/comments"),
    node="Comment",
    singular="comment",
    keywords="answer respond moderation",
    page_token=True,
    write_only="name status",
)
class ReplyComment(OnComment, CreateParams, ConfirmedParams):
    """Reply to a Facebook comment in public, in the name of the Page. Needs a confirmation."""

    message: Annotated[str, Field(min_length=1, max_length=8000)]

    def fields_to_read(self) -> tuple[str, ...]:
        return ("message",)

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        return [IN_PUBLIC]


@tool(
    "ads_delete_comment",
    Effect.DELETE,
    delete("{comment_id}"),
    node="Comment",
    singular="comment",
    keywords="remove moderation",
    page_token=True,
    write_only="name status",
)
class DeleteComment(OnComment, ConfirmedParams):
    """Delete a Facebook comment below a Page's post for good; hiding can be taken back. Needs a confirmation."""

    def fields_to_read(self) -> tuple[str, ...]:
        return ("message",)
