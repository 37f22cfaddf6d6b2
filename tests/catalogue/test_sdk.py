"""Every endpoint, parameter, value and field that a tool declares is one that Meta's own SDK has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from meta_ads_mcp.core.params import marker
from meta_ads_mcp.core.schema import full_schema
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values import enums as vocabulary
from meta_ads_mcp.core.values.dates import UnixTime
from meta_ads_mcp.core.values.enums import Open
from meta_ads_mcp.core.values.ids import Node
from meta_ads_mcp.core.values.money import IsMoney
from tests.support import sdk
from tests.support.every_tool import TOOLS, each

WITH_ENDPOINT = [tool for tool in TOOLS if tool.endpoint]
# Hooks by which a tool sends something else than its arguments as they are; what it sends is seen in test_properties.
PLAIN = [
    tool
    for tool in WITH_ENDPOINT
    if not any(hasattr(tool.params, hook) for hook in ("run", "plan", "wire", "stands_for"))
]
OF_A_NODE = [tool for tool in TOOLS if tool.node]
# Lists of the vocabulary that are closed by Meta's own enum of that name.
CLOSED = {"EffectiveStatus": "Ad.EffectiveStatus", "OptimizationGoal": "AdSet.OptimizationGoal"}


def nodes_of(tool: Tool, first: str) -> tuple[str, ...]:
    """The classes that the first segment of a template may name."""
    if first == "me":
        return ("User",)
    place = first.strip("{}")
    found = tool.ids.get(place)
    assert found is not None or place == "user_id", f"{place} of {tool.name} names no node: give its type a Node marker"
    name = found.name if found else "User"
    return several(tool, place) if name == "any" else (name,)


def several(tool: Tool, place: str) -> tuple[str, ...]:
    """What an id typed `any` names: an `entity_type` beside it narrows it, and only an account's may have act_."""
    properties = full_schema(tool.params)["properties"]
    kinds = properties.get("entity_type", {}).get("enum")
    if kinds:
        return tuple(sdk.ENTITY_TYPES[kind] for kind in kinds)
    return sdk.ANY if "act_" in properties[place].get("pattern", "") else sdk.ANY[1:]


def edges_of(tool: Tool) -> Iterator[tuple[tuple[str, ...], str]]:
    """Per template of the endpoint: the classes it may be asked on, and the edge."""
    for template in tool.endpoint.templates if tool.endpoint else ():
        first, _, name = template.partition("/")
        yield (nodes_of(tool, first), name) if first.startswith("{") or first == "me" else ((sdk.ROOT,), template)


@each(WITH_ENDPOINT)
def test_the_endpoint_exists(tool: Tool) -> None:
    method = tool.endpoint.method if tool.endpoint else ""
    missing = [
        f"{method} {node}/{name}"
        for nodes, name in edges_of(tool)
        for node in nodes
        if not sdk.edge(node, method, name)
    ]
    assert missing == []


@each(PLAIN)
def test_every_parameter_exists_and_takes_what_is_sent(tool: Tool) -> None:
    properties = full_schema(tool.params)["properties"]
    complaints = [
        f"{argument} → {name} on {node}/{edge}: {complaint}"
        for nodes, edge in edges_of(tool)
        for node in nodes
        for argument, name in tool.parameter_names.items()
        if (complaint := mismatch(sent_as(tool, argument, properties), parameter(tool, node, edge, name)))
    ]
    assert complaints == []


def sent_as(tool: Tool, argument: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of what reaches Graph: money and moments are converted to integers before they are sent."""
    info = tool.params.model_fields[argument]
    converted = marker(info, IsMoney) or marker(info, UnixTime)
    return {"type": "integer"} if converted else properties[argument]


def parameter(tool: Tool, node: str, name: str, param: str) -> str | None:
    found = sdk.edge(node, tool.endpoint.method if tool.endpoint else "", name)
    return found.params.get(param) if found else None


def mismatch(schema: Mapping[str, Any], kind: str | None) -> str:
    """Why an argument cannot be sent as a parameter of the SDK's type; empty when it can."""
    if kind is None:
        return "no such parameter"
    if "anyOf" in schema:
        return next((found for arm in schema["anyOf"] if (found := mismatch(arm, kind))), "")
    if kind.startswith("list"):
        inner = kind.removeprefix("list").strip("<>") or "Object"
        return mismatch(schema.get("items", {}), inner) if schema.get("type") == "array" else f"is {kind}"
    accepted = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if kind.startswith("enum:") and accepted:
        strange = sorted(set(accepted) - set(sdk.enum(kind.removeprefix("enum:"))))
        return f"{', '.join(strange)} not in {kind[:60]}" if strange else ""
    strange = sorted(wire_types(schema) - TAKES.get(kind.split(":")[0], {"object", "array", "string"}))
    digits = strange == ["string"] and "[0-9]" in schema.get("pattern", "")
    return f"{', '.join(strange)} for {kind}" if strange and not digits else ""


def wire_types(schema: Mapping[str, Any]) -> set[str]:
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)


