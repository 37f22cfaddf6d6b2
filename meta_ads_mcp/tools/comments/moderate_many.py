"""Hide, show, answer or delete many comments of both networks as one plan with one agreement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Closed, Local, exactly_one
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.dates import Moment, to_unix
from meta_ads_mcp.core.values.ids import AccountId, AdId, CommentId, ObjectId, PageId
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.domain.checked_read import check_kind, fields_of_kind
from meta_ads_mcp.errors import AdsError, InvalidArguments, UnknownOutcome
from meta_ads_mcp.tools.comments.ad_posts import Platform, find_posts
from meta_ads_mcp.tools.comments.comment_rows import CommentQuery, CommentReader
from meta_ads_mcp.tools.comments.moderate import IN_PUBLIC, find_page

Action = Literal["hide", "unhide", "reply", "delete"]
# Comments that may be hidden without asking the user.
# What a change of comments leaves to do, where no opposite action exists.
_NO_WAY_BACK = {
    "reply": "The answers are public. To remove them: ads_moderate_comments action=delete with their ids.",
    "delete": "A deleted comment cannot be restored. ads_get_changes lists what was deleted.",
}
MAX_UNASKED = 10
# Characters of a comment in the answer. The question has them all.
MAX_SHOWN = 120
# Longer texts are cut where a plan names its objects.
MAX_TITLE = 400
_TEXT = {"facebook": ("Comment", "message", "is_hidden"), "instagram": ("IGComment", "text", "hidden")}


class CommentRef(Closed):
    """A comment, as ads_get_ad_comments lists it. Facebook ids may be `<page>_<post>_<comment>`."""

    id: CommentId
    platform: Platform = "facebook"
    page_id: PageId | None = None
    ad_id: AdId | None = None

    @model_validator(mode="before")
    @classmethod
    def _page_of_the_id(cls, data: Any) -> Any:
        """Split `<page>_<post>_<comment>`; take an id alone for a Facebook comment."""
        data = {"id": data} if isinstance(data, str) else data
        if not isinstance(data, Mapping) or not isinstance(data.get("id"), str) or data["id"].count("_") < 2:
            return data
        page, _, rest = data["id"].partition("_")
        return {**data, "id": rest, "page_id": data.get("page_id") or page}


class CommentRules(Closed):
    """Which comments of an account's running ads: all conditions hold. Words are plain, upper and lower case alike."""

    contains_any: Annotated[list[str] | None, Field(min_length=1, max_length=200)] = None
    has_link: bool | None = None
    not_by: Annotated[list[str] | None, Field(max_length=100, description="Names of authors to leave out")] = None
    since: Moment
    platforms: list[Platform] | None = None

    @model_validator(mode="after")
    def _check_condition(self) -> Self:
        if self.contains_any is None and self.has_link is None:
            raise ValueError("give contains_any or has_link, so that not every comment is meant")
        return self

    def match(self, text: str, author: str) -> bool:
        """Return whether a comment is meant."""
        folded = text.casefold()
        has_word = self.contains_any is None or any(word.casefold() in folded for word in self.contains_any)
        has_link = self.has_link is None or self.has_link == ("://" in folded or "www." in folded)
        return has_word and has_link and author not in (self.not_by or ())


@dataclass(frozen=True)
class Target:
    """A comment to moderate: what it is, what it says and whether it is hidden. `error` says why it was not read."""

    ref: CommentRef
    page: str | None
    text: str = ""
    hidden: bool = False
    error: AdsError | None = None

    def row(self, status: str, message: str = "") -> Row:
        """Return what the answer says of it."""
        text = self.text if len(self.text) <= MAX_SHOWN else f"{self.text[:MAX_SHOWN]}…"
        row = {"id": self.ref.id, "platform": self.ref.platform, "message": text, "status": status, "reason": message}
        return {name: value for name, value in row.items() if value}


