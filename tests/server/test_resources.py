"""Resources: the list, what is in them, what is refused, in both protocol eras and over stdio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp import MCPError
from mcp.types import ResourceTemplateReference
from pydantic import TypeAdapter

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.result import Exported
from meta_ads_mcp.engine.files.exports import FolderExports
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.sandbox.faults import graph_error
from meta_ads_mcp.server.resources import MAX_EXPORT_BYTES, OBJECTS, exported_uri, fields_of
from tests.support import sdk
from tests.support.answers import ERAS
from tests.support.mcp_process import HANDSHAKES, MODERN, McpProcess
from tests.support.programs import load_script
from tests.support.sandbox_engine import SandboxEngine, build_server, shared_world

distilled = load_script("fields")
eras = pytest.mark.parametrize("era", ERAS)
LISTED = [*(f"ads://fields/{name}" for name in OBJECTS), "ads://limits", "ads://accounts", "ads://store/schema"]
LISTED += [f"ui://{name}" for name in ("card", "trend", "portfolio", "creatives", "rate")]
TEMPLATES = ["ads://fields/{object}", "ads://exports/{name}"]
FEWEST_MEANINGS = 120


@pytest.fixture(autouse=True)
def _sdk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the SDK's source takes seconds."""
    monkeypatch.setattr(distilled, "sdk_classes", sdk.classes)


def made(**options: Any) -> SandboxEngine:
    return build_server(shared_world(), **options)


async def read(server: SandboxEngine, uri: str, era: str = "auto") -> list[Any]:
    async with Client(server.server, mode=era) as client:
        return list(await client.read_resource(uri))


async def refused(server: SandboxEngine, uri: str, era: str = "auto") -> str:
    with pytest.raises(MCPError) as caught:
        await read(server, uri, era)
    return str(caught.value)


def table(text: str) -> dict[str, dict[str, str]]:
    data = json.loads(text)
    return {row[0]: dict(zip(data["columns"], row, strict=True)) for row in data["rows"]}


@eras
async def test_the_list_is_fixed_and_described(era: str) -> None:
    async with Client(made().server, mode=era) as client:
        for _ in range(2):
            listed = await client.list_resources()
            templates = await client.list_resource_templates()
            assert [str(one.uri) for one in listed] == LISTED
            assert [one.uri_template for one in templates] == TEMPLATES
    for one in (*listed, *templates):
        assert one.mime_type
        assert one.title
        assert 20 < len(one.description or "") < 300
        assert one.meta is None


@eras
@pytest.mark.parametrize("uri", [uri for uri in LISTED if uri.startswith("ads:")])
async def test_every_listed_resource_can_be_read(uri: str, era: str) -> None:
    (content,) = await read(made(), uri, era)
    assert content.mime_type == "application/json"
    assert json.loads(content.text)


def test_over_stdio_in_both_eras(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "report_1.csv").write_text("a,b\r\n1,2\r\n", encoding="utf-8")
    for era in (HANDSHAKES[0], MODERN):
        with McpProcess(tmp_path, "--demo", era=era) as wire:
            assert [one["uri"] for one in wire.ask("resources/list")["resources"]] == LISTED
            (content,) = wire.ask("resources/read", uri="ads://exports/report_1.csv")["contents"]
            assert (content["mimeType"], content["text"]) == ("text/csv", "a,b\n1,2\n")
            assert json.loads(wire.ask("resources/read", uri="ads://accounts")["contents"][0]["text"])["demo"]
            error = wire.ask("resources/read", uri="ads://exports/../secret")["error"]
            assert error["code"] == -32602
            assert "secret" not in error["message"]
            assert wire.hello["capabilities"].keys() >= {"resources", "prompts", "completions", "tools"}
        assert not any("Traceback" in line for line in wire.log().splitlines())


# ---- fields


