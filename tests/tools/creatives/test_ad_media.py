"""Images and videos: what goes into a library, what comes out of one, and what is never fetched or written."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.ports import Download
from meta_ads_mcp.domain.crops import RETIRED, USUAL, crops
from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound
from meta_ads_mcp.server.server import picture
from tests.support.fake_graph import FakeGraph, engine
from tests.support.library import PNG, Desk, hash_of
from tests.support.write_cases import ACCOUNT, AD, CREATIVE, PAGE, PROCESSING, VIDEO, Case, check, shop

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(64))
CDN = "https://cdn.example"


# ---- into the library


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("mime", "content", "extension"),
    [("image/png", PNG, "png"), ("image/jpeg", JPEG, "jpg"), ("image/gif", PNG, "png")],
)
async def test_a_data_url_is_sent_as_base64_alone_and_the_image_decides_its_name(
    desk: Desk, mime: str, content: bytes, extension: str
) -> None:
    encoded = base64.b64encode(content).decode()
    data = await desk.data("image", image_base64=f"data:{mime};base64,{encoded}", name="hero")
    (sent,) = desk.graph.writes
    assert (sent.method, sent.path) == ("POST", f"{ACCOUNT}/adimages")
    assert sent.params == {"bytes": encoded, "name": f"hero.{extension}"}
    digest = hash_of(content)
    shown = {"hash": digest, "url": "https://x.example/i", "width": 8}
    assert (data["image_hash"], data["images"]) == (digest, [shown])


@pytest.mark.parametrize(
    ("images", "found"),
    [
        ({"hero.png": {"hash": "abc", "url": CDN}}, [{"hash": "abc", "url": CDN}]),
        ({"abc": {"url": CDN}}, [{"hash": "abc", "url": CDN}]),
        ({"a.png": {"hash": "abc"}, "def": None}, [{"hash": "abc"}, {"hash": "def"}]),
    ],
)
async def test_every_image_of_the_answer_has_its_hash(desk: Desk, images: Any, found: list[dict[str, str]]) -> None:
    desk.graph.answers[("POST", f"{ACCOUNT}/adimages")] = lambda request: {"images": images}
    data = await desk.data("image", image_url="https://img.example/a/hero.png?size=2")
    assert (data["image_hash"], data["images"]) == ("abc", found)


NEVER_FETCHED = [
    *(
        f"https://{host}/a.png"
        for host in (
            "127.0.0.1 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 0.0.0.0 [::1] [::ffff:127.0.0.1] [fe80::1] "
            "100.64.0.1 192.0.2.1 198.51.100.1 203.0.113.1 240.0.0.1 localhost"
        ).split()
    ),
    *(f"{scheme}://img.example/a.png" for scheme in ("file", "ftp", "gopher", "http")),
    "file:///etc/passwd",
    "https:///a.png",
    "https://",
    "",
]
FROM_THE_WEB: list[tuple[str, dict[str, Any], str]] = [
    ("ads_upload_ad_image", {}, "image_url"),
    ("ads_upload_ad_video", {}, "file_url"),
    ("ads_create_ad_creative", {"page_id": PAGE, "link_url": "https://shop.example"}, "image_url"),
    (
        "ads_create_ad_creative",
        {"page_id": PAGE, "link_url": "https://shop.example", "video_id": VIDEO},
        "thumbnail_url",
    ),
]


@pytest.mark.parametrize("url", NEVER_FETCHED)
async def test_an_address_that_is_not_public_costs_no_connection_and_no_request(desk: Desk, url: str) -> None:
    made = desk.engine()
    for tool, arguments, name in FROM_THE_WEB:
        answer = await made.call(tool, {"account_id": ACCOUNT, **arguments, name: url})
        assert answer.structured["error"]["kind"] == "invalid_arguments", tool
        assert name in answer.text
    assert (desk.graph.sent, desk.web.asked) == ([], [])


# ---- out of the library


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
    graph: FakeGraph = field(default_factory=shop)
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
    assert any("its address gives no image" in note for note in answer.structured["notes"])
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


# ---- crops


@pytest.mark.parametrize(
    ("size", "key", "box"),
    [
        ((1080, 1080), "100x100", [[0, 0], [1080, 1080]]),
        ((1080, 1080), "400x500", [[108, 0], [972, 1080]]),
        ((1080, 1080), "400x150", [[0, 337], [1080, 742]]),
        ((1920, 1080), "100x100", [[420, 0], [1500, 1080]]),
    ],
)
def test_a_crop_is_the_largest_box_in_the_middle(size: tuple[int, int], key: Any, box: list[list[int]]) -> None:
    assert crops(*size, [key]) == {key: box}


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_six_boxes_lie_inside_the_image_and_fill_it_in_one_direction(width: int, height: int) -> None:
    found = crops(width, height)
    assert set(found) == set(USUAL)
    assert len(found) == 6
    for (left, top), (right, bottom) in found.values():
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert (left, right) == (0, width) or (top, bottom) == (0, height)


@pytest.mark.parametrize("size", [(0, 1080), (1080, 0), (-1, 1080), (1080, -1)])
async def test_an_image_without_a_size_has_no_crops(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        crops(*size)
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


async def test_a_creative_with_a_retired_crop_is_warned_about() -> None:
    box = {"191x100": [[0, 0], [191, 100]]}
    link = "https://shop.example"
    spec = {"page_id": PAGE, "link_data": {"link": link, "image_hash": "hash0001", "image_crops": box}}
    arguments = {"account_id": ACCOUNT, "name": "n", "page_id": PAGE, "link_url": link, "image_hash": "hash0001"}
    await check(
        Case(
            "ads_create_ad_creative",
            {**arguments, "image_crops": box},
            f"{ACCOUNT}/adcreatives",
            {"name": "n", "object_story_spec": spec},
            notes=("191x100",),
        )
    )
