"""Find, show, save and crop the images and videos of an ad."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.image_file import MAX_IMAGE_BYTES, Image, detect_mime, parse_image
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.creatives import media_urls
from meta_ads_mcp.tools.creatives.crops import RETIRED, CropKey, compute_crops

# Base64 adds a third, and clients accept pictures of about 1 MB.
MAX_SHOWN_BYTES = 700 * 1024
MAX_SHOWN_IMAGES, MAX_SAVED_IMAGES = 3, 20
_HASH = re.compile(r"[A-Za-z0-9_]{1,64}")
# Image types that models can read.
_SHOWABLE = ("image/png", "image/jpeg", "image/gif", "image/webp")


async def read_ad_media(call: Call, ad_id: str) -> tuple[str, Row]:
    """Return the ad's account and the media fields of its creative. Raises InvalidArguments without a creative."""
    creative_fields = f"creative{{{','.join(media_urls.FIELDS)}}}"
    ad = await call.graph.get(ad_id, fields=["id", "account_id", creative_fields])
    creative = ad.get("creative")
    if not isinstance(creative, dict):
        raise InvalidArguments(f"This token cannot see the creative of ad {ad_id}.", "Check the id with ads_get_ads.")
    return (await call.account(ad_id)).id, creative


async def read_images(call: Call, ad_id: str, fields: Sequence[str]) -> list[Row]:
    """Return the ad's images from the library, or the image URLs of its creative if the library has none.

    Raises InvalidArguments for an ad without an image.
    """
    account, creative = await read_ad_media(call, ad_id)
    hashes = media_urls.image_hashes(creative)
    if hashes:
        listing = await call.graph.list(f"{account}/adimages", fields=fields, limit=len(hashes), hashes=hashes)
        missing = set(hashes) - {row.get("hash") for row in listing.rows}
        if listing.rows:
            if missing:
                call.note(f"Not in the library of {account}: {', '.join(sorted(missing))}.")
            return listing.rows
    urls = media_urls.image_urls(creative)
    if not urls:
        raise InvalidArguments(f"Ad {ad_id} has no image.", "Preview it with ads_get_ad_preview, or read its creative.")
    call.note("The creative uses no image of the library. These are its image URLs, largest first; they expire.")
    return [{"url": url} for url in urls]


async def read_videos(call: Call, ad_id: str, fields: Sequence[str]) -> list[Row]:
    """Return the ad's videos from the library; a video that the library lacks is read by its id.

    Raises InvalidArguments for an ad without a video.
    """
    account, creative = await read_ad_media(call, ad_id)
    ids = media_urls.video_ids(creative)
    if not ids:
        raise InvalidArguments(f"Ad {ad_id} has no video.", f"Its images: ads_get_ad_images with ad_id {ad_id}.")
    by_ids: list[Row] = [{"field": "id", "operator": "IN", "value": ids}]
    library = await attempt(call.graph.list(f"{account}/advideos", fields=fields, limit=len(ids), filtering=by_ids))
    rows = [] if isinstance(library, AdsError) else library.rows
    by_id = {str(row.get("id")): row for row in rows}
    videos = [by_id[item] if item in by_id else await call.graph.get(item, fields=fields) for item in ids]
    processing = [str(row["id"]) for row in videos if _video_status(row) == "processing"]
    if processing:
        call.note(f"Meta is still processing video {', '.join(processing)}: its URLs may change.")
    return videos


def _video_status(video: Row) -> Any:
    status = video.get("status")
    return status.get("video_status") if isinstance(status, dict) else None


async def show_media(call: Call, rows: Sequence[Row]) -> list[bytes]:
    """Download the first images to show them. Adds a note for each that cannot be fetched or is too large."""
    pictures: list[bytes] = []
    for row in rows[:MAX_SHOWN_IMAGES]:
        picture = await _fetch_picture(call, [row[name] for name in ("url", "url_128") if row.get(name)])
        pictures += [picture] if picture else []
    if len(rows) > MAX_SHOWN_IMAGES:
        call.note(f"The first {MAX_SHOWN_IMAGES} of {len(rows)} images are shown.")
    return pictures


async def _fetch_picture(call: Call, urls: Sequence[str]) -> bytes | None:
    """Download from the first URL that has a readable image: the full size first, then the smaller one."""
    reason = "it has no URL"
    for url in urls:
        file = await attempt(call.downloads.get(url, MAX_SHOWN_BYTES))
        if isinstance(file, AdsError):
            reason = file.message
        elif detect_mime(file.content) in _SHOWABLE:
            return file.content
        else:
            reason = "its URL has no image"
    call.note(f"An image is not shown: {reason}")
    return None


async def save_media(call: Call, rows: Sequence[Row], owner: str) -> list[Row]:
    """Save the images on this machine and return the rows with the `path` of each file.

    File names consist of the owner's id and the image hash. Adds a note for each image that cannot be fetched.
    Raises Denied when this server has no folder for files.
    """
    if len(rows) > MAX_SAVED_IMAGES:
        call.note(f"The first {MAX_SAVED_IMAGES} of {len(rows)} images are saved.")
    saved_rows = [await _save_image(call, row, owner) for row in rows[:MAX_SAVED_IMAGES]]
    return [*saved_rows, *rows[MAX_SAVED_IMAGES:]]


async def _save_image(call: Call, row: Row, owner: str) -> Row:
    image = await attempt(_download_image(call, str(row.get("url") or "")))
    if isinstance(image, AdsError):
        call.note(f"An image is not saved: {image.message}")
        return row
    image_hash = str(row.get("hash") or "")
    digest = image_hash if _HASH.fullmatch(image_hash) else image.sha256[:32]
    return {**row, "path": call.exports.keep(f"{owner}_{digest}", PurePath(image.name).suffix[1:], image.content)}


async def _download_image(call: Call, url: str) -> Image:
    file = await call.downloads.get(url, MAX_IMAGE_BYTES)
    return parse_image(file.content, None)


def with_crops(call: Call, rows: Sequence[Row], keys: Sequence[CropKey]) -> list[Row]:
    """Return the images with the boxes that `image_crops` of a creative takes."""
    retired_keys = sorted(RETIRED.intersection(keys))
    if retired_keys:
        call.note(f"Meta has retired the crop {', '.join(retired_keys)}: it is left out.")
    return [_add_crops(call, row, keys) for row in rows]


def _add_crops(call: Call, row: Row, keys: Sequence[CropKey]) -> Row:
    width, height = row.get("width"), row.get("height")
    if not isinstance(width, int) or not isinstance(height, int):
        call.note("An image has no crops because its size is unknown.")
        return row
    try:
        return {**row, "image_crops": compute_crops(width, height, keys)}
    except ValueError as error:
        raise InvalidArguments(f"Image {row.get('hash')}: {error}.", "Upload the image again.") from None
