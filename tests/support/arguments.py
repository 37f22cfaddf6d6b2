"""Arguments for a tool: those its JSON schema allows, drawn at random, and those it must refuse.

Ids carry the class that they name in their first digits, so that a recorded request can be held against that class.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from meta_ads_mcp.core.params import marker
from meta_ads_mcp.core.schema import full_schema
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.enums import Open
from tests.support import sdk
from tests.support.every_tool import TOOLS

_SOME_AD_OBJECT = "any"
_NAMED = sorted({_SOME_AD_OBJECT, *sdk.classes()})
_CODES = {name: f"{61_379 + index}" for index, name in enumerate(_NAMED)}
_CLASSES = {code: name for name, code in _CODES.items()}
_TEXT = st.text(string.ascii_letters + string.digits + " .,-_äß漢🙂", max_size=30)
_DAYS = st.dates().map(lambda day: day.replace(year=2025 + day.year % 2, day=min(day.day, 28)).isoformat())
_COUNTRIES = ("^[A-Z]{2}$",)
_MOMENT = ("ISO 8601 or Unix seconds", "Without offset: UTC", "Default: now", "Default: 7 days back")


def coded(node: str, number: int = 7) -> str:
    """An id that names an object of the class."""
    if node == "AdAccount":
        return "act_123"
    if node == "PagePost":
        return f"{coded('Page')}_{_CODES[node]}{number:06d}"
    return f"{_CODES[node]}{number:06d}"


def class_of(segment: str) -> tuple[str, ...]:
    """The classes of which the first segment of a path may be; empty when it is an id of an unknown kind."""
    if segment in ("search", "dataset_quality", "ads_archive"):
        return (sdk.ROOT,)
    if segment.startswith("act_"):
        return ("AdAccount",)
    if segment == "me":
        return ("User",)
    number = segment.rpartition("_")[2]
    # Any other number is an id of an unknown kind, whatever its first digits are.
    found = _CLASSES.get(number[:5]) if len(number) == len(coded("Page")) else None
    return sdk.ANY[1:] if found == _SOME_AD_OBJECT else (found,) if found else ()


def ids_for(tool: Tool, argument: str) -> tuple[str, ...]:
    """Ids that the argument takes, one per class that it may name."""
    node = tool.ids[argument].name
    if node == "any":
        narrow = full_schema(tool.params)["properties"][argument].get("pattern", "")
        return (coded(node), *(("act_123",) if "act_" in narrow else ()))
    if node == "AdAccount":
        return ("act_123", "123")
    return (coded(node), coded(node).partition("_")[2]) if node == "PagePost" else (coded(node),)


def arguments(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments that the schema of the tool allows; its validators may ask for more, such as "exactly one of these"."""
    schema = full_schema(tool.params)
    needed = set(schema.get("required", []))
    made = {name: argument(tool, name, inner) for name, inner in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: values for name, values in made.items() if name in needed},
        optional={name: values for name, values in made.items() if name not in needed},
    )


