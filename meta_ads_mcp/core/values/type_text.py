"""Write the JSON schema of a value in one line, as TypeScript has types: `{name, days: [integer], zone?: A|B}`.

It says the same as the schema in less than half of the characters. A type that is not named is a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_TEXT = "string"
_FORMATS = {"date": "YYYY-MM-DD"}


def signature(schema: Schema) -> str:
    """Return the type of a value, its default and its description."""
    default = f" = {schema['default']}" if schema.get("default") not in (None, [], {}) else ""
    description = f" ({schema['description']})" if schema.get("description") else ""
    return write_type(schema) + default + description


def write_type(schema: Schema) -> str:
    """Return the type of a value, with the keys of an object and the values of an enum."""
    if "enum" in schema:
        return "|".join(map(str, schema["enum"]))
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(map(write_type, schema[union])))
    if schema.get("type") == "array":
        return f"[{signature(schema.get('items', {}))}]"
    if schema.get("type") == "object" and schema.get("properties"):
        return write_object(schema)
    if isinstance(schema.get("additionalProperties"), dict):
        return f"{{key: {write_type(schema['additionalProperties'])}}}"
    return str(schema.get("const") or _FORMATS.get(schema.get("format", "")) or schema.get("type", "any"))


def write_object(schema: Schema) -> str:
    """Return the keys of an object with their types. A key that may be left out has a question mark."""
    return f"{{{', '.join(_key(name, schema) for name in schema['properties'])}}}"


def _key(name: str, schema: Schema) -> str:
    mark = "" if name in schema.get("required", ()) else "?"
    text = signature(schema["properties"][name])
    kind, space, rest = text.partition(" ")
    return f"{name}{mark}{space}{rest}" if kind == _TEXT and not rest.startswith("|") else f"{name}{mark}: {text}"
