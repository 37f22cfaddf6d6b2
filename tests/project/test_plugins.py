"""The plugin: every manifest says the same as the package, and the files are those that the script writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meta_ads_mcp import __version__
from meta_ads_mcp.server.skills import NAMES
from tests.support.programs import ROOT, load_script

plugins, links = load_script("plugins"), load_script("links")
PLUGIN = ROOT / plugins.FOLDER
MANIFESTS = ("plugin.json", ".claude-plugin/plugin.json", ".cursor-plugin/plugin.json", "gemini-extension.json")
MARKETPLACES = (".claude-plugin", ".cursor-plugin", ".agents/plugins")


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def servers(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every server that a manifest starts, wherever it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("mcpServers"), dict):
            assert list(value["mcpServers"]) == ["meta-ads"]
            yield from value["mcpServers"].values()
        for inner in value.values():
            yield from servers(inner)


def test_the_files_are_those_of_the_script() -> None:
    assert plugins.stale() == [], "run python scripts/plugins.py"


def test_a_changed_file_and_a_left_over_file_are_stale(tmp_path: Path) -> None:
    plugins.write(tmp_path)
    assert plugins.stale(tmp_path) == []
    (tmp_path / plugins.FOLDER / "plugin.json").write_text("{}")
    (tmp_path / plugins.FOLDER / "skills" / "old.md").write_text("x")
    assert [Path(name).name for name in plugins.stale(tmp_path)] == ["plugin.json", "old.md"]


def test_all_manifests_name_the_same_plugin_version_and_description() -> None:
    manifests = [load(PLUGIN / path) for path in MANIFESTS]
    for key, value in (("name", "meta-ads"), ("version", __version__)):
        assert {manifest[key] for manifest in manifests} == {value}
    assert len({manifest["description"] for manifest in manifests}) == 1


def test_all_manifests_start_the_same_server_and_hold_no_secret() -> None:
    started = [server for path in PLUGIN.rglob("*.json") for server in servers(load(path))]
    assert len(started) == 3
    for server in started:
        assert {key: server[key] for key in ("command", "args")} == links.SERVER
        assert server.keys() <= {"type", "command", "args"}


def test_marketplaces_lead_to_the_folder() -> None:
    for folder in MARKETPLACES:
        (entry,) = load(ROOT / folder / "marketplace.json")["plugins"]
        source = entry["source"]["path"] if isinstance(entry["source"], dict) else entry["source"]
        assert source == "./plugins/meta-ads", "Codex refuses the root of a repository"
        assert entry["name"] == "meta-ads"


def test_the_skills_are_those_of_the_package() -> None:
    for name in NAMES:
        packaged = ROOT / "meta_ads_mcp" / "server" / "skills" / name / "SKILL.md"
        assert (PLUGIN / "skills" / name / "SKILL.md").read_bytes() == packaged.read_bytes()
