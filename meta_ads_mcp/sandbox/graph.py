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
from meta_ads_mcp.sandbox.sdk_spec import Edge, load
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.supplement import COUNTABLE
from meta_ads_mcp.sandbox.tokens import SandboxTokens, TokenInfo
from meta_ads_mcp.sandbox.usage import Usage
from meta_ads_mcp.sandbox.versions import live_versions, served_version
from meta_ads_mcp.sandbox.world import World
from meta_ads_mcp.sandbox.world.catalogs import catalog_of

Json = Any
Clock = Callable[[], datetime]

load_handlers()

ROOT = GraphNode("", "Root", {})
ROOT_EDGES = {("search",), ("dataset_quality",), ("ads_archive",), ("debug_token",), ("oauth", "access_token")}
GRAPH_URL = "https://graph.facebook.com"


def utc_now() -> datetime:
    """Return the time of the machine, with its time zone (UTC)."""
    return datetime.now(UTC)


class SandboxGraph:
    """The world, the spec and the handlers of edges, put together.

    Args:
        url: Where the links in `paging` lead.
        new_app: Whether the app was created on or after 2026-11-04. Such an app cannot use HTTP method override, field
            aliases and requests for several ids (Meta blog, 2026-11-04, Graph API v27.0).
    """

    def __init__(
        self,
        world: World,
        tokens: SandboxTokens,
        clock: Clock,
        usage: Usage,
        *,
        url: str = GRAPH_URL,
        new_app: bool = False,
    ) -> None:
        self.world = world
        self.tokens = tokens
        self.clock = clock
        self.usage = usage
        self.url = url
        self.new_app = new_app
        self.spec = load()
        self.refuse_dead_versions = False
        self.max_insights_rows = 100_000
        self._refused = 0

    # -- one call ---------------------------------------------------------------------------------------------------

    def answer(self, call: SandboxCall) -> SandboxResponse:
        """Answer one call; a refusal becomes an error response. Planned faults are the transport's concern."""
        try:
            body: Json = self._body(call)
            status = 200
        except Refusal as refused:
            self._refused += 1
            body, status = refused.body(f"Asandbox{self._refused:015d}"), refused.status
        return SandboxResponse(status, body, self.headers_for(call))

    def headers_for(self, call: SandboxCall) -> dict[str, str]:
        """Return the headers of the answer to a call: the version that serves it, and the use of the rate limits."""
        version = served_version(call.version, self.spec.version, self.clock().date())
        node = self.find(call.path[0]) if call.path else None
        edge = call.path[1] if len(call.path) > 1 else ""
        catalog = catalog_of(self.world.store, node) if node else None
        return self.usage.headers(version, node.account if node else "", edge, catalog or "")

    def _body(self, call: SandboxCall) -> Json:
        self._check_protocol(call)
        if call.path[:1] == ("oauth",):
            return self._ask(ROOT, "/".join(call.path), call, TokenInfo("", "APP"))
        token = self.tokens.admit(call, self.clock())
        if call.path in ROOT_EDGES:
            return self._ask(ROOT, "/".join(call.path), call, token)
        node, edge = self._target(call, token)
        token.check_scopes(call.method, in_account=bool(node.account))
        return self._ask(node, edge, call, token)

    def _check_protocol(self, call: SandboxCall) -> None:
        """Refuse what Graph no longer takes from anybody, or from an app of this age.

        How Graph words the refusals of a new app is not documented; the texts below are the sandbox's own.
        """
        if "ids" in call.params and self._names_no_node(call):
            raise Refusal("The ids query parameter is deprecated in v26.0+.", status=500)
        if self.refuse_dead_versions and call.version not in live_versions(self.clock().date()):
            text = "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version."
            raise Refusal(text, code=2635)
        if self.new_app and call.overridden:
            raise Refusal("(#100) HTTP method override is not available to this app. Use the HTTP method itself.")

    def _names_no_node(self, call: SandboxCall) -> bool:
        """Tell whether the nodes of a call can only be those of its `ids`: `/?ids=1,2`, `/insights?ids=1,2`."""
        if len(call.path) != 1 or call.path in ROOT_EDGES:
            return not call.path
        return call.path[0] != "me" and self.find(call.path[0]) is None

    def _target(self, call: SandboxCall, token: TokenInfo) -> tuple[GraphNode, str]:
        parts = list(call.path)
        if not 1 <= len(parts) <= 2:
            raise refusal.unknown_path("/" + "/".join(parts))
        first, edge = parts[0], "".join(parts[1:])
        node = self.find(token.subject if first == "me" else first)
        if node is None:
            raise refusal.unknown_node(first, call.method)
        return node, edge

    def find(self, node_id: str) -> GraphNode | None:
        """Return a node by its id; None where there is none."""
        return self.world.find(node_id)

    # -- nodes and edges --------------------------------------------------------------------------------------------

    def _ask(self, node: GraphNode, name: str, call: SandboxCall, token: TokenInfo) -> Json:
        edge = self.spec.edge(node.type, call.method, name)
        if edge is None:
            raise self._no_such_edge(node, name, call.method)
        skips = {"method"} | ({"id"} if self._is_id_of(node, call) else set())
        raw = {key: value for key, value in call.params.items() if key not in skips}
        selections = self._fields(raw)
        parameters = params.check(self.spec, edge, raw)
        return self._serve(edge, Ask(self, node, parameters, selections, call, token))

    def _is_id_of(self, node: GraphNode, call: SandboxCall) -> bool:
        """Tell whether a write repeats the id of its object, as Meta's GraphNode SDK does. Graph ignores it."""
        return call.method != "GET" and call.params.get("id", "").strip('"') in (node.id, node.id.removeprefix("act_"))

    def _fields(self, raw: Mapping[str, str]) -> tuple[FieldSelection, ...] | None:
        if not raw.get("fields"):
            return None
        selections = fields.parse(raw["fields"])
        if self.new_app and fields.has_alias(selections):
            raise Refusal("(#100) Field aliases are not available to this app. Leave out .as(...)")
        return selections

    def _no_such_edge(self, node: GraphNode, name: str, method: str) -> Refusal:
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
        if self._only_validates(ask):
            with self.world.store.rolled_back():
                handler(ask)
            return {"success": True}
        result = handler(ask)
        return self._listing(edge, ask, result) if isinstance(result, EdgeListing) else result

    def _only_validates(self, ask: Ask) -> bool:
        """Tell whether a write asks for the checks alone. Source: docs marketing-api/reference/ad-account/campaigns

        The write is then carried out and undone, so that the checks are those of the write itself.
        """
        options = ask.params.get("execution_options", [])
        if options == ["include_recommendations"]:
            raise refusal.invalid(None, "include_recommendations cannot be used by itself", "execution_options")
        return "validate_only" in options

    def projector(self, call: SandboxCall, token: TokenInfo) -> Projector:
        """Return what shows nodes for a call."""
        return Projector(
            self.spec, self.find, lambda node, selection: self._answer_nested(node, selection, call, token)
        )

    def _answer_nested(self, node: GraphNode, selection: FieldSelection, call: SandboxCall, token: TokenInfo) -> Json:
        """An edge inside `fields`; an edge without rows is left out, as Graph does."""
        rest = {key: call.params[key] for key in ("access_token",) if key in call.params}
        args = {key: value for key, value in selection.args.items() if key != "as"}
        inner = replace(call, method="GET", path=(node.id, selection.name), params=rest | args)
        edge = self.spec.edge(node.type, "GET", selection.name)
        if edge is None:
            raise refusal.unknown_field(selection.name, node.type)
        parameters = params.check(self.spec, edge, inner.params)
        answer = self._serve(edge, Ask(self, node, parameters, selection.inner, inner, token))
        return answer if not isinstance(answer, dict) or answer.get("data", True) else None

    def _listing(self, edge: Edge, ask: Ask, listing: EdgeListing) -> dict[str, Json]:
        projector = self.projector(ask.call, ask.token)
        rows = self._filter_rows(listing.rows, ask.params) if listing.show is None else listing.rows
        cut, page = paging.cut(rows, ask.params, listing.default_limit)
        data = [listing.show(row) if listing.show else projector.row(row, edge.returns, ask.wanted) for row in cut]
        answer: dict[str, Json] = {"data": data, **listing.more}
        path = f"{self.url}/{self._path(ask.call)}"
        if (links := paging.paging(page, path, self._query(ask.call))) is not None:
            answer["paging"] = links
        if (summary := self._summary(edge, ask.params, listing, len(rows))) is not None:
            answer["summary"] = summary
        return answer

    def _path(self, call: SandboxCall) -> str:
        return "/".join((call.version or self.spec.version, *call.path))

    def _query(self, call: SandboxCall) -> Mapping[str, str]:
        """Graph's links repeat the query and always hold the token, also when it came in a header."""
        return dict(call.params) | ({"access_token": call.token} if call.token else {})

    def _filter_rows(self, rows: Sequence[Any], parameters: Mapping[str, Json]) -> Sequence[Any]:
        conditions = filters.check(parameters.get("filtering", []))
        return [
            row for row in rows if all(filters.holds(value_of(row, name), op, value) for name, op, value in conditions)
        ]

    def _summary(
        self, edge: Edge, parameters: Mapping[str, Json], listing: EdgeListing, count: int
    ) -> Mapping[str, Json] | None:
        """Return the count of the rows, where it is asked for and the edge can count; of insights, its own summary."""
        if listing.show is not None:
            return listing.summary
        has_summary = parameters.get("summary") not in (None, "false", "0", "[]")
        return {"total_count": count} if has_summary and edge.name in COUNTABLE else None


def value_of(row: GraphNode | Mapping[str, Json], path: str) -> Json:
    """The value a filter names: `name`, `campaign.id`, `ad.effective_status`."""
    if not isinstance(row, GraphNode):
        return row.get(path)
    owner, _, name = path.rpartition(".")
    if not owner or owner.replace("_", "") == row.type.lower():
        return row.id if name == "id" else row.get(name)
    if name == "id" and (object_id := row.get(f"{owner}_id")) is not None:
        return object_id
    inner = row.get(owner)
    return inner.get(name) if isinstance(inner, dict) else None
