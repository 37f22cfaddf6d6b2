"""The library of images and videos of an account, and an engine that may upload to it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.ports import Download
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.domain.image_file import MAX_IMAGE_BYTES
from meta_ads_mcp.engine.engine import Engine, ToolAnswer
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import AdsError
from tests.support.scripted_graph import ACCOUNT, account_graph, engine, error_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
# An MP4 by its first bytes, of 10,000 bytes.
VIDEO = (b"\x00\x00\x00\x18ftypmp42" + bytes(range(250)) * 40)[:10_000]


def hash_of(content: bytes) -> str:
    """The hash of an image as Meta computes it: MD5."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class OneFileWeb:
    """The `Downloads` port with one file, or with an error in place of it."""

    def __init__(self) -> None:
        self.found: Any = Download("hero", PNG)
        self.asked: list[str] = []

    async def check(self, url: str) -> None:
        self.asked.append(url)
        if isinstance(self.found, AdsError):
            raise self.found

    async def get(self, url: str, most_bytes: int) -> Download:
        assert most_bytes == MAX_IMAGE_BYTES
        await self.check(url)
        return self.found


class MediaLibrary:
    """Uploads to an account: the folder of the files, the state folder, the web, and what Graph received.

    Graph takes a video in parts of `part` bytes. `statuses` are what it says of a video, the last one again and again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.uploads = folder, folder / "uploads"
        self.uploads.mkdir()
        self.path = self.uploads / "clip.mp4"
        self.path.write_bytes(VIDEO)
        self.web = OneFileWeb()
        self.graph = account_graph()
        self.graph.special = self._answer
        self.clock = self.graph.clock
        self.part = 4000
        self.statuses: tuple[str, ...] = ("ready",)
        self.received: dict[str, bytearray] = {}
        self.size = self.asked_status = 0

    def _answer(self, request: Request) -> Any:
        if request.method == "GET":
            return self._status(request) if request.params.get("fields") == "id,status" else NotImplemented
        if request.path == f"{ACCOUNT}/adimages":
            return self._take_image(request)
        return self._take_phase(request) if "upload_phase" in request.params else NotImplemented

    def _take_image(self, request: Request) -> Any:
        digest = hash_of(base64.b64decode(request.params["bytes"]))
        self.graph.objects[self.graph.stored(request)["id"]]["id"] = f"1:{digest}"
        return {"images": {request.params["name"]: {"hash": digest, "url": "https://x.example/i", "width": 8}}}

    def _take_phase(self, request: Request) -> Any:
        phase, session = request.params["upload_phase"], request.params.get("upload_session_id")
        if phase == "start":
            self.size = request.params["file_size"]
            self.received["s1"] = bytearray()
            self.graph.objects["900"] = {"id": "900"}
            return {"upload_session_id": "s1", "video_id": "900", **self.next_part("s1")}
        if phase == "transfer":
            assert request.params["start_offset"] == len(self.received[session])
            self.received[session] += request.files["video_file_chunk"][1]
            return self.next_part(session)
        if phase == "finish":
            self.graph.objects["900"] = {"id": "900", "title": request.params["title"]}
        return {"success": True}

    def next_part(self, session: str) -> dict[str, str]:
        """The offsets of the part that Graph asks for next."""
        start = len(self.received[session])
        return {"start_offset": str(start), "end_offset": str(min(start + self.part, self.size))}

    def _status(self, request: Request) -> Any:
        self.asked_status += 1
        status = self.statuses[min(self.asked_status, len(self.statuses)) - 1]
        errors = [{"code": 1, "message": "bad codec"}] if status == "error" else []
        return {"id": request.path, "status": {"video_status": status, "processing_phase": {"errors": errors}}}

    @property
    def phases(self) -> list[str]:
        return [request.params["upload_phase"] for request in self.graph.writes]

    def engine(self, policy: Policy | None = None) -> Engine:
        server = engine(self.graph, policy=policy, state_dir=self.folder / "state", upload_roots=(str(self.uploads),))
        server.downloads = self.web
        return server

    async def call(self, tool: str, **arguments: Any) -> ToolAnswer:
        return await self.engine().call(f"ads_upload_ad_{tool}", {"account_id": ACCOUNT, **arguments})

    async def data(self, tool: str, **arguments: Any) -> Any:
        answer = await self.call(tool, **arguments)
        assert not answer.is_error, answer.text
        return answer.structured["data"]

    async def error(self, tool: str, **arguments: Any) -> Any:
        return error_of(await self.call(tool, **arguments))

    async def video(self, **arguments: Any) -> Any:
        return await self.data("video", file_path=str(self.path), **arguments)

    async def lost_video(self, **arguments: Any) -> Any:
        return await self.error("video", file_path=str(self.path), **arguments)

    @property
    def stored_text(self) -> str:
        """Everything that was written to the state folder."""
        return "".join(path.read_text() for path in sorted((self.folder / "state").rglob("*.jsonl")))

    @property
    def journal(self) -> list[dict[str, Any]]:
        path = self.folder / "state" / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
