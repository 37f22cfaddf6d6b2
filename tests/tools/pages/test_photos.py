"""One post with several photos: nothing of it stays if the post is not made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.errors import InvalidArguments, UnknownOutcome
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, confirmed, engine, refused_unsent

TOOL = "facebook_create_post"
URLS = ["https://shop.example/1.jpg", "https://shop.example/2.jpg"]
NEW: dict[str, Any] = {"page_id": "60", "message": "New trails", "photo_urls": URLS, "dry_run": False}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def client() -> ScriptedGraph:
    graph = ScriptedGraph()
    graph.objects["60"] = {"id": "60"}
    graph.of_page = {"60": "60"}
    return graph


def writes(client: ScriptedGraph) -> list[tuple[str, str, dict[str, Any]]]:
    return [(request.method, request.path, dict(request.params)) for request in client.writes]


async def test_photos_go_first_and_the_post_names_them(client: ScriptedGraph) -> None:
    answer = await confirmed(engine(client), TOOL, NEW)
    assert writes(client) == [
        ("POST", "60/photos", {"published": False, "url": URLS[0]}),
        ("POST", "60/photos", {"published": False, "url": URLS[1]}),
        (
            "POST",
            "60/feed",
            {"message": "New trails", "attached_media": [{"media_fbid": "501"}, {"media_fbid": "502"}]},
        ),
    ]
    assert answer.structured["data"]["id"] == "503"
    assert {request.page for request in client.writes} == {"60"}


async def test_photos_of_a_post_that_fails_are_deleted_again(client: ScriptedGraph) -> None:
    client.refuse = lambda request: InvalidArguments("(#100) no") if request.path == "60/feed" else None
    answer = await confirmed(engine(client), TOOL, NEW)
    assert answer.is_error
    assert [(method, path) for method, path, _ in writes(client)][-2:] == [("DELETE", "501"), ("DELETE", "502")]
    assert {"501", "502"}.isdisjoint(client.objects)


async def test_a_photo_that_fails_takes_the_earlier_ones_with_it(client: ScriptedGraph) -> None:
    client.refuse = lambda request: InvalidArguments("(#100) no") if request.params.get("url") == URLS[1] else None
    assert (await confirmed(engine(client), TOOL, NEW)).is_error
    assert [path for _, path, _ in writes(client)] == ["60/photos", "60/photos", "501"]


async def test_after_a_lost_answer_to_the_post_its_photos_stay(client: ScriptedGraph) -> None:
    client.lose = lambda request: UnknownOutcome("The answer was lost.") if request.path == "60/feed" else None
    await confirmed(engine(client), TOOL, NEW)
    assert not [path for method, path, _ in writes(client) if method == "DELETE"]


@pytest.fixture
def desk(tmp_path: Path) -> SandboxEngine:
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "b.txt").write_bytes(b"no picture")
    return build_writer(upload_roots=(str(tmp_path),))


async def test_a_local_file_is_sent_as_a_part(desk: SandboxEngine, tmp_path: Path) -> None:
    call = {"page_id": desk.ids["page"], "message": "Hi", "photo_paths": [str(tmp_path / "a.png")], "dry_run": False}
    data = await desk.done(TOOL, **call)
    (photo,) = [entry for entry in desk.sandbox.log if entry.path.endswith("/photos")]
    assert [(part.name, part.content) for part in photo.files] == [("source", PNG)]
    assert data["post_url"]
    error = await desk.refused(TOOL, **{**call, "photo_paths": [str(tmp_path / "b.txt")]})
    assert "not an image" in error["message"]


async def test_another_content_of_the_file_is_asked_for_again(desk: SandboxEngine, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    call = {"page_id": desk.ids["page"], "message": "Hi", "photo_paths": [str(file)], "dry_run": False}
    held = await desk.call(TOOL, call)
    file.write_bytes(PNG + b"x")
    again = await desk.call(TOOL, {**call, "confirmation": held.structured["data"]["confirmation"]})
    assert again.is_error or again.structured["data"]["status"] == "needs_confirmation"
    assert desk.writes == []


async def test_photos_of_a_scheduled_post_are_kept_for_it(desk: SandboxEngine) -> None:
    when = {"scheduled_publish_time": "2026-12-01T18:00-05:00"}
    call = {"page_id": desk.ids["page"], "message": "Hi", "photo_urls": URLS, "dry_run": False}
    await desk.call(TOOL, {**call, **when}, Person(True))
    assert {entry.params.get("temporary") for entry in desk.writes if entry.path.endswith("/photos")} == {"true"}


@pytest.mark.parametrize(
    "change",
    [
        {"photo_url": URLS[0]},
        {"link": "https://shop.example/"},
        {"photo_urls": URLS * 6},
        {"photo_urls": URLS * 4, "photo_paths": ["/a.png"] * 3},
        {"photo_urls": []},
        {"photo_urls": None, "photo_paths": ["/a.png"], "link": "https://shop.example/"},
        {"photo_urls": ["https://127.0.0.1/a.jpg"]},
    ],
)
async def test_what_does_not_go_together_sends_nothing(change: dict[str, Any]) -> None:
    await refused_unsent(TOOL, **{name: value for name, value in {**NEW, **change}.items() if value is not None})
