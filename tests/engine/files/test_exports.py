"""Large results as files: private, whole or not there, and never held in memory."""

from __future__ import annotations

import csv
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

from meta_ads_mcp.core.ports import ExportFormat
from meta_ads_mcp.engine.files.exports import FolderExports
from meta_ads_mcp.errors import Denied, InvalidArguments, NotFound

ROWS = [{"name": "Shop", "spend": 1.5, "active": True}, {"name": "=HYPERLINK(1)", "clicks": 3, "spend": None}]


def table(path: str) -> list[list[str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def modes(path: str) -> tuple[int, int]:
    """Of the file and of its folder."""
    return Path(path).stat().st_mode & 0o777, Path(path).parent.stat().st_mode & 0o777


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "exports").iterdir())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "exports").iterdir())


async def test_csv_has_every_column_that_any_row_has(tmp_path: Path) -> None:
    export = FolderExports(tmp_path).open("report_1", "csv")
    await export.write(ROWS[:1])
    await export.write(ROWS[1:])
    made = await export.finish()
    assert (made.rows, made.columns) == (2, ["name", "spend", "active", "clicks"])
    assert table(made.path) == [
        ["name", "spend", "active", "clicks"],
        ["Shop", "1.5", "true", ""],
        ["'=HYPERLINK(1)", "", "", "3"],
    ]
    assert files(tmp_path) == ["report_1.csv"]


async def test_jsonl_has_a_row_per_line(tmp_path: Path) -> None:
    export = FolderExports(tmp_path).open("report_1", "jsonl")
    await export.write(ROWS)
    made = await export.finish()
    assert [json.loads(line) for line in lines(made.path)] == ROWS


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
async def test_file_and_folder_are_private(tmp_path: Path, file_format: ExportFormat) -> None:
    (tmp_path / "exports").mkdir(mode=0o755)
    export = FolderExports(tmp_path).open("r", file_format)
    assert modes((await export.finish()).path) == (0o600, 0o700)


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
async def test_unfinished_export_leaves_no_file(tmp_path: Path, file_format: ExportFormat) -> None:
    export = FolderExports(tmp_path).open("r", file_format)
    await export.write(ROWS)
    assert f"r.{file_format}" not in files(tmp_path)
    export.discard()
    assert files(tmp_path) == []


async def test_a_finished_file_survives_a_late_discard(tmp_path: Path) -> None:
    export = FolderExports(tmp_path).open("r", "csv")
    await export.finish()
    export.discard()
    assert files(tmp_path) == ["r.csv"]


@pytest.mark.parametrize("name", ["../r", "a/b", "", "r.csv", "r\n"])
def test_a_name_stays_in_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArguments):
        FolderExports(tmp_path).open(name, "csv")


def test_without_a_folder_there_are_no_exports() -> None:
    with pytest.raises(Denied, match="no folder"):
        FolderExports().open("r", "csv")


async def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    export = FolderExports(tmp_path).open("r", "csv")
    tracemalloc.start()
    for page in range(40):
        await export.write([{"ad": f"{page}-{row}", "spend": row * 1.01} for row in range(500)])
    await export.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size(tmp_path) > 250_000
    assert peak < 1_500_000


# ---- personal files, and workbooks


async def test_a_personal_file_is_in_a_folder_that_no_resource_reaches(tmp_path: Path) -> None:
    exports = FolderExports(tmp_path)
    export = exports.open("leads", "csv", personal=True)
    await export.write([{"email": "ada@corp.example"}])
    made = await export.finish()
    assert made.personal
    assert modes(made.path) == (0o600, 0o700)
    assert exports.names() == []
    for name in ("leads.csv", "personal/leads.csv"):
        with pytest.raises(NotFound):
            exports.beginning(name, 100)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("+49 170 4991234", "+49 170 4991234"),
        ("+15550123456", "+15550123456"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("=1+1", "'=1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
    ],
)
async def test_csv_keeps_phone_numbers_and_disarms_formulas(tmp_path: Path, text: str, cell: str) -> None:
    export = FolderExports(tmp_path).open("r", "csv")
    await export.write([{"answer": text}])
    assert table((await export.finish()).path)[1] == [cell]


async def test_workbook_holds_the_values_by_type(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    export = FolderExports(tmp_path).open("r", "xlsx")
    await export.write([{"id": "120234753678553798", "spend": 1.5, "active": True, "name": "=HYPERLINK(1)"}])
    await export.write([{"id": "+49170", "clicks": 3, "spend": None}])
    made = await export.finish({"clicks": 0})
    assert (files(tmp_path), modes(made.path)) == (["r.xlsx"], (0o600, 0o700))
    assert made.size == size(tmp_path)
    assert cells(made.path) == [
        ["id", "spend", "active", "name", "clicks"],
        ["120234753678553798", 1.5, True, "=HYPERLINK(1)", 0],
        ["+49170", None, None, None, 3],
    ]


def cells(path: str) -> list[list[Any]]:
    """The rows of the first sheet of a workbook whose texts stand in their cells."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with ZipFile(path) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  written by the test
    columns = "ABCDE"
    return [
        [_value(next((cell for cell in row if cell.get("r", "")[0] == column), None), name) for column in columns]
        for row in sheet.iter(f"{name}row")
    ]


def _value(cell: Any, name: str) -> Any:
    if cell is None:
        return None
    assert cell.find(f"{name}f") is None, "a formula"
    if cell.get("t") == "inlineStr":
        return cell.findtext(f".//{name}t")
    value = float(cell.findtext(f"{name}v"))
    return bool(value) if cell.get("t") == "b" else value


def test_without_the_extra_a_workbook_is_refused_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(Denied) as refused:
        FolderExports(tmp_path).open("r", "xlsx")
    assert "uv tool install 'meta-ads-local-mcp[xlsx]'" in refused.value.next_step
    assert "pip install" in refused.value.next_step
    assert not (tmp_path / "exports").exists()


# ---- files as they came

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("name", ["../a", "/etc/a", "a/b", "..", "", "a.b", "a\0", "ü", "x" * 81])
def test_a_file_is_kept_under_a_plain_name_only(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArguments):
        FolderExports(tmp_path).keep(name, "png", PNG)
    with pytest.raises(InvalidArguments):
        FolderExports(tmp_path).keep("a", f"png/{name}", PNG)
    assert list(tmp_path.iterdir()) == []


def test_linked_folder_is_refused(tmp_path: Path) -> None:
    elsewhere, state = tmp_path / "elsewhere", tmp_path / "state"
    elsewhere.mkdir()
    state.mkdir()
    (state / "media").symlink_to(elsewhere)
    with pytest.raises(Denied):
        FolderExports(state).keep("a", "png", PNG)
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (tmp_path / "state" / "media").mkdir(parents=True)
    (tmp_path / "state" / "media" / "a.png").symlink_to(outside)
    with pytest.raises(Denied, match="symbolic link"):
        FolderExports(tmp_path / "state").keep("a", "png", PNG)
    assert outside.read_bytes() == b"mine"
    assert [path.name for path in (tmp_path / "state" / "media").iterdir()] == ["a.png"]