# JSON types that may be sent where the SDK has this type; every other type of the SDK is a structure.
TAKES = {
    "string": {"string"},
    "enum": {"string"},
    "bool": {"boolean"},
    "int": {"integer"},
    "unsigned int": {"integer"},
    "float": {"integer", "number"},
    "datetime": {"string", "integer"},
    "map": {"object"},
    "file": {"string"},
}


@each(OF_A_NODE)
def test_the_default_fields_exist(tool: Tool) -> None:
    missing = [name for name in (*tool.fields, *tool.identity) for name in sdk.missing_fields(tool.node or "", name)]
    assert tool.node in sdk.classes()
    assert missing == []


@each([tool for tool in PLAIN if tool.node and tool.endpoint and tool.endpoint.method == "GET"])
def test_the_rows_are_of_the_declared_node(tool: Tool) -> None:
    returned = {
        found.returns for nodes, name in edges_of(tool) for node in nodes if (found := sdk.edge(node, "GET", name))
    }
    assert returned <= {tool.node, ""} or returned <= set(sdk.ANY)


@each()
def test_ids_name_classes_of_the_sdk(tool: Tool) -> None:
    named = {node.name for info in tool.params.model_fields.values() if (node := marker(info, Node))}
    assert named - {"any"} <= sdk.classes().keys()


def open_lists() -> dict[str, frozenset[str]]:
    """The open-ended lists that some argument of some tool takes, by the enum they follow."""
    fields = [info for tool in TOOLS for info in tool.params.model_fields.values()]
    return {found.source: found.known for info in fields if (found := marker(info, Open))}


@pytest.mark.parametrize(
    ("source", "known"), open_lists().items(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_open_lists_are_the_sdks(source: str, known: frozenset[str]) -> None:
    assert known == set(sdk.enum(source))


@pytest.mark.parametrize(("name", "source"), CLOSED.items())
def test_closed_lists_are_the_sdks(name: str, source: str) -> None:
    assert set(getattr(vocabulary, name).__args__) == set(sdk.enum(source))


@pytest.mark.parametrize("place", sdk.BESIDES_THE_SDK)
def test_an_exception_is_dropped_once_the_sdk_has_it(place: str) -> None:
    method, _, rest = place.partition(" ")
    node, _, name = rest.partition("/")
    known = sdk.classes().get(node, {}).get("edges", {}).get(f"{method} {name}", {}).get("params", {})
    params, _, reason = sdk.BESIDES_THE_SDK[place]
    assert reason
    assert not params or set(params) - set(known)


def test_a_field_exception_is_dropped_once_the_sdk_has_it() -> None:
    known = {
        (node, name)
        for node, names in sdk.FIELDS_BESIDES_THE_SDK.items()
        for name in names
        if name in sdk.classes()[node]["fields"]
    }
    assert known == set()


@pytest.mark.parametrize(
    ("node", "name", "params", "complaint"),
    [
        ("AdAccount", "campaign", {}, "is no edge"),
        ("AdAccount", "campaigns", {"status": ["ACTIVE"]}, "has no param"),
        ("AdAccount", "campaigns", {"effective_status": "ACTIVE"}, "effective_status is list"),
        ("AdAccount", "campaigns", {"effective_status": ["RUNNING"]}, "effective_status is list"),
        ("AdAccount", "campaigns", {"is_completed": "yes"}, "is_completed is bool"),
        ("AdAccount", "campaigns", {"limit": "many"}, "limit is int"),
        ("AdAccount", "campaigns", {"fields": "id,goal"}, "no field Campaign.goal"),
        ("AdAccount", "ads", {"fields": "creative{id,colour}"}, "no field AdCreative.colour"),
        ("Campaign", "", {"after": "x"}, "has no param"),
    ],
)
def test_a_wrong_request_is_noticed(node: str, name: str, params: dict[str, Any], complaint: str) -> None:
    assert [complaint in found for found in sdk.wrong([node], "GET", name, params)] == [True]


def test_a_right_request_is_not() -> None:
    params = {
        "effective_status": ["ACTIVE"],
        "fields": "id,name,adsets{id,ads{creative{id}}}",
        "limit": 5,
        "is_completed": True,
    }
    assert sdk.wrong(["AdAccount"], "GET", "campaigns", params) == []
