"""A server's engine on the embedded sandbox at a fixed moment: tools are called as a client calls them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.credentials import FixedToken
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.graph.client import Connection, GraphClient
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.sandbox import DEMO_TOKEN, Logged, SandboxTransport
from meta_ads_mcp.server.catalogue import Catalogue, collect
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder

NOW = datetime(2026, 10, 14, 15, 30, tzinfo=UTC)


@dataclass
class Demo:
    """The engine and the sandbox behind it."""

    sandbox: SandboxTransport = field(default_factory=lambda: SandboxTransport(clock=lambda: NOW))

    def __post_init__(self) -> None:
        clock, events = FakeClock(NOW), EventRecorder()
        governor = Governor(clock=clock, events=events, state_dir=None)
        client = GraphClient(
            tokens=FixedToken(DEMO_TOKEN),
            governor=governor,
            events=events,
            clock=clock,
            connection=Connection(),
            transport=self.sandbox,
        )
        catalogue = Catalogue(collect(), listed=("all",))
        self.engine = Engine(catalogue, client, events, clock, governor, Options(demo=True))

    async def call(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        return await self.engine.call(tool, arguments)

    async def data(self, tool: str, /, **arguments: Any) -> Any:
        """The `data` of a call that must succeed."""
        return (await self.good(tool, **arguments))["data"]

    async def good(self, tool: str, /, **arguments: Any) -> Mapping[str, Any]:
        answer = await self.call(tool, **arguments)
        assert not answer.is_error, answer.text
        return answer.structured

    async def refused(self, tool: str, /, **arguments: Any) -> Mapping[str, Any]:
        """The `error` of a call that must fail."""
        answer = await self.call(tool, **arguments)
        assert answer.is_error, answer.text
        found: Mapping[str, Any] = answer.structured["error"]
        return found

    @property
    def insights(self) -> list[Logged]:
        """The insights requests that reached Graph."""
        return [entry for entry in self.sandbox.log if entry.path.endswith("/insights")]


def totals(answer: Mapping[str, Any]) -> dict[str, float]:
    """The totals that the notes of an answer tell."""
    told = [note for note in answer["notes"] if "otals" in note.partition(":")[0]]
    return {name: float(value) for note in told for name, value in re.findall(r"(\w+)=([0-9.]*[0-9])", note)}


def rows(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table as a list of dicts."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
