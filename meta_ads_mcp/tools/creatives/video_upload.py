"""Upload a video in parts: start, transfer, finish, or cancel after a failure.

Graph names the byte range that it wants next. Sending the same range again is harmless, so a part is retried after a
transient error. Source: Meta docs graph-api/video-uploads; SDK module video_uploader.
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

# Maximum bytes in memory. Graph asks for parts of 1 to 5 MB.
MAX_PART_BYTES = 8 * 1024 * 1024
# Retries of one part before the upload fails. The count restarts with the next part.
MAX_PART_RETRIES = 3
# A rate limit that lasts longer ends the upload.
MAX_PAUSE_SECONDS = 60
RECHECK_SECONDS = 3.0

Send = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True)
class ByteRange:
    """The bytes from `start` up to `end`. It is empty when Graph has the whole file."""

    start: int
    end: int

    @classmethod
    def of(cls, answer: Any, size: int) -> ByteRange:
        """Parse the range in Graph's answer (numbers or digits). Raises ApiError if it exceeds `size` bytes."""
        try:
            span = cls(int(answer["start_offset"]), int(answer["end_offset"]))
        except (KeyError, TypeError, ValueError):
            raise ApiError("Graph's answer does not name the next part of the video.") from None
        if not 0 <= span.start <= span.end <= size:
            raise ApiError("Graph asked for a part outside the video.")
        return span


@dataclass(frozen=True)
class VideoParts:
    """The upload of one file. `request` starts it; `last` holds the parameters of the finish, at least a title."""

    request: Request
    upload: Upload
    last: Row
    call: Call

    async def send_all(self, send: Send) -> Row:
        """Send the whole file and return {"id": the video's id}.

        Raises UnknownOutcome when the answer to the start or the finish is lost. Any other error means that no video
        was created.
        """
        session_info = await send(self.request)
        span = ByteRange.of(session_info, self.upload.size)
        session, video = str(session_info.get("upload_session_id", "")), str(session_info.get("video_id", ""))
        if not session or not video:
            raise ApiError("Graph's answer does not name the upload session.", "Upload the video again.")
        try:
            await self._transfer(send, session, span)
        except BaseException:
            # Also on cancellation, so that Meta does not keep half a video.
            await asyncio.shield(asyncio.ensure_future(self._cancel(send, session)))
            raise
        await self._finish(send, session, video)
        return {"id": video}

    async def _transfer(self, send: Send, session: str, span: ByteRange) -> None:
        furthest, retries = -1, 0
        while span.start < span.end:
            if span.start > furthest:
                furthest, retries = span.start, 0
            await self.call.progress(span.start, self.upload.size, f"{span.start} of {self.upload.size} bytes uploaded")
            try:
                span = self._next_span(span, await send(self._build_part(session, span)))
            except AdsError as failure:
                retries += 1
                span = await self._resume(span, failure, retries)
        await self.call.progress(self.upload.size, self.upload.size, "uploaded")

    def _build_part(self, session: str, span: ByteRange) -> Request:
        size = min(span.end - span.start, MAX_PART_BYTES)
        self.upload.file.seek(span.start)
        content = self.upload.file.read(size)
        if len(content) != size:
            raise InvalidArguments("The file became shorter during the upload.", "Upload it again.")
        params = {"upload_phase": "transfer", "upload_session_id": session, "start_offset": span.start}
        files = {"video_file_chunk": (self.upload.name, content, "application/octet-stream")}
        return replace(self.request, params=params, files=files)

    def _next_span(self, span: ByteRange, answer: Any) -> ByteRange:
        following = ByteRange.of(answer, self.upload.size)
        if following.start <= span.start:
            raise ApiError("Graph accepted a part of the video and asked for it again.")
        return following

    async def _resume(self, span: ByteRange, failure: AdsError, retries: int) -> ByteRange:
        """Wait, and return where to continue after a failed part. Raises the failure when a retry cannot help."""
        offsets = failure.graph.offsets if failure.graph else None
        if retries > MAX_PART_RETRIES or not (offsets or _is_transient(failure)):
            raise _final_error(failure)
        await self.call.sleep(failure.retry_after_seconds or retries)
        if not offsets:
            return span
        return ByteRange.of({"start_offset": offsets[0], "end_offset": offsets[1]}, self.upload.size)

    async def _finish(self, send: Send, session: str, video: str) -> None:
        try:
            answer = await send(self._build_phase("finish", session, self.last))
        except UnknownOutcome:
            await self.call.sleep(RECHECK_SECONDS)
            if not await self._has_title(send, video):
                raise
            return
        except AdsError:
            await self._cancel(send, session)
            raise
        if not isinstance(answer, dict) or answer.get("success") is not True:
            raise ApiError("Meta did not finish the upload.", "Upload the video again.")

    async def _has_title(self, send: Send, video: str) -> bool:
        """Tell whether the finish arrived: before it, the video has no title."""
        account = self.request.account
        with suppress(AdsError):
            row = await send(Request("GET", video, {"fields": "id,title"}, account=account))
            return bool(row.get("title") == self.last["title"])
        return False

    async def _cancel(self, send: Send, session: str) -> None:
        with suppress(AdsError):
            await send(self._build_phase("cancel", session, {}))

    def _build_phase(self, phase: str, session: str, extra: Mapping[str, Any]) -> Request:
        return replace(self.request, params={"upload_phase": phase, "upload_session_id": session, **extra})


def _is_transient(failure: AdsError) -> bool:
    """Tell whether the same part may succeed after a short wait."""
    if isinstance(failure, Throttled):
        return not isinstance(failure, Blocked) and (failure.retry_after_seconds or 0) <= MAX_PAUSE_SECONDS
    return isinstance(failure, Transient | NetworkProblem | UnknownOutcome)


def _final_error(failure: AdsError) -> AdsError:
    """Turn a lost answer to a part into a network error: without a finish no video exists, so the outcome is known."""
    if isinstance(failure, UnknownOutcome):
        return NetworkProblem(f"{failure.message} A part of the video did not arrive, so no video was created.")
    return failure
