"""Upload the images and videos of a campaign tree: checked when the tree is planned, sent when the unit runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.write import Change, Exchange, Plan
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.creatives.uploads import UploadAdImage, UploadAdVideo

# Stands in the parameters of a step instead of the content, which is not stored.
MEDIA_KEY = "media"
Media = UploadAdImage | UploadAdVideo


def is_sent_by_this_server(args: Media) -> bool:
    """Return whether this server sends the content. Otherwise Meta fetches it."""
    return isinstance(args, UploadAdImage) or args.file_path is not None


async def plan_media(call: Call, args: Media) -> tuple[Row, Row]:
    """Check a file, and return the parameters of its step and the values of the new object. Raises AdsError."""
    plan = await args.plan(call)
    (change,) = plan.changes
    if not is_sent_by_this_server(args):
        return dict(change.request.params), dict(change.after)
    source = args.model_dump(exclude_none=True, exclude={"account_id", "dry_run", "wait", "idempotency_key"})
    return {MEDIA_KEY: {**source, **_facts(plan)}}, dict(change.after)


def _facts(plan: Plan) -> Row:
    """Return the facts by which a file is known again: its size, and for an image the hash of its content."""
    facts: Row = plan.details.get("image") or plan.details
    return {name: facts[name] for name in ("bytes", "sha256") if name in facts}


@dataclass(frozen=True)
class _OneStep:
    """Implement `Steps` for a step that the unit has journalled already."""

    send: Callable[[Request], Awaitable[Any]]

    async def do(self, change: Change, exchange: Exchange | None = None) -> Row:
        body = await (exchange(self.send) if exchange else self.send(change.request))
        return dict(body)


async def send_media(call: Call, change: Change, send: Callable[[Request], Awaitable[Any]]) -> Row:
    """Send the file of a step, and return Graph's answer. Raises InvalidArguments for one that has changed since."""
    source = dict(change.request.params[MEDIA_KEY])
    facts = {name: source.pop(name) for name in ("bytes", "sha256") if name in source}
    kind = UploadAdImage if change.node == "AdImage" else UploadAdVideo
    args = kind.model_validate({**source, "account_id": change.request.account})
    plan = await args.plan(call)
    if _facts(plan) != facts:
        raise InvalidArguments("The file has changed since the plan.", "Plan it anew with another idempotency_key.")
    (upload,) = plan.changes
    upload = replace(upload, after=change.after)
    if isinstance(args, UploadAdVideo):
        return await args.send(upload, _OneStep(send), call)
    return await _OneStep(send).do(upload)
