"""A start does what listing needs and nothing more, held without a clock: by what is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.server import tool_index
from meta_ads_mcp.server.catalogue import Catalogue, catalog_entries, collect
from meta_ads_mcp.server.sdk.deferred_models import deferred_models
from tests.support.every_tool import TOOLS

UPDATE = "run `make snapshots` (python scripts/snapshots.py), and commit what it wrote"
ERAS: dict[str, list[dict[str, Any]]] = {
    "2025-11-25": [
        {
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        },
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
    ],
    "2026-07-28": [
        {
            "id": 2,
            "method": "tools/list",
            "params": {
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                }
            },
        }
    ],
}
# What listing tools needs nothing of: transports, the keyring, the store behind fastmcp's sessions, pictures.
FORBIDDEN = ("httpx", "keyring", "tenacity", "key_value", "beartype", "resvg_py", "cyclopts")
OURS_FORBIDDEN = tuple(
    f"meta_ads_mcp.{name}"
    for name in ("tools", "analysis", "graph", "sandbox", "credentials", "engine.run", "login", "doctor", "demo")
)
# Modules of a start: ours alone, and with fastmcp's and the standard library's, of which one version has some tens
# more than another (876 to 906 seen). Lower them when fewer are needed; argue before raising them. The 30th is that of
# the skills, which has to announce them; their files are read later. The others name the server, and the types of
# arguments and changes; two defer the SDK's models, which saves twenty times what they cost.
MOST_OF_OURS = 37
MOST_MODULES = 960
PROGRAM = """
import sys
from pathlib import Path
from meta_ads_mcp.server import tool_index
text = Path({file!r}).read_bytes()
tool_index.FILE = type("Fresh", (), {{"read_bytes": lambda self: text}})()
def models():
    from pydantic import BaseModel
    return [model for model in descendants(BaseModel) if model.__module__.startswith("mcp_types")]

def descendants(model):
    return {{below for child in model.__subclasses__() for below in (child, *descendants(child))}}

from meta_ads_mcp.cli.main import main
try:
    main(["serve", "--demo", "--allow-writes", "--toolsets", "all"])
finally:
    deferred = sum(not model.__pydantic_complete__ for model in models())
    print(deferred, *sorted(sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of these very sources, so that only one test fails where the stored one is out of date."""
    path = tmp_path_factory.mktemp("index") / "tool_index.json"
    path.write_text(tool_index.dump_entries(TOOLS), encoding="utf-8")
    return path


def listed(fresh: Path, era: str) -> tuple[list[dict[str, Any]], int, list[str]]:
    """The tools that a new process lists, how many wire models it left unbuilt, and the modules it imported."""
    program = PROGRAM.format(file=str(fresh))
    lines = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in ERAS[era])
    environ = {key: value for key, value in os.environ.items() if not key.startswith("META_")}
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**environ, "LOG_LEVEL": "ERROR"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(lines)
    process.stdin.flush()
    answers = (json.loads(line) for line in process.stdout)
    tools = next(answer for answer in answers if answer.get("id") == 2)["result"]["tools"]
    _, said = process.communicate(timeout=60)
    deferred, *modules = said.splitlines()[-1].split()
    return tools, int(deferred), modules


@pytest.mark.parametrize("era", ERAS)
def test_listing_everything_imports_no_tool_and_nothing_heavy(fresh: Path, era: str) -> None:
    tools, deferred, modules = listed(fresh, era)
    assert {tool["name"] for tool in tools} == {tool.name for tool in TOOLS}
    imported = [name for name in modules if name.split(".")[0] in FORBIDDEN]
    imported += [name for name in modules if name.startswith(tuple(f"{found}." for found in OURS_FORBIDDEN))]
    imported += [name for name in modules if name in OURS_FORBIDDEN]
    assert imported == []
    assert len([name for name in modules if name.split(".")[0] == "meta_ads_mcp"]) <= MOST_OF_OURS
    assert len(modules) <= MOST_MODULES
    assert deferred > 400, "the SDK's models are built at the start again"


def test_pydantic_is_as_before_once_the_sdk_is_imported() -> None:
    config, construct = dict(BaseModel.model_config), TypeAdapter.__init__
    with deferred_models():

        class Deferred(BaseModel):
            number: int

        adapter = TypeAdapter(int | None)
        assert TypeAdapter(Deferred).validate_python({"number": "1"}) == Deferred(number=1)
    assert dict(BaseModel.model_config) == config
    assert TypeAdapter.__init__ is construct
    assert adapter.validate_python("1") == 1
    assert adapter.json_schema() == TypeAdapter(int | None).json_schema()


def test_the_stored_index_equals_the_classes() -> None:
    assert tool_index.FILE.read_text(encoding="utf-8") == tool_index.dump_entries(TOOLS), UPDATE


def test_entries_equal_the_classes(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_index, "FILE", fresh)
    entries = tool_index.load_entries()
    assert entries is not None
    for entry, tool in zip(entries, collect(), strict=True):
        assert entry == tool_index.entry_of(tool)
        assert entry.tool() is tool


@pytest.mark.parametrize("content", ["", "{}", '{"version": 0, "tools": []}', "[]", '{"tools": {}}'])
def test_without_a_valid_index_the_classes_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(tool_index, "FILE", tmp_path / "tool_index.json")
    assert tool_index.load_entries() is None
    tool_index.FILE.write_text(content, encoding="utf-8")
    assert tool_index.load_entries() is None
    assert [tool.name for tool in catalog_entries()] == [tool.name for tool in collect()]


@pytest.fixture
def source_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one source file, and an index that was written from it."""
    package = tmp_path / "package"
    (package / "tools").mkdir(parents=True)
    (package / "tools" / "ads.py").write_bytes(b"one = 1\n")
    monkeypatch.setattr(tool_index, "PACKAGE", package)
    monkeypatch.setattr(tool_index, "FILE", tmp_path / "tool_index.json")
    tool_index.FILE.write_text(tool_index.dump_entries(TOOLS), encoding="utf-8")
    return package


def test_an_edited_checkout_does_not_use_the_index(source_tree: Path) -> None:
    (source_tree.parent / "pyproject.toml").touch()
    assert tool_index.load_entries() is not None
    (source_tree / "tools" / "ads.py").write_bytes(b"one = 1\r\n")
    assert tool_index.load_entries() is not None, "line endings do not count"
    (source_tree / "tools" / "ads.py").write_bytes(b"one = 2\n")
    assert tool_index.load_entries() is None


def test_an_installed_package_always_uses_the_index(source_tree: Path) -> None:
    (source_tree / "tools" / "ads.py").write_bytes(b"one = 2\n")
    assert tool_index.load_entries() is not None


def test_a_catalogue_of_entries_equals_one_of_classes() -> None:
    tools = collect()
    by_class = Catalogue(tools, listed=("default",), allow_writes=True)
    by_entry = Catalogue([tool_index.entry_of(tool) for tool in tools], listed=("default",), allow_writes=True)
    assert [tool.name for tool in by_entry.listed] == [tool.name for tool in by_class.listed]
    assert by_entry.find("pause a campaign", None) == by_class.find("pause a campaign", None)
    assert by_entry.toolsets() == by_class.toolsets()
    assert by_entry.get("ads_get_campaigns") is by_class.get("ads_get_campaigns")
    assert by_entry.get("ads_get_campaigns").effect is Effect.READ
