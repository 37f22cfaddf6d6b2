"""Uploads: a picture is its hash, a film is ready after a while, and pieces go on where they ended."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport
from tests.support.sandbox_writes import PNG, writing

VIDEO = "https://graph-video.facebook.com/v26.0/"


@pytest.fixture
def made() -> FakeTransport:
    return writing()


async def test_a_picture_is_one_image_however_it_comes(made: FakeTransport) -> None:
    bytes_ = (await made.done("POST", "{account}/adimages", {"bytes": PNG}))["images"]["bytes"]
    files = {"a.png": ("a.png", base64.b64decode(PNG), "image/png")}
    file = (await made.done("POST", "{account}/adimages", {}, files=files))["images"]["a.png"]
    assert bytes_["hash"] == file["hash"]
    assert (file["width"], file["height"]) == (2, 3)
    await made.done("DELETE", "{account}/adimages", {"hash": file["hash"]})
    found = await made.done("GET", "{account}/adimages", {"hashes": [file["hash"]]})
    assert found["data"] == []


async def test_a_film_is_ready_after_a_while(made: FakeTransport) -> None:
    film = await made.done("POST", "{account}/advideos", {"file_url": "https://films.example/1.mp4", "name": "F"})
    made.names["film"] = film["id"]
    story = {"object_story_spec": {"page_id": "{page}", "video_data": {"video_id": "{film}", "image_hash": "{image}"}}}
    assert "not ready" in (await made.refused("POST", "{account}/adcreatives", story))["error_user_msg"]
    states = [(await made.done("GET", "{film}", {"fields": "status"}))["status"]["video_status"] for _ in range(3)]
    assert states == ["processing", "ready", "ready"]
    await made.done("POST", "{account}/adcreatives", story)


async def test_a_film_in_pieces(made: FakeTransport) -> None:
    size = (1 << 20) + 5
    start = await made.done("POST", "{account}/advideos", {"upload_phase": "start", "file_size": size}, base=VIDEO)
    assert (start["start_offset"], start["end_offset"]) == ("0", str(1 << 20))
    session = {"upload_session_id": start["upload_session_id"]}

    async def piece(offset: int, content: bytes) -> Any:
        params = {"upload_phase": "transfer", "start_offset": offset, **session}
        files = {"video_file_chunk": ("chunk", content, "application/octet-stream")}
        return (await made.request("POST", "{account}/advideos", params, files=files, base=VIDEO)).json()

    assert (await piece(0, b"x" * (1 << 20)))["start_offset"] == str(1 << 20)
    wrong = (await piece(0, b"x"))["error"]
    assert (wrong["code"], wrong["error_data"]["start_offset"]) == (6001, str(1 << 20))
    finish = {"upload_phase": "finish", **session}
    assert (await made.refused("POST", "{account}/advideos", finish, base=VIDEO))["code"] == 352
    last = await piece(1 << 20, b"x" * 5)
    assert last["start_offset"] == last["end_offset"] == str(size)
    assert await made.done("POST", "{account}/advideos", finish, base=VIDEO) == {"success": True}
    assert start["video_id"] in made.store.links[made.names["account"], "advideos"]
    assert (await made.refused("POST", "{account}/advideos", finish, base=VIDEO))["code"] == 6001


async def test_an_upload_can_be_given_up(made: FakeTransport) -> None:
    start = await made.done("POST", "{account}/advideos", {"upload_phase": "start", "file_size": 9}, base=VIDEO)
    session = {"upload_session_id": start["upload_session_id"]}
    await made.done("POST", "{account}/advideos", {"upload_phase": "cancel", **session}, base=VIDEO)
    error = await made.refused("POST", "{account}/advideos", {"upload_phase": "finish", **session}, base=VIDEO)
    assert error["code"] == 6001
