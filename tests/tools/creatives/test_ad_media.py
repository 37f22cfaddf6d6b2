"""The images and videos of an ad: which are shown, which are saved, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.ports import Download
from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound
from meta_ads_mcp.server.server import picture
from meta_ads_mcp.tools.creatives.crops import RETIRED, USUAL, compute_crops
from tests.support.media_library import PNG
from tests.support.scripted_graph import ScriptedGraph, engine
from tests.support.write_cases import ACCOUNT, AD, CREATIVE, PROCESSING, VIDEO, shop

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(64))
CDN = "https://cdn.example"


@dataclass
class Web:
    """Files by address."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def check(self, url: str) -> None:
        raise AssertionError(url)

    async def get(self, url: str, most_bytes: int) -> Download:
        self.asked.append(url)
        if url not in self.files:
            raise NotFound("There is no such file.")
        if len(self.files[url]) > most_bytes:
            raise InvalidArguments("The file is too large.")
        return Download("a", self.files[url])


@dataclass
class Ad:
    """An ad with that creative, and a server that may look at it."""

    creative: dict[str, Any]
    library: list[dict[str, Any]] = field(default_factory=list)
    web: Web = field(default_factory=Web)
    graph: ScriptedGraph = field(default_factory=shop)
    state: Path | None = None

    def __post_init__(self) -> None:
        self.graph.answers |= {
            ("GET", f"{ACCOUNT}/adimages"): self._in_library("hash", "hashes"),
            ("GET", f"{ACCOUNT}/advideos"): self._in_library("id", "filtering"),
            ("GET", AD): self._ad,
        }

    def _in_library(self, key: str, param: str) -> Callable[[Any], Any]:
        def rows(request: Any) -> Any:
            return {"data": [row for row in self.library if str(row.get(key)) in str(request.params[param])]}

        return rows

    def _ad(self, request: Any) -> Any:
        whole = "creative{" in str(request.params.get("fields"))
        shown = {"creative": {"id": CREATIVE, **self.creative}} if whole else {}
        return {"id": AD, "account_id": "1", **shown}

    async def call(self, tool: str, **arguments: Any) -> ToolAnswer:
        made = engine(self.graph, state_dir=self.state)
        made.downloads = self.web
        return await made.call(f"ads_get_ad_{tool}", {"ad_id": AD, **arguments})

    async def rows(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        answer = await self.call(tool, **arguments)
        assert not answer.is_error, answer.text
        found: list[dict[str, Any]] = answer.structured["data"]
        return found

    def asked(self, path: str) -> list[Any]:
        return [request.params for request in self.graph.sent if request.path == path]


FEED = {"asset_feed_spec": {"images": [{"hash": "h1"}, {"hash": "h2"}, {"hash": "h1"}]}}
CAROUSEL = {
    "object_story_spec": {
        "link_data": {"child_attachments": [{"image_hash": "h1"}, {"image_hash": "h2"}, {"link": CDN}]}
    }
}
LIBRARY = [{"hash": name, "url": f"{CDN}/{name}", "width": 1080, "height": 1080} for name in ("h1", "h2", "h3")]


@pytest.mark.parametrize(
    ("creative", "hashes"),
    [
        ({"image_hash": "h1", "image_url": f"{CDN}/other"}, ["h1"]),
        ({"object_story_spec": {"link_data": {"image_hash": "h2"}}}, ["h2"]),
        ({"image_hash": "h1", "object_story_spec": {"link_data": {"image_hash": "h1"}}}, ["h1"]),
        (CAROUSEL, ["h1", "h2"]),
        (FEED, ["h1", "h2"]),
    ],
)
async def test_an_ad_shows_its_images_of_the_library(creative: dict[str, Any], hashes: list[str]) -> None:
    ad = Ad(creative, LIBRARY)
    assert [row["hash"] for row in await ad.rows("images")] == hashes
    (asked,) = ad.asked(f"{ACCOUNT}/adimages")
    assert asked["hashes"] == hashes


@pytest.mark.parametrize(
    ("creative", "urls"),
    [
        (
            {
                "thumbnail_url": f"{CDN}/small",
                "object_story_spec": {"link_data": {"picture": f"{CDN}/link"}},
                "image_url": f"{CDN}/image",
                "image_urls_for_viewing": [f"{CDN}/view", f"{CDN}/image"],
            },
            ["view", "image", "link", "small"],
        ),
        (
            {"image_url": f"{CDN}/image", "object_story_spec": {"link_data": {"picture": f"{CDN}/link"}}},
            ["image", "link"],
        ),
        ({"thumbnail_url": f"{CDN}/small", "image_url": f"{CDN}/small"}, ["small"]),
        ({"image_hash": "gone", "image_url": f"{CDN}/image"}, ["image"]),
        ({"image_url": "javascript:alert(1)", "thumbnail_url": f"{CDN}/small"}, ["small"]),
    ],
)
async def test_without_one_in_the_library_the_best_address_comes_first(
    creative: dict[str, Any], urls: list[str]
) -> None:
    assert [row["url"] for row in await Ad(creative, LIBRARY).rows("images")] == [f"{CDN}/{name}" for name in urls]


async def test_an_ad_without_an_image_says_so() -> None:
    answer = await Ad({"object_story_spec": {"link_data": {"link": CDN}}}).call("images")
    assert "no image" in answer.structured["error"]["message"]


async def test_the_pictures_themselves_are_shown_the_small_one_where_the_whole_is_too_large() -> None:
    large, page = PNG.ljust(2_000_000, b"\0"), b"<html>"
    web = Web({f"{CDN}/h1": JPEG, f"{CDN}/h2": large, f"{CDN}/h2s": PNG, f"{CDN}/h3": page})
    library = [LIBRARY[0], {**LIBRARY[1], "url_128": f"{CDN}/h2s"}, LIBRARY[2]]
    ad = Ad({"asset_feed_spec": {"images": [{"hash": f"h{n}"} for n in (1, 2, 3)]}}, library, web)
    answer = await ad.call("images", show=True, fields=["name"])
    assert answer.images == (JPEG, PNG)
    assert [picture(image).mime_type for image in answer.images] == ["image/jpeg", "image/png"]
    assert any("its URL has no image" in note for note in answer.structured["notes"])
    assert web.asked == [f"{CDN}/h1", f"{CDN}/h2", f"{CDN}/h2s", f"{CDN}/h3"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_images_are_saved_under_the_ad_and_the_hash(tmp_path: Path) -> None:
    web = Web({f"{CDN}/h1": JPEG, f"{CDN}/evil": PNG})
    library: list[dict[str, Any]] = [LIBRARY[0], {"hash": "../h2", "url": f"{CDN}/evil"}]
    ad = Ad({"asset_feed_spec": {"images": [{"hash": "h1"}, {"hash": "../h2"}]}}, library, web, state=tmp_path)
    paths = [row["path"] for row in await ad.rows("images", save=True)]
    names = [f"{AD}_h1.jpg", f"{AD}_{hashlib.sha256(PNG).hexdigest()[:32]}.png"]
    assert paths == [str(tmp_path / "media" / name) for name in names]
    assert contents(tmp_path / "media") == dict(zip(names, (JPEG, PNG), strict=True))


async def test_a_server_without_a_state_folder_saves_nothing() -> None:
    answer = await Ad(FEED, LIBRARY, Web({f"{CDN}/{name}": PNG for name in ("h1", "h2")})).call("images", save=True)
    assert answer.structured["error"]["kind"] == "denied"


VIDEO_ROW = {"id": VIDEO, "title": "Film", "status": {"video_status": "ready"}}


@pytest.mark.parametrize(
    "creative",
    [
        {"object_story_spec": {"video_data": {"video_id": VIDEO}}},
        {"asset_feed_spec": {"videos": [{"video_id": int(VIDEO)}, {"video_id": VIDEO}]}},
        {"video_id": VIDEO},
    ],
)
@pytest.mark.parametrize("in_library", [True, False])
async def test_a_video_is_looked_for_in_the_library_and_then_by_its_id(
    creative: dict[str, Any], in_library: bool
) -> None:
    ad = Ad(creative, [VIDEO_ROW] if in_library else [])
    assert [row["id"] for row in await ad.rows("videos")] == [VIDEO]
    (asked,) = ad.asked(f"{ACCOUNT}/advideos")
    assert asked["filtering"] == [{"field": "id", "operator": "IN", "value": [VIDEO]}]
    assert len(ad.asked(VIDEO)) == (0 if in_library else 1)


async def test_a_library_that_cannot_be_filtered_is_gone_round() -> None:
    ad = Ad({"video_id": VIDEO})
    refused: AdsError = InvalidArguments("no such filter")
    ad.graph.refuse = lambda request: refused if request.path == f"{ACCOUNT}/advideos" else None
    assert [row["id"] for row in await ad.rows("videos")] == [VIDEO]


async def test_a_video_that_is_not_ready_is_told() -> None:
    answer = await Ad({"video_id": PROCESSING}).call("videos", fields=["title"])
    assert any(f"still processing video {PROCESSING}" in note for note in answer.structured["notes"])


async def test_an_ad_with_an_image_points_to_the_tool_for_images() -> None:
    answer = await Ad({"image_hash": "h1"}).call("videos")
    assert "ads_get_ad_images" in answer.structured["error"]["next_step"]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("images", {"account_id": ACCOUNT}, "only one of"),
        ("images", {"hashes": ["h1"]}, "cannot be combined"),
        ("images", {"crop_keys": ["16x9"]}, "crop_keys"),
        ("videos", {"title": "x"}, "cannot be combined"),
    ],
)
async def test_what_does_not_go_together_is_refused_unsent(tool: str, arguments: dict[str, Any], said: str) -> None:
    ad = Ad(FEED)
    assert said in (await ad.call(tool, **arguments)).text
    assert ad.graph.sent == []


@pytest.mark.parametrize("size", [(0, 1080), (1080, 0), (-1, 1080), (1080, -1)])
async def test_an_image_without_a_size_has_no_crops(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        compute_crops(*size)
    library = [{"hash": "h1", "width": size[0], "height": size[1]}]
    answer = await Ad({"image_hash": "h1"}, library).call("images", crop_keys=[])
    assert answer.structured["error"]["kind"] == "invalid_arguments"


@pytest.mark.parametrize(
    ("keys", "given"), [([], set(USUAL)), (["191x100", "400x500"], {"400x500"}), ('["100x100"]', {"100x100"})]
)
async def test_images_come_with_their_crops(keys: Any, given: set[str]) -> None:
    answer = await Ad({"image_hash": "h1"}, LIBRARY).call("images", crop_keys=keys, fields=["name"])
    assert answer.structured["data"][0]["image_crops"].keys() == given
    warned = any("191x100" in note for note in answer.structured.get("notes", ()))
    assert warned == bool(RETIRED.intersection(keys if isinstance(keys, list) else ()))
