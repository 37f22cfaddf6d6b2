"""Tests stand on the package and on tests/support: programs of the repository are run or loaded as files."""

from __future__ import annotations

import ast

import pytest

from tests.support.programs import ROOT

PROGRAMS = {"benchmarks", "scripts"}
FILES = sorted((ROOT / "tests").rglob("*.py"))


def imported(source: str) -> set[str]:
    """The top-level packages that a source imports, at any depth of it."""
    packages = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            packages |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            packages.add(str(node.module).partition(".")[0])
    return packages


def test_no_test_imports_a_program() -> None:
    assert [str(path) for path in FILES if imported(path.read_text(encoding="utf-8")) & PROGRAMS] == []


def test_support_imports_no_test() -> None:
    for path in (ROOT / "tests" / "support").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert ".test_" not in str(node.module), path


@pytest.mark.parametrize("line", ["import scripts.docs", "from benchmarks import run", "def f():\n    import scripts"])
def test_an_import_of_a_program_is_noticed(line: str) -> None:
    assert imported(line) & PROGRAMS
