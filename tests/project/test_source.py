"""The source stays small: files, functions, and who may write to standard output."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "meta_ads_mcp"
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 12
# While serving, standard output belongs to JSON-RPC. What commands print is cleaned in one place.
MAY_PRINT = {"meta_ads_mcp/cli/output.py"}

SOURCES = sorted(PACKAGE.rglob("*.py"))
OTHERS = sorted(path for folder in ("scripts", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with the lines it takes, decorators and docstring included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1


def prints(source: str) -> list[int]:
    """Lines that write to standard output: `print` that names no other file, and `sys.stdout`."""
    return [
        node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr | ast.stmt) and _prints(node)
    ]


def _prints(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
        return not any(
            keyword.arg == "file" and ast.unparse(keyword.value) == "sys.stderr" for keyword in node.keywords
        )
    if isinstance(node, ast.ImportFrom) and node.module == "sys":
        return any(alias.name in ("stdout", "__stdout__") for alias in node.names)
    return isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.__stdout__")


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_files_are_short() -> None:
    lines = {where(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES + OTHERS}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    lengths = {f"{where(path)}: {name}": lines for path in SOURCES for name, lines in functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_most_functions_are_very_short() -> None:
    assert median(lines for path in SOURCES for _, lines in functions(path)) <= MEDIAN_FUNCTION


def test_only_commands_write_to_standard_output() -> None:
    found = {where(path): prints(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {name for name, lines in found.items() if lines} <= MAY_PRINT


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("print('x')", [1]),
        ("import sys\nsys.stdout.write('x')", [2]),
        ("from sys import stdout", [1]),
        ("print('x', file=sys.stdout)", [1, 1]),
        ("print('x', file=sys.stderr)", []),
        ("say('x')", []),
    ],
)
def test_writing_to_standard_output_is_noticed(source: str, lines: list[int]) -> None:
    assert prints(source) == lines


def unused_names(sources: dict[str, str]) -> list[str]:
    """Functions, classes and constants of a module that no file mentions a second time; a decorator uses its own."""
    mentions = Counter(word for source in sources.values() for word in re.findall(r"\w+", source))
    return [
        f"{file}: {name}"
        for file, source in sources.items()
        for name in _top_level_names(ast.parse(source))
        if mentions[name] == 1 and not name.startswith(("test_", "pytest_", "__"))
    ]


def _top_level_names(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.decorator_list:
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_every_name_is_used() -> None:
    sources = {where(path): path.read_text(encoding="utf-8") for path in SOURCES + OTHERS}
    assert unused_names(sources) == []


def test_an_unused_name_is_noticed() -> None:
    assert unused_names({"a.py": "LIMIT = 3\nSIZE: int = LIMIT\n", "b.py": "def read(): ..."}) == [
        "a.py: SIZE",
        "b.py: read",
    ]
