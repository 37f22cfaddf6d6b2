"""Images and videos of an ad account: lists and uploads.

Source: docs marketing-api/reference/ad-image, marketing-api/advideo (the phases), SDK `VideoUploader`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, gone, make, need, now
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp
from meta_ads_mcp.sandbox.world.media import CDN

GRAPH_HOST = "graph.facebook.com"
CHUNK = 1 << 20
# How often a film is looked at before it is ready.
LOOKS = 2
NOT_FETCHED, BAD_VIDEO, LOST_OFFSET = 389, 352, 6001
WRONG_START = 1363037  # subcode after which the SDK's VideoUploader continues at `error_data.start_offset`


@serves("GET", "AdAccount/adimages")
def images(ask: Ask) -> EdgeListing:
    """Return the images of the account, filtered by hash, name and size."""
    rows = ask.graph.world.store.children(ask.node.id, "adimages")
    return EdgeListing([node for node in rows if fits(ask, node)])


def fits(ask: Ask, node: GraphNode) -> bool:
    """Tell whether an image fits the filters of the call."""
    hashes, name = ask.params.get("hashes"), ask.params.get("name")
    return (
        (hashes is None or node.get("hash") in hashes)
        and (name is None or name.lower() in str(node.get("name")).lower())
        and node.get("width") >= ask.params.get("minwidth", 0)
        and node.get("height") >= ask.params.get("minheight", 0)
    )


Json = Any


# -- pictures ---------------------------------------------------------------------------------------------------------


@serves("POST", "AdAccount/adimages")
def image(ask: Ask) -> Json:
    """Per file its hash. The same picture again is the same image."""
    if "copy_from" in ask.params:
        return {"images": {"copy": _copy_image(ask, ask.params["copy_from"])}}
    pictures = _pictures(ask)
    if not pictures:
        raise invalid(None, "Give bytes, a file, or copy_from", "bytes")
    return {"images": {name: _store_image(ask, name, content) for name, content in pictures.items()}}


def _pictures(ask: Ask) -> dict[str, bytes]:
    if "bytes" not in ask.params:
        return {file.filename: file.content for file in ask.call.files}
    try:
        content = base64.b64decode(ask.params["bytes"], validate=True)
    except (binascii.Error, ValueError):
        raise invalid(None, "bytes is not base64", "bytes") from None
    return {ask.params.get("name") or "bytes": content}


def _copy_image(ask: Ask, source: Mapping[str, Json]) -> Json:
    """Put an image of another account into this one. The same picture has the same hash."""
    node = ask.graph.find(f"{source.get('source_account_id')}:{source.get('hash')}")
    if node is None or node.type != "AdImage":
        raise unknown_node(str(source.get("hash")), ask.call.method)
    return _add_image(ask, str(node.get("hash")), str(node.get("name")), (node.get("width"), node.get("height")))


def _store_image(ask: Ask, name: str, content: bytes) -> Json:
    return _add_image(ask, hashlib.md5(content, usedforsecurity=False).hexdigest(), name, size_of(content))


def _add_image(ask: Ask, digest: str, name: str, size: tuple[int, int]) -> Json:
    width, height = size
    node_id = f"{ask.node.account}:{digest}"
    if ask.graph.find(node_id) is None:
        when = stamp(now(ask))
        fields = {
            "id": node_id,
            "account_id": ask.node.account,
            "hash": digest,
            "name": name,
            "width": width,
            "height": height,
            "original_width": width,
            "original_height": height,
            "status": "ACTIVE",
            "created_time": when,
            "updated_time": when,
            "url": f"{CDN}/{digest}.jpg",
            "url_128": f"{CDN}/{digest}_128.jpg",
        }
        node = GraphNode(node_id, "AdImage", fields, ask.node.account, ("id", "hash"))
        ask.graph.world.store.add(node)
        ask.graph.world.store.link(ask.node.id, "adimages", [node_id])
    urls = {"url": f"{CDN}/{digest}.jpg", "url_128": f"{CDN}/{digest}_128.jpg"}
    return {"hash": digest, "name": name, "width": width, "height": height, **urls}


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG, GIF or JPEG; anything else is refused."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return struct.unpack(">II", content[16:24])
    if content.startswith((b"GIF87a", b"GIF89a")) and len(content) >= 10:
        return struct.unpack("<HH", content[6:10])
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    raise invalid(None, "The file is not a picture that Meta takes (JPG, PNG)", "bytes")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + length
    return 1080, 1080


@serves("DELETE", "AdAccount/adimages")
def remove_image(ask: Ask) -> Json:
    """Delete an image by its hash."""
    need(ask.params, "hash")
    node = ask.graph.find(f"{ask.node.account}:{ask.params['hash']}")
    if node is None:
        raise unknown_node(str(ask.params["hash"]), ask.call.method)
    gone(ask, node)
    return SUCCESS


# -- films ------------------------------------------------------------------------------------------------------------


@serves("POST", "AdAccount/advideos")
def video(ask: Ask) -> Json:
    """Take a video as a file, by its address, or in pieces (`upload_phase`)."""
    phase = ask.params.get("upload_phase")
    if phase is not None:
        if ask.call.host == GRAPH_HOST:
            raise invalid(None, "Files are uploaded to graph-video.facebook.com", "upload_phase")
        return PHASES[phase](ask)
    if ask.params.get("file_url"):
        _check_address(str(ask.params["file_url"]))
    elif not ask.params.get("source_instagram_media_id") and not any(file.name == "source" for file in ask.call.files):
        raise invalid(None, "Give file_url or source", "source")
    return {"id": _film(ask).id}


def _check_address(url: str) -> None:
    host = urlsplit(url).hostname or ""
    if not url.startswith(("http://", "https://")) or host.endswith(".invalid"):
        raise Refusal("(#389) Unable to fetch video file from URL.", code=NOT_FETCHED)


def _film(ask: Ask, video_id: str | None = None, title: Json = None) -> GraphNode:
    """A film that Meta still works on, until it was looked at a few times."""
    store = ask.graph.world.store
    new_id = video_id or store.new_id("8")
    when = stamp(now(ask))
    fields: dict[str, Json] = {
        "id": new_id,
        "title": title or ask.params.get("title") or ask.params.get("name"),
        "description": ask.params.get("description"),
        "length": 15.0,
        "picture": f"{CDN}/{new_id}.jpg",
        "source": f"{CDN}/{new_id}.mp4",
        "created_time": when,
        "updated_time": when,
        "published": True,
        "permalink_url": f"/ads/videos/{new_id}/",
        "status": _progress(ask, new_id),
    }
    values = {name: value for name, value in fields.items() if value is not None}
    node = make(ask, "AdVideo", values, [(ask.node.id, "advideos")])
    thumb_id = store.new_id("81")
    thumb = {"id": thumb_id, "uri": f"{CDN}/{new_id}_0.jpg", "is_preferred": True}
    store.add(GraphNode(thumb_id, "VideoThumbnail", thumb, default_fields=("id", "uri", "is_preferred")))
    store.link(new_id, "thumbnails", [thumb_id])
    return node


def _progress(ask: Ask, video_id: str) -> Callable[[], Json]:
    """The status, one step further with each look at it."""
    memory = ask.graph.world.store.memory

    def status() -> Json:
        looks = memory["looks", video_id] = memory.get(("looks", video_id), 0) + 1
        ready = looks > LOOKS
        phase = {"status": "complete"}
        return {
            "video_status": "ready" if ready else "processing",
            "uploading_phase": phase,
            "processing_phase": phase if ready else {"status": "in_progress"},
            "publishing_phase": phase if ready else {"status": "not_started"},
        }

    return status


def _start(ask: Ask) -> Json:
    need(ask.params, "file_size")
    store = ask.graph.world.store
    session, video_id = store.new_id("55"), store.new_id("8")
    store.memory["upload", session] = {"size": ask.params["file_size"], "got": 0, "video": video_id}
    return {"video_id": video_id, "upload_session_id": session, **_offsets(store.memory["upload", session])}


def _offsets(upload: Mapping[str, Json]) -> dict[str, str]:
    return {"start_offset": str(upload["got"]), "end_offset": str(min(upload["size"], upload["got"] + CHUNK))}


def _session(ask: Ask) -> dict[str, Json]:
    need(ask.params, "upload_session_id")
    session: dict[str, Json] | None = ask.graph.world.store.memory.get(("upload", ask.params["upload_session_id"]))
    if session is None:
        raise Refusal("(#6001) The upload session is unknown or over", code=LOST_OFFSET)
    return session


def _transfer(ask: Ask) -> Json:
    """The next piece; one that starts elsewhere is refused with the place to go on at."""
    upload = _session(ask)
    pieces = [file.content for file in ask.call.files if file.name == "video_file_chunk"]
    if not pieces:
        raise invalid(None, "video_file_chunk is missing", "video_file_chunk")
    if ask.params.get("start_offset") != upload["got"] or upload["got"] + len(pieces[0]) > upload["size"]:
        text = "(#6001) The start offset is wrong"
        raise Refusal(text, code=LOST_OFFSET, subcode=WRONG_START, data=_offsets(upload))
    upload["got"] += len(pieces[0])
    return _offsets(upload)


def _finish(ask: Ask) -> Json:
    upload = _session(ask)
    if upload["got"] < upload["size"]:
        raise Refusal("(#352) The video file is incomplete", code=BAD_VIDEO, data=_offsets(upload))
    _film(ask, upload["video"])
    del ask.graph.world.store.memory["upload", ask.params["upload_session_id"]]
    return SUCCESS


def _cancel(ask: Ask) -> Json:
    _session(ask)
    del ask.graph.world.store.memory["upload", ask.params["upload_session_id"]]
    return SUCCESS


PHASES: dict[str, Callable[[Ask], Json]] = {
    "start": _start,
    "transfer": _transfer,
    "finish": _finish,
    "cancel": _cancel,
}


@serves("DELETE", "AdVideo")
def remove_video(ask: Ask) -> Json:
    """Delete a video."""
    gone(ask, ask.node)
    return SUCCESS
