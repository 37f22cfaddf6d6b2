"""One call from arguments to answer: every failure is an answer, and every call leaves an event."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result
from meta_ads_mcp.engine.telemetry import RECENT_CALLS, JsonLogger, Metrics
from meta_ads_mcp.errors import AdsError, ApiError, GraphError, NotFound, Throttled
from tests.support.fake_transport import TOKEN
from tests.support.sample_tools import account, run_in_tool, sample_graph


async def test_successful_call_returns_summary_and_data() -> None:
    bench = sample_graph(account)
    answer = await bench.call("ads_test_get", campaign_id="5")
    assert answer.structured["data"] == {"id": "5", "account_id": "1", "name": "Thing"}
    assert answer.blocks == [answer.text, json.dumps(answer.structured, ensure_ascii=False, separators=(",", ":"))]
    assert bench.events.named("tool_call") == [
        ("info", {"tool": "ads_test_get", "outcome": "success", "duration_ms": 0.0})
    ]


@pytest.mark.parametrize(
    ("accounts", "asked"), [(("act_1",), ["id,account_id", "id,account_id,name"]), ((), ["id,account_id,name"])]
)
async def test_owner_is_looked_up_first_under_an_allowlist(accounts: tuple[str, ...], asked: list[str]) -> None:
    """Without an allowlist the answer itself names the account, and is learnt from."""
    bench = sample_graph(account, accounts=accounts)
    await bench.data("ads_test_get", campaign_id="5")
    assert [request.params["fields"] for request in bench.sent] == asked
    assert bench.engine.book.known_owner("5") == "act_1"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Throttled("Wait.", retry_after_seconds=60), "throttled"),
        (NotFound("No."), "not_found"),
        (AdsError("x"), "internal"),
    ],
)
async def test_an_error_is_an_answer(error: AdsError, kind: str) -> None:
    def graph(_: Request) -> Any:
        raise error

    bench = sample_graph(graph)
    answer = await bench.call("ads_test_get", campaign_id="5")
    assert answer.is_error
    assert answer.structured == {"error": error.public()}
    assert answer.structured["error"]["kind"] == kind
    assert answer.blocks == [f"{error.message} {error.next_step}"]
    assert bench.events.named("tool_call")[0][1]["outcome"] == kind


async def test_texts_of_errors_are_clean() -> None:
    dirty = f"see https://x/?access_token={TOKEN} \u202e\x1b[31m"

    def graph(_: Request) -> Any:
        raise ApiError(
            dirty, dirty, graph=GraphError(100, user_title=dirty), details={"more": [dirty]}, allowed=(dirty,)
        )

    answer = await sample_graph(graph).call("ads_test_get", campaign_id="5")
    shown = json.dumps([answer.structured, answer.text], ensure_ascii=False)
    for part in (TOKEN, "\u202e", "\x1b", "[31m"):
        assert part not in shown


class Defect(Exception):
    pass


async def test_internal_error_does_not_reveal_its_text() -> None:
    async def run(*_: Any) -> Result:
        raise Defect(f"secret {TOKEN}")

    bench = sample_graph(account)
    answer = await run_in_tool(bench, run)
    assert answer.structured["error"]["kind"] == "internal"
    assert "Defect" in answer.text
    said = json.dumps([answer.structured, bench.events.events])
    assert "secret" not in said
    (_, event), *_ = bench.events.named("internal_error")
    assert event["where"].startswith("test_engine.py:")


@pytest.mark.parametrize("body", [None, [], "text", 5, {"data": 5}])
async def test_malformed_response_is_not_an_internal_error(body: Any) -> None:
    bench = sample_graph(lambda request: account(request) if "/" not in request.path and body is not None else body)
    for name, given in (("ads_test_list", {"account_id": "1"}), ("ads_test_get", {"campaign_id": "5"})):
        answer = await bench.call(name, **given)
        if answer.is_error:
            assert answer.structured["error"]["kind"] in ("transient", "api", "not_found")


async def test_deeply_nested_response_is_not_an_internal_error() -> None:
    deep: Any = "x"
    for _ in range(3000):
        deep = [deep]

    async def run(*_: Any) -> Result:
        return Result("Deep.", {"value": deep})

    assert (await run_in_tool(sample_graph(account), run)).structured["error"]["kind"] == "api"


async def test_a_cancelled_call_ends_and_leaves_its_event() -> None:
    started = asyncio.Event()

    async def run(*_: Any) -> Result:
        started.set()
        await asyncio.Event().wait()
        return Result("never", {})

    bench = sample_graph(account)
    task = asyncio.create_task(run_in_tool(bench, run))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.events.named("tool_call")[0][1]["outcome"] == "cancelled"


async def test_an_unknown_tool_is_reported_and_not_counted() -> None:
    bench = sample_graph(account)
    for index in range(50):
        await bench.error(f"ads_guess_{index}")
    assert len(bench.events.named("tool_call")) == 50
    assert bench.engine.metrics.rows() == []


async def test_a_call_by_name_counts_for_the_tool_that_ran() -> None:
    bench = sample_graph(account)
    await bench.data("ads_call_read_tool", name="ads_test_get", arguments={"campaign_id": 5})
    assert [row["tool"] for row in bench.engine.metrics.rows()] == ["ads_test_get"]


async def test_demo_answers_are_marked() -> None:
    answer = await sample_graph(account, demo=True).call("ads_test_get", campaign_id="5")
    assert answer.structured["demo"] is True


async def test_version_notice_is_shown_once() -> None:
    bench = sample_graph(account)
    bench.notice = "Graph answers with version v22.0."
    first, second = [await bench.call("ads_test_get", campaign_id="5") for _ in range(2)]
    assert bench.notice in first.structured["notes"]
    assert bench.notice not in second.structured.get("notes", [])


async def test_notes_come_once_and_clean() -> None:
    async def run(_: Any, call: Any) -> Result:
        call.note("one\u202e")
        call.note("one\u202e")
        return Result("Done\x1b[31m.", {"id": "1"}, notes=[f"two {TOKEN}"])

    answer = await run_in_tool(sample_graph(account), run)
    assert answer.structured["notes"] == ["one", "two [token]"]
    assert answer.text == "Done."


async def test_progress_is_reported_page_by_page() -> None:
    told: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        told.append((done, total))

    pages = {None: (["1", "2"], "a"), "a": (["3"], None)}

    def graph(request: Request) -> Any:
        ids, after = pages[request.params.get("after")]
        paging = {"cursors": {"after": after}, "next": "x"} if after else {}
        return {"data": [{"id": item} for item in ids], "paging": paging}

    await sample_graph(graph).engine.call("ads_test_list", {"account_id": "1", "max_items": 10}, progress)
    assert told == [(2, 10), (3, 10)]


async def test_the_status_needs_no_graph() -> None:
    async def run(_: Any, call: Any) -> Result:
        return Result("Status.", dict(call.status()))

    bench = sample_graph(account)
    answer = await run_in_tool(bench, run)
    assert "tools" in bench.engine._status()
    assert not answer.is_error
    assert bench.sent == []


# --- events


def test_events_are_json_lines_without_secrets() -> None:
    lines: list[str] = []
    log = JsonLogger(write=lines.append)
    log.emit(
        "info", "tool_call", tool="x", nothing=None, url=f"https://x/?access_token={TOKEN}", error=ValueError(TOKEN)
    )
    log.emit("warning", "line\nbreak", text="a\nb\u202e", many=[{"t": TOKEN}], odd=float("inf"))
    for line in lines:
        said = json.loads(line)
        assert {"time", "level", "event"} <= said.keys()
        assert "\n" not in line
        assert TOKEN not in line
        assert "\u202e" not in line
    assert "nothing" not in json.loads(lines[0])


@pytest.mark.parametrize(("level", "heard"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1), ("FATAL", 0)])
def test_the_level_decides_what_is_written(level: str, heard: int) -> None:
    lines: list[str] = []
    log = JsonLogger(level, lines.append)
    for named in ("debug", "info", "warning", "error"):
        log.emit(named, "x")
    assert len(lines) == heard


@pytest.mark.parametrize("failure", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_closed_standard_error_does_not_end_a_call(failure: Exception) -> None:
    def write(_: str) -> None:
        raise failure

    JsonLogger(write=write).emit("error", "x")


def test_events_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLogger().emit("info", "x")
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["event"] == "x"


HTTPX_LOGS = """
import logging
from meta_ads_mcp.engine.telemetry import JsonLogger, install_logging
install_logging(JsonLogger("DEBUG"))
import httpx
logging.getLogger("httpx").info("HTTP Request: GET https://graph.facebook.com/?access_token=EAAB")
logging.getLogger("httpx").warning("slow")
"""


def test_http_library_logs_warnings_and_above() -> None:
    """Its ordinary lines are the addresses of requests."""
    ended = subprocess.run([sys.executable, "-c", HTTPX_LOGS], capture_output=True, text=True, check=True)
    (line,) = ended.stderr.splitlines()
    assert (json.loads(line)["logger"], json.loads(line)["level"], ended.stdout) == ("httpx", "warning", "")


def test_latencies_are_of_the_recent_calls() -> None:
    metrics = Metrics()
    for milliseconds in range(RECENT_CALLS * 2):
        metrics.record("a", float(milliseconds), is_error=milliseconds % 10 == 0)
    metrics.record("b", 5.0, is_error=False)
    first, second = metrics.rows()
    assert first == {"tool": "a", "calls": 1000, "errors": 100, "p50_ms": 750.0, "p95_ms": 975.0}
    assert second == {"tool": "b", "calls": 1, "errors": 0, "p50_ms": 5.0, "p95_ms": 5.0}
