"""Upload images and videos to the library of an ad account."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath
from typing import Annotated, Any, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from meta_ads_mcp.core.params import Local, exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AccountId, ObjectId
from meta_ads_mcp.core.write import Change, CreateParams, Plan, Steps
from meta_ads_mcp.domain.image_file import (
    MAX_IMAGE_BYTES,
    MAX_NAME_CHARS,
    Image,
    check_encoded_image,
    decode_image,
    parse_image,
)
from meta_ads_mcp.errors import AdsError, ApiError, Transient, UnknownOutcome
from meta_ads_mcp.tools.creatives.video_file import require_video
from meta_ads_mcp.tools.creatives.video_upload import VideoParts
from meta_ads_mcp.web.addresses import FileUrl

# Meta docs: graph-api/video-uploads, 10 GB for an upload in parts.
MAX_VIDEO_BYTES = 10 * 1024**3
# Meta docs: marketing-api/advideo, titles are shorter than 255 characters.
MAX_TITLE_CHARS = 254
# The SDK polls every three seconds. MCP clients give up on a call after a minute.
POLL_SECONDS, MAX_WAIT_SECONDS = 3.0, 45.0
LocalPath = Annotated[str, Local(), Field(min_length=1, max_length=4096, description="Local file in an upload folder")]
EncodedImage = Annotated[str, Field(min_length=1), AfterValidator(check_encoded_image)]
Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE_CHARS)]


def _build_upload(account: str, edge: str, params: Row, node: str, after: Row, *, private: bool = False) -> Change:
    """Build the change that creates one object in the account's library."""
    request = Request(
        "POST", f"{account}/{edge}", params, account=account, repeatable=False, write=True, patience="upload"
    )
    return Change(Effect.CREATE, request, node, after=after, parent=account, edge=edge, private=private)


@tool(
    "ads_upload_ad_image",
    Effect.CREATE,
    post("{account_id}/adimages"),
    node="AdImage",
    singular="image",
    keywords="picture photo file library hash",
    upload=True,
)
class UploadAdImage(CreateParams):
    """Upload an image (at most 30 MB) to the account's library and get its hash for creatives.

    Give one of image_path, image_base64 (or a data URL) and image_url (public https).
    """

    account_id: AccountId
    image_path: LocalPath | None = None
    image_base64: Annotated[EncodedImage | None, Local()] = None
    image_url: Annotated[FileUrl | None, Local()] = None
    name: Annotated[str | None, Field(min_length=1, max_length=MAX_NAME_CHARS)] = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        return exactly_one(self, "image_path", "image_base64", "image_url")

    async def plan(self, call: Call) -> Plan:
        image = await self._read_image(call)
        params = {"bytes": image.base64, "name": image.name}
        change = _build_upload(self.account_id, "adimages", params, "AdImage", {"name": image.name}, private=True)
        return Plan(
            [change], f"Upload of image {image.name} to {self.account_id}.", details={"image": image.describe()}
        )

    async def _read_image(self, call: Call) -> Image:
        if self.image_base64 is not None:
            return parse_image(decode_image(self.image_base64), self.name)
        if self.image_path is not None:
            with call.uploads.open(self.image_path, MAX_IMAGE_BYTES) as upload:
                return parse_image(upload.file.read(), self.name or upload.name)
        file = await call.downloads.get(str(self.image_url), MAX_IMAGE_BYTES)
        return parse_image(file.content, self.name or file.name)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        (change,) = plan.changes
        image = parse_uploaded_images(await steps.do(change))
        return {
            **plan.details,
            "id": image["hash"],
            "name": change.after["name"],
            **image,
            "next_step": "Use the hash as image_hash in ads_create_ad_creative.",
        }


def parse_uploaded_images(answer: Row) -> Row:
    """Return hash, URL and size of the images in Graph's answer, which is keyed by file name or by hash.

    The first image is repeated at the top level; `images` has all. An image that was found after a lost answer has only
    its id, `account:hash`. Raises ApiError when the answer has no hash.
    """
    images = answer.get("images")
    if isinstance(images, dict) and images:
        rows = [_image_row(key, entry) for key, entry in images.items()]
        return {**rows[0], "image_hash": rows[0]["hash"], "images": rows}
    _, colon, image_hash = str(answer.get("id") or "").rpartition(":")
    if not colon:
        raise ApiError("Graph's answer has no image hash.", "Look for the image by name with ads_get_ad_images.")
    return {"hash": image_hash, "image_hash": image_hash, "images": [{"hash": image_hash}]}


def _image_row(key: str, entry: Any) -> Row:
    image: Row = entry if isinstance(entry, dict) else {}
    row = {name: image[name] for name in ("url", "width", "height", "name") if image.get(name) is not None}
    return {"hash": str(image.get("hash") or key), **row}