@pytest.mark.parametrize(("name", "node"), distilled.OBJECTS.items())
def test_fields_are_those_of_the_sdk_that_tools_take(name: str, node: str) -> None:
    shown = table(fields_of(name))
    known = sdk.classes()[node]["fields"]
    assert {field: row["type"] for field, row in shown.items()} == {
        field: kind for field, kind in known.items() if field in shown
    }
    left_out = known.keys() - shown.keys()
    takes = TypeAdapter(FieldList)
    for field in shown:
        takes.validate_python([field])
    for field in left_out:
        with pytest.raises(ValueError, match="field"):
            takes.validate_python([field])


def test_the_packaged_fields_are_what_the_script_makes() -> None:
    assert distilled.TARGET.read_text(encoding="utf-8") == distilled.rendered(), "run python scripts/fields.py"


def test_the_most_used_fields_have_a_meaning_first() -> None:
    meanings = 0
    for name in OBJECTS:
        said = [bool(row["meaning"]) for row in table(fields_of(name)).values()]
        assert said == sorted(said, reverse=True), "fields with a meaning come first"
        meanings += sum(said)
    assert meanings >= FEWEST_MEANINGS


@pytest.mark.parametrize(
    ("field", "levels"),
    [("spend", "all"), ("campaign_name", "campaign ad_set ad"), ("adset_id", "ad_set ad"), ("quality_ranking", "ad")],
)
def test_fields_of_insights_say_at_which_level_they_exist(field: str, levels: str) -> None:
    assert table(fields_of("insights"))[field]["levels"] == levels


def test_a_meaning_of_a_field_that_is_gone_stops_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    said = distilled.meanings()
    monkeypatch.setattr(distilled, "meanings", lambda: {**said, "ad": {"gone": "x"}})
    with pytest.raises(SystemExit, match="ad has no field gone"):
        distilled.rendered()


@eras
@pytest.mark.parametrize("name", ["page", "Campaign", "ad_set.json"])
async def test_fields_of_another_object_are_refused_with_those_that_exist(name: str, era: str) -> None:
    text = await refused(made(), f"ads://fields/{name}", era)
    assert "ad_set" in text
    assert name not in ("page",) or "page" not in text


# ---- limits and accounts


async def test_limits_are_those_of_the_tool() -> None:
    server = made()
    async with Client(server.server) as client:
        await client.call_tool("ads_get_ad_accounts", {})
        shown = json.loads((await client.read_resource("ads://limits"))[0].text)
        told = (await client.call_tool("ads_rate_status", {})).structured_content
    assert shown["data"]["usage"] == told["data"]["usage"]
    assert shown["data"]["usage"]


async def test_accounts_are_those_that_the_server_may_touch() -> None:
    world = shared_world()
    allowed = f"act_{world.account_ids[1]}"
    everything = json.loads((await read(made(), "ads://accounts"))[0].text)
    assert len(everything["data"]) == 2
    narrow = json.loads((await read(made(accounts=(allowed,)), "ads://accounts"))[0].text)
    assert [row["id"] for row in narrow["data"]] == [allowed]


@eras
async def test_an_error_of_graph_comes_in_our_words(era: str) -> None:
    server = made()
    secret = "EAA" + "secret" * 5
    server.sandbox.faults.add("adaccounts", respond=graph_error(190, f"Bad: {secret}", subcode=463), times=9)
    text = await refused(server, "ads://accounts", era)
    assert "token" in text
    assert secret not in text


# ---- exports


@eras
async def test_a_report_in_a_file_answers_with_a_link_that_can_be_read(tmp_path: Path, era: str) -> None:
    server = made(export_dir=tmp_path)
    asked = {"object_id": server.account, "level": "campaign", "save_as": "csv"}
    async with Client(server.server, mode=era) as client:
        answer = await client.call_tool("ads_run_report_and_wait", asked)
        link = answer.content[-1]
        (content,) = await client.read_resource(link.uri)
    path = answer.structured_content["data"]["path"]
    assert (link.type, link.mime_type, str(link.uri)) == (
        "resource_link",
        "text/csv",
        f"ads://exports/{path[-len(link.name) :]}",
    )
    assert content.text.startswith("date_start,")
    assert link.size == (tmp_path / "exports" / link.name).stat().st_size


