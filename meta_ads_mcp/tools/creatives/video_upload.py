"""A video in parts: start, transfer, finish, or cancel when it is given up.

Graph names the bytes that it wants next; a part at an offset is the same however often it is sent, so a part alone is
sent again after a passing fault. Meta docs: graph-api/video-uploads; SDK: video_uploader.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from meta_ads_mcp.core.ports import Call, Upload
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import (
    AdsError,
    ApiError,
    Blocked,
    InvalidArguments,
    NetworkProblem,
    Throttled,
    Transient,
    UnknownOutcome,
)

# Bytes held at a time, whatever Graph asks for; it asks for 1 to 5 MB.
MOST_PART = 8 * 1024 * 1024
# Times a part is sent again before the upload is given up; a part further on starts anew.
MOST_AGAIN = 3
# Seconds. A limit of Meta's that lasts longer ends the upload.
LONGEST_PAUSE = 60
LOOK_AFTER = 3.0

Send = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True)
class Span:
    """The bytes from `start` up to `end`; an empty one when Graph has everything."""

    start: int
    end: int

    @classmethod
    def of(cls, answer: Any, size: int) -> Span:
        """The span that Graph names, as numbers or digits. Raises ApiError unless it lies in the file."""
        try:
            span = cls(int(answer["start_offset"]), int(answer["end_offset"]))
        except (KeyError, TypeError, ValueError):
            raise ApiError("Graph did not say which part of the video comes next.") from None
        if not 0 <= span.start <= span.end <= size:
            raise ApiError("Graph asked for a part that the video does not have.")
        return span


@dataclass(frozen=True)
class VideoParts:
    """An upload of one file. `request` starts it; `last` are the parameters that the finish adds, a title at least."""

    request: Request
    upload: Upload
    last: Row
    call: Call

    async def send_all(self, send: Send) -> Row:
        """Start to finish; `id` is the video's.

        Raises UnknownOutcome when the answer to the start or the finish is lost, anything else when nothing was made.
        """
        begun = await send(self.request)
        span = Span.of(begun, self.upload.size)
        session, video = str(begun.get("upload_session_id", "")), str(begun.get("video_id", ""))
        if not session or not video:
            raise ApiError("Graph did not say which upload it began.", "Upload the video again.")
        try:
            await self._transfer(send, session, span)
        except BaseException:
            # Also when the caller goes away: Meta need not keep half a video.
            await asyncio.shield(asyncio.ensure_future(self._cancel(send, session)))
            raise
        await self._finish(send, session, video)
        return {"id": video}

    async def _transfer(self, send: Send, session: str, span: Span) -> None:
        furthest, again = -1, 0
        while span.start < span.end:
            if span.start > furthest:
                furthest, again = span.start, 0
            await self.call.progress(span.start, self.upload.size, f"{span.start} of {self.upload.size} bytes uploaded")
            try:
                span = self._next(span, await send(self._part(session, span)))
            except AdsError as failure:
                again += 1
                span = await self._resumed(span, failure, again)
        await self.call.progress(self.upload.size, self.upload.size, "uploaded")

    def _part(self, session: str, span: Span) -> Request:
        wanted = min(span.end - span.start, MOST_PART)
        self.upload.file.seek(span.start)
        content = self.upload.file.read(wanted)
        if len(content) != wanted:
            raise InvalidArguments("The file became shorter while it was uploaded.", "Upload it again.")
        params = {"upload_phase": "transfer", "upload_session_id": session, "start_offset": span.start}
        files = {"video_file_chunk": (self.upload.name, content, "application/octet-stream")}
        return replace(self.request, params=params, files=files)

    def _next(self, span: Span, answer: Any) -> Span:
        found = Span.of(answer, self.upload.size)
        if found.start <= span.start:
            raise ApiError("Graph took a part of the video and asked for it again.")
        return found

    async def _resumed(self, span: Span, failure: AdsError, again: int) -> Span:
        """Where to go on after a failed part, after a pause. Raises the failure when it will not pass."""
        named = failure.graph.offsets if failure.graph else None
        if again > MOST_AGAIN or not (named or _passes(failure)):
            raise _given_up(failure)
        await self.call.sleep(failure.retry_after_seconds or again)
        return Span.of({"start_offset": named[0], "end_offset": named[1]}, self.upload.size) if named else span

    async def _finish(self, send: Send, session: str, video: str) -> None:
        try:
            answer = await send(self._phase("finish", session, self.last))
        except UnknownOutcome:
            await self.call.sleep(LOOK_AFTER)
            if not await self._has_title(send, video):
                raise
            return
        except AdsError:
            await self._cancel(send, session)
            raise
        if not isinstance(answer, dict) or answer.get("success") is not True:
            raise ApiError("Meta did not finish the upload.", "Upload the video again.")

    async def _has_title(self, send: Send, video: str) -> bool:
        """Whether the finish arrived: before it, the video has no title."""
        account = self.request.account
        with suppress(AdsError):
            found = await send(Request("GET", video, {"fields": "id,title"}, account=account))
            return bool(found.get("title") == self.last["title"])
        return False

    async def _cancel(self, send: Send, session: str) -> None:
        with suppress(AdsError):
            await send(self._phase("cancel", session, {}))

    def _phase(self, phase: str, session: str, more: Mapping[str, Any]) -> Request:
        return replace(self.request, params={"upload_phase": phase, "upload_session_id": session, **more})


def _passes(failure: AdsError) -> bool:
    """Whether the same part may work in a moment."""
    if isinstance(failure, Throttled):
        return not isinstance(failure, Blocked) and (failure.retry_after_seconds or 0) <= LONGEST_PAUSE
    return isinstance(failure, Transient | NetworkProblem | UnknownOutcome)


def _given_up(failure: AdsError) -> AdsError:
    """A part whose answer is lost makes nothing by itself: the outcome is known, there is no video."""
    if isinstance(failure, UnknownOutcome):
        return NetworkProblem(f"{failure.message} A part of the video did not arrive; nothing was made.")
    return failure
