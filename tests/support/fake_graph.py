"""A Graph of a few objects, at the engine's port: it keeps what is written and can lose its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import AdsError, NotFound, PermissionMissing
from meta_ads_mcp.server.catalogue import Catalogue, collect
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor

ACCOUNT = "act_1"
CAMPAIGN = "101"


@dataclass
class FakeGraph:
    """Objects by id; edges of an account by name. `lose` decides after a write whether its answer gets lost.

    `answers` are given for a method and path in place of what would be done; `of_page` are the objects that only the
    token of a Page may touch.
    """

    clock: FakeClock
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    edges: dict[str, list[str]] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)
    lose: Callable[[Request], AdsError | None] = lambda request: None
    refuse: Callable[[Request], AdsError | None] = lambda request: None
    answers: dict[tuple[str, str], Callable[[Request], Any]] = field(default_factory=dict)
    of_page: dict[str, str] = field(default_factory=dict)
    version: str | None = None
    _last: int = 500

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.sent if request.method != "GET"]

    async def send(self, request: Request) -> Any:
        self.sent.append(request)
        if (error := self.refuse(request)) is not None:
            raise error
        if "execution_options" in request.params:
            return {"success": True}
        page = self.of_page.get(request.path.partition("/")[0])
        if page is not None and request.page != page:
            raise PermissionMissing("This needs the token of the Page.")
        special = self.answers.get((request.method, request.path))
        if special is not None:
            answer = special(request)
        else:
            answer = self._get(request) if request.method == "GET" else self._write(request)
        if request.method != "GET" and (error := self.lose(request)) is not None:
            raise error
        return answer

    async def batch(self, requests: Sequence[Request]) -> list[Any]:
        return [await self.send(request) for request in requests]

    def version_notice(self) -> str | None:
        return self.version

    def _get(self, request: Request) -> Any:
        node, _, edge = request.path.partition("/")
        if edge:
            rows = [self.objects[key] for key in self.edges.get(request.path, [])]
            return {"data": rows, "summary": {"total_count": len(rows)}}
        if node not in self.objects:
            raise NotFound("not there")
        wanted = str(request.params.get("fields", "id")).split(",")
        return {name: self.objects[node][name] for name in wanted if name in self.objects[node]}

    def _write(self, request: Request) -> Any:
        node, _, edge = request.path.partition("/")
        if request.method == "DELETE" and not edge:
            del self.objects[node]
            return {"success": True}
        if not edge:
            self.objects[node].update(request.params)
            return {"success": True}
        self._last += 1
        made = str(self._last)
        created = datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
        self.objects[made] = {
            "id": made,
            "account_id": node.removeprefix("act_"),
            "created_time": created,
            **request.params,
        }
        self.edges.setdefault(request.path, []).append(made)
        return {"id": made}


def graph(clock: FakeClock, currency: str = "USD") -> FakeGraph:
    """One account with one paused campaign that has a daily budget of 5000 minor units."""
    found = FakeGraph(clock)
    found.objects[ACCOUNT] = {
        "id": ACCOUNT,
        "account_id": "1",
        "name": "Shop",
        "currency": currency,
        "timezone_name": "Europe/Berlin",
    }
    found.objects[CAMPAIGN] = {
        "id": CAMPAIGN,
        "account_id": "1",
        "name": "Spring",
        "objective": "OUTCOME_SALES",
        "status": "PAUSED",
        "daily_budget": "5000",
    }
    return found


def engine(client: FakeGraph, *, policy: Policy | None = None, **options: Any) -> Engine:
    catalogue = Catalogue(collect(), listed=("all",), allow_writes=True)
    return Engine(
        catalogue, client, EventRecorder(), client.clock, RecordingGovernor(), Options(**options), policy or Policy()
    )


async def agreed(made: Engine, tool: str, arguments: dict[str, Any]) -> ToolAnswer:
    """The answer of a write that needs an agreement and gets it; nothing may be written before that."""
    held = await made.call(tool, arguments)
    assert held.structured["data"]["status"] == "needs_confirmation", held.text
    assert not getattr(made.client, "writes", [])
    return await made.call(tool, {**arguments, "confirmation": held.structured["data"]["confirmation"]})


def error_of(answer: ToolAnswer) -> dict[str, Any]:
    assert answer.is_error, answer.text
    found: dict[str, Any] = answer.structured["error"]
    return found
