"""Reply to, hide and delete Facebook comments, with the token of the Page that published the post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, delete, post, tool
from meta_ads_mcp.core.values.ids import CommentId, PageId
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams, WriteParams
from meta_ads_mcp.errors import InvalidArguments

IN_PUBLIC = "it publishes text in the name of the Page"
MAX_PAGES = 25


class OnComment(WriteParams):
    """Base of the tools that act on a comment with its Page's token."""

    comment_id: CommentId
    page_id: Annotated[
        PageId | None, Local(), Field(description="Page of the post; needed when the token has several")
    ] = None

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
        return self.page_id or await only_page(call)


async def only_page(call: Call) -> str:
    """Return the id of the only Page that the token manages.

    Raises InvalidArguments when the token manages no Page or several, and under META_ADS_ACCOUNTS, where the Page has
    to be named so that it can be checked.
    """
    if call.allowed_accounts():
        raise InvalidArguments("page_id is required, because this server may use some accounts only.", "Give page_id.")
    pages = await call.graph.list("me/accounts", fields=["id", "name"], limit=MAX_PAGES)
    ids = [str(row.get("id")) for row in pages.rows]
    if len(ids) == 1:
        call.note(f"page_id {ids[0]}: the only Page of this token.")
        return ids[0]
    reason = f"manages several Pages: {', '.join(ids)}" if ids else "manages no Page"
    raise InvalidArguments(
        f"page_id is required, because this token {reason}.", "Give the Page that published the post."
    )


@tool(
    "ads_hide_comment",
    Effect.UPDATE,
    post("{comment_id}"),
    node="Comment",
    singular="comment",
    keywords="moderation unhide show",
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