def test_files_of_persons_and_workbooks_are_no_resources(tmp_path: Path) -> None:
    for file in (Exported(str(tmp_path / "l.csv"), 1, [], personal=True), Exported(str(tmp_path / "r.xlsx"), 1, [])):
        assert exported_uri(file) == f"file://{file.path}"


def export(folder: Path, name: str, text: str) -> Path:
    (folder / "exports").mkdir(exist_ok=True)
    path = folder / "exports" / name
    path.write_text(text, encoding="utf-8")
    return path


@eras
@pytest.mark.parametrize(("name", "mime"), [("r_1.csv", "text/csv"), ("r-1.jsonl", "application/jsonl")])
async def test_an_export_is_read_by_its_name(tmp_path: Path, name: str, mime: str, era: str) -> None:
    export(tmp_path, name, "spend\n1\u202e2\n")
    (content,) = await read(made(export_dir=tmp_path), f"ads://exports/{name}", era)
    assert (content.mime_type, content.text) == (mime, "spend\n12\n")


async def test_of_a_large_export_the_beginning_comes_with_a_note(tmp_path: Path) -> None:
    line = "ä" * 50 + "\n"
    path = export(tmp_path, "large.csv", line * 3000)
    content, note = await read(made(export_dir=tmp_path), "ads://exports/large.csv")
    assert content.text == line * (MAX_EXPORT_BYTES // len(line.encode()))
    assert str(path.stat().st_size) in note.text
    assert note.mime_type == "text/plain"


HOSTILE = [
    "../changes.jsonl",
    "..%2fchanges.jsonl",
    "%2e%2e/changes.jsonl",
    "..",
    ".hidden.csv",
    "notes.txt",
    "a.csv.part",
    "link.csv",
    "folder.csv",
    "a%00.csv",
    "a b.csv",
    "x" * 200 + ".csv",
    "/etc/passwd",
    "c:secret.csv",
    "\uff41.csv",
]


@eras
@pytest.mark.parametrize("name", HOSTILE)
async def test_nothing_but_exports_can_be_read(tmp_path: Path, name: str, era: str) -> None:
    secret = tmp_path / "changes.jsonl"
    secret.write_text("TOPSECRET", encoding="utf-8")
    for other in ("notes.txt", ".hidden.csv", "a.csv.part"):
        export(tmp_path, other, "TOPSECRET")
    (tmp_path / "exports" / "link.csv").symlink_to(secret)
    (tmp_path / "exports" / "folder.csv").mkdir()
    text = await refused(made(export_dir=tmp_path), f"ads://exports/{name}", era)
    assert "TOPSECRET" not in text
    assert str(tmp_path) not in text


def test_without_a_folder_there_are_no_exports(tmp_path: Path) -> None:
    for exports in (FolderExports(), FolderExports(tmp_path / "nowhere")):
        assert exports.names() == []
        with pytest.raises(NotFound):
            exports.beginning("a.csv", 10)


@eras
@pytest.mark.parametrize(
    "uri", ["ads://nothing", "ads://fields", "ads://limits/x", "file:///etc/passwd", "http://127.0.0.1/"]
)
async def test_an_address_that_is_none_says_which_there_are(uri: str, era: str) -> None:
    assert "ads://fields/{object}" in await refused(made(), uri, era)


# ---- completion


@eras
@pytest.mark.parametrize(
    ("uri", "place", "begun", "found"),
    [
        ("ads://fields/{object}", "object", "a", ["ad_set", "ad", "account"]),
        ("ads://fields/{object}", "object", "", list(OBJECTS)),
        ("ads://exports/{name}", "name", "new", ["new.csv"]),
        ("ads://exports/{name}", "other", "", []),
        ("ads://nothing/{x}", "object", "", []),
    ],
)
async def test_places_are_completed(
    tmp_path: Path, uri: str, place: str, begun: str, found: list[str], era: str
) -> None:
    export(tmp_path, "new.csv", "")
    export(tmp_path, "other.csv", "")
    async with Client(made(export_dir=tmp_path).server, mode=era) as client:
        ref = ResourceTemplateReference(type="ref/resource", uri=uri)
        assert (await client.complete(ref, {"name": place, "value": begun})).values == found
