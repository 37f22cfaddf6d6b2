"""The images and videos of one ad: from its creative to the account's library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.crops import RETIRED, CropKey, crops
from meta_ads_mcp.domain.image_file import MOST_IMAGE_BYTES, Image, image, mime_of
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.creatives import media_urls as creative_media

# As base64 it is a third more, and clients take about 1 MB of a picture.
MOST_SHOWN_BYTES = 700 * 1024
MOST_SHOWN, MOST_SAVED = 3, 20
_HASH = re.compile(r"[A-Za-z0-9_]{1,64}")
# What models can look at.
_SHOWABLE = ("image/png", "image/jpeg", "image/gif", "image/webp")


async def creative_of(call: Call, ad_id: str) -> tuple[str, Row]:
    """The ad's account and the media of its creative. Raises InvalidArguments for an ad without one."""
    nested = f"creative{{{','.join(creative_media.FIELDS)}}}"
    ad = await call.graph.get(ad_id, fields=["id", "account_id", nested])
    creative = ad.get("creative")
    if not isinstance(creative, dict):
        raise InvalidArguments(f"Ad {ad_id} shows no creative to this token.", "Check the id with ads_get_ads.")
    return (await call.account(ad_id)).id, creative


async def images_of(call: Call, ad_id: str, fields: Sequence[str]) -> list[Row]:
    """The images of the ad: those of the library, or where it has none there, the addresses in its creative."""
    account, creative = await creative_of(call, ad_id)
    hashes = creative_media.image_hashes(creative)
    if hashes:
        found = await call.graph.list(f"{account}/adimages", fields=fields, limit=len(hashes), hashes=hashes)
        missing = set(hashes) - {row.get("hash") for row in found.rows}
        if found.rows:
            if missing:
                call.note(f"Not in the library of {account}: {', '.join(sorted(missing))}.")
            return found.rows
    urls = creative_media.image_urls(creative)
    if not urls:
        raise InvalidArguments(
            f"Ad {ad_id} has no image of its own.", "Look at it with ads_get_ad_preview, or read its creative."
        )
    call.note("The creative names no image of the library; these are its addresses, the best first. They expire.")
    return [{"url": url} for url in urls]


async def videos_of(call: Call, ad_id: str, fields: Sequence[str]) -> list[Row]:
    """The videos of the ad, of the library first; one that is not there is read by its id.

    Raises InvalidArguments for an ad without a video.
    """
    account, creative = await creative_of(call, ad_id)
    ids = creative_media.video_ids(creative)
    if not ids:
        raise InvalidArguments(f"Ad {ad_id} has no video.", f"Its images: ads_get_ad_images with ad_id {ad_id}.")
    only: list[Row] = [{"field": "id", "operator": "IN", "value": ids}]
    library = await attempt(call.graph.list(f"{account}/advideos", fields=fields, limit=len(ids), filtering=only))
    rows = [] if isinstance(library, AdsError) else library.rows
    by_id = {str(row.get("id")): row for row in rows}
    found = [by_id[item] if item in by_id else await call.graph.get(item, fields=fields) for item in ids]
    processing = [str(row["id"]) for row in found if _state(row) == "processing"]
    if processing:
        call.note(f"Meta is still processing video {', '.join(processing)}: its addresses may change.")
    return found


def _state(video: Row) -> Any:
    status = video.get("status")
    return status.get("video_status") if isinstance(status, dict) else None


async def show_media(call: Call, rows: Sequence[Row]) -> list[bytes]:
    """The first pictures themselves; what cannot be fetched, or is too large to show, is noted."""
    found: list[bytes] = []
    for row in rows[:MOST_SHOWN]:
        picture = await _fetched(call, [row[name] for name in ("url", "url_128") if row.get(name)])
        found += [picture] if picture else []
    if len(rows) > MOST_SHOWN:
        call.note(f"The first {MOST_SHOWN} of {len(rows)} images are shown.")
    return found


async def _fetched(call: Call, urls: Sequence[str]) -> bytes | None:
    """The first of the addresses that gives an image; the whole one may be too large, the small one is not."""
    why = "it has no address"
    for url in urls:
        file = await attempt(call.downloads.get(url, MOST_SHOWN_BYTES))
        if isinstance(file, AdsError):
            why = file.message
        elif mime_of(file.content) in _SHOWABLE:
            return file.content
        else:
            why = "its address gives no image"
    call.note(f"An image is not shown: {why}")
    return None


async def save_media(call: Call, rows: Sequence[Row], owner: str) -> list[Row]:
    """The rows, each with the `path` of its file on this machine; what cannot be fetched is noted.

    The name is made of the owner's id and the hash alone. Raises Denied where this server has no place for files.
    """
    if len(rows) > MOST_SAVED:
        call.note(f"The first {MOST_SAVED} of {len(rows)} images are saved.")
    kept = [await _saved(call, row, owner) for row in rows[:MOST_SAVED]]
    return [*kept, *rows[MOST_SAVED:]]


async def _saved(call: Call, row: Row, owner: str) -> Row:
    found = await attempt(_whole(call, str(row.get("url") or "")))
    if isinstance(found, AdsError):
        call.note(f"An image is not saved: {found.message}")
        return row
    given = str(row.get("hash") or "")
    digest = given if _HASH.fullmatch(given) else found.sha256[:32]
    return {**row, "path": call.exports.keep(f"{owner}_{digest}", PurePath(found.name).suffix[1:], found.content)}


async def _whole(call: Call, url: str) -> Image:
    file = await call.downloads.get(url, MOST_IMAGE_BYTES)
    return image(file.content, None)


def with_crops(call: Call, rows: Sequence[Row], keys: Sequence[CropKey]) -> list[Row]:
    """The images, each with the boxes that `image_crops` of a creative takes."""
    retired = sorted(RETIRED.intersection(keys))
    if retired:
        call.note(f"Meta has retired the crop {', '.join(retired)}: it is left out.")
    return [_cropped(call, row, keys) for row in rows]


def _cropped(call: Call, row: Row, keys: Sequence[CropKey]) -> Row:
    width, height = row.get("width"), row.get("height")
    if not isinstance(width, int) or not isinstance(height, int):
        call.note("An image without a known size has no crops.")
        return row
    try:
        return {**row, "image_crops": crops(width, height, keys)}
    except ValueError as wrong:
        raise InvalidArguments(f"Image {row.get('hash')}: {wrong}.", "Upload the image again.") from None
