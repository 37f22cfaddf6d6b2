"""The JSON schema of a tool's arguments, as small and as portable as clients need it.

Optional fields are plain types that are not required: `anyOf` with null makes some clients refuse the tool, and costs
tokens in all of them. `$ref`s are written out; titles, upper lengths and the docstrings of nested objects are left out:
they cost every user tokens, and the server checks all of them anyway.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel


@cache
def input_schema(params: type[BaseModel]) -> dict[str, Any]:
    """An object schema, closed, without `$defs`, titles and nulls."""
    raw = params.model_json_schema(mode="validation")
    definitions = raw.pop("$defs", {})
    made: dict[str, Any] = _plain(raw, definitions)
    made.pop("description", None)
    made.setdefault("properties", {})
    return made


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = {**definitions[node["$ref"].rsplit("/", 1)[-1]]}
        if "properties" in target:
            target.pop("description", None)
        return _plain({**target, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    made = {
        key: _properties(value, definitions) if key == "properties" else _plain(value, definitions)
        for key, value in node.items()
        if not _is_noise(key, value)
    }
    return _without_null(made)


def _properties(properties: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A property may be called `title` or `default`; only keywords are noise."""
    return {name: _plain(value, definitions) for name, value in properties.items()}


def _is_noise(key: str, value: Any) -> bool:
    if key == "title":
        return isinstance(value, str)
    return key in ("maxLength", "maxItems") or (key == "default" and value is None)


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    arms = [arm for arm in node.get("anyOf", []) if arm != {"type": "null"}]
    if "anyOf" not in node:
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**arms[0], **rest} if len(arms) == 1 else {**rest, "anyOf": arms}
