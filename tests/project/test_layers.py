"""The import contracts hold for every module: an import that a contract forbids is planted and must be reported."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = "meta_ads_mcp"
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
LINT_SECONDS = 120
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
# Libraries that one place imports. Their contracts cover the whole package and name the exceptions.
LIBRARIES = {"fastmcp", "mcp", "mcp_types", "httpx", "keyring"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path.relative_to(ROOT) for path in sorted((ROOT / PACKAGE).rglob("*.py"))}


class Plant(NamedTuple):
    """An import that a contract forbids."""

    contract: str
    importer: str
    imported: str


def plants(contract: dict[str, Any]) -> Iterator[Plant]:
    """Yield, for every module that the contract covers, one import of each package that is forbidden for it.

    The contract against circles is not here: it reports folders instead of imports and has a test of its own.
    """
    kind = contract["type"]
    pairs = {"layers": layer_pairs, "forbidden": forbidden_pairs, "protected": protected_pairs}.get(kind)
    for importer, imported in pairs(contract) if pairs else ():
        if f"{importer} -> {imported}" not in contract.get("ignore_imports", ()):
            yield Plant(contract["name"], importer, imported)


def layer_pairs(contract: dict[str, Any]) -> Iterator[tuple[str, str]]:
    above: list[str] = []
    for layer in contract["layers"]:
        names = [f"{PACKAGE}.{name.strip()}" for name in layer.split("|")]
        for name in names:
            siblings = [other for other in names if other != name]
            for importer in inside(name):
                yield from ((importer, module_of(package)) for package in [*above, *siblings])
        above += names


def forbidden_pairs(contract: dict[str, Any]) -> Iterator[tuple[str, str]]:
    whole = contract.get("as_packages", True)
    for source in contract["source_modules"]:
        for importer in inside(source) if whole else [source]:
            yield from ((importer, module_of(package)) for package in contract["forbidden_modules"])


def protected_pairs(contract: dict[str, Any]) -> Iterator[tuple[str, str]]:
    (protected,) = contract["protected_modules"]
    exempt = {name for package in (*contract["allowed_importers"], protected) for name in inside(package)}
    yield from ((importer, module_of(protected)) for importer in FILES if importer not in exempt)


def inside(package: str) -> list[str]:
    """Return the package itself and every module below it."""
    return [name for name in FILES if name == package or name.startswith(f"{package}.")]


def module_of(package: str) -> str:
    """Return a module of the package; the package itself when it has none, as a library or a single module."""
    return next((name for name in inside(package) if FILES[name].name != "__init__.py"), package)


PLANTS = [plant for contract in CONTRACTS for plant in plants(contract)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the package and its contracts that a test may change."""
    shutil.copytree(ROOT / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> str:
    """Return what the linter prints about a package that breaks a contract."""
    command = [str(LINT_IMPORTS), "--no-cache", "--no-logo"]
    wide = os.environ | {"COLUMNS": "400"}  # an import is on one line
    done = subprocess.run(
        command, cwd=folder, env=wide, capture_output=True, text=True, check=False, timeout=LINT_SECONDS
    )
    assert done.returncode == 1, done.stdout
    return done.stdout


def add_import(folder: Path, importer: str, imported: str) -> None:
    with (folder / FILES[importer]).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {imported}\n")


def reported(output: str) -> dict[str, set[tuple[str, str]]]:
    """Return the imports that each contract reports, by the contract's name."""
    names = "|".join(re.escape(contract["name"]) for contract in CONTRACTS)
    _, *parts = re.split(rf"^({names})\n-+$", output, flags=re.MULTILINE)
    return {
        name: set(re.findall(r"([\w.]+) -> ([\w.]+)", text)) for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_forbidden_import_of_every_module_is_reported(copy: Path) -> None:
    for importer, imported in {(plant.importer, plant.imported) for plant in PLANTS}:
        add_import(copy, importer, imported)
    found = reported(lint(copy))
    missed = [plant for plant in PLANTS if (plant.importer, plant.imported) not in found.get(plant.contract, set())]
    assert missed == []


def test_every_module_is_covered() -> None:
    """No module may import a library of one place, unless it is named, and the sandbox is out of reach for all."""
    planted = {(plant.importer, plant.imported) for plant in PLANTS}
    exceptions = {tuple(text.split(" -> ")) for contract in CONTRACTS for text in contract.get("ignore_imports", ())}
    for name in FILES:
        assert [one for one in LIBRARIES if (name, one) not in planted | exceptions] == [], name
        above = {imported for importer, imported in planted if importer == name and imported.startswith(PACKAGE)}
        assert above or name in ("meta_ads_mcp.app", *inside("meta_ads_mcp.cli"), "meta_ads_mcp.__main__"), name


def test_a_circle_of_two_modules_is_reported(copy: Path) -> None:
    add_import(copy, "meta_ads_mcp.core.clock", "meta_ads_mcp.core.write")
    add_import(copy, "meta_ads_mcp.core.write", "meta_ads_mcp.core.clock")
    assert "Modules of one folder do not import each other in circles BROKEN" in lint(copy)


def test_a_module_without_a_layer_is_reported(copy: Path) -> None:
    (copy / PACKAGE / "stray.py").write_text("", encoding="utf-8")
    assert "stray" in lint(copy)
