"""A start does what listing needs and nothing more, held without a clock: by what is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp import cards
from meta_ads_mcp.catalogue import Catalogue, collect
from meta_ads_mcp.catalogue import cards as catalogue_cards
from meta_ads_mcp.spec.tool import Effect, Tool
from tests.catalogue.every import TOOLS

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
FORBIDDEN = ("httpx", "keyring", "tenacity", "key_value", "beartype", "PIL", "cyclopts")
OURS_FORBIDDEN = tuple(
    f"meta_ads_mcp.{name}"
    for name in ("tools", "analysis", "graph", "sandbox", "credentials", "engine.run", "login", "doctor", "demo")
)
# Modules of a start: ours alone, and with fastmcp's and the standard library's, of which one version has some tens
# more than another (876 to 906 seen). Lower them when fewer are needed; argue before raising them.
MOST_OF_OURS = 18
MOST_MODULES = 960
PROGRAM = """
import sys
from pathlib import Path
from meta_ads_mcp import cards
text = Path({file!r}).read_bytes()
cards.FILE = type("Fresh", (), {{"parent": cards.FILE.parent, "read_bytes": lambda self: text}})()
{before}
from meta_ads_mcp.cli import main
try:
    main(["serve", "--demo", "--allow-writes", "--toolsets", "all"])
finally:
    deferred = sum(not model.__pydantic_complete__ for model in models()) if {count} else 0
    print(deferred, *sorted(sys.modules), file=sys.stderr)
"""
COUNTING = """
def models():
    from mcp_types._wire_base import WireModel
    return WireModel.__subclasses__()
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cards of these very sources, so that only one test fails where the stored ones are out of date."""
    path = tmp_path_factory.mktemp("cards") / "cards.json"
    path.write_text(cards.written(TOOLS), encoding="utf-8")
    return path


def listed(fresh: Path, era: str, before: str = COUNTING) -> tuple[list[dict[str, Any]], int, list[str]]:
    """The tools that a new process lists, how many wire models it left unbuilt, and the modules it imported."""
    program = PROGRAM.format(file=str(fresh), before=before, count=before == COUNTING)
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
    assert deferred > 100, "the SDK's wire models are built at the start again"


def test_without_the_sdks_private_name_everything_is_listed_all_the_same(fresh: Path) -> None:
    """`from mcp_types._wire_base import WireModel` is a bet on a name; losing it costs time alone."""
    gone = "import mcp_types, mcp_types._wire_base as base; base.Kept = base.WireModel\n" + HIDDEN
    tools, _, _ = listed(fresh, "2025-11-25", gone)
    assert len(tools) == len(TOOLS)


HIDDEN = """
import builtins
imported = builtins.__import__
def without(name, globals=None, locals=None, fromlist=(), level=0):
    if name == "mcp_types._wire_base" and (globals or {}).get("__name__") == "meta_ads_mcp.server":
        raise ImportError("no such name")
    return imported(name, globals, locals, fromlist, level)
builtins.__import__ = without
"""


def test_the_stored_cards_are_those_of_the_classes() -> None:
    assert cards.FILE.read_text(encoding="utf-8") == cards.written(TOOLS), UPDATE


class Elsewhere:
    """The file of cards at another place than beside its sources."""

    def __init__(self, file: Path) -> None:
        self.parent, self.read_bytes = cards.FILE.parent, file.read_bytes


def test_cards_say_what_the_classes_say(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "FILE", Elsewhere(fresh))
    found = [card for file in cards.stored().values() for card in file]
    assert len(found) == len(TOOLS)
    for card, tool in zip(found, collect(), strict=True):
        assert card == cards.card(tool)
        assert card.tool() is tool


@pytest.mark.parametrize(
    "content", ["", "{}", '{"shared": 0, "files": {}}', '{"shared": "x"', "[]", '{"shared": 1, "files": []}']
)
def test_without_good_cards_the_classes_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(cards, "checksum", lambda *_: 1)
    monkeypatch.setattr(cards, "FILE", tmp_path / "cards.json")
    assert cards.stored() == {}
    cards.FILE.write_text(content, encoding="utf-8")
    assert cards.stored() == {}


def test_of_a_changed_file_alone_the_classes_are_read(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = json.loads(fresh.read_text(encoding="utf-8"))
    kept["files"]["ads"]["sources"] += 1
    del kept["files"]["rules"]
    changed = fresh.with_name("changed.json")
    changed.write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(cards, "FILE", Elsewhere(changed))
    found = catalogue_cards()
    assert [each.name for each in found] == [tool.name for tool in collect()]
    assert {each.params.__module__.rpartition(".")[2] for each in found if isinstance(each, Tool)} == {"ads", "rules"}


EDITS = {
    "tools/a.py": (b"two\n", "tools/a.py"),
    "spec/a.py": (b"two\n", "spec/*.py"),
    "spec/b.py": (b"", "spec/*.py"),
}
SAME = (
    b"one\r\n",
    b"# more\none\n",
    b"one\ndef run(self):\n    two\n\n    if three:\n        four\n",
    b"import x\nfrom y import z\nfrom y import (\n    z,\n    z2,\n)\none\n",
)


@pytest.mark.parametrize("edited", EDITS)
def test_an_edit_of_a_declaration_changes_the_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edited: str
) -> None:
    for name in ("spec/a.py", "tools/a.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"one\n")
    monkeypatch.setattr(cards, "FILE", tmp_path / "cards.json")
    content, pattern = EDITS[edited]
    before = cards.checksum(pattern)
    (tmp_path / edited).write_bytes(content)
    assert cards.checksum(pattern) != before


@pytest.mark.parametrize("content", SAME)
def test_line_endings_comments_imports_and_bodies_are_no_declarations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(cards, "FILE", tmp_path / "cards.json")
    (tmp_path / "a.py").write_bytes(b"one\n")
    before = cards.checksum("a.py")
    (tmp_path / "a.py").write_bytes(content)
    assert cards.checksum("a.py") == before


def test_a_catalogue_of_cards_finds_and_gives_what_one_of_classes_does() -> None:
    tools = collect()
    by_class = Catalogue(tools, listed=("default",), allow_writes=True)
    by_card = Catalogue([cards.card(tool) for tool in tools], listed=("default",), allow_writes=True)
    assert [tool.name for tool in by_card.listed] == [tool.name for tool in by_class.listed]
    assert by_card.find("pause a campaign", None, 5) == by_class.find("pause a campaign", None, 5)
    assert by_card.toolsets() == by_class.toolsets()
    assert by_card.get("ads_get_campaigns") is by_class.get("ads_get_campaigns")
    assert by_card.get("ads_get_campaigns").effect is Effect.READ
