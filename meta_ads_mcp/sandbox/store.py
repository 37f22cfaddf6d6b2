"""All state of the sandbox: nodes and the lists that edges give. Handlers change it here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Json = Any
Lazy = Callable[[], Json]


@dataclass
class GraphNode:
    """One Graph object. Field values are as Graph gives them; a callable is computed when the field is read.

    `account` is the ad account's id without `act_` (empty for nodes outside accounts). `default_fields` come without
    `fields=`.
    """

    id: str
    type: str
    fields: Mapping[str, Json | Lazy]
    account: str = ""
    default_fields: tuple[str, ...] = ("id",)

    def get(self, name: str) -> Json:
        """Return the value of a field, computed where it is a callable; None where there is none."""
        value = self.fields.get(name)
        return value() if callable(value) else value


@dataclass(frozen=True)
class Snapshot:
    """A picture of the store; cheap, as nodes are replaced and never changed in place."""

    nodes: Mapping[str, GraphNode]
    links: Mapping[tuple[str, str], tuple[str, ...]]


@dataclass
class Store:
    """Nodes by id, and per (parent id, edge) the ids of the children in Graph's order (newest first).

    `memory` is what Graph knows beside its objects: when a budget was changed, which uploads are open.
    """

    nodes: dict[str, GraphNode] = field(default_factory=dict)
    links: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    memory: dict[tuple[str, str], Any] = field(default_factory=dict)
    _serial: int = 0

    def add(self, node: GraphNode) -> GraphNode:
        """Put a node into the store."""
        self.nodes[node.id] = node
        return node

    def link(self, parent: str, edge: str, children: Iterable[str]) -> None:
        """Children are put first, as Graph lists the newest first."""
        self.links[parent, edge] = (*children, *self.links.get((parent, edge), ()))

    def unlink(self, parent: str, edge: str, child: str) -> None:
        """Take a node out of a list."""
        self.links[parent, edge] = tuple(
            child_id for child_id in self.links.get((parent, edge), ()) if child_id != child
        )

    def patch(self, node_id: str, changes: Mapping[str, Json]) -> None:
        """Set fields; a value of None removes the field."""
        node = self.nodes[node_id]
        fields = {key: value for key, value in {**node.fields, **changes}.items() if value is not None}
        self.nodes[node_id] = GraphNode(node.id, node.type, fields, node.account, node.default_fields)

    def remove(self, node_id: str) -> None:
        """Take a node out of the store."""
        self.nodes.pop(node_id, None)

    def children(self, parent: str, edge: str) -> list[GraphNode]:
        """Return the nodes in a list, in Graph's order."""
        return [self.nodes[child_id] for child_id in self.links.get((parent, edge), ()) if child_id in self.nodes]

    def new_id(self, prefix: str = "1202999") -> str:
        """Ids of objects made in the sandbox: 18 digits, rising."""
        self._serial += 1
        return f"{prefix}{self._serial:0{18 - len(prefix)}d}"

    def snapshot(self) -> Snapshot:
        """Return a picture of the store, for `changes`."""
        return Snapshot(dict(self.nodes), dict(self.links))

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Undo everything that happens to the store inside the `with` block."""
        nodes, links, memory, serial = dict(self.nodes), dict(self.links), dict(self.memory), self._serial
        try:
            yield
        finally:
            self.nodes, self.links, self.memory, self._serial = nodes, links, memory, serial

    def changes(self, before: Snapshot) -> dict[str, dict[str, tuple[Json, Json]]]:
        """Per changed, new or removed node: field -> (before, now); per changed list `parent/edge`: its ids.

        Computed fields are left out.
        """
        changes_by_id = {}
        for node_id in before.nodes.keys() | self.nodes.keys():
            old, new = before.nodes.get(node_id), self.nodes.get(node_id)
            if old is not new and (difference := _difference(old, new)):
                changes_by_id[node_id] = difference
        for key in before.links.keys() | self.links.keys():
            was, now = before.links.get(key, ()), self.links.get(key, ())
            if was != now:
                changes_by_id["/".join(key)] = {"ids": (was, now)}
        return changes_by_id


def _difference(old: GraphNode | None, new: GraphNode | None) -> dict[str, tuple[Json, Json]]:
    before = {} if old is None else old.fields
    now = {} if new is None else new.fields
    names = [
        name for name in before.keys() | now.keys() if not callable(before.get(name)) and not callable(now.get(name))
    ]
    return {name: (before.get(name), now.get(name)) for name in sorted(names) if before.get(name) != now.get(name)}
