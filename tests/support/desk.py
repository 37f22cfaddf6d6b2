"""A server's engine that may write, on a sandbox of its own, with a clock that passes only when somebody sleeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.desk import client_of
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.engine.writes.confirmation import Elicitor
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.sandbox import Logged, SandboxTransport, World
from meta_ads_mcp.sandbox.store import Node, Snapshot
from meta_ads_mcp.server.catalogue import Catalogue
from tests.support.clock import START, FakeClock
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.recorders import EventRecorder

MOMENT = datetime.fromtimestamp(START, UTC)


@dataclass
class Desk:
    """`allow_writes` as in the settings; with `state_dir` the journal is kept. `sandbox` may be another desk's."""

    sandbox: SandboxTransport
    engine: Engine
    clock: FakeClock

    @property
    def store(self) -> Any:
        return self.sandbox.world.store

    @property
    def account(self) -> str:
        return f"act_{self.sandbox.world.account_ids[0]}"

    @property
    def writes(self) -> list[Logged]:
        """The requests that could change something; validations are none."""
        return [
            entry
            for entry in self.sandbox.log
            if entry.method != "GET" and "validate_only" not in entry.params.get("execution_options", "")
        ]

    async def call(self, tool: str, arguments: dict[str, Any], asker: Elicitor | None = None) -> ToolAnswer:
        return await self.engine.call(tool, arguments, asker=asker)

    async def done(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The `data` of a write that its user agrees to and that must succeed."""
        answer = await self.call(tool, arguments, Person(True))
        assert not answer.is_error, answer.text
        data: dict[str, Any] = answer.structured["data"]
        return data

    def nodes(self, kind: str, **fields: Any) -> list[Node]:
        """Nodes of the first account's (or of no account) with these values."""
        own = ("", self.account.removeprefix("act_"))
        return [
            node
            for node in self.store.nodes.values()
            if node.type == kind and node.account in own and all(node.get(name) == fields[name] for name in fields)
        ]

    @cached_property
    def ids(self) -> dict[str, str]:
        """One object of each kind that a write needs, by name."""
        world, children = self.sandbox.world, self.store.children
        live = [one for one in children(self.account, "campaigns") if one.get("status") == "ACTIVE"]
        shared = next(one for one in live if one.get("daily_budget"))
        split = next(one for one in live if not one.get("daily_budget"))
        ad_set = next(one for one in children(split.id, "adsets") if children(one.id, "ads"))
        ad = children(ad_set.id, "ads")[0]
        post = str(children(self.account, "adcreatives")[0].get("effective_object_story_id"))
        return {
            "account": self.account,
            "other": f"act_{world.account_ids[1]}",
            "campaign": shared.id,
            "unbudgeted": split.id,
            "ad_set": ad_set.id,
            "ad": ad.id,
            "creative": ad.get("creative")["id"],
            "other_creative": next(one.id for one in children(self.account, "adcreatives") if plain(one)),
            "page": world.page_ids[0],
            "business": world.business_id,
            "pixel": children(self.account, "adspixels")[0].id,
            "image": children(self.account, "adimages")[0].get("hash"),
            "audience": children(self.account, "customaudiences")[0].id,
            "rule": children(self.account, "adrules_library")[0].id,
            "post": post,
            "comment": children(post, "comments")[0].id,
        }

    def filled(self, value: Any) -> Any:
        """The value with `{name}` replaced by the id of that name."""
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
            return self.ids.get(value[1:-1], value)
        return value

    def changed(self, before: Snapshot) -> dict[str, Any]:
        return dict(self.store.changes(before))


def plain(creative: Node) -> bool:
    """Whether the creative is a picture with a link, so that it can be on any ad."""
    return "image_hash" in creative.fields and creative.get("asset_feed_spec") is None


def world() -> World:
    return World(today=MOMENT, accounts=2, ads=160)


def desk(
    sandbox: SandboxTransport | None = None,
    *,
    allow_writes: bool | Sequence[str] = True,
    policy: Policy | None = None,
    clock: FakeClock | None = None,
    state_dir: Path | None = None,
    **options: Any,
) -> Desk:
    clock = clock or FakeClock()
    if sandbox is None:
        sandbox = SandboxTransport(world(), clock=lambda: datetime.fromtimestamp(clock.now(), UTC))
    governor = Governor(clock=clock, events=EventRecorder(), state_dir=None)
    client = client_of(sandbox, governor, clock)
    catalogue = Catalogue(TOOLS, listed=("all",), allow_writes=allow_writes)
    settings = Options(state_dir=state_dir, **options)
    return Desk(
        sandbox, Engine(catalogue, client, EventRecorder(), clock, governor, settings, policy or Policy()), clock
    )
