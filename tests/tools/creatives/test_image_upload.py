"""Images on their way into a library: what is taken, what is sent, and what is kept."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.ports import Download
from meta_ads_mcp.domain.image_file import MAX_IMAGE_BYTES, decode_image, parse_image
from meta_ads_mcp.errors import InvalidArguments, NetworkProblem, UnknownOutcome
from tests.support.media_library import PNG, MediaLibrary, hash_of
from tests.support.scripted_graph import ACCOUNT, engine

ENCODED = base64.b64encode(PNG).decode()
LOST = UnknownOutcome("The connection to Graph broke off after the change was sent.")


@pytest.fixture
def desk(tmp_path: Path) -> MediaLibrary:
    return MediaLibrary(tmp_path)


@pytest.mark.parametrize("source", ["image_base64", "data URL", "image_path", "image_url"])
async def test_an_image_is_sent_as_base64_under_a_plain_name(desk: MediaLibrary, source: str) -> None:
    (desk.uploads / "hero.JPG").write_bytes(PNG)
    given = {
        "image_base64": {"image_base64": ENCODED, "name": "hero"},
        "data URL": {"image_base64": f"data:image/jpeg;base64,{ENCODED}", "name": "hero.jpeg"},
        "image_path": {"image_path": str(desk.uploads / "hero.JPG")},
        "image_url": {"image_url": "https://img.example/a/hero?size=2"},
    }[source]
    data = await desk.data("image", **given)
    (sent,) = desk.graph.writes
    assert (sent.path, sent.params) == (f"{ACCOUNT}/adimages", {"bytes": ENCODED, "name": "hero.png"})
    assert (sent.patience, sent.repeatable, sent.write) == ("upload", False, True)
    digest = hash_of(PNG)
    assert (data["status"], data["id"], data["hash"], data["name"]) == ("success", digest, digest, "hero.png")
    assert (data["url"], data["width"]) == ("https://x.example/i", 8)
    assert data["image"] == {
        "name": "hero.png",
        "mime": "image/png",
        "bytes": len(PNG),
        "sha256": hashlib.sha256(PNG).hexdigest(),
    }


async def test_a_dry_run_shows_size_and_hash_and_sends_nothing(desk: MediaLibrary) -> None:
    answer = await desk.call("image", image_base64=ENCODED, dry_run=True)
    data = answer.structured["data"]
    assert data["status"] == "dry_run"
    assert data["plan"] == [{"method": "POST", "path": f"{ACCOUNT}/adimages", "parameters": {}}]
    assert data["image"]["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert ENCODED[:20] not in json.dumps(answer.structured)
    assert (desk.graph.writes, desk.journal) == ([], [])


async def test_no_image_is_kept_on_this_machine(desk: MediaLibrary) -> None:
    await desk.data("image", image_base64=ENCODED, idempotency_key="k")
    assert ENCODED[:20] not in desk.stored_text
    assert {line["phase"] for line in desk.journal} == {"intent", "outcome", "result"}
    again = await desk.data("image", image_base64=ENCODED, idempotency_key="k")
    assert again["hash"] == hash_of(PNG)
    assert len(desk.graph.writes) == 1
    other = base64.b64encode(PNG + b"x").decode()
    assert (await desk.error("image", image_base64=other, idempotency_key="k"))["kind"] == "invalid_arguments"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"image_base64": ENCODED, "image_url": "https://img.example/a.png"},
        {"image_base64": ENCODED[:-1]},
        {"image_base64": f"{ENCODED[:10]}\n{ENCODED[10:]}"},
        {"image_base64": f"data:image/png;base64,data:image/png;base64,{ENCODED}"},
        {"image_base64": f"data:image/png,{ENCODED}"},
        {"image_base64": base64.b64encode(b"<svg onload=x>").decode()},
        {"image_url": "https://127.0.0.1/a.png"},
        {"image_url": "https://localhost/a.png"},
        {"image_url": "file:///etc/passwd"},
        {"image_url": "https://img.example:8443/a.png"},
    ],
)
async def test_what_is_no_single_image_is_refused_before_any_request(desk: MediaLibrary, given: dict[str, str]) -> None:
    assert (await desk.error("image", **given))["kind"] == "invalid_arguments"
    assert (desk.graph.sent, desk.web.asked) == ([], [])


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (InvalidArguments("The host is private."), "invalid_arguments"),
        (NetworkProblem("not reached"), "network"),
        (Download("a.png", b"<html>"), "invalid_arguments"),
        (Download("a.png", b""), "invalid_arguments"),
    ],
)
async def test_a_download_that_gives_no_image_sends_nothing(desk: MediaLibrary, found: Any, kind: str) -> None:
    desk.web.found = found
    assert (await desk.error("image", image_url="https://img.example/a.png"))["kind"] == kind
    assert (desk.graph.writes, desk.journal) == ([], [])


async def test_a_server_without_a_web_fetches_nothing(desk: MediaLibrary) -> None:
    made = engine(desk.graph)
    answer = await made.call("ads_upload_ad_image", {"account_id": ACCOUNT, "image_url": "https://img.example/a.png"})
    assert answer.structured["error"]["kind"] == "denied"


async def test_a_file_outside_the_folders_is_not_sent(desk: MediaLibrary) -> None:
    (desk.folder / "secret.png").write_bytes(PNG)
    assert (await desk.error("image", image_path=str(desk.folder / "secret.png")))["kind"] == "denied"
    assert (await desk.error("video", file_path=str(desk.folder / "secret.png")))["kind"] == "denied"
    assert desk.graph.writes == []


async def test_a_lost_answer_to_an_image_is_found_by_its_name(desk: MediaLibrary) -> None:
    desk.graph.lose = lambda request: LOST
    data = await desk.data("image", image_base64=ENCODED, name="hero")
    assert data["hash"] == hash_of(PNG)
    assert len(desk.graph.writes) == 1


@pytest.mark.parametrize(
    ("images", "found"),
    [
        ({"hero.png": {"hash": "abc", "height": 3}}, "abc"),
        ({"abc": {"url": "https://x.example"}}, "abc"),
        ({"abc": None}, "abc"),
    ],
)
async def test_a_hash_that_is_missing_is_the_key(desk: MediaLibrary, images: Any, found: str) -> None:
    desk.graph.special = lambda request: {"images": images}
    assert (await desk.data("image", image_base64=ENCODED))["hash"] == found


async def test_an_answer_without_a_hash_is_an_error(desk: MediaLibrary) -> None:
    desk.graph.special = lambda request: {"images": {}}
    assert (await desk.error("image", image_base64=ENCODED))["kind"] == "api"


@pytest.mark.parametrize(
    ("start", "extension"),
    [
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"GIF89a", "gif"),
        (b"GIF87a", "gif"),
        (b"RIFF\n\0\0\0WEBP", "webp"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"BM\x10\0\0\0\0\0\0\0", "bmp"),
    ],
)
@pytest.mark.parametrize(
    ("given", "stem"),
    [
        ("hero", "hero"),
        ("hero.svg", "hero"),
        ("v1.2 hero", "v1.2 hero"),
        ("a/b\\c.png", "a_b_c"),
        ("ü\u202egnp.png", "ügnp"),
        (".png", "image"),
        ("x" * 300, None),
    ],
)
def test_the_content_decides_the_extension(start: bytes, extension: str, given: str, stem: str | None) -> None:
    name = parse_image(start + b"rest", given).name
    assert name.endswith(f".{extension}")
    assert len(name) <= 100
    assert stem is None or name == f"{stem}.{extension}"


@pytest.mark.parametrize(
    "content", [b"", b"BMW is a car maker", b"RIFF\0\0\0\0WAVE", b"<svg/>", b"GIF88a", b"%PDF-1.7", b"II*", b"\0" * 20]
)
def test_anything_else_is_no_image(content: bytes) -> None:
    with pytest.raises(InvalidArguments):
        parse_image(content, "a.png")


def test_an_image_has_a_largest_size() -> None:
    parse_image(PNG.ljust(MAX_IMAGE_BYTES, b"\0"), None)
    with pytest.raises(InvalidArguments):
        parse_image(PNG.ljust(MAX_IMAGE_BYTES + 1, b"\0"), None)


@given(st.binary(), st.sampled_from(["", "data:image/png;base64,", "DATA:;BASE64,"]))
def test_base64_comes_back_as_it_was(content: bytes, head: str) -> None:
    assert decode_image(head + base64.b64encode(content).decode()) == content


JPEG = b"\xff\xd8\xff\xe0" + bytes(range(64))
CDN = "https://cdn.example"


@pytest.mark.parametrize(
    ("mime", "content", "extension"),
    [("image/png", PNG, "png"), ("image/jpeg", JPEG, "jpg"), ("image/gif", PNG, "png")],
)
async def test_a_data_url_is_sent_as_base64_alone_and_the_image_decides_its_name(
    desk: MediaLibrary, mime: str, content: bytes, extension: str
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
async def test_every_image_of_the_answer_has_its_hash(
    desk: MediaLibrary, images: Any, found: list[dict[str, str]]
) -> None:
    desk.graph.answers[("POST", f"{ACCOUNT}/adimages")] = lambda request: {"images": images}
    data = await desk.data("image", image_url="https://img.example/a/hero.png?size=2")
    assert (data["image_hash"], data["images"]) == ("abc", found)
