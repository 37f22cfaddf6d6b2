"""Params of a request, checked against the spec and decoded from their wire form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.sandbox.refusal import Refusal, invalid_param, not_in_enum, unknown_param
from meta_ads_mcp.sandbox.sdk_spec import ENUM, Edge, Spec

Json = Any

# On these edges Graph reads a list of words also as `a,b` or `a`. Source: Meta docs, marketing-api/insights/parameters
# (`sort=reach_descending`, `breakdowns=age,gender`), instagram-platform/api-reference/instagram-user/insights
# (`metric=reach,views&period=day`). Elsewhere a list has to be JSON ("Param effective_status must be an array").
WORD_LIST_EDGES = frozenset({"insights", "stats", "video_insights", "creative_insights"})

# Objects whose keys are checked against the class of the same name. Others take wrapper keys that no class lists.
CHECKED_OBJECTS = frozenset({"AdCreativeObjectStorySpec", "Targeting"})

_INT = re.compile(r"-?[0-9]+")
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATETIME = re.compile(r"[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]{5,8}.*)?")


def check(spec: Spec, edge: Edge, raw: Mapping[str, str]) -> dict[str, Json]:
    """Decode the params of a call on an edge. Refusal for unknown names and for wrong types or values.

    What belongs to the call and not to the object (the token, its proof, the format of the answer) is checked and left
    out, so that a handler does not take it for a change.
    """
    values = {}
    words = edge.name in WORD_LIST_EDGES
    for name, text in raw.items():
        if name not in edge.params:
            raise unknown_param(name, f"{edge.method} {edge.name or 'node'}")
        value = decode(spec, name, edge.params[name], text, words=words)
        if name not in edge.of_call:
            values[name] = value
    return values


def decode(spec: Spec, name: str, kind: str, text: str, *, words: bool = False) -> Json:
    """Decode one param; with `words`, a list of scalars may be written without JSON."""
    if kind.startswith("list"):
        return decode_list(spec, name, kind.removeprefix("list").removeprefix("<").removesuffix(">"), text, words=words)
    if kind.startswith("map") or kind == "Object" or kind in spec or kind == "list<Object>":
        value = parse_json(name, text)
        return check_object(spec, name, kind, value)
    return decode_scalar(spec, name, kind, text)


def decode_list(spec: Spec, name: str, inner: str, text: str, *, words: bool) -> list[Json]:
    """Decode a list and check its items; an empty `inner` means that the SDK does not say what is in it."""
    scalars = not is_structured(spec, inner)
    if words and scalars and not text.lstrip().startswith(("[", "{")):
        values: Json = [part.strip() for part in text.split(",") if part.strip()]
    else:
        values = parse_json(name, text, quotes=scalars)
    if not isinstance(values, list):
        raise invalid_param(name, "must be an array.")
    for value in values:
        check_item(spec, name, inner, value)
    return values


def check_item(spec: Spec, name: str, inner: str, value: Json) -> None:
    """Refuse an item of a list that is not of its type."""
    if not inner or is_structured(spec, inner):
        return
    if isinstance(value, (dict, list)) or value is None:
        raise invalid_param(name, f"must be an array of {inner.removeprefix(ENUM)}.")
    decode_scalar(spec, name, inner, str(value))


def decode_scalar(spec: Spec, name: str, kind: str, text: str) -> Json:
    """Decode a text, a number, a truth value or a value of an enum."""
    if kind.startswith(ENUM):
        options = spec.enum(kind.removeprefix(ENUM))
        if text not in options:
            raise not_in_enum(name, options)
        return text
    if kind == "bool":
        return decode_bool(name, text)
    if kind in ("int", "unsigned int"):
        return decode_int(name, kind, text)
    if kind == "float" and not _FLOAT.fullmatch(text):
        raise invalid_param(name, "must be a number.")
    if kind == "datetime" and not _DATETIME.fullmatch(text):
        raise invalid_param(name, "must be a valid date, time or timestamp.")
    return float(text) if kind == "float" else text


def decode_bool(name: str, text: str) -> bool:
    """Decode `true`, `false`, `1` or `0`."""
    if text.lower() not in ("true", "false", "1", "0"):
        raise invalid_param(name, "must be a boolean.")
    return text.lower() in ("true", "1")


def decode_int(name: str, kind: str, text: str) -> int:
    """Decode a whole number."""
    if not _INT.fullmatch(text) or (kind == "unsigned int" and text.startswith("-")):
        raise invalid_param(name, "must be an integer.")
    return int(text)


def is_structured(spec: Spec, kind: str) -> bool:
    """Tell whether values of a type are lists or objects."""
    return kind.startswith(("list", "map", "Object")) or kind in spec


def parse_json(name: str, text: str, *, quotes: bool = False) -> Json:
    """Parse JSON; with `quotes`, words may stand in single quotes, as in many examples of Meta's pages."""
    text = text.replace("'", '"') if quotes and '"' not in text else text
    try:
        return json.loads(text)
    except ValueError:
        raise invalid_param(name, "must be valid JSON.") from None


def check_object(spec: Spec, name: str, kind: str, value: Json) -> Json:
    """Return an object. Refusal where it is none, or has keys that its class does not have."""
    if not isinstance(value, (dict, list)):
        raise invalid_param(name, "must be a JSON object.")
    if kind in CHECKED_OBJECTS and isinstance(value, dict):
        check_keys(spec, name, kind, value)
    return value


def check_keys(spec: Spec, name: str, kind: str, value: Mapping[str, Json]) -> None:
    """Refuse keys that the class does not have, at any depth where the SDK knows the class."""
    field_types = spec.fields(kind)
    for key, inner in value.items():
        if field_types and key not in field_types:
            text = f"(#100) Invalid parameter: unknown key '{key}' in {name} ({kind})"
            raise Refusal(text, blame=((name, key),))
        child = field_types.get(key, "")
        for part in inner if isinstance(inner, list) else [inner]:
            if isinstance(part, dict) and child.removeprefix("list<").strip("<>") in spec:
                check_keys(spec, f"{name}.{key}", child.removeprefix("list<").strip("<>"), part)
