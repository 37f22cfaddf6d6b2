"""A Graph at the port of the engine, and engines on it.

The engine is the real one. What it sends is kept, and the answers come from a script or from a few objects in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound, PermissionMissing
from meta_ads_mcp.server.catalogue import Catalogue
from tests.support import sdk
from tests.support.clock import FakeClock
from tests.support.every_tool import TOOLS
from tests.support.recorders import EventRecorder, RecordingGovernor

ACCOUNT = "act_1"
CAMPAIGN = "101"
ACCOUNT_ROW = {"id": ACCOUNT, "account_id": "1", "name": "Shop", "currency": "EUR", "timezone_name": "Europe/Berlin"}
# Fields that the engine reads by itself, of an object and of an account.
LOOK_UPS = ("id,account_id", "id,name,currency,timezone_name")
CATALOGUE = Catalogue(TOOLS, listed=("all",), allow_writes=True)

Body = Any
Script = Mapping[str, Body | AdsError | Callable[[Request], Body]]


class ScriptedGraph:
    """A Graph whose answers a test decides, and the requests that it got.

    The first of these that knows a request answers it: the function `answer`, the functions of `answers` by method and
    path, the script `bodies` by path (a body, an error to raise, or a function of the request), the function
    `special` (NotImplemented passes the request on), and the objects in memory, which a write changes.

    `refuse` gives the error of a request that is not carried out, `lose` that of a write whose answer gets lost.
    `of_page` names the objects that only the token of a Page may touch. Without objects, every object belongs to act_1.
    """

    def __init__(
        self,
        bodies: Script | None = None,
        *,
        answer: Callable[[Request], Body] | None = None,
        clock: FakeClock | None = None,
        catalogue: Any = None,
        **options: Any,
    ) -> None:
        self.bodies, self.answer = bodies or {}, answer
        self.clock = clock or FakeClock()
        self.events = EventRecorder()
        self.sent: list[Request] = []
        self.notice: str | None = None
        self.objects: dict[str, dict[str, Any]] = {}
        self.edges: dict[str, list[str]] = {}
        self.answers: dict[tuple[str, str], Callable[[Request], Body]] = {}
        self.of_page: dict[str, str] = {}
        # Kinds of objects without a field `account_id`: Graph refuses it and names the kind.
        self.kinds: dict[str, str] = {}
        self.special: Callable[[Request], Body] = lambda request: NotImplemented
        self.refuse: Callable[[Request], AdsError | None] = lambda request: None
        self.lose: Callable[[Request], AdsError | None] = lambda request: None
        self._catalogue, self._options = catalogue, options
        # How many seconds the clock of Graph is ahead of `clock`.
        self.skew_s = 0.0
        self._last_id = 500

    # ---- the port

    async def send(self, request: Request) -> Body:
        self.sent.append(request)
        if (error := self.refuse(request)) is not None:
            raise error
        body = self._body(request)
        if request.method != "GET" and (error := self.lose(request)) is not None:
            raise error
        # As from the network: no answer shares its parts with the next one.
        return json.loads(json.dumps(body))

    async def batch(self, requests: Sequence[Request]) -> list[Body]:
        bodies: list[Body] = []
        for request in requests:
            try:
                bodies.append(await self.send(request))
            except AdsError as error:
                bodies.append(error)
        return bodies

    async def own_secrets(self) -> list[str]:
        return []

    def clock_skew(self) -> float:
        return self.skew_s

    def version_notice(self) -> str | None:
        return self.notice

    # ---- the answers

    def _body(self, request: Request) -> Body:
        if self.answer is not None:
            return self.answer(request)
        if not self.objects and request.params.get("fields") in LOOK_UPS:
            return ACCOUNT_ROW if request.path == ACCOUNT else {"id": request.path, "account_id": "1"}
        if "execution_options" in request.params:
            return {"success": True}
        page = self.of_page.get(request.path.partition("/")[0])
        if page is not None and request.page != page:
            raise PermissionMissing("The token of the Page is required.")
        if (request.method, request.path) in self.answers:
            return self.answers[request.method, request.path](request)
        if request.path in self.bodies:
            return self._scripted(request)
        body = self.special(request)
        return self.stored(request) if body is NotImplemented else body

    def _scripted(self, request: Request) -> Body:
        body = self.bodies[request.path]
        body = body(request) if callable(body) else body
        if isinstance(body, AdsError):
            raise body
        return body

    def stored(self, request: Request) -> Body:
        """The answer of the objects in memory."""
        return self._read(request) if request.method == "GET" else self._write(request)

    def _read(self, request: Request) -> Body:
        node, _, edge = request.path.partition("/")
        if edge and self.objects:
            found = [self.objects[key] for key in self.edges.get(request.path, [])]
            return {"data": found, "summary": {"total_count": len(found)}}
        if node not in self.objects:
            raise NotFound("There is no such object.")
        wanted = str(request.params.get("fields", "id")).split(",")
        if node in self.kinds and "account_id" in wanted:
            raise InvalidArguments(
                f"(#100) Tried accessing nonexisting field (account_id) on node type ({self.kinds[node]})"
            )
        return {name: self.objects[node][name] for name in wanted if name in self.objects[node]}

    def _write(self, request: Request) -> Body:
        node, _, edge = request.path.partition("/")
        if edge and self.objects:
            return {"id": self._create(node, request)}
        if node not in self.objects:
            raise NotFound("There is no such object.")
        if request.method == "DELETE":
            del self.objects[node]
        else:
            self.objects[node].update(request.params)
        return {"success": True}

    def _create(self, parent: str, request: Request) -> str:
        self._last_id += 1
        new_id = str(self._last_id)
        created = datetime.fromtimestamp(self.clock.now() + self.skew_s, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
        row = {"id": new_id, "account_id": parent.removeprefix("act_"), "created_time": created, **request.params}
        self.objects[new_id] = row
        self.edges.setdefault(request.path, []).append(new_id)
        return new_id

    # ---- the requests

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.sent if request.method != "GET"]

    @property
    def asked(self) -> list[Request]:
        """The requests of the tool itself, without those of the engine."""
        return [request for request in self.sent if request.params.get("fields") not in LOOK_UPS]

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.asked]

    def params(self, path: str) -> dict[str, Any]:
        """What the last request on the path sent, without its fields."""
        return {name: value for name, value in self._last(path).items() if value is not None and name != "fields"}

    def fields(self, path: str) -> list[str]:
        return str(self._last(path).get("fields", "")).split(",")

    def _last(self, path: str) -> Mapping[str, Any]:
        return next(request.params for request in reversed(self.asked) if request.path == path)

    def complaints(self, **classes: str) -> list[str]:
        """What of the requests the SDK does not know. `classes` are those of the ids, as in `_5="Campaign"`."""
        return [
            complaint
            for request in self.asked
            for first, _, edge in [request.path.partition("/")]
            for complaint in sdk.wrong([classes[f"_{first}"]], request.method, edge, request.params)
        ]

    # ---- an engine

    @cached_property
    def engine(self) -> Engine:
        limits = RecordingGovernor()
        return Engine(
            self._catalogue or CATALOGUE, self, self.events, self.clock, limits, Options(**self._options), Policy()
        )

    async def call(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        return await self.engine.call(tool, arguments)

    async def data(self, tool: str, /, **arguments: Any) -> Any:
        answer = await self.call(tool, **arguments)
        assert not answer.is_error, answer.text
        return answer.structured["data"]

    async def error(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        return error_of(await self.call(tool, **arguments))


def account_graph(clock: FakeClock | None = None, currency: str = "USD") -> ScriptedGraph:
    """One account with one paused campaign that has a daily budget of 5000 minor units."""
    graph = ScriptedGraph(clock=clock)
    graph.objects[ACCOUNT] = {**ACCOUNT_ROW, "currency": currency}
    graph.objects[CAMPAIGN] = {
        "id": CAMPAIGN,
        "account_id": "1",
        "name": "Spring",
        "objective": "OUTCOME_SALES",
        "status": "PAUSED",
        "daily_budget": "5000",
    }
    return graph


def engine(graph: Any, *, policy: Policy | None = None, **options: Any) -> Engine:
    """A new engine with every tool on the graph. Nothing but what is in the state folder survives from the last one."""
    clock = getattr(graph, "clock", None) or FakeClock()
    limits = RecordingGovernor()
    return Engine(CATALOGUE, graph, EventRecorder(), clock, limits, Options(**options), policy or Policy())


async def call(graph: Any, tool: str, **arguments: Any) -> ToolAnswer:
    """An answer that is not an error."""
    answer = await engine(graph).call(tool, arguments)
    assert not answer.is_error, answer.text
    return answer


async def refusal(graph: Any, tool: str, **arguments: Any) -> dict[str, Any]:
    """The error of a call that ends in one."""
    return error_of(await engine(graph).call(tool, arguments))


async def refused_unsent(tool: str, **arguments: Any) -> dict[str, Any]:
    """The error of arguments that are refused before anything is sent."""
    graph = ScriptedGraph()
    error = await refusal(graph, tool, **arguments)
    assert graph.sent == []
    assert error["kind"] == InvalidArguments.kind
    return error


def error_of(answer: ToolAnswer) -> dict[str, Any]:
    assert answer.is_error, answer.text
    error: dict[str, Any] = answer.structured["error"]
    return error


async def confirmed(server: Engine, tool: str, arguments: dict[str, Any]) -> ToolAnswer:
    """The answer of a write that requires a confirmation and gets it; nothing may be written before that."""
    held = await server.call(tool, arguments)
    assert held.structured["data"]["status"] == "needs_confirmation", held.text
    assert not getattr(server.client, "writes", [])
    return await server.call(tool, {**arguments, "confirmation": held.structured["data"]["confirmation"]})


def rows(*objects: Mapping[str, Any], after: str | None = None) -> dict[str, Any]:
    """A page of a list as Graph gives it."""
    paging = {"cursors": {"after": after}, "next": f"https://graph.facebook.com/?after={after}"} if after else {}
    return {"data": list(objects), "paging": paging}
