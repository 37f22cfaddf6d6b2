"""Images and videos of a tree from local files: checked with the plan, uploaded once, also after a death."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.units.lost_creations import UPLOAD_SETTLE_SECONDS
from tests.support.killed_calls import each_death
from tests.support.media_library import PNG, VIDEO
from tests.support.sandbox_engine import SandboxEngine, build_writer


def files(folder: Path) -> dict[str, Any]:
    """Return a creative's image and video, from new files in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "hero.png").write_bytes(PNG)
    (folder / "clip.mp4").write_bytes(VIDEO)
    return {"image": {"image_path": str(folder / "hero.png")}, "video": {"file_path": str(folder / "clip.mp4")}}


def arguments(made: SandboxEngine, media: dict[str, Any]) -> dict[str, Any]:
    story = {"page_id": made.ids["page"], "link_url": "https://shop.example/spring", "message": "Spring"}
    ads = [
        {"name": "Image", "creative": {**story, "image": media["image"]}},
        {"name": "Video", "creative": {**story, **media}},
    ]
    values = {"optimization_goal": "LINK_CLICKS", "daily_budget": "20.00 USD"}
    ad_set = {"name": "Broad", "targeting": {"geo_locations": {"countries": ["US"]}}, **values, "ads": ads}
    plan = {"campaigns": [{"name": "Spring", "objective": "OUTCOME_TRAFFIC", "ad_sets": [ad_set]}]}
    return {"account_id": made.account, "plan": plan, "idempotency_key": "k"}


def uploads(made: SandboxEngine) -> list[str]:
    """Return the names of the new images and videos in the library."""
    nodes = made.store.nodes.values()
    return sorted(
        str(node.get("name") or node.get("title"))
        for node in nodes
        if node.type in ("AdImage", "AdVideo") and {node.get("name"), node.get("title")} & {"hero.png", "clip.mp4"}
    )


async def test_local_files_are_uploaded_once_and_used_by_their_creatives(tmp_path: Path) -> None:
    media = files(tmp_path / "up")
    made = build_writer(upload_roots=(str(tmp_path / "up"),), state_dir=tmp_path / "state")
    data = await made.done("ads_bulk_create", **arguments(made, media))
    assert data["counts"] == {"success": 4}, data
    assert uploads(made) == ["clip.mp4", "hero.png"]
    ads = {row[1]: made.store.nodes[row[0]] for row in data["items"]["rows"]}
    specs = {
        name: json.dumps(made.store.nodes[ads[name].get("creative")["id"]].get("object_story_spec"))
        for name in ("Image", "Video")
    }
    video = next(node for node in made.store.nodes.values() if node.get("title") == "clip.mp4")
    image = next(node for node in made.store.nodes.values() if node.get("name") == "hero.png")
    assert video.id in specs["Video"]
    assert all(image.get("hash") in spec for spec in specs.values())


async def test_no_content_of_a_file_is_stored(tmp_path: Path) -> None:
    media, state = files(tmp_path / "up"), tmp_path / "state"
    made = build_writer(upload_roots=(str(tmp_path / "up"),), state_dir=state)
    await made.done("ads_bulk_create", **arguments(made, media))
    stored = "".join(path.read_text("utf-8", errors="ignore") for path in state.rglob("*.jsonl"))
    assert "clip.mp4" in stored
    assert "iVBORw0KGgo" not in stored


@pytest.mark.parametrize("problem", ["missing", "outside", "not an image"])
async def test_a_file_that_cannot_be_uploaded_is_refused_before_anything_is_made(tmp_path: Path, problem: str) -> None:
    media = files(tmp_path / "up")
    if problem == "missing":
        (tmp_path / "up" / "clip.mp4").unlink()
    elif problem == "not an image":
        (tmp_path / "up" / "hero.png").write_bytes(b"text")
    roots = (str(tmp_path / "other"),) if problem == "outside" else (str(tmp_path / "up"),)
    made = build_writer(upload_roots=roots)
    error = await made.refused("ads_bulk_create", **arguments(made, media))
    assert any("creative" in row["column"] for row in error["rows"]), error
    assert made.writes == []


async def test_a_file_that_changes_after_the_plan_is_not_uploaded(tmp_path: Path) -> None:
    media = files(tmp_path / "up")
    made = build_writer(upload_roots=(str(tmp_path / "up"),))
    call = arguments(made, media)

    def swap(request: Any) -> bool:
        if request.method == "POST" and "validate_only" not in str(request.params):
            (tmp_path / "up" / "hero.png").write_bytes(PNG + b"more")
        return False

    made.sandbox.faults.add(swap, respond=None)
    data = await made.done("ads_bulk_create", **call)
    assert "The file has changed since the plan" in str(data)
    assert "hero.png" not in uploads(made)


async def test_a_call_that_was_killed_uploads_nothing_twice(tmp_path: Path) -> None:
    media, ends = files(tmp_path / "up"), 0
    (tmp_path / "runs").mkdir()
    async for server, last, when in each_death(tmp_path / "runs", step=5):
        server.upload_roots = (str(tmp_path / "up"),)
        call = arguments(server.start(), media)
        if not await server.killed_call("ads_bulk_create", call, last, when):
            break
        ends += 1
        data = (await server.call("ads_bulk_create", call)).structured["data"]
        if "not_sent" in data["counts"]:  # the answer says when to call again: an upload can still be under way
            await server.clock.sleep(UPLOAD_SETTLE_SECONDS)
            data = (await server.call("ads_bulk_create", call)).structured["data"]
        assert data["counts"] == {"success": 4}, (last, when, data)
        assert uploads(server.start()) == ["clip.mp4", "hero.png"], (last, when)
    assert ends > 2
