"""A library of images and videos at the engine's port, and a server with all that uploads need."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.ports import Download
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.domain.image_file import MAX_IMAGE_BYTES
from meta_ads_mcp.engine.engine import Engine, ToolAnswer
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import AdsError
from tests.support.clock import FakeClock
from tests.support.fake_graph import ACCOUNT, FakeGraph, engine, graph

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
VIDEO = bytes(range(250)) * 40


def hash_of(content: bytes) -> str:
    """As Meta has it, an MD5."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass
class Library(FakeGraph):
    """A Graph with a library of images and videos; it takes videos in parts of `part` bytes."""

    part: int = 4000
    statuses: tuple[str, ...] = ("ready",)
    received: dict[str, bytearray] = field(default_factory=dict)
    size: int = 0
    asked_status: int = 0

    def _write(self, request: Request) -> Any:
        if request.path == f"{ACCOUNT}/adimages":
            digest = hash_of(base64.b64decode(request.params["bytes"]))
            made = super()._write(request)["id"]
            self.objects[made]["id"] = f"1:{digest}"
            return {"images": {request.params["name"]: {"hash": digest, "url": "https://x.example/i", "width": 8}}}
        return self._phase(request) if "upload_phase" in request.params else super()._write(request)

    def _phase(self, request: Request) -> Any:
        phase, session = request.params["upload_phase"], request.params.get("upload_session_id")
        if phase == "start":
            self.size = request.params["file_size"]
            self.received["s1"] = bytearray()
            self.objects["900"] = {"id": "900"}
            return {"upload_session_id": "s1", "video_id": "900", **self.wanted("s1")}
        if phase == "transfer":
            assert request.params["start_offset"] == len(self.received[session])
            self.received[session] += request.files["video_file_chunk"][1]
            return self.wanted(session)
        if phase == "finish":
            self.objects["900"] = {"id": "900", "title": request.params["title"]}
        return {"success": True}

    def wanted(self, session: str) -> dict[str, str]:
        start = len(self.received[session])
        return {"start_offset": str(start), "end_offset": str(min(start + self.part, self.size))}

    def _get(self, request: Request) -> Any:
        if request.params.get("fields") != "id,status":
            return super()._get(request)
        self.asked_status += 1
        status = self.statuses[min(self.asked_status, len(self.statuses)) - 1]
        return {
            "id": request.path,
            "status": {"video_status": status, "processing_phase": {"errors": self._errors(status)}},
        }

    @staticmethod
    def _errors(status: str) -> list[dict[str, Any]]:
        return [{"code": 1, "message": "bad codec"}] if status == "error" else []

    @property
    def phases(self) -> list[str]:
        return [request.params["upload_phase"] for request in self.writes]


@dataclass
class Web:
    """The `Downloads` port with one file."""

    found: Any = field(default_factory=lambda: Download("hero", PNG))
    asked: list[str] = field(default_factory=list)

    async def check(self, url: str) -> None:
        self.asked.append(url)
        if isinstance(self.found, AdsError):
            raise self.found

    async def get(self, url: str, most_bytes: int) -> Download:
        assert most_bytes == MAX_IMAGE_BYTES
        await self.check(url)
        return self.found


@dataclass
class Desk:
    """A server with a folder for uploads, a state folder and a web."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    web: Web = field(default_factory=Web)

    def __post_init__(self) -> None:
        self.uploads = self.folder / "uploads"
        self.uploads.mkdir()
        self.graph = Library(self.clock, graph(self.clock).objects)
        self.path = self.uploads / "clip.mp4"
        self.path.write_bytes(VIDEO)

    def engine(self, policy: Policy | None = None) -> Engine:
        state = self.folder / "state"
        made = engine(self.graph, policy=policy, state_dir=state, upload_roots=(str(self.uploads),))
        made.downloads = self.web
        return made

    async def call(self, tool: str, **arguments: Any) -> ToolAnswer:
        return await self.engine().call(f"ads_upload_ad_{tool}", {"account_id": ACCOUNT, **arguments})

    async def data(self, tool: str, **arguments: Any) -> Any:
        answer = await self.call(tool, **arguments)
        assert not answer.is_error, answer.text
        return answer.structured["data"]

    async def error(self, tool: str, **arguments: Any) -> Any:
        answer = await self.call(tool, **arguments)
        assert answer.is_error, answer.text
        return answer.structured["error"]

    async def video(self, **arguments: Any) -> Any:
        return await self.data("video", file_path=str(self.path), **arguments)

    async def lost_video(self, **arguments: Any) -> Any:
        return await self.error("video", file_path=str(self.path), **arguments)

    @property
    def kept(self) -> str:
        """Everything that was written to the state folder."""
        return "".join(path.read_text() for path in sorted((self.folder / "state").rglob("*.jsonl")))

    @property
    def journal(self) -> list[dict[str, Any]]:
        path = self.folder / "state" / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
