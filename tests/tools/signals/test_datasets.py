"""Datasets of a business or an account, and one with its shares, people, checks and uploads."""

from __future__ import annotations

from pathlib import Path

import pytest

from meta_ads_mcp.errors import PermissionMissing
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, rows
from tests.tools.signals.test_send_events import NOW, file_of, order, send

DATASET = {"id": "71", "name": "Shop", "match_rate_approx": -1, "owner_business": {"id": "31"}}


async def test_one_dataset_with_its_parts_and_a_part_that_is_refused() -> None:
    refusal = PermissionMissing("(#200) Permissions error")
    graph = ScriptedGraph(
        {"71": DATASET, "71/shared_accounts": refusal, "71/assigned_users": rows({"id": "5", "name": "Mara"})}
    )
    data = await graph.data(
        "ads_get_datasets", dataset_id="71", business_id="32", include=["shared_accounts", "assigned_users"]
    )
    assert graph.paths == ["71", "71/shared_accounts", "71/assigned_users"]
    assert [graph.params(f"71/{edge}")["business"] for edge in ("shared_accounts", "assigned_users")] == ["32", "32"]
    assert (data["shared_accounts"], data["assigned_users"]) == (None, [{"id": "5", "name": "Mara"}])
    answer = await graph.call("ads_get_datasets", dataset_id="71", include=["shared_accounts"])
    note = next(note for note in answer.structured["notes"] if note.startswith("shared_accounts"))
    assert "business_management" in note
    assert graph.params("71/shared_accounts")["business"] == "31", "without business_id it is the owner's"


async def test_datasets_of_a_business_are_searched_by_name() -> None:
    graph = ScriptedGraph({"31/adspixels": rows(DATASET)})
    data = await graph.data("ads_get_datasets", business_id="31", name_contains="shop")
    assert graph.params("31/adspixels") == {"name_filter": "shop", "limit": 25}
    assert data[0]["name"] == "Shop"
    assert "code" not in graph.fields("31/adspixels")
    assert graph.complaints(_31="Business") == []


async def test_an_unknown_match_rate_is_said_to_be_unknown() -> None:
    graph = ScriptedGraph({"71": DATASET})
    answer = await graph.call("ads_get_datasets", dataset_id="71")
    assert answer.structured["data"]["match_rate_approx"] is None
    assert "match rate" in str(answer.structured["notes"])


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"business_id": "31", "account_id": "1"},
        {"dataset_id": "71", "account_id": "1"},
        {"business_id": "31", "include": ["checks"]},
        {"account_id": "1", "name_contains": "shop"},
    ],
)
async def test_arguments_that_do_not_fit_together_send_nothing(arguments: dict[str, object]) -> None:
    graph = ScriptedGraph({})
    await graph.error("ads_get_datasets", **arguments)
    assert graph.sent == []


async def test_uploads_of_stores_are_read_by_tag(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    desk: SandboxEngine = build_writer(upload_roots=(str(tmp_path / "uploads"),))
    path = file_of(tmp_path, [order(1), order(2, event_time=NOW - 30 * 86_400)])
    await send(desk, file_path=path, source="physical_store", upload_tag="November")
    data = await desk.data(
        "ads_get_datasets", dataset_id=desk.ids["pixel"], include=["offline_uploads"], upload_tag="November"
    )
    (upload,) = data["offline_uploads"]
    assert (upload["upload_tag"], upload["valid_entries"], upload["event_time_min"]) == (
        "November",
        2,
        NOW - 30 * 86_400,
    )
