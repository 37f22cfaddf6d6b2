"""Videos on their way into a library: parts, lost answers, giving up, and waiting for Meta."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import (
    AdsError,
    Blocked,
    GraphError,
    InvalidArguments,
    NetworkProblem,
    Throttled,
    Transient,
    UnknownOutcome,
)
from meta_ads_mcp.tools.creatives import video_upload as _chunks
from tests.support.media_library import VIDEO, MediaLibrary
from tests.support.scripted_graph import ACCOUNT

LOST = UnknownOutcome("The connection to Graph broke off after the change was sent.")


@pytest.fixture
def desk(tmp_path: Path) -> MediaLibrary:
    return MediaLibrary(tmp_path)


@pytest.mark.parametrize("wait", [False, True])
async def test_a_file_goes_in_the_parts_that_graph_asks_for(desk: MediaLibrary, wait: bool) -> None:
    data = await desk.video(name="Spring", description="Film", wait=wait)
    assert desk.phases == ["start", "transfer", "transfer", "transfer", "finish"]
    assert desk.received["s1"] == VIDEO
    assert desk.graph.writes[0].params == {"upload_phase": "start", "file_size": len(VIDEO)}
    finish = desk.graph.writes[-1].params
    assert (finish["title"], finish["name"], finish["description"]) == ("Spring", "Spring", "Film")
    assert all(
        (r.path, r.patience, r.repeatable, r.write) == (f"{ACCOUNT}/advideos", "upload", False, True)
        for r in desk.graph.writes
    )
    assert (data["status"], data["id"], data["video_status"], data["bytes"]) == ("success", "900", "ready", len(VIDEO))
    assert [line["phase"] for line in desk.journal] == ["intent", "outcome"]
    assert desk.journal[-1]["object_id"] == "900"


async def test_no_part_is_larger_than_this_server_holds(desk: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chunks, "MAX_PART_BYTES", 999)
    desk.part = 10**9
    await desk.video()
    sizes = [len(request.files["video_file_chunk"][1]) for request in desk.graph.writes if request.files]
    assert max(sizes) == 999
    assert desk.received["s1"] == VIDEO


async def test_progress_is_told(desk: MediaLibrary) -> None:
    told: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        told.append((done, total))

    arguments = {"account_id": ACCOUNT, "file_path": str(desk.path)}
    await desk.engine().call("ads_upload_ad_video", arguments, progress)
    assert told == [(done, len(VIDEO)) for done in (0, 4000, 8000, 10000)]


@pytest.mark.parametrize(
    "source", [{"file_url": "https://v.example/a/clip%20one.mp4?x=1"}, {"source_instagram_media_id": "77"}]
)
async def test_other_sources_are_one_request(desk: MediaLibrary, source: dict[str, str]) -> None:
    data = await desk.data("video", **source)
    (sent,) = desk.graph.writes
    title = {"title": "clip one.mp4"} if "file_url" in source else {}
    assert sent.params == {**source, **title}
    assert data["id"] == "501"
    assert desk.web.asked == ([source["file_url"]] if "file_url" in source else [])


async def test_an_address_that_leads_inside_is_not_handed_to_meta(desk: MediaLibrary) -> None:
    desk.web.found = InvalidArguments("v.example is a host of a private network.")
    assert (await desk.error("video", file_url="https://v.example/a.mp4"))["kind"] == "invalid_arguments"
    assert desk.graph.writes == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"file_url": "https://v.example/a", "source_instagram_media_id": "1"},
        {"file_url": "http://v.example/a"},
        {"file_url": "https://10.0.0.1/a"},
        {"file_url": "https://v.example/a", "title": "x" * 255},
        {"file_url": "https://v.example/a", "name": "x" * 255},
    ],
)
async def test_what_is_no_single_video_is_refused_before_any_request(desk: MediaLibrary, given: dict[str, str]) -> None:
    assert (await desk.error("video", **given))["kind"] == "invalid_arguments"
    assert (desk.graph.sent, desk.web.asked) == ([], [])


async def test_a_dry_run_of_a_video_sends_nothing(desk: MediaLibrary) -> None:
    data = await desk.video(dry_run=True)
    assert (data["status"], data["bytes"]) == ("dry_run", len(VIDEO))
    assert desk.graph.writes == []


async def test_the_policy_holds_for_uploads(desk: MediaLibrary) -> None:
    made = desk.engine(Policy(frozenset({"all"})))
    answer = await made.call("ads_upload_ad_video", {"account_id": ACCOUNT, "file_path": str(desk.path)})
    assert answer.structured["error"]["kind"] == "denied"
    assert desk.graph.writes == []


def failing(*failures: AdsError | None, phase: str = "transfer") -> Callable[[Request], AdsError | None]:
    """The first requests of a phase fail, one after the other."""
    left = list(failures)
    return lambda request: left.pop(0) if left and request.params.get("upload_phase") == phase else None


def moved(start: int, end: int) -> AdsError:
    error = GraphError(6001, "There was a problem", 1363037, offsets=(start, end))
    return InvalidArguments("Meta refused the request (6001/1363037).", graph=error)


@pytest.mark.parametrize(
    "failure", [Transient("fault"), NetworkProblem("off"), LOST, Throttled("slow", retry_after_seconds=60)]
)
async def test_a_part_alone_is_sent_again_after_a_passing_fault(desk: MediaLibrary, failure: AdsError) -> None:
    desk.graph.refuse = failing(None, failure, failure, failure, None, failure)
    data = await desk.video()
    assert data["id"] == "900"
    assert desk.received["s1"] == VIDEO
    assert [phase for phase in desk.phases if phase != "transfer"] == ["start", "finish"]


async def test_a_part_that_arrived_although_its_answer_was_lost_is_not_doubled(desk: MediaLibrary) -> None:
    """Graph then refuses the same offset and names the one that it wants."""
    desk.graph.lose = failing(LOST)
    desk.graph.refuse = failing(None, moved(4000, 8000))
    await desk.video()
    assert desk.received["s1"] == VIDEO
    assert [request.params.get("start_offset") for request in desk.graph.writes if request.files] == [0, 0, 4000, 8000]


@pytest.mark.parametrize(
    ("failures", "kind"),
    [
        ([Transient("fault")] * 4, "transient"),
        ([moved(0, 4000)] * 4, "invalid_arguments"),
        ([LOST] * 4, "network"),
        ([InvalidArguments("no video")], "invalid_arguments"),
        ([Throttled("slow", retry_after_seconds=61)], "throttled"),
        ([Blocked("stop", retry_after_seconds=1)], "blocked"),
        ([moved(0, 10**9)], "api"),
        ([moved(-5, 4000)], "api"),
    ],
)
async def test_an_upload_that_is_given_up_is_cancelled_and_can_be_made_again(
    desk: MediaLibrary, failures: list[AdsError], kind: str
) -> None:
    desk.graph.refuse = failing(*failures)
    assert (await desk.lost_video(idempotency_key="k"))["kind"] == kind
    assert desk.phases[-1] == "cancel"
    assert "finish" not in desk.phases
    assert desk.journal[-1]["status"] == "failed"
    assert (await desk.video(idempotency_key="k"))["id"] == "900"


async def test_a_graph_that_asks_for_the_same_part_for_ever_is_left(desk: MediaLibrary) -> None:
    desk.next_part = lambda session: {"start_offset": "0", "end_offset": "10"}  # type: ignore[method-assign]
    assert (await desk.lost_video())["kind"] == "api"
    assert desk.phases == ["start", "transfer", "cancel"]


@pytest.mark.parametrize(
    "begun", [[], {}, {"start_offset": "0", "end_offset": "9"}, {"start_offset": "x", "end_offset": 1}]
)
async def test_a_start_that_says_nothing_is_an_error(desk: MediaLibrary, begun: Any) -> None:
    desk.graph.special = lambda request: begun
    assert (await desk.lost_video())["kind"] == "api"
    assert desk.phases == ["start"]


@pytest.mark.parametrize("phase", ["start", "finish"])
async def test_a_lost_start_or_finish_is_an_unknown_outcome_that_says_how_to_look(
    desk: MediaLibrary, phase: str
) -> None:
    desk.graph.refuse = failing(LOST, phase=phase)
    error = await desk.lost_video(title="Spring", idempotency_key="k")
    assert error["kind"] == "unknown_outcome"
    assert "ads_get_ad_videos" in error["next_step"]
    assert "Spring" in error["next_step"]
    assert desk.phases.count(phase) == 1
    assert desk.phases[-1] == phase
    assert desk.journal[-1]["status"] == "unknown_outcome"
    writes = len(desk.graph.writes)
    assert (await desk.lost_video(title="Spring", idempotency_key="k"))["kind"] == "unknown_outcome"
    assert len(desk.graph.writes) == writes


async def test_a_finish_that_arrived_although_its_answer_was_lost_is_found(desk: MediaLibrary) -> None:
    desk.graph.lose = failing(LOST, phase="finish")
    assert (await desk.video())["id"] == "900"
    assert desk.phases.count("finish") == 1


async def test_a_refused_finish_is_cancelled(desk: MediaLibrary) -> None:
    desk.graph.refuse = failing(InvalidArguments("no"), phase="finish")
    assert (await desk.lost_video())["kind"] == "invalid_arguments"
    assert desk.phases[-2:] == ["finish", "cancel"]


async def test_a_lost_answer_to_an_address_is_found_by_its_title(desk: MediaLibrary) -> None:
    desk.graph.lose = lambda request: LOST
    assert (await desk.data("video", file_url="https://v.example/clip.mp4"))["id"] == "501"
    assert len(desk.graph.writes) == 1


async def test_a_caller_that_goes_away_cancels_the_upload(desk: MediaLibrary) -> None:
    def leave(request: Request) -> AdsError | None:
        if request.params.get("upload_phase") == "transfer":
            running.cancel()
        return None

    desk.graph.refuse = leave
    desk.part = 1000
    running = asyncio.ensure_future(desk.video())
    send = desk.graph.send

    async def slow(request: Request) -> Any:
        answer = await send(request)
        await asyncio.sleep(0)
        return answer

    desk.graph.send = slow  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await running
    assert desk.phases == ["start", "transfer", "cancel"]


async def test_a_file_that_became_shorter_is_given_up(desk: MediaLibrary) -> None:
    def shorten(request: Request) -> AdsError | None:
        if request.params.get("start_offset") == 4000:
            desk.path.write_bytes(b"")
        return None

    desk.graph.refuse = shorten
    assert (await desk.lost_video())["kind"] == "invalid_arguments"
    assert desk.phases[-1] == "cancel"


@pytest.mark.parametrize(
    ("statuses", "wait", "found", "looks"),
    [
        (("processing", "processing", "ready"), True, "ready", 3),
        (("processing", "error"), True, "error", 2),
        (("processing",), False, "processing", 1),
        (("ready",), True, "ready", 1),
    ],
)
async def test_a_video_is_looked_at_until_it_is_ready(
    desk: MediaLibrary, statuses: tuple[str, ...], wait: bool, found: str, looks: int
) -> None:
    desk.statuses = statuses
    data = await desk.video(wait=wait)
    assert (data["status"], data["video_status"], desk.asked_status) == ("success", found, looks)
    assert ("errors" in data) == (found == "error")
    assert data["next_step"]


async def test_waiting_ends_within_50_seconds_with_the_next_step(desk: MediaLibrary) -> None:
    desk.statuses = ("processing",)
    start = desk.clock.passed_s
    data = await desk.video(wait=True)
    assert 40 <= desk.clock.passed_s - start < 50
    assert (data["id"], data["video_status"]) == ("900", "processing")
    assert "ads_get_video_details" in data["next_step"]


async def test_a_status_that_cannot_be_read_loses_no_upload(desk: MediaLibrary) -> None:
    desk.graph.refuse = lambda request: Transient("fault") if request.params.get("fields") == "id,status" else None
    answer = await desk.call("video", file_path=str(desk.path), wait=True)
    assert (answer.structured["data"]["id"], answer.structured["data"]["video_status"]) == ("900", "unknown")
    assert "status could not be read" in answer.structured["notes"][0]
