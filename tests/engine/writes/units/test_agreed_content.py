"""An agreement holds for what the user saw, also where that comes from a file or from an object that is copied."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.spreadsheets import read_rows, write_rows
from tests.support.unit_runs import FAULTS, PLACES, Killed, desk, sixty_edits, unlike


async def sheet(folder: Path) -> tuple[SandboxEngine, Path, dict[str, str]]:
    """A desk, a file for imports, and a row of a new campaign for it."""
    made = build_writer(state_dir=folder / "state", upload_roots=(str(folder),))
    exported = read_rows(
        (await made.data("ads_export_structure", account_id=made.account, levels=["campaign"]))["path"]
    )
    row = dict.fromkeys(exported[0], "") | {"level": "campaign", "name": "New", "template_id": exported[0]["id"]}
    write_rows(folder / "rows.csv", [row | {"daily_budget": "10"}])
    return made, folder / "rows.csv", row | {"daily_budget": "10"}


def importing(made: SandboxEngine, path: Path, **more: Any) -> dict[str, Any]:
    return {"account_id": made.account, "file_path": str(path), "dry_run": False, "idempotency_key": "k", **more}


def campaigns(made: SandboxEngine) -> int:
    return len(made.nodes("Campaign"))


@pytest.mark.parametrize(
    "change",
    [
        {"daily_budget": "5000"},
        {"daily_budget": "", "lifetime_budget": "10", "end_time": "2027-01-01"},
        {"name": "Other"},
        {"labels": "a"},
    ],
)
async def test_a_code_does_not_hold_for_a_file_that_changed_since(tmp_path: Path, change: dict[str, str]) -> None:
    made, path, row = await sheet(tmp_path)
    before = campaigns(made)
    code = (await made.data("ads_import_structure", **importing(made, path)))["confirmation"]
    write_rows(path, [row | change])
    answer = await made.call("ads_import_structure", importing(made, path, confirmation=code))
    assert answer.is_error or answer.structured["data"]["status"] == "needs_confirmation"
    assert campaigns(made) == before
    write_rows(path, [row])
    os.utime(path, (0, 0))
    data = await made.data("ads_import_structure", **importing(made, path, confirmation=code))
    assert (data["status"], campaigns(made)) == ("success", before + 1)


async def test_a_code_does_not_hold_for_a_copy_whose_source_changed_since(tmp_path: Path) -> None:
    made = build_writer(state_dir=tmp_path)
    campaign = next(node for node in made.nodes("Campaign", status="PAUSED") if node.get("daily_budget"))
    call: dict[str, Any] = {"campaign_id": campaign.id, "target_account_id": made.ids["other"], "on_unmapped": "drop"}
    call |= {"budget_rate": 0.9, "idempotency_key": "k"}
    first = await made.call("ads_copy_to_account", {**call, "dry_run": True})
    choices = first.structured.get("error", {}).get("choices", [])
    mapping: dict[str, dict[str, str]] = {}
    for choice in choices:
        candidates = choice.get("candidates") or [{"id": choice["old"]}]
        mapping.setdefault(choice["argument"].removeprefix("mapping."), {})[choice["old"]] = candidates[0]["id"]
    call["mapping"] = mapping
    code = (await made.data("ads_copy_to_account", **call))["confirmation"]
    made.store.patch(campaign.id, {"daily_budget": "900000"})
    error = await made.refused("ads_copy_to_account", **call, confirmation=code)
    assert error["kind"] == "confirmation_required"
    assert "8,100.00" in error["message"]


async def test_a_finished_unit_does_not_swallow_another_content_of_its_file(tmp_path: Path) -> None:
    made, path, row = await sheet(tmp_path)
    await made.done("ads_import_structure", **importing(made, path))
    again = await made.done("ads_import_structure", **importing(made, path))
    assert again["status"] == "success", "the same content is the same call"
    write_rows(path, [row | {"name": "Second"}])
    before = campaigns(made)
    error = await made.refused("ads_import_structure", **importing(made, path))
    assert "new idempotency_key" in error["next_step"]
    assert error["unit_id"] == again["unit_id"]
    path.unlink()
    assert (await made.done("ads_import_structure", **importing(made, path)))["status"] == "success"
    assert campaigns(made) == before


# ---- a unit that was taken back


async def interrupted_unit(folder: Path) -> tuple[SandboxEngine, dict[str, Any], Any, str]:
    """A unit of 60 edits that was killed before its second batch of writes, in a new process."""
    made = desk(state_dir=folder)
    arguments, before, counts = sixty_edits(made), made.store.snapshot(), iter(range(10**6))
    made.sandbox.faults.add(
        lambda call: PLACES["batch"](call) and next(counts) == 4, respond=FAULTS["killed"], after_processing=False
    )
    with suppress(Killed):
        await made.call("ads_bulk_update", arguments, Person(True))
    made.sandbox.faults.clear()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    again = SandboxEngine(made.sandbox, made.clock, allow_writes=True, state_dir=folder)
    await again.engine.journal.catch_up()
    unit = again.engine.journal.unit_with_key("ads_bulk_update", "key")
    assert unit is not None
    assert unlike(again, before), "a part of the unit was carried out"
    return again, arguments, before, unit.unit_id


async def test_the_rest_of_a_unit_that_was_taken_back_is_not_carried_out(tmp_path: Path) -> None:
    made, arguments, before, unit_id = await interrupted_unit(tmp_path)
    undo = await made.done("ads_undo_change", unit_id=unit_id)
    assert not unlike(made, before)
    error = await made.refused("ads_bulk_update", **arguments)
    assert (undo["unit_id"] in error["message"], error["kind"]) == (True, "invalid_arguments")
    assert not unlike(made, before)
    new = await made.done("ads_bulk_update", **{**arguments, "idempotency_key": "another"})
    assert new["counts"] == {"success": 60}


async def test_the_undo_of_one_change_leaves_the_rest_of_its_unit_to_be_carried_out(tmp_path: Path) -> None:
    made, arguments, _, unit_id = await interrupted_unit(tmp_path)
    change = made.engine.journal.of_unit(unit_id)[0]
    assert (await made.done("ads_undo_change", change_id=change.change_id))["status"] == "success"
    assert (await made.done("ads_bulk_update", **arguments))["counts"] == {"success": 60}
