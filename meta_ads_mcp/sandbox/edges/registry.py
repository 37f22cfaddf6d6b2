"""The table of edge handlers: who answers `GET AdAccount/campaigns`.

A handler is a function of one `Ask`. It returns an `EdgeListing` (rows that the caller filters, pages and projects) or
any JSON value, which is the answer as it stands. Adding an edge is one decorated function.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from meta_ads_mcp.sandbox.fields import FieldSelection
from meta_ads_mcp.sandbox.store import GraphNode

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.http import SandboxCall, SandboxResponse
    from meta_ads_mcp.sandbox.projection import Projector
    from meta_ads_mcp.sandbox.sdk_spec import Spec
    from meta_ads_mcp.sandbox.tokens import SandboxTokens, TokenInfo
    from meta_ads_mcp.sandbox.world import World

Json = Any


class ServedGraph(Protocol):
    """What handlers use of the Graph that calls them. `SandboxGraph` implements it."""

    world: World
    spec: Spec
    tokens: SandboxTokens
    clock: Callable[[], datetime]
    max_insights_rows: int

    def find(self, node_id: str) -> GraphNode | None:
        """Return a node, or None if there is none with this id."""
        ...

    def answer(self, call: SandboxCall) -> SandboxResponse:
        """Answer another call, such as the member of a batch."""
        ...

    def projector(self, call: SandboxCall, token: TokenInfo) -> Projector:
        """Return what shows the wanted fields of nodes."""
        ...


@dataclass(frozen=True)
class Ask:
    """One call on a node's edge (or on the node itself), its params decoded and checked."""

    graph: ServedGraph
    node: GraphNode
    params: Mapping[str, Json]
    wanted: tuple[FieldSelection, ...] | None
    call: SandboxCall
    token: TokenInfo


@dataclass(frozen=True)
class EdgeListing:
    """Rows of an edge before filtering and paging.

    Rows are nodes or plain dicts; or anything that `show` turns into a row. With `show` the rows are filtered already
    and `summary` is the answer's own (insights).
    """

    rows: Sequence[Any]
    summary: Mapping[str, Json] | None = None
    default_limit: int = 25
    show: Callable[[Any], Mapping[str, Json]] | None = None
    more: Mapping[str, Json] = field(default_factory=dict)


Handler = Callable[[Ask], Json]
HANDLERS: dict[tuple[str, str, str], Handler] = {}


def find_handler(node_type: str, method: str, edge: str) -> Handler | None:
    """Return the handler of an edge (an empty `edge` is the node itself), or None where the sandbox serves nothing."""
    return HANDLERS.get((node_type, method, edge))


def load_handlers() -> None:
    """Import every module next to this one; importing a module registers its handlers."""
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


def serves(method: str, *places: str) -> Callable[[Handler], Handler]:
    """Register a handler for `"AdAccount/campaigns"`, or `"Campaign"` for the node itself."""

    def register(handler: Handler) -> Handler:
        for place in places:
            node, _, edge = place.partition("/")
            HANDLERS[node, method, edge] = handler
        return handler

    return register
