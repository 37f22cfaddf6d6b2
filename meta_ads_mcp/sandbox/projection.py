"""What of a node is shown: fields, nested nodes, nested edges."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from meta_ads_mcp.sandbox.fields import FieldSelection
from meta_ads_mcp.sandbox.refusal import unknown_field
from meta_ads_mcp.sandbox.sdk_spec import Spec
from meta_ads_mcp.sandbox.store import Node

Json = Any
ReadEdge = Callable[[Node, FieldSelection], Json]
FindNode = Callable[[str], Node | None]

_CLASS = re.compile(r"(?:list<)?([A-Z]\w+)>?")


@cache
def class_of(kind: str) -> str:
    """`list<AdLabel>` -> `AdLabel`; empty for plain types."""
    found = _CLASS.fullmatch(kind)
    return found.group(1) if found and found.group(1) != "Object" else ""


class Projector:
    """Shows nodes as the `fields` expression asks, and refuses names that the type does not have."""

    def __init__(self, spec: Spec, find: FindNode, read_edge: ReadEdge) -> None:
        self.spec = spec
        self.find = find
        self.read_edge = read_edge

    def node(self, node: Node, wanted: tuple[FieldSelection, ...] | None) -> dict[str, Json]:
        """Return the fields of a node; without a selection those that Graph shows by default."""
        if wanted is None:
            shown = {name: node.get(name) for name in node.default_fields}
            return {name: value for name, value in shown.items() if value is not None}
        known = self.spec.fields(node.type)
        self.check(node.type, wanted)
        found: dict[str, Json] = {}
        for one in wanted:
            value = self._value(node, one, known)
            if value is not None:
                found[one.args.get("as", one.name)] = value
        return found | ({"id": node.id} if "id" in known else {})

    def check(self, node_type: str, wanted: tuple[FieldSelection, ...]) -> None:
        """Refuse unknown names before anything is read, also for lists that turn out empty."""
        known = self.spec.fields(node_type)
        for one in wanted:
            if one.name in known:
                inner = class_of(known[one.name])
                if one.inner and self.spec.fields(inner):
                    self.check(inner, one.inner)
                elif one.inner and not inner and known[one.name] not in ("Object", "list<Object>", "map", "list"):
                    raise unknown_field(one.inner[0].name, "String")
            elif one.name != "id" and not self.spec.has_get_edge(node_type, one.name):
                raise unknown_field(one.name, node_type)

    def row(
        self, row: Node | Mapping[str, Json], row_type: str, wanted: tuple[FieldSelection, ...] | None
    ) -> dict[str, Json]:
        """Return the fields of a row, which may be a node or plain values."""
        if isinstance(row, Node):
            return self.node(row, wanted)
        if wanted is None:
            return dict(row)
        return self._struct(dict(row), row_type, wanted)

    def _value(self, node: Node, one: FieldSelection, known: Mapping[str, str]) -> Json:
        if one.name in known:
            return self._shape(node.get(one.name), class_of(known[one.name]), one.inner)
        if one.name == "id":
            return node.id
        return self.read_edge(node, one)

    def _shape(self, value: Json, kind: str, inner: tuple[FieldSelection, ...] | None) -> Json:
        if isinstance(value, list):
            return [self._shape(part, kind, inner) for part in value]
        if not isinstance(value, dict):
            return value
        if kind in self.spec.node_types and (target := self.find(str(value.get("id", "")))):
            return self.node(target, inner)
        return value if inner is None else self._struct(value, kind, inner)

    def _struct(self, value: Mapping[str, Json], kind: str, wanted: tuple[FieldSelection, ...]) -> dict[str, Json]:
        known = self.spec.fields(kind)
        shown = {}
        for one in wanted:
            if one.name in value:
                inner = class_of(known.get(one.name, ""))
                shown[one.args.get("as", one.name)] = self._shape(value[one.name], inner, one.inner)
        return shown | ({"id": value["id"]} if "id" in value else {})
