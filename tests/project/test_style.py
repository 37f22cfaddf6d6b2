"""Enforce the countable rules of docs/style.md over the package."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "meta_ads_mcp"

# The highest counts that are allowed now, and the targets. Lower the first number whenever the package improves.
# Percentages are of all functions, or of all bindings of a name.
LIMITS: dict[str, tuple[float, float]] = {
    "participle functions, %": (2.0, 2.0),
    "bare-participle variables, %": (1.0, 1.0),
    "empty names (one, own, ours)": (0, 0),
    "constants named MOST, LONGEST, FEWEST": (0, 0),
    "docstrings that start with What, Whether, Of": (0, 0),
    "class names defined twice": (0, 0),
    "file names used twice": (5, 5),
    "files in the largest folder": (16, 16),
}

IRREGULAR = set(
    "found made given told said shown kept taken seen written sent got held lost built done gone known left spelt "
    "drawn chosen begun brought meant sold understood forgotten hidden broken driven thrown worn grown won caught "
    "bought thought felt met".split()
)
NOT_PARTICIPLES = set("need feed seed speed embed red bed exceed proceed succeed hundred indeed".split())
# A participle with one of these behind it is a clause, not a name: `told_of`, `left_out`.
PARTICLES = set("of out up off down since by in from when well elsewhere".split())
EMPTY_NAMES = {"one", "own", "ours"}
BAD_CONSTANT = re.compile(r"_?(MOST|LONGEST|LARGEST|FEWEST|SMALLEST|SHORTEST)_")
BAD_OPENING = re.compile(r"(What|Whether|Where|Of|That|Those|By|With|Without|One) ")


class Finding(NamedTuple):
    measure: str
    path: str
    text: str


def is_participle(word: str) -> bool:
    return word in IRREGULAR or (word.endswith("ed") and len(word) > 3 and word not in NOT_PARTICIPLES)


def is_participle_name(name: str) -> bool:
    """Return whether the name is a participle, alone or with a particle behind it."""
    first, *rest = name.strip("_").lower().split("_")
    return is_participle(first) and (not rest or rest[0] in PARTICLES)


@cache
def sources() -> dict[str, ast.Module]:
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
            yield node


def bindings(tree: ast.AST) -> Iterator[str]:
    """Yield the name of every assignment target and parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def name_findings(path: str, tree: ast.Module) -> Iterator[Finding]:
    for function in functions(tree):
        if is_participle_name(function.name):
            yield Finding("participle functions, %", path, function.name)
    for name in bindings(tree):
        # An upper-case name may be a state, such as FAILED.
        if is_participle(name.strip("_").lower()) and not name.isupper():
            yield Finding("bare-participle variables, %", path, name)
        if name.strip("_").lower() in EMPTY_NAMES:
            yield Finding("empty names (one, own, ours)", path, name)
        if BAD_CONSTANT.match(name):
            yield Finding("constants named MOST, LONGEST, FEWEST", path, name)


def docstring_findings(path: str, tree: ast.Module) -> Iterator[Finding]:
    for function in functions(tree):
        text = ast.get_docstring(function) or ""
        if BAD_OPENING.match(text):
            yield Finding("docstrings that start with What, Whether, Of", path, f"{function.name}: {text[:50]}")


def repeated(measure: str, places: dict[str, list[str]]) -> Iterator[Finding]:
    for name, paths in places.items():
        if len(paths) > 1:
            yield Finding(measure, ", ".join(paths), name)


def tree_findings() -> Iterator[Finding]:
    classes, files, folders = defaultdict(list), defaultdict(list), Counter[str]()
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(path)
        folder, _, name = path.rpartition("/")
        if name != "__init__.py" and not path.startswith("sandbox/"):
            files[name].append(path)
            folders[folder] += 1
    yield from repeated("class names defined twice", classes)
    yield from repeated("file names used twice", files)
    folder, count = folders.most_common(1)[0]
    yield from [Finding("files in the largest folder", folder, "")] * count


@cache
def findings() -> list[Finding]:
    named = [
        finding
        for path, tree in sources().items()
        for finding in (*name_findings(path, tree), *docstring_findings(path, tree))
    ]
    return [*named, *tree_findings()]


def total(measure: str) -> float:
    """Return the count of a measure, or the percentage if the measure is one."""
    count = sum(finding.measure == measure for finding in findings())
    everything = {
        "participle functions, %": functions,
        "bare-participle variables, %": bindings,
    }.get(measure)
    if everything is None:
        return count
    return 100 * count / sum(1 for tree in sources().values() for _ in everything(tree))


def explain(measure: str) -> str:
    """Return the findings of a measure, the files with most of them first."""
    of_measure = [finding for finding in findings() if finding.measure == measure]
    worst = Counter(finding.path for finding in of_measure).most_common(10)
    examples = [f"  {finding.path}: {finding.text}" for finding in of_measure[:20]]
    return "\n".join([f"see docs/style.md; {measure}: {total(measure):.2f}; most in {worst}", *examples])


@pytest.mark.parametrize("measure", LIMITS)
def test_package_keeps_the_style(measure: str) -> None:
    assert total(measure) <= LIMITS[measure][0], explain(measure)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("found", True),
        ("_shown", True),
        ("told_of", True),
        ("listed", True),
        ("created_id", False),
        ("promoted_object", False),
        ("find", False),
        ("need", False),
        ("speed", False),
    ],
)
def test_participle_names(name: str, expected: bool) -> None:
    assert is_participle_name(name) is expected