@tool(
    "ads_moderate_comments",
    Effect.UPDATE,
    node="Comment",
    singular="comment",
    keywords="hide show answer reply delete many bulk insults spam instagram facebook moderation",
    destructive=True,
)
class ModerateComments(ConfirmedParams, CreateParams):
    """Hide, show, answer or delete many comments on both networks: by id, or by rules over an account's running ads. A
    dry run by default. Answers, deletions and hiding more than 10 need a confirmation."""

    action: Annotated[Action, Local()]
    comments: Annotated[
        list[CommentRef] | None,
        Local(),
        Field(min_length=1, max_length=200, description="As in ads_get_ad_comments"),
    ] = None
    account_id: AccountId | None = None
    rules: Annotated[CommentRules | None, Local()] = None
    message: Annotated[str | None, Local(), Field(min_length=1, max_length=8000, description="The answer")] = None
    max_comments: Annotated[int, Local(), Field(ge=1, le=200)] = 50
    dry_run: Annotated[bool, Local()] = True

    @model_validator(mode="after")
    def _check_action(self) -> Self:
        if (self.action == "reply") != (self.message is not None):
            raise ValueError("message goes with action reply, and reply requires it")
        if (self.rules is None) != (self.account_id is None):
            raise ValueError("rules go with account_id, and account_id requires rules")
        return exactly_one(self, "comments", "rules")

    async def plan(self, call: Call) -> Plan:
        refs = self.comments if self.comments is not None else await self._by_rules(call, self.rules)
        targets = await read_targets(call, list({ref.id: ref for ref in refs}.values()))
        pending = [target for target in targets if target.error is None and not self._is_done(target)]
        if targets and all(target.error for target in targets):
            raise targets[0].error or InvalidArguments("No comment could be read.")
        done = [target.row("already") for target in targets if target.error is None and self._is_done(target)]
        failed = [target.row("refused", target.error.message) for target in targets if target.error]
        what = f"{self.action} {len(pending):,} {plural('comment', len(pending))}"
        return Plan(
            [self._change(target, len(pending)) for target in pending],
            f"{what[:1].upper()}{what[1:]}: {'; '.join(json.dumps(t.text, ensure_ascii=False) for t in pending)}.",
            notes=_full_texts(pending),
            # The question has the texts of all comments; a dry run has no question.
            details={"comments": [*(target.row("planned") for target in pending if self.dry_run), *done, *failed]},
            context={"targets": pending, "rows": [*done, *failed]},
        )

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the changes one by one. One that is refused does not stop the others."""
        done: list[str] = []
        rows: list[Row] = []
        errors: list[AdsError] = []
        for target, change in zip(plan.context["targets"], plan.changes, strict=True):
            result = await attempt(steps.do(change))
            if isinstance(result, AdsError):
                errors.append(result)
                rows.append(target.row("unknown" if isinstance(result, UnknownOutcome) else "refused", result.message))
            else:
                done.append(target.ref.id)
            await call.progress(len(done) + len(rows), len(plan.changes), f"{len(done)} comments")
        if errors and len(errors) == len(plan.changes):
            raise errors[0]
        reverse = {"hide": "unhide", "unhide": "hide"}.get(self.action)
        step = f"action={reverse} with the same comments takes it back." if reverse else _NO_WAY_BACK[self.action]
        others = [*rows, *plan.context["rows"]]
        return {"done": len(done), "not_done": len(errors), "ids": done, "others": others, "next_step": step}

    async def _by_rules(self, call: Call, rules: CommentRules | None) -> list[CommentRef]:
        if rules is None:
            return []
        posts = await find_posts(call, [str(self.account_id)], rules.platforms or ["facebook", "instagram"])
        zone = (await call.account(str(self.account_id))).timezone
        reader = CommentReader(call, CommentQuery(most=5000, since=to_unix(rules.since, zone), level="stream"))
        comments = [comment for comment in await reader.read(posts) if rules.match(comment.text, comment.author)]
        for what, count in reader.errors.items():
            call.note(f"{count} of {len(posts)} posts could not be read: {what}")
        if not comments:
            raise InvalidArguments("No comment of a running ad matches the rules.", "Read ads_get_ad_comments first.")
        if len(comments) > self.max_comments:
            call.note(f"{len(comments):,} comments match; the newest {self.max_comments} are in this plan.")
        return [
            CommentRef(
                id=comment.id,
                platform=comment.post.platform,
                page_id=comment.post.page,
                ad_id=_first_ad(comment.post.ads),
            )
            for comment in comments[: self.max_comments]
        ]

    def _is_done(self, target: Target) -> bool:
        return {"hide": target.hidden, "unhide": not target.hidden}.get(self.action, False)

    def _change(self, target: Target, count: int) -> Change:
        comment, is_facebook = target.ref.id, target.ref.platform == "facebook"
        node = _TEXT[target.ref.platform][0]
        ad: Row = {} if is_facebook or not target.ref.ad_id else {"ad_id": target.ref.ad_id}
        common: dict[str, Any] = {"node": node, "title": target.text[:MAX_TITLE]}
        if self.action == "reply":
            edge = "comments" if is_facebook else "replies"
            request = _request("POST", f"{comment}/{edge}", {"message": self.message}, target)
            reply = {"message": self.message}
            return Change(
                Effect.CREATE, request, parent=comment, edge=edge, after=reply, reasons=(IN_PUBLIC,), **common
            )
        if self.action == "delete":
            request = _request("DELETE", comment, ad, target)
            reasons = ("a deleted comment cannot be brought back",)
            return Change(Effect.DELETE, request, object_id=comment, reasons=reasons, **common)
        value = self.action == "hide"
        name = "is_hidden" if is_facebook else "hide"
        request = _request("POST", comment, {name: value, **ad}, target)
        is_many = value and count > MAX_UNASKED
        return Change(
            Effect.UPDATE,
            request,
            object_id=comment,
            before={name: not value, **ad},
            after={name: value},
            reasons=(f"it hides more than {MAX_UNASKED} comments",) if is_many else (),
            **common,
        )


def _request(method: Literal["POST", "DELETE"], path: str, params: Row, target: Target) -> Request:
    kind = _TEXT[target.ref.platform][0]
    return Request(method, path, params, page=target.page, repeatable=False, write=True, kind=kind)


def _first_ad(ads: Sequence[tuple[ObjectId, str]]) -> str | None:
    return next((ad for ad, _ in ads if ad.isascii() and ad.isdigit()), None)


def _full_texts(targets: Sequence[Target]) -> list[str]:
    """Return the texts that are too long for the list of objects."""
    long = [target for target in targets if len(target.text) > MAX_TITLE]
    return [f"Comment {target.ref.id} in full: {json.dumps(target.text, ensure_ascii=False)}" for target in long]


async def read_targets(call: Call, refs: Sequence[CommentRef]) -> list[Target]:
    """Read comments with the tokens of their Pages, in the given order. Comments of one post share the Page."""
    pages: dict[str, str | None] = {}
    for ref in refs:
        post = ref.id.partition("_")[0]
        if ref.platform == "facebook" and ref.page_id is None and post not in pages:
            pages[post] = await find_page(call, ref.id)
    groups: dict[str | None, list[CommentRef]] = {}
    for ref in refs:
        groups.setdefault(ref.page_id or pages.get(ref.id.partition("_")[0]), []).append(ref)
    targets = {target.ref.id: target for page, group in groups.items() for target in await _read(call, group, page)}
    return [targets[ref.id] for ref in refs]


async def _read(call: Call, refs: Sequence[CommentRef], page: str | None) -> list[Target]:
    requests = [
        Request(
            "GET",
            ref.id,
            {"fields": ",".join(fields_of_kind(_TEXT[ref.platform][0], ("id", *_TEXT[ref.platform][1:])))},
            page=page,
            kind=_TEXT[ref.platform][0],
        )
        for ref in refs
    ]
    answers = await attempt(call.graph.batch(requests))
    if isinstance(answers, AdsError):
        return [Target(ref, page, error=answers) for ref in refs]
    return [_target(ref, page, answer) for ref, answer in zip(refs, answers, strict=True)]


def _target(ref: CommentRef, page: str | None, answer: Row | AdsError) -> Target:
    answer = check_kind(ref.id, _TEXT[ref.platform][0], answer)
    if isinstance(answer, AdsError):
        return Target(ref, page, error=answer)
    _, text, hidden = _TEXT[ref.platform]
    return Target(ref, page, str(answer.get(text) or ""), bool(answer.get(hidden)))
