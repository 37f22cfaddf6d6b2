"""Files of reports: the same columns on every page, and 0 for counts that a page lacks."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine, Options
from meta_ads_mcp.errors import NotFound
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor
from tests.support.scripted_graph import CATALOGUE, ScriptedGraph, rows

DENIAL = NotFound("Object with ID '901' does not exist (100/33)")


def row(day: int, **counts: int) -> dict[str, Any]:
    """A row of a day with these actions."""
    actions = [{"action_type": name, "value": str(value)} for name, value in counts.items()]
    return {"date_start": f"2026-10-0{day}", "spend": "1.5", **({"actions": actions} if actions else {})}


def lines_of(path: str) -> list[dict[str, Any]]:
    """The rows of a file."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines)) if path.endswith(".csv") else [json.loads(line) for line in lines]


class FinishedReport(ScriptedGraph):
    """Report 901 of act_1 with pages of rows. `denials` are how often Graph denies each page first."""

    def __init__(self, folder: Path, *pages: list[dict[str, Any]], denials: dict[int, int] | None = None) -> None:
        done = {"id": "901", "async_status": "Job Completed", "async_percent_completion": 100}
        self.pages, self.denials, self.clock = pages, dict(denials or {}), FakeClock()
        bodies = {"act_1/insights": {"report_run_id": "901"}, "901": done, "901/insights": self.page}
        super().__init__(bodies)
        options = Options(export_dir=folder)
        self.server = Engine(CATALOGUE, self, EventRecorder(), self.clock, RecordingGovernor(), options)

    def page(self, request: Request) -> Any:
        index = int(str(request.params.get("after") or 0))
        if self.denials.get(index, 0) > 0:
            self.denials[index] -= 1
            raise DENIAL
        return rows(*self.pages[index], after=str(index + 1) if index + 1 < len(self.pages) else None)

    async def call(self, tool: str, **arguments: Any) -> Any:
        return (await self.server.call(tool, arguments)).structured

    async def save(self, file_format: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The data of the answer and the rows of the file."""
        answer = await self.call("ads_run_report_and_wait", object_id="act_1", save_as=file_format)
        assert "error" not in answer, answer
        return answer["data"], lines_of(answer["data"]["path"])


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
async def test_count_is_zero_on_every_page_that_lacks_it(tmp_path: Path, file_format: str) -> None:
    pages = [row(1, link_click=3)], [row(2)], [row(3, purchase=1), row(4)], [row(5)]
    data, written = await FinishedReport(tmp_path, *pages).save(file_format)
    counts = {name: [int(line[name]) for line in written] for name in ("link_click", "purchase")}
    assert counts == {"link_click": [3, 0, 0, 0, 0], "purchase": [0, 0, 1, 0, 0]}
    assert (data["totals"]["purchase"], data["totals"]["link_click"]) == (1, 3)
    preview = [dict(zip(data["preview"]["columns"], line, strict=True)) for line in data["preview"]["rows"]]
    assert [line["purchase"] for line in preview] == counts["purchase"]


async def test_rates_that_a_page_lacks_stay_empty(tmp_path: Path) -> None:
    roas = {"purchase_roas": [{"action_type": "omni_purchase", "value": "2.5"}], "ctr": "1.2"}
    _, written = await FinishedReport(tmp_path, [row(1)], [{**row(2), **roas}], [row(3)]).save("csv")
    assert [(line["purchase_roas"], line["ctr"]) for line in written] == [("", ""), ("2.5", "1.2"), ("", "")]


async def test_columns_do_not_depend_on_the_page(tmp_path: Path) -> None:
    """`video_p25_watched_actions` is one event on the first page and two on the second."""
    first = {"action_type": "video_view", "value": "5"}
    pages = (
        [{"video_p25_watched_actions": [first]}],
        [{"video_p25_watched_actions": [first, {"action_type": "x", "value": "1"}]}],
    )
    data, written = await FinishedReport(tmp_path, *pages).save("csv")
    assert data["columns"] == ["video_p25_watched_actions", "video_p25_watched_actions_x"]
    assert [line["video_p25_watched_actions"] for line in written] == ["5", "5"]


async def test_histograms_are_written(tmp_path: Path) -> None:
    curve = [{"action_type": "video_view", "value": [100, 61, 43]}]
    _, written = await FinishedReport(tmp_path, [{"video_play_curve_actions": curve}]).save("csv")
    assert json.loads(written[0]["video_play_curve_actions"]) == [100, 61, 43]


@pytest.mark.parametrize("page", [0, 1])
async def test_page_that_graph_denies_for_a_moment_is_read_again(tmp_path: Path, page: int) -> None:
    graph = FinishedReport(tmp_path, [row(1)], [row(2)], denials={page: 2})
    _, written = await graph.save("csv")
    assert [line["date_start"] for line in written] == ["2026-10-01", "2026-10-02"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ads_run_report_and_wait", {"object_id": "act_1", "save_as": "csv"}),
        ("ads_run_report_and_wait", {"object_id": "act_1"}),
        ("ads_get_report_results", {"report_run_id": "901"}),
        ("ads_get_report_results", {"report_run_id": "901", "save_as": "jsonl"}),
    ],
)
async def test_report_that_graph_keeps_denying_is_not_called_missing(
    tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    graph = FinishedReport(tmp_path, [row(1)], denials={0: 99})
    error = (await graph.call(tool, **arguments))["error"]
    assert error["kind"] == "transient"
    assert "901 is complete" in error["message"]
    assert "ads_get_report_results" in error["next_step"]


async def test_rows_by_action_breakdown_are_not_filled_with_zeros(tmp_path: Path) -> None:
    """A row of what is not split, such as spend, has no counts on any page."""
    split = {"spend": "2", "actions": [{"action_type": "lead", "action_device": "iphone", "value": "4"}]}
    _, written = await FinishedReport(tmp_path, [split], [{**split, "spend": "3"}]).save("csv")
    assert [(line["spend"], line["lead"]) for line in written] == [("2", ""), ("", "4"), ("3", ""), ("", "4")]
