"""Reports that are too large for Graph: split, run, joined to one file, and continued by the same call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.errors import DataLimit, NetworkProblem
from tests.support.recorders import EventRecorder, RecordingGovernor
from tests.support.scripted_graph import CATALOGUE, ScriptedGraph, rows

FIRST = date(2026, 8, 1)
# Ads of ad sets of campaigns.
TREE = {f"{c}": {f"{c}{s}": [f"{c}{s}{a}" for a in range(3)] for s in range(2)} for c in range(1, 4)}
DONE = {"async_status": "Job Completed", "async_percent_completion": 100}
TOO_LARGE = {"async_status": "Job Failed", "async_percent_completion": 0, "error_code": 2, "error_subcode": 1504045}
PAGE = 20


class LargeGraph(ScriptedGraph):
    """A Graph that computes at most `capacity` rows in one report; each request takes `seconds`."""

    def __init__(self, folder: Path, capacity: int, *, refuses_at_once: bool = False, seconds: float = 0) -> None:
        self.capacity, self.refuses_at_once, self.seconds = capacity, refuses_at_once, seconds
        self.started: dict[str, dict[str, Any]] = {}
        self.fail_after: int | None = None
        self.count = 0
        super().__init__()
        self.special, options = self.respond, Options(export_dir=folder)
        self.server = Engine(CATALOGUE, self, EventRecorder(), self.clock, RecordingGovernor(), options)

    def respond(self, request: Request) -> Any:
        self.clock.passed_s += self.seconds
        self.count += 1
        if self.fail_after is not None and self.count > self.fail_after:
            raise NetworkProblem("broke off")
        subject, _, edge = request.path.partition("/")
        if request.method == "POST" and edge == "insights":
            return self.start(dict(request.params))
        if subject in self.started:
            return self.page(subject, request) if edge else self.status(subject)
        if edge == "insights":
            return self.children(request)
        return NotImplemented

    def start(self, params: dict[str, Any]) -> Any:
        if self.refuses_at_once and self.size(params) > self.capacity:
            raise DataLimit("(#100) Please reduce the amount of data")
        run_id = str(9000 + len(self.started))
        self.started[run_id] = params
        return {"report_run_id": run_id}

    def status(self, run_id: str) -> Any:
        state = TOO_LARGE if self.size(self.started[run_id]) > self.capacity else DONE
        return {"id": run_id, **state}

    def page(self, run_id: str, request: Request) -> Any:
        found = list(report_rows(self.started[run_id]))
        start = int(str(request.params.get("after") or 0))
        more = start + PAGE < len(found)
        return rows(*found[start : start + PAGE], after=str(start + PAGE) if more else None)

    def children(self, request: Request) -> Any:
        name = f"{request.params['level']}_id"
        return rows(*({name: value} for value in dict.fromkeys(row[name] for row in ads_of(dict(request.params)))))

    @staticmethod
    def size(params: dict[str, Any]) -> int:
        return sum(1 for _ in report_rows(params))

    async def report(self, **arguments: Any) -> ToolAnswer:
        given = {"object_id": "act_1", "level": "ad", "save_as": "jsonl", "fields": ["spend"], **arguments}
        return await self.server.call("ads_run_report_and_wait", given)

    async def finish(self, **arguments: Any) -> list[dict[str, Any]]:
        """The rows of the file, after as many calls as it takes."""
        for _ in range(500):
            answer = await self.report(**arguments)
            data = answer.structured.get("data", {})
            if "path" in data:
                return rows_of(Path(data["path"]))
            assert self.fail_after is not None or not answer.is_error, answer.text
            self.fail_after = None
        raise AssertionError(answer.text)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ads_of(params: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The ads that pass the filters, with the ids of what they belong to."""
    conditions = [item for item in params.get("filtering") or () if item["field"].endswith(".id")]
    wanted = {item["field"]: item["value"] for item in conditions}
    for campaign, ad_sets in TREE.items():
        for ad_set, ads in ad_sets.items():
            for ad in ads:
                ids = {"campaign_id": campaign, "adset_id": ad_set, "ad_id": ad}
                if all(ids[field.replace(".", "_")] in value for field, value in wanted.items()):
                    yield ids


