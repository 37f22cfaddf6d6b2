"""Asynchronous reports: started once, polled gently, told apart when they end, and read at any size."""

from __future__ import annotations

import asyncio
import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine, Options
from meta_ads_mcp.errors import NetworkProblem, NotFound, Throttled
from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader, records
from tests.support.scripted_graph import CATALOGUE, ScriptedGraph, refused_unsent, rows

ROW = {"campaign_id": "5", "campaign_name": "Sale", "spend": "10.5", "impressions": "100", "reach": "80"}
DONE = {"async_status": "Job Completed", "async_percent_completion": 100}
RUNNING = {"async_status": "Job Running", "async_percent_completion": 40}


class Reporting(ScriptedGraph):
    """Report 901 of account 1: `states` are what its polls give, the last one again and again."""

    def __init__(self, *states: Any, result: Any = None) -> None:
        self.states = list(states or [DONE])
        self.clock = FakeClock()
        self.told: list[tuple[float, float | None, str]] = []
        bodies = {"act_1/insights": {"report_run_id": 901}, "901": self.poll, "901/insights": result or rows(ROW)}
        super().__init__(bodies)
        self.heard = EventRecorder()
        self.server = Engine(CATALOGUE, self, self.heard, self.clock, RecordingGovernor(), Options())

    def poll(self, request: Request) -> Any:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        return {"id": "901", **state}

    async def call(self, tool: str, **arguments: Any) -> Any:
        async def progress(done: float, total: float | None, message: str) -> None:
            self.told.append((done, total, message))

        answer = await self.server.call(tool, arguments, progress)
        return answer.structured

    async def wait(self, **arguments: Any) -> Any:
        return await self.call("ads_run_report_and_wait", object_id="act_1", **arguments)

    @property
    def posts(self) -> list[Request]:
        return [request for request in self.asked if request.method == "POST"]


# -- starting ---------------------------------------------------------------------------------------------------------


async def test_a_report_is_started_once_and_is_no_write() -> None:
    graph = Reporting()
    answer = await graph.call("ads_create_async_report", object_id="act_1", level="ad", breakdowns=["age"])
    assert answer["data"]["report_run_id"] == "901"
    assert answer["data"]["expires_at"].startswith("20")
    (post,) = graph.posts
    assert (post.path, post.write, post.repeatable) == ("act_1/insights", False, False)
    assert {"level": "ad", "breakdowns": ["age"], "date_preset": "last_30d"}.items() <= post.params.items()
    assert "impressions" in str(post.params["fields"]).split(",")
    assert graph.complaints(_act_1="AdAccount") == []


async def test_a_start_whose_answer_is_lost_is_not_repeated() -> None:
    graph = Reporting()
    graph.bodies = {"act_1/insights": NetworkProblem("broke off")}
    assert (await graph.call("ads_create_async_report", object_id="act_1"))["error"]["kind"] == "network"
    assert len(graph.posts) == 1


async def test_a_long_range_is_what_reports_are_for_and_the_other_rules_hold() -> None:
    year = {"since": "2025-11-01", "until": "2026-10-31"}
    graph = Reporting()
    answer = await graph.call(
        "ads_create_async_report", object_id="act_1", level="ad", time_range=year, breakdowns=["country"]
    )
    assert "error" not in answer
    hourly = {"breakdowns": ["hourly_stats_aggregated_by_advertiser_time_zone"], "fields": ["unique_clicks"]}
    assert await refused_unsent("ads_create_async_report", object_id="act_1", **hourly)
    both = {"date_preset": "today", "time_range": year}
    assert "not both" in (await refused_unsent("ads_run_report_and_wait", object_id="act_1", **both))["message"]


# -- polling ----------------------------------------------------------------------------------------------------------


async def test_one_report_is_asked_about_once_in_five_seconds() -> None:
    graph = Reporting(RUNNING, DONE)
    seen = []
    for _ in range(4):
        answer = await graph.call("ads_get_report_status", report_run_id="901")
        seen.append((answer["data"]["async_percent_completion"], graph.paths.count("901")))
        await graph.clock.sleep(2)
    assert seen == [(40, 1), (40, 1), (40, 1), (100, 2)]


@pytest.mark.parametrize(
    ("state", "done", "failed", "skipped"),
    [
        ({"async_status": "Job Not Started"}, False, False, False),
        (RUNNING, False, False, False),
        ({**DONE, "async_percent_completion": 99}, False, False, False),
        (DONE, True, False, False),
        ({"async_status": "Job Failed"}, False, True, False),
        ({"async_status": "Job Skipped"}, False, False, True),
    ],
)
async def test_a_status_says_what_it_means(state: dict[str, Any], *, done: bool, failed: bool, skipped: bool) -> None:
    data = (await Reporting(state).call("ads_get_report_status", report_run_id="901"))["data"]
    assert (data["done"], data["failed"], data["skipped"]) == (done, failed, skipped)
    assert data["next_step"]


