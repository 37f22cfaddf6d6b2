"""Compare the parameters and fields that the tools offer with those of Meta's SDK, edge by edge.

`scripts/docs.py` writes the result to docs/coverage.md. The reasons why a parameter is not offered are data, in
`coverage_reasons.toml`: each entry has patterns of edges (`POST AdAccount/adsets`) and of parameters. A row without a
reason fails tests/catalogue/test_coverage.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.server.catalogue import collect

REASONS = Path(__file__).parent / "coverage_reasons.toml"
# Parameters of Graph itself that every read takes, and that the server sets.
EVERY_REQUEST = frozenset("fields limit after summary filtering sort locale execution_options".split())
# What an id of several kinds can name, by edge.
ANY_NODE = {"insights": ("AdAccount", "Campaign", "AdSet", "Ad"), "": ("Campaign", "AdSet", "Ad")}
UNEXPLAINED = "**unexplained**"


@dataclass
class Edge:
    """An edge that tools call: the parameters and fields that Meta has, and those that the tools offer.

    `params` maps an offered parameter to a tool, `missing` another one to the reason why no tool offers it.
    """

    name: str
    row_class: str = ""
    tools: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    default_fields: set[str] = field(default_factory=set)
    any_field: bool = False


@cache
def read_sdk() -> Mapping[str, Any]:
    """Return the classes of the installed SDK."""
    from scripts.distill_graph import parse_sdk, sdk_folder  # noqa: PLC0415

    return parse_sdk(sdk_folder())


@cache
def read_reasons() -> Mapping[str, Any]:
    """Return the content of coverage_reasons.toml."""
    return tomllib.loads(REASONS.read_text(encoding="utf-8"))


def build_coverage() -> list[Edge]:
    """Return the edges of all tools, in order, with every parameter of the SDK."""
    edges: dict[str, Edge] = {}
    for tool in collect():
        for name in dict.fromkeys(edges_of(tool)):
            edge = edges.setdefault(name, Edge(name))
            edge.tools.append(tool.name)
            edge.params |= dict.fromkeys(_offered(tool, name), f"`{tool.name}`")
            edge.any_field = edge.any_field or "fields" in tool.params.model_fields
            edge.default_fields |= {*tool.fields, *tool.identity}
    for edge in edges.values():
        _compare(edge)
    return [edges[name] for name in sorted(edges, key=lambda name: (name.split(" ")[1], name))]


def edges_of(tool: Tool) -> Iterator[str]:
    """Yield the edges that a tool calls, such as `GET AdAccount/campaigns`.

    They are those of its endpoint, and those of `also_calls` in the data: what it calls on its way.
    """
    for template in tool.endpoint.templates if tool.endpoint else ():
        place, _, edge = template.partition("/")
        node = tool.ids[place[1:-1]].name if place[1:-1] in tool.ids else {"me": "User"}.get(place, "")
        nodes = ANY_NODE.get(edge, ANY_NODE[""]) if node == "any" else (node,)
        for name in nodes:
            if name and tool.endpoint:
                yield f"{tool.endpoint.method} {name}/{edge}"
    if tool.effect.is_write and tool.node in read_sdk():
        yield f"GET {tool.node}/"  # the values before and after a change
    for pattern, also in read_reasons()["also_calls"].items():
        if re.fullmatch(pattern, tool.name):
            yield from also


def _offered(tool: Tool, edge: str) -> set[str]:
    """Return the parameters that the tool sends: by their own names, or by another name that the data has."""
    names = {*tool.parameter_names.values(), *tool.params.model_fields}
    others = read_reasons()["offered"]
    return names | {
        param for key, params in others.items() if re.fullmatch(key, f"{tool.name} {edge}") for param in params
    }


def _compare(edge: Edge) -> None:
    """Keep the parameters that Meta has, and give each other one its reason."""
    method, _, path = edge.name.partition(" ")
    node, _, name = path.partition("/")
    sdk = read_sdk().get(node, {}).get("edges", {}).get(f"{method} {name}", {"params": {}})
    edge.row_class = (sdk.get("returns") or "") if name else node
    names = {param for param in sdk["params"] if param not in EVERY_REQUEST}
    edge.params = {param: edge.params[param] for param in sorted(names) if param in edge.params}
    edge.missing = {param: find_reason(edge.name, param) for param in sorted(names - edge.params.keys())}


def find_reason(edge: str, param: str) -> str:
    """Return the first reason of the data that fits, or UNEXPLAINED."""
    for entry in read_reasons()["reason"]:
        if re.fullmatch(entry.get("edges", ".*"), edge) and re.fullmatch(entry["params"], param):
            return str(entry["reason"])
    return UNEXPLAINED


def coverage_lines() -> Iterator[str]:
    """Yield the lines of docs/coverage.md."""
    edges = build_coverage()
    offered, missing = sum(len(edge.params) for edge in edges), sum(len(edge.missing) for edge in edges)
    yield "# Coverage"
    yield (
        f"{len(edges)} edges of Meta's Graph and Marketing API are called. The tools offer {offered} of the parameters "
        f"that the SDK has for them; {missing} are left out, each for the reason given."
    )
    yield "An offered parameter has an argument of its name, or one that says the same."
    yield from ["", "## Calls without an edge of the SDK", "", "| call | use |", "| --- | --- |"]
    yield from (f"| {call} | {use} |" for call, use in read_reasons()["other_calls"].items())
    for edge in edges:
        yield from ["", f"## {edge.name}", "", ", ".join(f"`{name}`" for name in dict.fromkeys(edge.tools))]
        yield from _edge_lines(edge)


def _edge_lines(edge: Edge) -> Iterator[str]:
    if edge.params:
        yield from ["", f"Offered: {', '.join(f'`{param}`' for param in edge.params)}"]
    by_reason: dict[str, list[str]] = {}
    for param, reason in edge.missing.items():
        by_reason.setdefault(reason, []).append(param)
    if by_reason:
        yield from ["", "| not offered | reason |", "| --- | --- |"]
        yield from (f"| {', '.join(params)} | {reason} |" for reason, params in by_reason.items())
    if edge.name.startswith("GET ") and (line := _field_line(edge)):
        yield from ["", line]


def _field_line(edge: Edge) -> str:
    fields = read_sdk().get(edge.row_class, {}).get("fields", {})
    if not fields:
        return ""
    if edge.any_field:
        return f"Fields: all {len(fields)} of {edge.row_class}, by the argument `fields`."
    chosen = sorted(name for name in edge.default_fields if name in fields)
    reason = read_reasons()["fixed_fields"].get(edge.row_class, read_reasons()["fixed_fields"]["*"])
    return f"Fields: {len(chosen)} of the {len(fields)} of {edge.row_class}, fixed: {reason}."
