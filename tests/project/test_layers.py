"""Every contract of import-linter breaks once its rule is broken: one that cannot break would hold nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

# This contract reports the folders of a circle, not the import.
CIRCLES = "Modules of one folder do not import each other in circles"
# Contract → (module that gets an import it must not have, the import).
PLANTS = {
    "Imports go one way": ("graph/client.py", "meta_ads_mcp.engine.engine"),
    "Tools do not see how requests are sent": ("tools/accounts.py", "meta_ads_mcp.graph.paging"),
    "The sandbox imports nothing of the package": ("sandbox/store.py", "meta_ads_mcp.errors"),
    "Only the composition root and the command `sandbox` import the sandbox": ("engine/session.py", "meta_ads_mcp.sandbox"),
    "Only the server imports fastmcp and the MCP SDK": ("engine/engine.py", "fastmcp"),
    "Only the Graph client, the web fetcher and the sandbox import httpx": ("tools/campaigns.py", "httpx"),
    "Only the credentials import keyring": ("engine/accounts.py", "keyring"),
    CIRCLES: ("core/clock.py", "meta_ads_mcp.core.write"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its contracts, to be spoilt."""
    leave_out = shutil.ignore_patterns("__pycache__", "*.json")
    shutil.copytree(ROOT / "meta_ads_mcp", tmp_path / "meta_ads_mcp", ignore=leave_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def plant(folder: Path, module: str, imported: str) -> None:
    with (folder / "meta_ads_mcp" / module).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {imported}\n")


def test_every_contract_breaks_on_its_own_violation(copy: Path) -> None:
    for module, imported in PLANTS.values():
        plant(copy, module, imported)
    ended = lint(copy)
    kept = [name for name in PLANTS if f"{name} BROKEN" not in ended.stdout]
    assert (ended.returncode, kept) == (1, []), ended.stdout
    arrows = [
        f"meta_ads_mcp.{module.removesuffix('.py').replace('/', '.')} -> {imported}"
        for name, (module, imported) in PLANTS.items()
        if name != CIRCLES
    ]
    assert [arrow for arrow in arrows if arrow not in ended.stdout] == []


def test_every_contract_has_a_violation_here() -> None:
    assert {contract["name"] for contract in CONTRACTS} == PLANTS.keys()


def test_a_module_that_belongs_to_no_layer_is_noticed(copy: Path) -> None:
    (copy / "meta_ads_mcp" / "stray.py").write_text("", encoding="utf-8")
    ended = lint(copy)
    assert ended.returncode == 1
    assert "stray" in ended.stdout
