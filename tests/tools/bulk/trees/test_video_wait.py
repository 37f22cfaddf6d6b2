"""New videos of a tree: what needs one waits until Meta has processed it, in the same call or in the next one."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.http import SandboxCall, SandboxResponse
from tests.support.sandbox_bench import FOR_EVER
from tests.support.sandbox_engine import SandboxEngine, build_writer

from .test_bulk_create import ad_set, arguments, story


def tree_with_video(made: SandboxEngine) -> dict[str, Any]:
    creative = story(made, video={"file_url": "https://example.com/spring.mp4"})
    ad_sets = [ad_set(made, "New", {"name": "Video", "creative": creative}, {"name": "Image", "creative": story(made)})]
    return {"campaigns": [{"id": made.ids["unbudgeted"], "ad_sets": ad_sets}]}


def set_video_status(made: SandboxEngine, status: str) -> None:
    """Let Graph answer every question for the status of a video with this one."""

    def answer(call: SandboxCall) -> SandboxResponse:
        return SandboxResponse(200, {"id": call.path[0], "status": {"video_status": status}}, {})

    made.sandbox.faults.add(lambda call: call.params.get("fields") == "id,status", respond=answer, times=FOR_EVER)


def outcomes(data: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {row[1]: (row[2], row[4] or "") for row in data["items"]["rows"]}


async def test_a_video_that_takes_long_is_waited_for_by_the_next_call() -> None:
    made = build_writer()
    set_video_status(made, "processing")
    call = arguments(made, tree_with_video(made))
    first = await made.done("ads_bulk_create", **call)
    assert outcomes(first)["Image"][0] == "success"
    assert outcomes(first)["Video"][0] == "not_sent"
    assert "still processing" in outcomes(first)["Video"][1]
    made.sandbox.faults.clear()
    second = await made.done("ads_bulk_create", **call)
    assert second["counts"] == {"success": 3}
    assert [entry.path for entry in made.writes].count(f"{made.account}/advideos") == 1


async def test_no_ad_is_made_of_a_video_that_meta_cannot_process() -> None:
    made = build_writer()
    set_video_status(made, "error")
    data = await made.done("ads_bulk_create", **arguments(made, tree_with_video(made)))
    assert outcomes(data)["Image"][0] == "success"
    assert outcomes(data)["Video"][0] == "failed"
    assert "could not process" in outcomes(data)["Video"][1]