@tool(
    "ads_upload_ad_video",
    Effect.CREATE,
    post("{account_id}/advideos"),
    node="AdVideo",
    singular="video",
    keywords="film file library reel instagram",
    upload=True,
)
class UploadAdVideo(CreateParams):
    """Upload a video to the account's library: a public https address, an Instagram post or a local file.

    Meta then processes it; `wait` looks for up to 45 seconds whether it is ready.
    """

    account_id: AccountId
    file_url: Annotated[FileUrl | None, Field(description="Public https; Meta fetches it")] = None
    source_instagram_media_id: ObjectId | None = None
    file_path: LocalPath | None = None
    name: Title | None = None
    title: Title | None = None
    description: Annotated[str | None, Field(min_length=1, max_length=5000)] = None
    wait: Annotated[bool, Local()] = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        return exactly_one(self, "file_url", "source_instagram_media_id", "file_path")

    async def plan(self, call: Call) -> Plan:
        texts = self._texts()
        params: Row = dict(texts)
        details: Row = {}
        if self.file_path is not None:
            with call.uploads.open(self.file_path, MAX_VIDEO_BYTES) as upload:
                require_video(upload.file, upload.name)
                details = {"bytes": upload.size}
            params = {"upload_phase": "start", "file_size": details["bytes"]}
        elif self.file_url is not None:
            await call.downloads.check(self.file_url)
            params["file_url"] = self.file_url
        else:
            params["source_instagram_media_id"] = self.source_instagram_media_id
        change = _build_upload(self.account_id, "advideos", params, "AdVideo", texts)
        return Plan([change], f"Upload of a video to {self.account_id}.", details=details)

    def _texts(self) -> Row:
        """Return title, name and description. Derives a missing title, which serves to find a lost upload."""
        title = self.title or self.name or self._file_name()[:MAX_TITLE_CHARS]
        texts = {"title": title, "name": self.name, "description": self.description}
        return {name: text for name, text in texts.items() if text}

    def _file_name(self) -> str:
        if self.file_path is not None:
            return PurePath(self.file_path).name
        return PurePosixPath(unquote(urlsplit(self.file_url or "").path)).name

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        (change,) = plan.changes
        try:
            video = await self.send(change, steps, call)
        except UnknownOutcome as lost:
            next_step = _next_step_when_lost(change)
            raise UnknownOutcome(lost.message, next_step, graph=lost.graph, details=lost.details) from None
        return {**plan.details, "id": video["id"], **await self._wait_until_ready(str(video["id"]), call)}

    async def send(self, change: Change, steps: Steps, call: Call) -> Row:
        """Send the change of the plan: one request, or the parts of a local file. Raises AdsError."""
        if self.file_path is None:
            return await steps.do(change)
        with call.uploads.open(self.file_path, MAX_VIDEO_BYTES) as upload:
            request = change.request
            require_video(upload.file, upload.name)
            if upload.size != request.params["file_size"]:
                raise Transient("The file changed while the call was planned; nothing was sent.", "Call again.")
            return await steps.do(change, VideoParts(request, upload, change.after, call).send_all)

    async def _wait_until_ready(self, video_id: str, call: Call) -> Row:
        """Read the processing status once, or with `wait` until it is ready or failed, for MAX_WAIT_SECONDS."""
        end = call.now().timestamp() + MAX_WAIT_SECONDS
        state = await _read_status(video_id, call)
        while self.wait and state["video_status"] == "processing" and call.now().timestamp() + POLL_SECONDS <= end:
            await call.progress(
                MAX_WAIT_SECONDS - (end - call.now().timestamp()), MAX_WAIT_SECONDS, "Meta is processing the video"
            )
            await call.sleep(POLL_SECONDS)
            state = await _read_status(video_id, call)
        return state | {"next_step": _NEXT.get(state["video_status"], _NEXT["processing"])}


_NEXT = {
    "ready": "Use the id as video_id in ads_create_ad_creative.",
    "error": "Meta could not process this video. Fix the file and upload it again.",
    "processing": "Check ads_get_video_details until it is ready; a creative can use it only then.",
}


async def _read_status(video_id: str, call: Call) -> Row:
    """Return `video_status` and the errors of failed phases. A failed read adds a note: the upload itself succeeded."""
    try:
        video = await call.graph.get(video_id, fields=["id", "status"])
    except AdsError as failure:
        call.note(f"The video was uploaded, but its status could not be read ({failure.kind}).")
        return {"video_status": "unknown"}
    status: Any = video.get("status")
    if not isinstance(status, dict):
        return {"video_status": "processing"}
    errors = [error for phase in status.values() if isinstance(phase, dict) for error in phase.get("errors") or []]
    state = {"video_status": str(status.get("video_status") or "processing")}
    return state | ({"errors": errors} if errors else {})


def _next_step_when_lost(change: Change) -> str:
    title = change.after.get("title")
    by_title = f" and title {title!r}" if title else ", newest first"
    return f"Check ads_get_ad_videos (account_id {change.parent}{by_title}) before uploading it again."
