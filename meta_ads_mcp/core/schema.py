"""Build the JSON schema of a tool's arguments, small and portable across clients.

Optional fields are plain types that are not required: `anyOf` with null makes some clients refuse the tool, and costs
tokens in all of them. `$ref`s are written out. Titles, upper lengths and the docstrings of nested objects are left out,
because they cost every user tokens and the server checks them anyway.

A class has two schemas. `full_schema` has every bound and pattern, for tests and docs. `input_schema` is for clients:
it leaves out bounds that a model rarely breaks, and writes nested objects as a line of text. The server checks a value
against all of it, and rejects a wrong value with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from meta_ads_mcp.core.values.type_text import write_object

# Keywords that are left out of `input_schema`: always, or with these values.
_HIDDEN_KEYWORDS = frozenset(
    {"minLength", "minItems", "minProperties", "maxProperties", "multipleOf", "exclusiveMinimum"}
)
_TRIVIAL_VALUES = {"additionalProperties": "true false", "default": "false [] 25", "minimum": "0 1 0.0 1.0"}
# Longer patterns are of ids and hashes: the argument's name says so, and the value is copied from an answer. Shorter
# patterns, such as a country code's, help a model.
_MAX_PATTERN_CHARS = 12
# What a name says by itself, or every model does: a time is written as ISO 8601. The size of a page (default 25) is
# seen in the answer.
_SELF_EVIDENT = frozenset(
    {
        "ISO 8601 or Unix seconds",
        "e.g. yesterday, last_7d, this_month, last_month",
        "Part of the name",
        "Add a picture",
        "The same key goes on where an earlier call stopped",
    }
)
# Maxima from here on are rarely reached.
_MAX_SHOWN_MAXIMUM = 1000
# An optional argument with longer choices shows the first ones as examples. A refusal lists all of them.
_MAX_OPTIONAL_CHOICE_CHARS = 220
_EXAMPLES = 3


@cache
def input_schema(params: type[BaseModel]) -> dict[str, Any]:
    """Return the schema for clients: closed, without `$defs`, titles, nulls and bounds that a model rarely breaks.

    An object inside is a line of text, such as `{since: YYYY-MM-DD, until: YYYY-MM-DD}`.
    """
    schema: dict[str, Any] = _for_clients(full_schema(params))
    required = schema.get("required", ())
    arguments = {
        name: _with_lines(argument if name in required else _with_examples(argument))
        for name, argument in schema["properties"].items()
    }
    return {"additionalProperties": False, **schema, "properties": refer_to_earlier(arguments)}


def refer_to_earlier(arguments: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the arguments with "as NAME" in place of a description that the earlier argument NAME has."""
    first: dict[str, str] = {}
    shorter: dict[str, dict[str, Any]] = {}
    for name, argument in arguments.items():
        text = argument.get("description", "")
        earlier = first.setdefault(text, name)
        is_repeated = text and earlier != name and not text.startswith("as ")
        shorter[name] = {**argument, "description": f"as {earlier}"} if is_repeated else {**argument}
    return shorter


def _with_examples(argument: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an optional argument with examples in place of a long list of choices."""
    if "items" in argument:
        return {**argument, "items": _with_examples(argument["items"])}
    choices = argument.get("enum", ())
    if len(json.dumps(choices)) <= _MAX_OPTIONAL_CHOICE_CHARS:
        return argument
    rest = {key: value for key, value in argument.items() if key != "enum"}
    return {"description": f"e.g. {', '.join(choices[:_EXAMPLES])}", **rest}


def _with_lines(argument: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an argument with a line of text for an object, also in a list and in a union."""
    if "items" in argument:
        return {**argument, "items": _with_lines(argument["items"])}
    if "anyOf" in argument:
        return {**argument, "anyOf": [_in_one_line(arm) for arm in argument["anyOf"]]}
    return _in_one_line(argument)


def _in_one_line(node: dict[str, Any]) -> dict[str, Any]:
    if "properties" not in node:
        return node
    line = write_object(node)
    return {"type": "object", "description": f"{node['description']}: {line}" if "description" in node else line}


def _for_clients(node: Any) -> Any:
    if isinstance(node, list):
        return [_for_clients(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = _portable(node)
    return {
        key: {name: _for_clients(inner) for name, inner in value.items()}
        if key == "properties"
        else _for_clients(value)
        for key, value in node.items()
        if not _is_hidden(key, value)
    }


def _portable(node: dict[str, Any]) -> dict[str, Any]:
    """Write what Gemini's subset of JSON schema lacks in another way: `const`, enums of numbers, unions of texts.

    Source: google-genai, types.JSONSchema and types.Schema (its `enum` holds texts only).
    """
    arms = node.get("anyOf", ())
    if arms and all(arm.get("type") == "string" and "properties" not in arm for arm in arms):
        return {**{key: value for key, value in node.items() if key != "anyOf"}, "type": "string"}
    if "const" in node and node.get("type") == "string":
        return {**{key: value for key, value in node.items() if key != "const"}, "enum": [node["const"]]}
    numbers = node.get("enum", ())
    if numbers and all(isinstance(value, int) and not isinstance(value, bool) for value in numbers):
        text = node.get("description", f"One of {', '.join(map(str, numbers))}")
        return {**{key: value for key, value in node.items() if key != "enum"}, "type": "integer", "description": text}
    return node


def _is_hidden(key: str, value: Any) -> bool:
    """Return whether clients are not shown the keyword with this value."""
    if key == "description" and value in _SELF_EVIDENT:
        return True
    if key == "maximum":
        return bool(value > _MAX_SHOWN_MAXIMUM)
    if key == "pattern":
        return str(value).endswith("[0-9]+$") or len(value) > _MAX_PATTERN_CHARS
    return key in _HIDDEN_KEYWORDS or json.dumps(value) in _TRIVIAL_VALUES.get(key, "").split()


@cache
def full_schema(params: type[BaseModel]) -> dict[str, Any]:
    """Return the closed object schema with every bound and pattern, without `$defs`, titles and nulls."""
    raw = params.model_json_schema(mode="validation")
    definitions = raw.pop("$defs", {})
    schema: dict[str, Any] = _plain(raw, definitions)
    schema.pop("description", None)
    schema.setdefault("properties", {})
    return schema


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
    schema = {
        key: _properties(value, definitions) if key == "properties" else _plain(value, definitions)
        for key, value in node.items()
        if not _is_noise(key, value)
    }
    return _without_null(schema)


def _properties(properties: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the properties without noise. A property may itself be called `title` or `default`."""
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
