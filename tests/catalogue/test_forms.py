"""A text with a pattern has a form that the error message shows, so no message shows a regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from meta_ads_mcp.core.params import Form, marker
from meta_ads_mcp.core.tool import Tool
from tests.support.every_tool import TOOLS


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for info in annotation.model_fields.values():
            yield from models(info.annotation)
    for arm in get_args(annotation):
        yield from models(arm)


def metadata(annotation: Any) -> Iterator[Any]:
    for item in getattr(annotation, "__metadata__", ()):
        yield from item.metadata if isinstance(item, FieldInfo) else [item]
    for arm in get_args(annotation):
        yield from metadata(arm)


def patterns(tool: Tool) -> Iterator[tuple[str, FieldInfo, str]]:
    for model in {*models(tool.params)}:
        for name, info in model.model_fields.items():
            for item in (*info.metadata, *metadata(info.annotation)):
                pattern = getattr(item, "pattern", None)
                if isinstance(pattern, str):
                    yield f"{model.__name__}.{name}", info, pattern


PATTERNS = {name: (info, pattern) for tool in TOOLS for name, info, pattern in patterns(tool)}


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_pattern_has_a_form_with_a_valid_example(name: str) -> None:
    info, pattern = PATTERNS[name]
    form = marker(info, Form)
    assert form is not None, f"{name}: add a Form beside the pattern {pattern}"
    assert re.search(pattern, form.example)


def test_patterns_are_found_at_every_depth() -> None:
    assert {"UndoChange.change_id", "GetPageInsights.metrics"} <= PATTERNS.keys()
    assert len(PATTERNS) > 15
