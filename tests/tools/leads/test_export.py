"""Leads in a private file: every form, the account's days, nothing personal in the answer, and no lead twice."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.errors import NetworkProblem, PermissionMissing
from meta_ads_mcp.sandbox import SandboxTransport
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor
from tests.support.sandbox_engine import NOW, SandboxEngine
from tests.support.scripted_graph import CATALOGUE, ScriptedGraph, rows

START = 1_790_000_000
PERSON = ("Ada Marlow", "ada.marlow@corp.example", "+15550123456")


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def lead(number: int, seconds: int, **fields: Any) -> dict[str, Any]:
    names = ("full_name", "email", "phone_number")
    answers = [{"name": name, "values": [value]} for name, value in zip(names, PERSON, strict=True)]
    return {"id": str(number), "created_time": stamp(seconds), "ad_id": "7", "field_data": answers, **fields}


class LeadGraph(ScriptedGraph):
    """Pages 55 (forms 9, 10) and 56 (form 11) of act_1. Leads are listed newest first in pages of two."""

    def __init__(self, folder: Path, page_size: int = 2) -> None:
        self.leads: dict[str, list[dict[str, Any]]] = {"9": [], "10": [], "11": []}
        self.fail_at: int | None = None
        self.page_size, self.reads = page_size, 0
        bodies: dict[str, Any] = {
            "act_1/promote_pages": rows({"id": "55"}, {"id": "56"}),
            "55/leadgen_forms": rows(
                {"id": "9", "name": "Enquiry", "status": "ACTIVE"}, {"id": "10", "name": "Old", "status": "ARCHIVED"}
            ),
            "56/leadgen_forms": rows({"id": "11", "name": "News", "status": "ACTIVE"}),
            "act_1/insights": rows({"actions": [{"action_type": "leadgen_grouped", "value": "3"}]}),
            **{form: {"id": form, "page_id": "55"} for form in self.leads},
            **{f"{form}/leads": self.page for form in self.leads},
        }
        super().__init__(bodies)
        self.events, options = EventRecorder(), Options(export_dir=folder, state_dir=folder)
        self.server = Engine(CATALOGUE, self, self.events, FakeClock(), RecordingGovernor(), options)

    def page(self, request: Request) -> Any:
        self.reads += 1
        if self.fail_at == self.reads:
            raise NetworkProblem("broke off")
        conditions = request.params.get("filtering") or []
        wanted = [row for row in self.leads[request.path.split("/")[0]] if all(holds(row, one) for one in conditions)]
        wanted.sort(key=lambda row: (row["created_time"], int(row["id"])), reverse=True)
        start = int(str(request.params.get("after") or 0))
        end = start + self.page_size
        return rows(*wanted[start:end], after=str(end) if end < len(wanted) else None)

    async def export(self, **arguments: Any) -> ToolAnswer:
        answer = await self.server.call("ads_export_leads", {"account_id": "1", **arguments})
        await self.server.clock.sleep(61)
        return answer


def holds(row: dict[str, Any], condition: dict[str, Any]) -> bool:
    moment, value = int(datetime.fromisoformat(row["created_time"]).timestamp()), condition["value"]
    return moment > value if condition["operator"] == "GREATER_THAN" else moment < value


def written(answer: ToolAnswer) -> list[dict[str, Any]]:
    assert not answer.is_error, answer.text
    path = Path(answer.structured["data"]["path"])
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def ids(answer: ToolAnswer) -> list[str]:
    return [row["id"] for row in written(answer)]


@pytest.fixture
def graph(tmp_path: Path) -> LeadGraph:
    return LeadGraph(tmp_path)


async def test_every_form_of_every_page_is_in_one_file_with_a_column_per_question(graph: LeadGraph) -> None:
    consent = [{"checkbox_key": "news", "is_checked": "1"}, {"checkbox_key": "terms", "is_checked": ""}]
    answers = [{"name": "size", "values": ["S", "M"]}, {"name": "platform", "values": ["Linux"]}]
    graph.leads["9"] = [lead(1, START)]
    graph.leads["10"] = [lead(2, START, field_data=answers)]
    graph.leads["11"] = [lead(3, START, custom_disclaimer_responses=consent, platform="ig", is_organic=True)]
    first, second, third = written(await graph.export())
    assert (first["full_name"], first["email"], first["phone_number"]) == PERSON
    assert (second["size"], second["question_platform"], second["platform"]) == ("S; M", "Linux", "")
    assert (third["consent_news"], third["consent_terms"], third["platform"]) == ("true", "false", "ig")
    assert [(row["page_id"], row["form_name"]) for row in (first, second, third)] == [
        ("55", "Enquiry"),
        ("55", "Old"),
        ("56", "News"),
    ]
    assert {request.page for request in graph.asked if request.path == "11/leads"} == {"56"}


async def test_nothing_personal_leaves_the_file(graph: LeadGraph, tmp_path: Path) -> None:
    graph.leads["9"] = [lead(number, START + number) for number in range(5)]
    answer = await graph.export()
    (path,) = [file for file in files_in(tmp_path) if str(file) == answer.structured["data"]["path"]]
    others = [file.read_text() for file in files_in(tmp_path) if file != path]
    texts = [answer.text, str(answer.structured), str(graph.events.events), *others]
    assert not any(part in text for part in PERSON for text in texts)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert answer.structured["data"]["leads"] == 5
    (file,) = answer.files
    assert file.personal


@pytest.mark.parametrize(
    ("zone_of", "since", "until"),
    [
        ({}, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        ({"account_id": None, "page_id": "55"}, "2026-10-25T00:00:00+00:00", "2026-10-26T00:00:00+00:00"),
    ],
)
async def test_days_are_those_of_the_account(graph: LeadGraph, zone_of: Any, since: str, until: str) -> None:
    """The account is in Berlin, where this day has 25 hours."""
    first, end = (int(datetime.fromisoformat(moment).timestamp()) for moment in (since, until))
    graph.leads["9"] = [lead(number, at) for number, at in enumerate((first - 1, first, end - 1, end))]
    answer = await graph.export(since="2026-10-25", until="2026-10-25", **zone_of)
    assert ids(answer) == ["2", "1"]
    assert written(answer)[1]["created_time"] == since
    assert any("account_id" in note for note in answer.structured["notes"]) == bool(zone_of)


async def test_archived_forms_can_be_left_out(graph: LeadGraph) -> None:
    for number, form in enumerate(graph.leads):
        graph.leads[form] = [lead(number, START)]
    assert ids(await graph.export(include_archived_forms=False)) == ["0", "2"]


async def test_insights_are_compared_for_whole_days(graph: LeadGraph) -> None:
    graph.leads["9"] = [lead(1, START), lead(2, START, ad_id=None)]
    answer = await graph.export(since="2026-09-01", until="2026-09-30")
    data = answer.structured["data"]
    assert (data["leads_from_ads"], data["leads_in_insights"]) == (1, 3)
    assert any("Insights count 3" in note for note in answer.structured["notes"])


async def test_a_page_that_cannot_be_read_is_named_and_the_others_are_written(graph: LeadGraph) -> None:
    graph.leads["9"] = [lead(1, START)]
    graph.bodies = {**graph.bodies, "56/leadgen_forms": PermissionMissing("(#200) no")}
    answer = await graph.export()
    assert ids(answer) == ["1"]
    assert "Page 56" in answer.structured["data"]["could_not_be_read"][0]


async def test_when_no_form_can_be_read_the_error_is_the_answer(graph: LeadGraph, tmp_path: Path) -> None:
    graph.bodies = {**graph.bodies, **{f"{form}/leads": PermissionMissing("(#200) no") for form in graph.leads}}
    answer = await graph.export()
    assert answer.structured["error"]["kind"] == "permission"
    assert "leads_retrieval" in answer.structured["error"]["next_step"]
    assert files_in(tmp_path) == []


async def test_the_next_export_continues_and_reset_starts_again(graph: LeadGraph) -> None:
    graph.leads["9"] = [lead(1, START), lead(2, START + 5)]
    assert ids(await graph.export()) == ["2", "1"]
    graph.leads["9"] += [lead(3, START + 5), lead(4, START + 9)]
    assert ids(await graph.export()) == ["4", "3"]
    assert ids(await graph.export()) == []
    assert len(ids(await graph.export(since="2026-01-01"))) == 4
    assert ids(await graph.export()) == []
    assert len(ids(await graph.export(reset=True))) == 4


async def test_an_export_that_was_killed_did_not_move_the_bookmark(graph: LeadGraph, tmp_path: Path) -> None:
    graph.leads["9"] = [lead(number, START + number) for number in range(6)]
    graph.bodies = {**graph.bodies, "10/leads": lambda request: 1 / 0}
    assert (await graph.export()).is_error
    assert files_in(tmp_path) == []
    graph.bodies = {**graph.bodies, "10/leads": graph.page}
    assert len(ids(await graph.export())) == 6


@given(
    st.lists(st.lists(st.integers(0, 6), max_size=8), min_size=1, max_size=4),
    st.lists(st.integers(1, 5), min_size=4, max_size=4),
    st.sampled_from([None, 1, 2, 3, 4]),
)
async def test_each_lead_is_exported_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[int]], limits: list[int], fail_at: int | None
) -> None:
    """Leads come between the exports, several of them in a second; exports stop at max_leads or at an error."""
    graph = LeadGraph(tmp_path_factory.mktemp("state"))
    graph.fail_at, exported, number = fail_at, Counter[str](), 0
    for index, moments in enumerate(rounds):
        for moment in moments:
            graph.leads["9"].append(lead(number, START + 100 * index + moment))
            number += 1
        answer = await graph.export(form_ids=["9"], max_leads=limits[index])
        exported.update([] if answer.is_error else ids(answer))
    graph.fail_at = None
    for _ in range(number + 1):
        exported.update(ids(await graph.export(form_ids=["9"], max_leads=100)))
    assert exported == Counter(str(index) for index in range(number))


async def test_memory_does_not_grow_with_the_leads(tmp_path: Path) -> None:
    def page(request: Request) -> Any:
        start = int(str(request.params.get("after") or 0))
        found: Iterable[Any] = (lead(number, START - number) for number in range(start, start + 500))
        return rows(*found, after=str(start + 500) if start < 20_000 else None)

    graph = LeadGraph(tmp_path)
    graph.bodies = {**graph.bodies, "9/leads": page, "55/leadgen_forms": rows({"id": "9", "status": "ACTIVE"})}
    tracemalloc.start()
    answer = await graph.export(max_leads=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.structured["data"]["leads"] == 20_500
    assert peak < 8_000_000
    assert len(str(answer.structured)) < 3_000


async def test_the_leads_of_the_demo_match_its_insights(tmp_path: Path) -> None:
    demo = SandboxEngine(SandboxTransport(clock=lambda: NOW), FakeClock(NOW), export_dir=tmp_path)
    days = {"since": str(NOW.date() - timedelta(days=7)), "until": str(NOW.date() - timedelta(days=1))}
    answer = await demo.call("ads_export_leads", account_id=demo.account, **days)
    data = answer.structured["data"]
    assert len(written(answer)) == data["leads"] == data["leads_in_insights"] > 0
    assert len(str(answer.structured)) < 2_000
