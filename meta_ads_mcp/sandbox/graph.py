"""Graph itself, without HTTP: a call in, an answer or a refusal out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.sandbox import fields, filters, paging, params, refusal
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, find_handler, load_handlers
from meta_ads_mcp.sandbox.fields import FieldSelection
from meta_ads_mcp.sandbox.http import SandboxCall, SandboxResponse
from meta_ads_mcp.sandbox.projection import Projector
from meta_ads_mcp.sandbox.refusal import Refusal
from meta_ads_mcp.sandbox.sdk_spec import Edge, Spec, load
from meta_ads_mcp.sandbox.store import Node
from meta_ads_mcp.sandbox.tokens import SandboxTokens, TokenInfo
from meta_ads_mcp.sandbox.usage import Usage
from meta_ads_mcp.sandbox.world import World

Json = Any
Clock = Callable[[], datetime]

load_handlers()

ROOT = Node("", "Root", {})
ROOT_EDGES = {("search",), ("debug_token",), ("oauth", "access_token")}
LIVE_VERSIONS = ("v26.0", "v25.0")  # docs: marketing-api/marketing-api-changelog/versions, November 2026
OLDEST_VERSION = "v21.0"


def utc_now() -> datetime:
    return datetime.now(UTC)


class SandboxGraph:
    """The world, the spec and the table of edge handlers, put together."""

    def __init__(
        self, world: World, tokens: SandboxTokens, clock: Clock, usage: Usage, spec: Spec | None = None
    ) -> None:
        self.world = world
        self.tokens = tokens
        self.clock = clock
        self.usage = usage
        self.spec = spec or load()
        self.refuse_dead_versions = False
        self.max_insights_rows = 100_000
        self._refused = 0

    # -- one call ---------------------------------------------------------------------------------------------------

    def answer(self, call: SandboxCall) -> SandboxResponse:
        """The answer to one call; a refusal becomes an error answer. A planned fault is none of this method's."""
        try:
            body: Json = self._body(call)
            status = 200
        except Refusal as refused:
            self._refused += 1
            body, status = refused.body(f"Asandbox{self._refused:015d}"), refused.status
        return SandboxResponse(status, body, self.headers_for(call))

    def headers_for(self, call: SandboxCall) -> dict[str, str]:
        served = call.version if call.version in LIVE_VERSIONS else self.spec.version
        if call.version and call.version not in LIVE_VERSIONS:
            served = OLDEST_VERSION
        node = self.find(call.path[0]) if call.path else None
        edge = call.path[1] if len(call.path) > 1 else ""
        return self.usage.headers(served or self.spec.version, node.account if node else "", edge)

    def _body(self, call: SandboxCall) -> Json:
        if "ids" in call.params and not call.path:
            raise Refusal("The ids query parameter is deprecated in v26.0+.", status=500)
        if self.refuse_dead_versions and call.version not in LIVE_VERSIONS:
            text = "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version."
            raise Refusal(text, code=2635)
        if call.path[:1] == ("oauth",):
            return self._ask(ROOT, "/".join(call.path), call, TokenInfo("", "APP"))
        token = self.tokens.admit(call, self.clock())
        if call.path in ROOT_EDGES:
            return self._ask(ROOT, "/".join(call.path), call, token)
        node, edge = self._target(call, token)
        token.check_scopes(call.method, in_account=bool(node.account))
        return self._ask(node, edge, call, token)

    def _target(self, call: SandboxCall, token: TokenInfo) -> tuple[Node, str]:
        parts = list(call.path)
        if not 1 <= len(parts) <= 2:
            raise refusal.unknown_path("/" + "/".join(parts))
        first, edge = parts[0], "".join(parts[1:])
        node = self.find(token.subject if first == "me" else first)
        if node is None:
            raise refusal.unknown_node(first, call.method)
        return node, edge

    def find(self, node_id: str) -> Node | None:
        return self.world.store.nodes.get(node_id)

    # -- nodes and edges --------------------------------------------------------------------------------------------

    def _ask(self, node: Node, name: str, call: SandboxCall, token: TokenInfo) -> Json:
        edge = self.spec.edge(node.type, call.method, name)
        if edge is None:
            raise self._no_such_edge(node, name, call.method)
        raw = {key: value for key, value in call.params.items() if key != "method"}
        wanted = fields.parse(raw["fields"]) if raw.get("fields") else None
        checked = params.check(self.spec, edge, raw)
        return self._serve(edge, Ask(self, node, checked, wanted, call, token))

    def _no_such_edge(self, node: Node, name: str, method: str) -> Refusal:
        if method == "GET":
            return refusal.unknown_field(name, node.type)
        return refusal.unknown_node(node.id, method)

    def _serve(self, edge: Edge, ask: Ask) -> Json:
        handler = find_handler(ask.node.type, edge.method, edge.name)
        if handler is None and edge.method == "GET" and not edge.name:
            return self.projector(ask.call, ask.token).node(ask.node, ask.wanted)
        if handler is None:
            text = f"(#3) The sandbox does not serve {edge.method} {ask.node.type}/{edge.name} (Graph does)"
            raise Refusal(text, code=3)
        if ask.wanted is not None and edge.returns in self.spec:
            self.projector(ask.call, ask.token).check(edge.returns, ask.wanted)
        result = handler(ask)
        return self._listing(edge, ask, result) if isinstance(result, EdgeListing) else result

    def projector(self, call: SandboxCall, token: TokenInfo) -> Projector:
        return Projector(self.spec, self.find, lambda node, one: self._nested(node, one, call, token))

    def _nested(self, node: Node, one: FieldSelection, call: SandboxCall, token: TokenInfo) -> Json:
        """An edge inside `fields`; an edge without rows is left out, as Graph does."""
        kept = {key: call.params[key] for key in ("access_token",) if key in call.params}
        args = {key: value for key, value in one.args.items() if key != "as"}
        inner = replace(call, method="GET", path=(node.id, one.name), params=kept | args)
        edge = self.spec.edge(node.type, "GET", one.name)
        if edge is None:
            raise refusal.unknown_field(one.name, node.type)
        checked = params.check(self.spec, edge, inner.params)
        found = self._serve(edge, Ask(self, node, checked, one.inner, inner, token))
        return found if not isinstance(found, dict) or found.get("data", True) else None

    def _listing(self, edge: Edge, ask: Ask, listing: EdgeListing) -> dict[str, Json]:
        projector = self.projector(ask.call, ask.token)
        rows = self._filtered(listing.rows, ask.params) if listing.show is None else listing.rows
        cut, page = paging.cut(rows, ask.params, listing.default_limit)
        data = [listing.show(row) if listing.show else projector.row(row, edge.returns, ask.wanted) for row in cut]
        found: dict[str, Json] = {"data": data, **listing.more}
        if (links := paging.paging(page, self._path(ask.call), self._query(ask.call))) is not None:
            found["paging"] = links
        if (summary := self._summary(ask.params, listing, len(rows))) is not None:
            found["summary"] = summary
        return found

    def _path(self, call: SandboxCall) -> str:
        return "/".join((call.version or self.spec.version, *call.path))

    def _query(self, call: SandboxCall) -> Mapping[str, str]:
        """Graph's links repeat the query and always hold the token, also when it came in a header."""
        return dict(call.params) | ({"access_token": call.token} if call.token else {})

    def _filtered(self, rows: Sequence[Any], checked: Mapping[str, Json]) -> Sequence[Any]:
        wanted = filters.check(checked.get("filtering", []))
        return [row for row in rows if all(filters.holds(value_of(row, name), op, value) for name, op, value in wanted)]

    def _summary(self, checked: Mapping[str, Json], listing: EdgeListing, count: int) -> Mapping[str, Json] | None:
        if listing.show is not None:
            return listing.summary
        wanted = checked.get("summary")
        if wanted in (None, "false", "0") or wanted == []:
            return None
        return {"total_count": count} | dict(listing.summary or {})


def value_of(row: Node | Mapping[str, Json], path: str) -> Json:
    """The value a filter names: `name`, `campaign.id`, `ad.effective_status`."""
    if not isinstance(row, Node):
        return row.get(path)
    owner, _, name = path.rpartition(".")
    if not owner or owner.replace("_", "") == row.type.lower():
        return row.id if name == "id" else row.get(name)
    if name == "id" and (found := row.get(f"{owner}_id")) is not None:
        return found
    inner = row.get(owner)
    return inner.get(name) if isinstance(inner, dict) else None
