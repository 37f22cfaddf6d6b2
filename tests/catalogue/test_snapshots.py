"""A tool looks to clients as its snapshot says; whoever changes it sees what clients will see."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.tool import Tool
from tests.support.every_tool import TOOLS, each
from tests.support.programs import load_script

script = load_script("snapshots")

UPDATE = "run `make snapshots` (python scripts/snapshots.py), and commit what it wrote if that is what you meant"


@pytest.fixture(scope="module")
def shown() -> dict[str, dict[str, Any]]:
    return script.snapshots()


@pytest.fixture(scope="module")
def kept() -> dict[str, dict[str, Any]]:
    return script.stored()


@each()
def test_the_snapshot_is_what_a_client_receives(tool: Tool, shown: dict[str, Any], kept: dict[str, Any]) -> None:
    assert tool.name in kept, f"{tool.name} has no snapshot yet: {UPDATE}"
    changes = "\n".join(f"  {change}" for change in script.compare(kept[tool.name], shown[tool.name]))
    assert kept[tool.name] == shown[tool.name], f"{tool.name} changed:\n{changes}\n{UPDATE}"


def test_no_snapshot_is_left_of_a_tool_that_is_gone(kept: dict[str, Any]) -> None:
    orphans = sorted(kept.keys() - {tool.name for tool in TOOLS})
    assert not orphans, f"breaking: {', '.join(orphans)} no longer exist: {UPDATE}"


BASE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["account_id"],
    "properties": {
        "account_id": {"type": "string", "pattern": "^[0-9]+$"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 25},
        "status": {"type": "array", "items": {"type": "string", "enum": ["ACTIVE", "PAUSED"]}},
        "user": {"anyOf": [{"const": "me"}, {"type": "string"}]},
    },
}


def changed(schema: Any, path: str, value: Any) -> Any:
    """The schema with the value at a dotted path replaced, or removed when the value is None."""
    key, _, rest = path.partition(".")
    if rest:
        return {**schema, key: changed(schema.get(key, {}), rest, value)}
    return {**{k: v for k, v in schema.items() if k != key}, **({} if value is None else {key: value})}


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        ("properties.note", {"type": "string"}, "compatible"),
        ("properties.limit.maximum", 500, "compatible"),
        ("properties.limit.maximum", None, "compatible"),
        ("properties.limit.maximum", 50, "breaking"),
        ("properties.limit.minimum", 0, "compatible"),
        ("properties.limit.minimum", 2, "breaking"),
        ("properties.limit.default", 50, "breaking"),
        ("properties.limit.type", ["integer", "string"], "compatible"),
        ("properties.limit.type", "string", "breaking"),
        ("properties.limit.description", "Page size", "compatible"),
        ("properties.limit", None, "breaking"),
        ("properties.account_id.pattern", "^[0-9]{5}$", "breaking"),
        ("properties.account_id.pattern", None, "compatible"),
        ("properties.status.items.enum", ["ACTIVE", "PAUSED", "DELETED"], "compatible"),
        ("properties.status.items.enum", ["ACTIVE"], "breaking"),
        ("properties.status.maxItems", 3, "breaking"),
        ("properties.user.anyOf", [{"const": "me"}, {"type": "string"}, {"type": "integer"}], "compatible"),
        ("properties.user.anyOf", [{"const": "me"}], "breaking"),
        ("required", ["account_id", "limit"], "breaking"),
        ("required", [], "compatible"),
        ("additionalProperties", True, "compatible"),
    ],
)
def test_a_changed_argument_is_classified(path: str, value: Any, kind: str) -> None:
    after = changed(BASE, path, value)
    found = script.compare({"inputSchema": BASE}, {"inputSchema": after})
    assert {change.kind for change in found} == {kind}, found
    assert script.compare({"inputSchema": after}, {"inputSchema": after}) == []


def test_a_changed_hint_breaks_and_a_changed_text_does_not() -> None:
    before = {"description": "Read.", "annotations": {"title": "Read", "readOnlyHint": True}}
    after = {"description": "Read it.", "annotations": {"title": "Read it", "readOnlyHint": False}}
    assert script.compare(before, after) == [
        script.Change("compatible", "description reads differently"),
        script.Change("breaking", "readOnlyHint: True → False"),
        script.Change("compatible", "title: Read → Read it"),
    ]
