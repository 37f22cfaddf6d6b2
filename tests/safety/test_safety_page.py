"""Each guarantee of docs/safety.md names a test that exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.support.programs import ROOT

PAGE = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
GUARANTEES = [item for item in re.split(r"\n(?=\* |\n)", PAGE) if item.lstrip().startswith("* ")]
_TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_page_has_guarantees() -> None:
    assert len(GUARANTEES) > 30


@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_a_guarantee_names_a_test_that_exists(guarantee: str) -> None:
    named = _TEST.findall(guarantee)
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in functions(path)] == []
