"""Publish one post with several photos: each photo is uploaded unpublished, then the post names them all.

Source: Meta docs, pages-api/posts and graph-api/reference/page/photos; SDK: Page.create_photo and Page.create_feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.write import Change, Steps
from meta_ads_mcp.domain.image_file import parse_image
from meta_ads_mcp.errors import AdsError, UnknownOutcome

# Meta takes photos of less than 10 MB (Meta docs, graph-api/reference/page/photos).
MAX_PHOTO_BYTES = 10 * 1024 * 1024 - 1
MAX_PHOTOS = 10


def plan_photos(call: Call, page: str, urls: Sequence[str], paths: Sequence[str], *, scheduled: bool) -> list[Change]:
    """Return a change for each photo. Raises AdsError for a file that cannot be uploaded."""
    hidden: Row = {"published": False, **({"temporary": True} if scheduled else {})}
    changes = [_photo(page, {**hidden, "url": url}) for url in urls]
    for path in paths:
        with call.uploads.open(path, MAX_PHOTO_BYTES) as upload:
            image = parse_image(upload.file.read(), upload.name)
        change = _photo(page, hidden)
        request = replace(change.request, files={"source": (image.name, image.content, image.mime)}, patience="upload")
        # A confirmation is valid for the present content of the file only.
        before, after = {"file": image.sha256}, {**change.after, "file": image.name}
        changes.append(replace(change, request=request, before=before, after=after))
    return changes


def _photo(page: str, params: Row) -> Change:
    request = Request("POST", f"{page}/photos", params, page=page, repeatable=False, write=True, kind="Page")
    return Change(Effect.CREATE, request, "Photo", after=params, parent=page, edge="photos")


async def publish_with_photos(steps: Steps, photos: Sequence[Change], post: Change) -> Row:
    """Upload the photos, publish the post with them, and return Graph's answer to the post.

    If the post is not made, the photos are deleted again. Whether it was made must be known for that: after a lost
    answer to the post they stay.
    """
    ids: list[str] = []
    try:
        for photo in photos:
            ids.append(str((await steps.do(photo))["id"]))  # noqa: PERF401 - the ids so far are deleted on a failure
        media = {"attached_media": [{"media_fbid": photo_id} for photo_id in ids]}
        request = replace(post.request, params={**post.request.params, **media})
        return await steps.do(replace(post, request=request))
    except AdsError as error:
        if not (isinstance(error, UnknownOutcome) and len(ids) == len(photos)):
            for photo_id in ids:
                await attempt(steps.do(_deletion(photo_id, post)))
        raise


def _deletion(photo_id: str, post: Change) -> Change:
    page = post.request.page
    request = Request("DELETE", photo_id, page=page, repeatable=False, write=True, kind="Photo")
    return Change(Effect.DELETE, request, "Photo", object_id=photo_id)
