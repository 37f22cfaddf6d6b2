"""What of a node is shown: fields, nested nodes, nested edges."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from meta_ads_mcp.sandbox.fields import FieldSelection
from meta_ads_mcp.sandbox.refusal import unknown_field
from meta_ads_mcp.sandbox.sdk_spec import Spec
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any
ReadEdge = Callable[[GraphNode, FieldSelection], Json]
FindNode = Callable[[str], GraphNode | None]

_CLASS = re.compile(r"(?:list<)?([A-Z]\w+)>?")


@cache
def class_of(kind: str) -> str:
    """`list<AdLabel>` -> `AdLabel`; empty for plain types."""
    values = _CLASS.fullmatch(kind)
    return values.group(1) if values and values.group(1) != "Object" else ""


class Projector:
    """Shows nodes as the `fields` expression asks, and refuses names that the type does not have."""

    def __init__(self, spec: Spec, find: FindNode, read_edge: ReadEdge) -> None:
        self.spec = spec
        self.find = find
        self.read_edge = read_edge

    def node(self, node: GraphNode, selections: tuple[FieldSelection, ...] | None) -> dict[str, Json]:
        """Return the fields of a node; without a selection those that Graph shows by default."""
        if selections is None:
            values_value = {name: node.get(name) for name in node.default_fields}
            return {name: value for name, value in values_value.items() if value is not None}
        field_types = self.spec.fields(node.type)
        self.check(node.type, selections)
        values: dict[str, Json] = {}
        for field in selections:
            value = self._value(node, field, field_types)
            if value is not None:
                values[field.args.get("as", field.name)] = value
        return values | ({"id": node.id} if "id" in field_types else {})

    def check(self, node_type: str, selections: tuple[FieldSelection, ...]) -> None:
        """Refuse unknown names before anything is read, also for lists that turn out empty."""
        field_types = self.spec.fields(node_type)
        for field in selections:
            if field.name in field_types:
                inner = class_of(field_types[field.name])
                if field.inner and self.spec.fields(inner):
                    self.check(inner, field.inner)
                elif (
                    field.inner
                    and not inner
                    and field_types[field.name] not in ("Object", "list<Object>", "map", "list")
                ):
                    raise unknown_field(field.inner[0].name, "String")
            elif field.name != "id" and not self.spec.has_get_edge(node_type, field.name):
                raise unknown_field(field.name, node_type)

    def row(
        self, row: GraphNode | Mapping[str, Json], row_type: str, selections: tuple[FieldSelection, ...] | None
    ) -> dict[str, Json]:
        """Return the fields of a row, which may be a node or plain values."""
        if isinstance(row, GraphNode):
            return self.node(row, selections)
        if selections is None:
            return dict(row)
        return self._struct(dict(row), row_type, selections)

    def _value(self, node: GraphNode, field: FieldSelection, field_types: Mapping[str, str]) -> Json:
        if field.name in field_types:
            return self._shape(node.get(field.name), class_of(field_types[field.name]), field.inner)
        if field.name == "id":
            return node.id
        return self.read_edge(node, field)

    def _shape(self, value: Json, kind: str, inner: tuple[FieldSelection, ...] | None) -> Json:
        if isinstance(value, list):
            return [self._shape(part, kind, inner) for part in value]
        if not isinstance(value, dict):
            return value
        if kind in self.spec.node_types and (target := self.find(str(value.get("id", "")))):
            return self.node(target, inner)
        return value if inner is None else self._struct(value, kind, inner)

    def _struct(self, value: Mapping[str, Json], kind: str, selections: tuple[FieldSelection, ...]) -> dict[str, Json]:
        field_types = self.spec.fields(kind)
        values = {}
        for field in selections:
            if field.name in value:
                inner = class_of(field_types.get(field.name, ""))
                values[field.args.get("as", field.name)] = self._shape(value[field.name], inner, field.inner)
        return values | ({"id": value["id"]} if "id" in value else {})
