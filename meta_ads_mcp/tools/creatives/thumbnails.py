"""Complete videos of a creative with the thumbnails that Meta made of them."""

from __future__ import annotations

import asyncio

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError, InvalidArguments


async def with_thumbnails(call: Call, videos: list[Row]) -> list[Row]:
    """Return the videos with a thumbnail each. Raises InvalidArguments for videos that Meta is still processing."""
    results = await asyncio.gather(*(_read_video(call, video) for video in videos))
    processing = [video["video_id"] for video, ready in results if not ready]
    if processing:
        raise InvalidArguments(
            f"Meta is still processing video {', '.join(processing)}.", "Wait until its status is ready."
        )
    return [video for video, _ in results]


async def _read_video(call: Call, video: Row) -> tuple[Row, bool]:
    """Return the video with a thumbnail if one can be read, and whether Meta has finished processing it."""
    if {"thumbnail_url", "thumbnail_hash"} & video.keys():
        return video, True
    try:
        row = await call.graph.get(video["video_id"], fields=["picture", "thumbnails", "status"])
    except AdsError as failure:
        call.note(f"The thumbnail of video {video['video_id']} could not be read ({failure.kind}).")
        return video, True
    picture = _preferred_thumbnail(row)
    ready = (row.get("status") or {}).get("video_status") != "processing"
    return ({**video, "thumbnail_url": picture} if picture else video), ready


def _preferred_thumbnail(video: Row) -> str | None:
    thumbnails = (video.get("thumbnails") or {}).get("data") or []
    first = thumbnails[0] if thumbnails else None
    best = next((item for item in thumbnails if item.get("is_preferred")), first)
    return best["uri"] if best and best.get("uri") else video.get("picture")
