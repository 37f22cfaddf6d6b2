"""The JSON schema of a tool's arguments, as small and as portable as clients need it.

Optional fields are plain types that are not required: `anyOf` with null makes some clients refuse the tool, and costs
tokens in all of them. `$ref`s are written out; titles, upper lengths and the docstrings of nested objects are left out:
they cost every user tokens, and the server checks all of them anyway.

Two schemas of one class: `full_schema` has every bound and pattern, for tests and pages; `input_schema` is what clients
are shown, without the bounds that no one would break on purpose. A value that breaks one is refused by the server with
the reason, so a model loses nothing by not reading them hundreds of times.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel

# Keywords that clients are not shown, whatever their value, and those that say nothing with these values.
_UNSHOWN = frozenset({"minLength", "minItems", "minProperties", "maxProperties", "multipleOf", "exclusiveMinimum"})
_SAYS_NOTHING = {"additionalProperties": "true", "default": "false []", "minimum": "0 1 0.0 1.0"}
# An argument's name says that it is an id or a hash, and its value comes from an answer; a country's code does not.
_LONGEST_PATTERN = 12


@cache
def input_schema(params: type[BaseModel]) -> dict[str, Any]:
    """The schema as clients are shown it: closed, without `$defs`, titles, nulls, and what no choice depends on."""
    made: dict[str, Any] = _shown(full_schema(params))
    return made


def _shown(node: Any) -> Any:
    if isinstance(node, list):
        return [_shown(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _shown(inner) for name, inner in value.items()} if key == "properties" else _shown(value)
        for key, value in node.items()
        if not _says_nothing(key, value)
    }


def _says_nothing(key: str, value: Any) -> bool:
    if key == "pattern":
        return str(value).endswith("[0-9]+$") or len(value) > _LONGEST_PATTERN
    return key in _UNSHOWN or json.dumps(value) in _SAYS_NOTHING.get(key, "").split()


@cache
def full_schema(params: type[BaseModel]) -> dict[str, Any]:
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