async def test_a_failed_report_shows_metas_words() -> None:
    failed = {"async_status": "Job Failed", "error_code": 100, "error_user_msg": "Too wide", "error_user_title": "No"}
    data = (await Reporting(failed).call("ads_get_report_status", report_run_id="901"))["data"]
    assert (data["error_code"], data["error_user_msg"]) == (100, "Too wide")


# -- waiting ----------------------------------------------------------------------------------------------------------


async def test_waiting_polls_from_five_seconds_up_to_sixty() -> None:
    graph = Reporting(*[RUNNING] * 12, DONE)
    moments: list[float] = []
    poll = graph.poll

    def timed(request: Request) -> Any:
        moments.append(graph.clock.slept_s)
        return poll(request)

    graph.bodies = {**graph.bodies, "901": timed}
    await graph.wait(level="campaign", max_wait_seconds=3600)
    gaps = [later - earlier for earlier, later in zip([0.0, *moments], moments, strict=False)]
    assert gaps[:4] == [5, 7.5, 11.25, 16.875]
    assert gaps[-4:] == [60] * 4


async def test_every_poll_is_reported() -> None:
    graph = Reporting(RUNNING, DONE)
    await graph.wait(level="campaign")
    polls = [fields for _, fields in graph.heard.named("meta_report_poll")]
    assert polls == [
        {"reportRunId": "901", "status": "Job Running", "percent": 40},
        {"reportRunId": "901", "status": "Job Completed", "percent": 100},
    ]


@pytest.mark.parametrize(("days", "preset"), [(7, "last_7d"), (28, "last_28d"), (6, None)])
async def test_days_that_a_preset_names_are_reported(days: int, preset: str | None) -> None:
    graph = Reporting()
    today = datetime.fromtimestamp(graph.clock.now(), ZoneInfo("Europe/Berlin")).date()
    wanted = {"since": str(today - timedelta(days=days)), "until": str(today - timedelta(days=1))}
    await graph.wait(time_range=wanted)
    told = [fields["datePreset"] for _, fields in graph.heard.named("meta_insights_preset_suggestion")]
    assert told == ([preset] if preset else [])


async def test_a_finished_report_is_a_table_and_progress_was_told() -> None:
    graph = Reporting(RUNNING, {**DONE, "async_percent_completion": 90}, DONE)
    answer = await graph.wait(level="campaign", result_limit=1)
    assert records(answer["data"])[0]["spend"] == 10.5
    assert [done for done, _, _ in graph.told] == [40, 90, 100]
    assert graph.params("901/insights") == {"limit": 1}
    assert any("report 901" in note for note in answer["notes"])


async def test_when_the_wait_is_over_the_run_goes_on() -> None:
    graph = Reporting(RUNNING)
    answer = await graph.wait()
    assert (answer["data"]["report_run_id"], answer["data"]["done"]) == ("901", False)
    assert graph.clock.slept_s == 45
    assert "901/insights" not in graph.paths


async def test_a_run_that_is_not_there_yet_is_waited_for() -> None:
    graph = Reporting(NotFound("100/33"), NotFound("100/33"), DONE)
    assert records((await graph.wait())["data"])


async def test_a_run_that_never_appears_is_an_error_with_its_id() -> None:
    error = (await Reporting(NotFound("100/33")).wait(max_wait_seconds=120))["error"]
    assert (error["kind"], error["report_run_id"]) == ("not_found", "901")


async def test_an_error_on_the_way_does_not_lose_the_run() -> None:
    error = (await Reporting(Throttled("slow down", retry_after_seconds=60)).wait())["error"]
    assert (error["kind"], error["report_run_id"]) == ("throttled", "901")


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        ({"async_status": "Job Failed", "error_code": -3, "error_subcode": 1504045}, "data_limit", "split"),
        ({"async_status": "Job Failed", "error_code": -2, "error_subcode": 2490547}, "transient", "again later"),
        ({"async_status": "Job Failed", "error_code": 100, "error_user_msg": "Bad"}, "api", "Do not run it unchanged"),
        ({"async_status": "Job Skipped"}, "api", "Create the report again"),
    ],
)
@pytest.mark.parametrize("tool", ["ads_run_report_and_wait", "ads_get_report_results"])
async def test_failed_and_skipped_are_told_apart(tool: str, state: dict[str, Any], kind: str, said: str) -> None:
    target = {"object_id": "act_1"} if tool == "ads_run_report_and_wait" else {"report_run_id": "901"}
    error = (await Reporting(state).call(tool, **target))["error"]
    assert (error["kind"], said in error["next_step"]) == (kind, True)
    assert error.get("code") == state.get("error_code")
    assert error.get("user_message") == state.get("error_user_msg")


