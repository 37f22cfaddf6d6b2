"""Write the JSON schema of a tool's arguments as short texts: `"daily_budget": "integer | string (Minor units …)"`.

They say the same as the schema in less than half of the characters, with nested keys as TypeScript has them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from meta_ads_mcp.core.schema import refer_to_earlier
from meta_ads_mcp.core.values.type_text import signature

Schema = Mapping[str, Any]


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads((files("meta_ads_mcp.server") / "argument_texts.toml").read_text(encoding="utf-8"))


def text_of_argument(tool: str, name: str, schema: Schema) -> str:
    """Return the description of an argument: its own, or else that of argument_texts.toml; "" if it has none."""
    texts: Mapping[str, str] = _texts()["texts"]
    return str(schema.get("description") or texts.get(f"{tool}.{name}") or texts.get(name, ""))


def _text_for_search(tool: str, name: str, schema: Schema) -> str:
    is_clear = not schema.get("description") and name in _texts()["self_explanatory"]
    return "" if is_clear else text_of_argument(tool, name, schema)


def describe_arguments(schema: Schema, tool: str = "") -> dict[str, str]:
    """Return argument -> signature. Required arguments come first and begin with "required".

    A description that an earlier argument has is written as "(as that_argument)".
    """
    properties: Mapping[str, Schema] = schema.get("properties", {})
    required = [name for name in properties if name in schema.get("required", ())]
    names = [*required, *(name for name in properties if name not in required)]
    described = {
        name: {**properties[name], "description": _text_for_search(tool, name, properties[name])} for name in names
    }
    return {
        name: f"{'required ' if name in required else ''}{signature(value)}"
        for name, value in refer_to_earlier(described).items()
    }
