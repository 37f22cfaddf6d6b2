"""One sandbox world for many calls, each of which finds it as it was at first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.sandbox import SandboxCall, SandboxTransport, World
from meta_ads_mcp.sandbox.store import Snapshot
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.write_examples import valid

# Times that a planned fault occurs.
FOR_EVER = 10**9


class Bench:
    """Put one sandbox world back to its beginning before every call. To make a world takes longer than a call."""

    def __init__(self, files: Path, accounts: int = 2, change: Callable[[World], None] = lambda world: None) -> None:
        self.clock = FakeClock()
        world = World(today=self.clock.moment(), accounts=accounts, ads=160)
        change(world)
        self.sandbox = SandboxTransport(world, clock=self.clock.moment)
        self.files = files
        store = self.sandbox.world.store
        self._at_first: tuple[Snapshot, dict[Any, Any]] = (store.snapshot(), dict(store.memory))

    def again(self, **options: Any) -> SandboxEngine:
        picture, memory = self._at_first
        store = self.sandbox.world.store
        store.nodes, store.links, store.memory = dict(picture.nodes), dict(picture.links), dict(memory)
        self.sandbox.faults.clear()
        self.sandbox.log.clear()
        return build_writer(self.sandbox, **{"clock": self.clock, "upload_roots": (str(self.files),), **options})

    async def ready(self, tool: Tool, **options: Any) -> tuple[SandboxEngine, dict[str, Any]]:
        """A desk, and arguments of a call of the tool that works there."""
        made = self.again(**options)
        if any(node.name == "AdReportRun" for node in tool.ids.values()):
            await made.call("ads_create_async_report", {"object_id": made.account})
        return made, await valid(made, tool, self.files)


def is_write(call: SandboxCall) -> bool:
    """Reads in a batch travel as a POST without a path."""
    return bool(call.path) and call.method != "GET" and "validate_only" not in call.params.get("execution_options", "")
