"""A Graph that answers from a script, and the engine on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound
from meta_ads_mcp.server.catalogue import Catalogue, collect
from tests.support import sdk
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor
from tests.support.transport import Told

ACCOUNT = {"id": "act_1", "account_id": "1", "name": "Shop", "currency": "EUR", "timezone_name": "Europe/Berlin"}
# What the engine looks up by itself, of an object and of an account.
LOOK_UPS = ("id,account_id", "id,name,currency,timezone_name")
CATALOGUE = Catalogue(collect(), listed=("all",))

Body = Any


class Scripted(Told):
    """Bodies by path: a value, an error that is raised, or a function of the request. Every object is act_1's."""

    def __init__(self, bodies: Mapping[str, Body | AdsError | Callable[[Request], Body]] | None = None) -> None:
        super().__init__(self._scripted)
        self.bodies = bodies or {}

    def _scripted(self, request: Request) -> Body:
        if request.params.get("fields") in LOOK_UPS:
            return ACCOUNT if request.path == "act_1" else {"id": request.path, "account_id": "1"}
        body = self.bodies.get(request.path, NotFound("not there"))
        body = body(request) if callable(body) else body
        if isinstance(body, AdsError):
            raise body
        return body

    @property
    def asked(self) -> list[Request]:
        """The requests of the tool itself."""
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
        """What of the requests the SDK does not know; `classes` are those of the ids, `_5="Campaign"`."""
        return [
            complaint
            for request in self.asked
            for first, _, edge in [request.path.partition("/")]
            for complaint in sdk.wrong([classes[f"_{first}"]], request.method, edge, request.params)
        ]


async def call(graph: Any, tool: str, **arguments: Any) -> ToolAnswer:
    """An answer that is no error."""
    answer = await _answer(graph, tool, arguments)
    assert not answer.is_error, answer.text
    return answer


async def refusal(graph: Any, tool: str, **arguments: Any) -> dict[str, Any]:
    """The error of a call that ends in one."""
    answer = await _answer(graph, tool, arguments)
    assert answer.is_error, answer.structured
    error: dict[str, Any] = answer.structured["error"]
    return error


async def refused_unsent(tool: str, **arguments: Any) -> dict[str, Any]:
    """The error of arguments that are refused before anything is sent."""
    graph = Scripted()
    error = await refusal(graph, tool, **arguments)
    assert graph.sent == []
    assert error["kind"] == InvalidArguments.kind
    return error


async def _answer(graph: Any, tool: str, arguments: Mapping[str, Any]) -> ToolAnswer:
    return await engine(graph).call(tool, arguments)


def engine(graph: Any, **options: Any) -> Engine:
    """A server on the graph, with these settings."""
    return Engine(CATALOGUE, graph, EventRecorder(), FakeClock(), RecordingGovernor(), Options(**options))


def rows(*found: Mapping[str, Any], after: str | None = None) -> dict[str, Any]:
    """A page as Graph gives it."""
    paging = {"cursors": {"after": after}, "next": f"https://graph.facebook.com/?after={after}"} if after else {}
    return {"data": list(found), "paging": paging}