async def test_a_cancelled_wait_stops_polling() -> None:
    graph = Reporting(RUNNING)
    started = asyncio.Event()

    async def forever(_: float) -> None:
        started.set()
        await asyncio.Event().wait()

    graph.clock.sleep = forever  # type: ignore[method-assign]
    task = asyncio.create_task(graph.wait())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "901" not in graph.paths


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_results_that_are_not_ready_are_a_status_and_not_an_empty_table() -> None:
    graph = Reporting(RUNNING)
    data = (await graph.call("ads_get_report_results", report_run_id="901"))["data"]
    assert (data["done"], graph.paths) == (False, ["901"])


async def test_results_come_as_a_table_with_all_that_was_asked_for() -> None:
    row = {
        **ROW,
        "age": "18-24",
        "actions": [{"action_type": "post_reaction", "value": "3"}],
        "date_start": "2026-11-01",
    }
    graph = Reporting(result=rows(row, after="x"))
    answer = await graph.call("ads_get_report_results", report_run_id="901", limit=1)
    found = records(answer["data"])[0]
    assert (found["age"], found["post_reaction"], found["impressions"]) == ("18-24", 3, 100)
    assert answer["page"] == {"count": 1, "has_more": True, "after": "x"}


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def exporting(world: World, tmp_path: Path) -> SandboxEngine:
    made = build_reader(SandboxTransport(world, clock=lambda: NOW))
    made.engine = Engine(
        made.engine.catalogue,
        made.engine.client,
        made.engine.events,
        made.engine.clock,
        made.engine.limits,
        Options(demo=True, export_dir=tmp_path),
    )
    return made


def lines(path: str) -> list[dict[str, Any]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if path.endswith(".csv") else [json.loads(line) for line in file]


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
async def test_every_row_goes_to_the_file_and_the_totals_add_up(
    exporting: SandboxEngine, account: str, file_format: str
) -> None:
    data = await exporting.data("ads_run_report_and_wait", object_id=account, level="ad", save_as=file_format)
    written = lines(data["path"])
    assert len(written) == data["row_count"] > 1000
    assert list(written[0]) == data["columns"] or file_format == "jsonl"
    spend = sum(float(row["spend"]) for row in written)
    assert data["totals"]["spend"] == pytest.approx(spend)
    assert "reach" not in data["totals"]
    assert len(data["preview"]["rows"]) == 10


async def test_a_finished_report_can_still_be_saved(exporting: SandboxEngine, account: str) -> None:
    started = await exporting.data("ads_create_async_report", object_id=account, level="campaign")
    run = {"report_run_id": started["report_run_id"]}
    for _ in range(5):
        await exporting.engine.clock.sleep(5)
        status = await exporting.data("ads_get_report_status", **run)
    assert status["done"]
    table = await exporting.data("ads_get_report_results", **run, limit=100)
    saved = await exporting.data("ads_get_report_results", **run, save_as="csv")
    assert len(lines(saved["path"])) == len(table["rows"]) == saved["row_count"]


async def test_a_file_that_breaks_off_leaves_nothing(exporting: SandboxEngine, account: str, tmp_path: Path) -> None:
    started = await exporting.data("ads_create_async_report", object_id=account, level="ad")

    async def broken(request: Request) -> Any:
        if request.path.endswith("/insights") and request.params.get("after"):
            raise NetworkProblem("broke off")
        return await send(request)

    send = exporting.engine.client.send
    exporting.engine.client.send = broken  # type: ignore[method-assign]
    for _ in range(5):
        await exporting.engine.clock.sleep(5)
        await exporting.data("ads_get_report_status", report_run_id=started["report_run_id"])
    error = await exporting.refused("ads_get_report_results", report_run_id=started["report_run_id"], save_as="csv")
    assert error["kind"] == "network"
    assert list((tmp_path / "exports").iterdir()) == []


async def test_reports_on_the_sandbox_are_those_of_a_direct_read(demo: SandboxEngine, account: str) -> None:
    asked = {"object_id": account, "level": "campaign", "date_preset": "last_7d"}
    direct = await demo.data("ads_get_insights", **asked)
    waited = await demo.data("ads_run_report_and_wait", **asked)
    assert waited["columns"] == direct["columns"]
    assert sorted(waited["rows"]) == sorted(direct["rows"])
    methods = [(entry.method, entry.path) for entry in demo.sandbox.log if entry.method != "GET"]
    assert methods == [("POST", f"{account}/insights")]
