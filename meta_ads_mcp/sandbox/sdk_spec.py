"""What Graph has: nodes, fields, edges, params and enums, read from the distilled SDK and a small supplement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from meta_ads_mcp.sandbox import supplement

ENUM = "enum:"


@dataclass(frozen=True)
class Edge:
    """One method on one edge of a node; an empty `name` is the node itself. `returns` is the class of a row.

    `of_call` are params that belong to the call and not to the object, such as the token.
    """

    method: str
    name: str
    params: Mapping[str, str]
    returns: str = ""
    of_call: frozenset[str] = frozenset()


class Spec:
    """Look-ups in the distilled data. Unknown names give empty answers, never errors."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.version: str = data["version"]
        self.sdk: str = data["sdk"]
        self._classes: dict[str, dict[str, Any]] = data["classes"]

    def __contains__(self, name: str) -> bool:
        return name in self._classes

    def _class(self, name: str) -> dict[str, Any]:
        return self._classes.get(supplement.ALIASES.get(name, name), {})

    @cache  # noqa: B019 - one instance per process, kept for good
    def fields(self, name: str) -> Mapping[str, str]:
        """Readable fields of a class and their types."""
        edges = supplement.ANSWERED_AS_EDGES.get(name, ())
        fields = {key: kind for key, kind in self._class(name).get("fields", {}).items() if key not in edges}
        return fields | {key: kind for key, (kind, _) in supplement.FIELDS.get(name, {}).items()}

    @cache  # noqa: B019 - as above
    def edge(self, name: str, method: str, edge: str) -> Edge | None:
        """`Campaign`, `GET`, `adsets` -> its params and the class of a row; None when there is no such edge."""
        key = f"{method} {edge}"
        fields = self._class(name).get("edges", {}).get(key)
        more = supplement.EDGES.get(f"{name} {key}")
        if fields is None and more is None:
            return None
        params = dict(fields["params"] if fields else {}) | dict(more.params if more else {})
        returns = (more.returns if more and more.returns else "") or (fields or {}).get("returns", "")
        parameters = supplement.list_params(method, edge) | params
        of_call = supplement.EVERYWHERE.keys() - params.keys() - {"fields"}
        return Edge(method, edge, parameters | supplement.generic_params(method, edge), returns, frozenset(of_call))

    def has_get_edge(self, name: str, edge: str) -> bool:
        """Tell whether a class has an edge that can be read."""
        return bool(edge) and self.edge(name, "GET", edge) is not None

    def enum(self, reference: str) -> tuple[str, ...]:
        """Values of `Class.Enum`, or of a list written in place (`a|b`)."""
        owner, _, kind = reference.partition(".")
        fields = self._classes.get(owner, {}).get("enums", {}).get(kind)
        values = tuple(fields) if fields is not None else tuple(reference.split("|"))
        return values + supplement.ENUM_VALUES.get(reference, ())

    @cached_property
    def node_types(self) -> frozenset[str]:
        """Classes that can be read by id."""
        return frozenset(name for name, fields in self._classes.items() if "GET " in fields.get("edges", {}))


@cache
def load() -> Spec:
    """The spec of this package, read once."""
    text = files("meta_ads_mcp.sandbox").joinpath("data/graph.json").read_text(encoding="utf-8")
    return Spec(json.loads(text))