def report_rows(params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    since, until = (date.fromisoformat(params["time_range"][name]) for name in ("since", "until"))
    days = (until - since).days + 1
    step = {"monthly": 31, None: days}.get(params.get("time_increment")) or int(params["time_increment"])
    for offset in range(0, days, step):
        stop = min(since + timedelta(days=offset + step - 1), until)
        for ids in ads_of(params):
            yield {**ids, "date_start": str(since + timedelta(days=offset)), "date_stop": str(stop), "spend": "1.5"}


def period(days: int) -> dict[str, str]:
    return {"since": str(FIRST), "until": str(FIRST + timedelta(days=days - 1))}


def keys(found: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return sorted((row["date_start"], row["date_stop"], row["ad_id"]) for row in found)


@settings(max_examples=25)
@given(
    st.integers(1, 20),
    st.sampled_from(["1", "7", None]),
    st.integers(20, 300),
    st.booleans(),
    st.sampled_from([0.0, 3.0]),
    st.none() | st.integers(1, 60),
)
async def test_every_row_is_in_the_file_exactly_once(
    tmp_path_factory: pytest.TempPathFactory,
    days: int,
    increment: str | None,
    capacity: int,
    refuses_at_once: bool,
    seconds: float,
    fail_after: int | None,
) -> None:
    """Whatever Graph computes at once, however slow it is, and wherever the connection breaks off."""
    folder = tmp_path_factory.mktemp("state")
    graph = LargeGraph(folder, capacity, refuses_at_once=refuses_at_once, seconds=seconds)
    graph.fail_after = fail_after
    arguments = {"time_range": period(days), "fields": ["spend", "date_start", "date_stop"]}
    arguments |= {"time_increment": increment} if increment else {}
    found = await graph.finish(**arguments, max_wait_seconds=45)
    whole = report_rows({"time_range": period(days), "time_increment": increment})
    assert keys(found) == keys(list(whole))
    assert [path.name for path in (folder / "exports" / "state").glob("*.rows")] == []


async def test_weeks_are_cut_between_rows(tmp_path: Path) -> None:
    graph = LargeGraph(tmp_path, 40)
    await graph.finish(time_range=period(35), time_increment="7")
    starts = {date.fromisoformat(params["time_range"]["since"]) for params in graph.started.values()}
    assert len(starts) > 2
    assert {(start - FIRST).days % 7 for start in starts} == {0}


async def test_a_filter_on_figures_is_not_split_by_time(tmp_path: Path) -> None:
    """`campaign.spend > 100` is about the whole period."""
    graph = LargeGraph(tmp_path, 60)
    graph.size = lambda params: 90 if len(params["filtering"]) < 2 else 1  # type: ignore[method-assign]
    condition = {"field": "campaign.spend", "operator": "GREATER_THAN", "value": 100}
    await graph.report(time_range=period(5), time_increment="1", filtering=[condition])
    assert {json.dumps(params["time_range"]) for params in graph.started.values()} == {json.dumps(period(5))}
    assert any(len(params["filtering"]) == 2 for params in graph.started.values())


@pytest.mark.parametrize("wait", [5, 30])
async def test_the_wait_includes_the_download_and_the_same_call_continues(tmp_path: Path, wait: int) -> None:
    graph = LargeGraph(tmp_path, 1000, seconds=4)
    asked = {"time_range": period(10), "time_increment": "1", "max_wait_seconds": wait}
    before = graph.clock.now()
    answer = await graph.report(**asked)
    assert graph.clock.now() - before <= wait + graph.seconds
    assert answer.structured["data"]["done"] is False
    assert "same call again" in answer.structured["data"]["next_step"]
    found = await graph.finish(**asked)
    assert len(found) == 180
    assert len(graph.started) == 1, "no run was started twice"


async def test_another_process_continues(tmp_path: Path) -> None:
    first = LargeGraph(tmp_path, 50, seconds=4)
    asked = {"time_range": period(10), "time_increment": "1", "max_wait_seconds": 30}
    await first.report(**asked)
    second = LargeGraph(tmp_path, 50, seconds=1)
    second.started = first.started
    before = len(second.started)
    found = await second.finish(**asked)
    assert (len(found), before) == (180, before)


async def test_a_single_row_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    error = (await LargeGraph(tmp_path, 0).report(time_range=period(1))).structured["error"]
    assert error["kind"] == "data_limit"
    assert "single object" in error["message"]


async def test_a_finished_report_is_run_anew(tmp_path: Path) -> None:
    graph = LargeGraph(tmp_path, 1000)
    for expected in (1, 2):
        await graph.finish(time_range=period(2))
        assert len(graph.started) == expected
