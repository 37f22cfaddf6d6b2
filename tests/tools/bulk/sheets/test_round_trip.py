"""A structure file goes out, through a spreadsheet, and comes back: only what was edited is a change."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.sandbox import SandboxTransport
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import SandboxEngine, build_writer, writable_world
from tests.support.spreadsheets import edit_rows, read_rows, resave, save_like_german_excel, write_rows

# The first sheet as LibreOffice 7.4 saves a CSV file as .xlsx: shared texts, numbers, a date cell and a formula.
SHEET = "xl/worksheets/sheet1.xml"


def build(tmp_path: Path, **options: Any) -> SandboxEngine:
    clock = FakeClock()
    sandbox = SandboxTransport(writable_world(), clock=clock.moment)
    return build_writer(sandbox, clock=clock, state_dir=tmp_path, **options)


async def export(made: SandboxEngine, **arguments: Any) -> Path:
    return Path((await made.data("ads_export_structure", account_id=made.account, **arguments))["path"])


async def differences(made: SandboxEngine, path: Path, **arguments: Any) -> Any:
    """The plan of an import, or the error that it ends in."""
    answer = await made.call("ads_import_structure", {"account_id": made.account, "file_path": str(path), **arguments})
    return answer.structured["error"] if answer.is_error else answer.structured["data"]


def save_text(path: Path, rows: list[dict[str, str]]) -> None:
    """Save rows with semicolons in Windows-1252."""
    write_rows(path, rows, ";")
    path.write_bytes(path.read_text("utf-8-sig").encode("cp1252"))


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def first_bytes(path: Path, count: int) -> bytes:
    return path.read_bytes()[:count]


def edit_of(object_id: str, **values: str) -> Callable[[dict[str, str]], None]:
    def edit(row: dict[str, str]) -> None:
        if f".{object_id}." in row["row_version"]:
            row.update(values)

    return edit


async def test_an_export_is_private_and_answers_no_rows(tmp_path: Path) -> None:
    made = build(tmp_path)
    data = await made.data("ads_export_structure", account_id=made.account)
    path = Path(data["path"])
    assert (mode_of(path), first_bytes(path, 12)) == (0o600, b"\xef\xbb\xbflevel,id,")
    assert sum(data["rows_per_level"].values()) == len(read_rows(path))
    assert read_rows(path)[0]["name"] not in str(data)


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
async def test_a_file_without_edits_changes_nothing(tmp_path: Path, file_format: str) -> None:
    made = build(tmp_path)
    data = await differences(made, await export(made, format=file_format))
    assert (data["objects"], data["file_rows"]["changed"], data["file_rows"]["refused"]) == (0, 0, 0)
    assert data["file_rows"]["unchanged"] == data["file_rows"]["in_file"] > 100


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_a_file_that_a_spreadsheet_saved_changes_nothing(tmp_path: Path, delimiter: str) -> None:
    made = build(tmp_path)
    names = ["007", "=1+1", "1/2", "TRUE", "Ünï 漢", 'a, "b";\nc']
    for campaign, name in zip(made.store.children(made.account, "campaigns"), names, strict=False):
        made.store.patch(campaign.id, {"name": name})
    path = await export(made)
    edit_rows(path, resave)
    write_rows(path, read_rows(path), delimiter)
    assert "E+017" in path.read_text("utf-8")
    data = await differences(made, path)
    assert (data["file_rows"]["changed"], data["file_rows"]["refused"]) == (0, 0)


async def test_a_file_that_a_german_excel_saved_changes_nothing(tmp_path: Path) -> None:
    made = build(tmp_path)
    made.store.patch(made.ids["campaign"], {"name": "Größe 漢", "daily_budget": "123450"})
    path = await export(made)
    rows = [{name: save_like_german_excel(text) for name, text in row.items()} for row in read_rows(path)]
    save_text(path, rows)
    data = await differences(made, path)
    assert (data["file_rows"]["changed"], data["file_rows"]["refused"]) == (0, 0)


async def test_only_edited_cells_are_in_the_plan_and_undo_restores_them(tmp_path: Path) -> None:
    made = build(tmp_path)
    path = await export(made)
    edit_rows(path, resave)
    edit_rows(path, edit_of(made.ids["campaign"], name="'=1+1", daily_budget="61.50"))
    edit_rows(path, edit_of(made.ids["ad_set"], status="PAUSED", end_time="2027-03-01T12:00", labels="Spring; Test"))
    edit_rows(path, edit_of(made.ids["ad"], url_tags="utm_source=file"))
    before = made.store.snapshot()
    data = await differences(made, path)
    assert data["file_rows"]["changed"] == 3
    assert made.changed(before) == {}
    done = await made.done(
        "ads_import_structure", account_id=made.account, file_path=str(path), dry_run=False, idempotency_key="k"
    )
    assert done["counts"] == {"success": 3}, done
    node = made.store.nodes
    assert (node[made.ids["campaign"]].get("name"), node[made.ids["campaign"]].get("daily_budget")) == ("=1+1", "6150")
    assert node[made.ids["ad_set"]].get("end_time") == "2027-03-01T12:00:00-0500"
    assert [label["name"] for label in node[made.ids["ad_set"]].get("adlabels")] == ["Spring", "Test"]
    creative = node[node[made.ids["ad"]].get("creative")["id"]]
    assert creative.get("url_tags") == "utm_source=file"
    assert (await differences(made, path))["file_rows"]["changed"] == 0
    await made.done("ads_undo_change", unit_id=done["unit_id"])
    for object_id in (made.ids["campaign"], made.ids["ad_set"], made.ids["ad"]):
        earlier, now = before.nodes[object_id], made.store.nodes[object_id].fields
        names = {"name", "status", "daily_budget", "creative"} & now.keys()
        assert {name: now[name] for name in names} == {name: earlier.fields[name] for name in names}
    assert not made.store.nodes[made.ids["ad_set"]].get("adlabels")


async def test_a_row_that_changed_since_is_stale_and_shows_three_values(tmp_path: Path) -> None:
    made = build(tmp_path)
    campaign = made.ids["campaign"]
    made.store.patch(campaign, {"daily_budget": "5000"})
    path = await export(made)
    made.store.patch(campaign, {"daily_budget": "5500"})
    edit_rows(path, edit_of(campaign, daily_budget="60.00"))
    error = await differences(made, path)
    assert "stale" in str(error["rows"])
    assert "exported 50.00, now 55.00, wanted 60.00" in str(error["rows"])
    data = await differences(made, path, force=True)
    assert data["file_rows"]["changed"] == 1


async def test_an_edit_elsewhere_is_not_an_edit_of_the_file(tmp_path: Path) -> None:
    made = build(tmp_path)
    path = await export(made)
    made.store.patch(made.ids["campaign"], {"daily_budget": "5500", "name": "Renamed elsewhere"})
    data = await differences(made, path)
    assert (data["file_rows"]["changed"], data["file_rows"]["refused"]) == (0, 0)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"daily_budget": "60,00"}, "daily_budget"),
        ({"lifetime_budget": "600.00"}, "lifetime_budget"),
        ({"id": "1.2E+17", "row_version": ""}, "id"),
        ({"end_time": "31.12.2026"}, "end_time"),
        ({"level": "adset"}, "level"),
        ({"objective": "OUTCOME_SALES_2"}, "objective"),
        ({"link_url": "https://x.example"}, "link_url"),
        ({"status": "DELETED"}, "status"),
        ({"name": "=A1"}, "name"),
        ({"budget_change_percent": "-100"}, "budget_change_percent"),
        ({"parent_ref": "120203123456789012"}, "parent_ref"),
    ],
)
async def test_a_bad_cell_is_refused_with_its_row_and_column(
    tmp_path: Path, values: dict[str, str], column: str
) -> None:
    made = build(tmp_path)
    path = await export(made, levels=["campaign"])
    edit_rows(path, edit_of(made.ids["campaign"], **values))
    edit_rows(path, edit_of(made.ids["unbudgeted"], name="Valid"))
    line = next(n for n, row in enumerate(read_rows(path), 2) if all(row[key] == text for key, text in values.items()))
    data = await differences(made, path)
    (refused,) = data["refused"]
    assert (refused["row"], refused["column"]) == (line, column)
    assert data["file_rows"]["changed"] == 1


async def test_a_link_that_is_no_public_address_is_refused(tmp_path: Path) -> None:
    made = build(tmp_path)
    path = await export(made)
    edit_rows(path, edit_of(made.ids["ad"], link_url="http://127.0.0.1/x"))
    error = await differences(made, path)
    assert [problem["column"] for problem in error["rows"]] == ["link_url"]


async def test_a_missing_row_and_an_empty_cell_change_nothing(tmp_path: Path) -> None:
    made = build(tmp_path)
    path = await export(made)
    write_rows(path, [{**row, "name": "", "daily_budget": ""} for row in read_rows(path)[::2]])
    assert (await differences(made, path))["file_rows"]["changed"] == 0


async def test_a_file_of_another_account_is_refused(tmp_path: Path) -> None:
    made = build(tmp_path)
    path = await export(made)
    answer = await made.call("ads_import_structure", {"account_id": made.ids["other"], "file_path": str(path)})
    assert answer.structured["error"]["kind"] == "denied"


async def test_a_path_outside_the_folders_is_refused(tmp_path: Path) -> None:
    made = build(tmp_path / "state")
    (tmp_path / "x.csv").write_text("level,id\n")
    error = await differences(made, tmp_path / "x.csv")
    assert error["kind"] == "denied"


@pytest.mark.parametrize("content", [b"level,colour\n", b"", b"PK\x03\x04 no archive", b"id,name\n1,2\n"])
async def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    made = build(tmp_path)
    path = await export(made)
    path.write_bytes(content)
    assert (await differences(made, path))["kind"] in ("invalid_arguments", "not_found")


async def test_cells_of_a_workbook_are_told_apart_by_their_type(tmp_path: Path) -> None:
    made = build(tmp_path)
    path = await export(made, format="xlsx", levels=["campaign"])
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts[SHEET].decode()
    # Column H is daily_budget: a formula in place of the first number.
    parts[SHEET] = sheet.replace("<v>", "<f>1+1</f><v>9", 1).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    error = await differences(made, path)
    assert "formula" in str(error["rows"])