def argument(tool: Tool, name: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    info = tool.params.model_fields[name]
    known = marker(info, Open)
    if name in tool.ids:
        values: st.SearchStrategy[Any] = st.sampled_from(ids_for(tool, name))
    elif known is not None:
        values = st.sampled_from(sorted(known.known))
    elif name == "fields":
        values = st.sampled_from(sorted(_readable(tool)))
    else:
        return value(schema)
    return _listed(values, schema) if schema.get("type") == "array" else values


def _readable(tool: Tool) -> set[str]:
    """Field names of the tool's node, without those that hold secrets, which are refused."""
    names = sdk.classes().get(tool.node or "", {}).get("fields", {"id": "string"})
    return {
        name for name in names if re.fullmatch(r"[a-z0-9_]+", name) and "token" not in name and "secret" not in name
    }


def _listed(values: st.SearchStrategy[Any], schema: Mapping[str, Any]) -> st.SearchStrategy[list[Any]]:
    least = schema.get("minItems", 0)
    return st.lists(values, min_size=least, max_size=max(least, min(schema.get("maxItems", 3), 3)))


def value(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of the kind this server has allows."""
    if "anyOf" in schema:
        return st.one_of([value(arm) for arm in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_OF_TYPE[kind](schema) for kind in kinds])


def _integers(schema: Mapping[str, Any]) -> st.SearchStrategy[int]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    return st.integers(low, schema.get("maximum", schema.get("exclusiveMaximum", low + 10**6)))


def _numbers(schema: Mapping[str, Any]) -> st.SearchStrategy[float]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    return st.floats(low, schema.get("maximum", schema.get("exclusiveMaximum", low + 1000)))


def _strings(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return _DAYS
    if str(schema.get("description", "")).startswith(_MOMENT):
        return _DAYS.map(lambda day: f"{day}T09:00:00+0100")
    if schema.get("pattern") in _COUNTRIES:
        return st.sampled_from(["DE", "US", "JP"])
    if "pattern" in schema:
        # `$` also holds before a newline at the end, which no pattern of ours means.
        return st.from_regex(schema["pattern"], fullmatch=True).filter(
            lambda text: text.isascii() and text.isprintable()
        )
    low, high = schema.get("minLength", 0), schema.get("maxLength", 30)
    return _TEXT.map(lambda text: text[:high].ljust(low, "x"))


def _objects(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    properties = schema.get("properties")
    if not properties:
        inner = schema.get("additionalProperties")
        values = value(inner) if isinstance(inner, dict) and inner else st.integers(0, 9)
        return st.dictionaries(st.text("abcxyz_", min_size=1, max_size=8), values, max_size=3)
    needed = schema.get("required", [])
    known = _open_values()
    made = {
        name: st.sampled_from(known[name]) if name in known and inner.get("type") == "string" else value(inner)
        for name, inner in properties.items()
    }
    return st.fixed_dictionaries(
        {name: values for name, values in made.items() if name in needed},
        optional={name: values for name, values in made.items() if name not in needed},
    )


@cache
def _open_values() -> dict[str, list[str]]:
    """Values of the open-ended arguments by name; inside an object the schema alone does not tell them."""
    fields = [field for tool in TOOLS for field in tool.params.model_fields.items()]
    return {name: sorted(found.known) for name, info in fields if (found := marker(info, Open))}


_OF_TYPE: dict[str, Any] = {
    "integer": _integers,
    "number": _numbers,
    "boolean": lambda _: st.booleans(),
    "string": _strings,
    "array": lambda schema: _listed(value(schema.get("items", {"type": "string"})), schema),
    "object": _objects,
}

# What is no id, though it looks like one or leads out of a path: other scripts' digits, other segments, other hosts.
HOSTILE_IDS = (
    "",
    " ",
    "act_",
    "ACT_123",
    "１２３",  # noqa: RUF001  full-width digits are the point
    "١٢٣",
    "1²",
    "123\n",
    " 123",
    "-123",
    "1.5",
    "0x1F",
    "1" * 31,
    "../me",
    "123/../me",
    "123/campaigns",
    "123?access_token=x",
    "123#x",
    "123%2Fme",
    "123;456",
    "act_123/campaigns",
    "act_act_123",
    "https://example.com/1",
    "123\x00",
)
_NOT_OF_TYPE: dict[str, tuple[Any, ...]] = {
    "integer": ("many", 1.5, True, {"a": 1}, [1, 2]),
    "number": ("many", True, {"a": 1}, float("nan"), float("inf")),
    "boolean": ("perhaps", 7, {"a": 1}),
    "string": ({"a": 1}, ["a", 1], 1.5),
    "array": ([None],),
    "object": ("text", 7, [1]),
}


# Objects that the schema shows as open and the server closes.
CLOSED_INSIDE = (
    "ad_disclaimer_spec",
    "branded_content",
    "destination_spec",
    "events",
    "interactive_components_spec",
    "omnichannel_link_spec",
    "parameters",
    "placement_soft_opt_out",
    "platform_customizations",
    "portrait_customizations",
    "product_suggestion_settings",
    "template_url_spec",
    "audience_controls",
    "evaluation_spec",
    "execution_spec",
    "promoted_object",
    "rule",
    "schedule_spec",
    "targeting",
    "targeting_spec",
)
# Upper lengths, which the schema does not show but the server checks.
_UNSHOWN = ("maxLength", "maxItems")


def spoilt(tool: Tool, good: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Why, and arguments that differ from good ones in one wrong thing."""
    schema = full_schema(tool.params)
    yield "an unknown key", {**good, "no_such_argument": 1}
    yield "a key in other case", {**good, **{name.upper(): found for name, found in list(good.items())[:1]}, "X": 1}
    for name in schema.get("required", []):
        yield f"{name} is missing", {key: found for key, found in good.items() if key != name}
        yield f"{name} is null", {**good, name: None}
    for name, inner in schema["properties"].items():
        for wrong in wrong_values(tool, name, inner):
            yield f"{name} = {wrong!r:.60}", {**good, name: wrong}


def wrong_values(tool: Tool, name: str, schema: Mapping[str, Any]) -> Iterator[Any]:
    if name in tool.ids and schema.get("type") == "string":
        yield from HOSTILE_IDS
        if "act_" not in schema["pattern"]:
            yield "act_123"
    if name in CLOSED_INSIDE:
        yield {"no_such_key": 1}
    yield from out_of({**schema, **_unshown(tool, name)})


def _unshown(tool: Tool, name: str) -> dict[str, int]:
    raw = tool.params.model_json_schema()["properties"][name]
    arms = [raw, *raw.get("anyOf", [])]
    return {key: arm[key] for arm in arms for key in _UNSHOWN if key in arm}


def out_of(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values that a schema forbids."""
    kinds = schema.get("type", [])
    if "anyOf" in schema or isinstance(kinds, list):
        return
    yield from _NOT_OF_TYPE[kinds]
    if "enum" in schema or "const" in schema:
        yield "NO_SUCH_VALUE"
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "maxLength" in schema:
        yield "1" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        yield ""
    if kinds == "array":
        item = schema.get("items", {})
        yield from ([wrong] for wrong in _NOT_OF_TYPE.get(str(item.get("type")), ())[:1])
        if schema.get("minItems"):
            yield []
        if "enum" in item:
            yield ["NO_SUCH_VALUE"]
        if "maxItems" in schema:
            yield [item.get("enum", ["1"])[0]] * (schema["maxItems"] + 1)
    if kinds == "object" and schema.get("additionalProperties") is False:
        yield {"no_such_key": 1}
