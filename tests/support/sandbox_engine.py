"""An engine on the embedded sandbox: the whole server but for the process and the network.

`build_reader` gives one that only reads, `build_writer` one that may write, `build_server` an MCP server in memory, and
`build_profiles` one with stored profiles and tokens of several kinds.
"""

from __future__ import annotations

import gc
import json
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from meta_ads_mcp.app import Lazy
from meta_ads_mcp.credentials import EnvironmentToken, FixedToken, Keychain, ProfileIndex, Token, Vault
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.engine.writes.confirmation import Elicitor
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.graph.client import GraphClient
from meta_ads_mcp.graph.connection import Connection
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.profiles.identity import MetaApp
from meta_ads_mcp.profiles.profiles import ProfileService
from meta_ads_mcp.sandbox import DEMO_TOKEN, Logged, SandboxTransport, TokenInfo, World
from meta_ads_mcp.sandbox.store import GraphNode, Snapshot
from meta_ads_mcp.server.catalogue import Catalogue
from meta_ads_mcp.server.server import AdsServer
from tests.support.clock import START, FakeClock
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.recorders import EventRecorder, RecordingGovernor

# The moment of the engines that only read.
NOW = datetime(2026, 10, 14, 15, 30, tzinfo=UTC)
# Tokens that `build_profiles` knows besides the one of the sandbox.
USER_TOKEN = "EAAB" + "shortlived" * 4
READ_ONLY = "EAAB" + "readingonly" * 4
NO_ADS = "EAAB" + "nothingatall" * 4
OF_A_PAGE = "EAAB" + "pagespages" * 4
EVERY_TOKEN = (DEMO_TOKEN, USER_TOKEN, READ_ONLY, NO_ADS, OF_A_PAGE)
APP = MetaApp("408231997710042", "appsecret00appsecret00appsecret0")


class SandboxEngine:
    """The engine, the sandbox behind it, and their clock. `options` are those of the engine.

    With a `vault` the tokens are those of its profiles, otherwise there is only the token of the sandbox.
    """

    def __init__(
        self,
        sandbox: SandboxTransport,
        clock: FakeClock,
        *,
        listed: Sequence[str] = ("all",),
        allow_writes: bool | Sequence[str] = False,
        policy: Policy | None = None,
        governor: Any = None,
        vault: Vault | None = None,
        profiles: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.sandbox, self.clock, self.events = sandbox, clock, EventRecorder()
        self.catalogue = Catalogue(TOOLS, listed=listed, allow_writes=allow_writes)
        limits = governor or Governor(clock=clock, events=self.events, state_dir=None)
        tokens: Any = vault or FixedToken(DEMO_TOKEN)
        app = (profiles or {}).get("app")
        self.client = GraphClient(
            tokens=tokens,
            governor=limits,
            events=self.events,
            clock=clock,
            connection=Connection(app_secret=app.secret if app else None),
            transport=sandbox,
        )
        self.vault: Any = vault
        self.profiles: Any = vault and ProfileService(
            vault, self.client.for_token, clock, **{"app": None, "environ": {}, "locked": False, **(profiles or {})}
        )
        self.engine = Engine(
            self.catalogue,
            self.client,
            self.events,
            clock,
            limits,
            Options(**options),
            policy or Policy(),
            profiles=self.profiles,
        )

    # ---- calls

    async def call(
        self, tool: str, given: Mapping[str, Any] | None = None, asker: Elicitor | None = None, /, **arguments: Any
    ) -> ToolAnswer:
        return await self.engine.call(tool, {**(given or {}), **arguments}, asker=asker)

    async def good(self, tool: str, /, **arguments: Any) -> Mapping[str, Any]:
        """The structured content of a call that must succeed."""
        answer = await self.call(tool, **arguments)
        assert not answer.is_error, answer.text
        return answer.structured

    async def data(self, tool: str, /, **arguments: Any) -> Any:
        """The `data` of a call that must succeed."""
        return (await self.good(tool, **arguments))["data"]

    async def refused(self, tool: str, /, **arguments: Any) -> Mapping[str, Any]:
        """The `error` of a call that must fail."""
        answer = await self.call(tool, **arguments)
        assert answer.is_error, answer.text
        error: Mapping[str, Any] = answer.structured["error"]
        return error

    async def done(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The `data` of a write that its user agrees to and that must succeed."""
        answer = await self.call(tool, arguments, Person(True))
        assert not answer.is_error, answer.text
        data: dict[str, Any] = answer.structured["data"]
        return data

    # ---- the sandbox

    @property
    def world(self) -> World:
        return self.sandbox.world

    @property
    def store(self) -> Any:
        return self.sandbox.world.store

    @property
    def account(self) -> str:
        return f"act_{self.sandbox.world.account_ids[0]}"

    @property
    def insights(self) -> list[Logged]:
        """The insights requests that reached Graph."""
        return [entry for entry in self.sandbox.log if entry.path.endswith("/insights")]

    @property
    def writes(self) -> list[Logged]:
        """The requests that could change something, without validations. A batch counts by its members."""
        return [
            entry
            for outer in self.sandbox.log
            for entry in members(outer)
            if entry.method != "GET" and entry.path and "validate_only" not in entry.params.get("execution_options", "")
        ]

    @property
    def exchanges(self) -> int:
        """How often a token was exchanged for a later one."""
        return sum(entry.path == "oauth/access_token" for entry in self.sandbox.log)

    def changed(self, before: Snapshot) -> dict[str, Any]:
        return dict(self.store.changes(before))

    def nodes(self, kind: str, **fields: Any) -> list[GraphNode]:
        """Nodes of the first account's (or of no account) with these values."""
        owners = ("", self.account.removeprefix("act_"))
        return [
            node
            for node in self.store.nodes.values()
            if node.type == kind and node.account in owners and all(node.get(name) == fields[name] for name in fields)
        ]

    @cached_property
    def ids(self) -> dict[str, str]:
        """One object of each kind that a write requires, by name."""
        world, children = self.sandbox.world, self.store.children
        live = [node for node in children(self.account, "campaigns") if node.get("status") == "ACTIVE"]
        shared = next(node for node in live if node.get("daily_budget"))
        split = next(node for node in live if not node.get("daily_budget"))
        ad_set = next(node for node in children(split.id, "adsets") if children(node.id, "ads"))
        ad = children(ad_set.id, "ads")[0]
        posts = [str(node.get("effective_object_story_id")) for node in children(self.account, "adcreatives")]
        post = next(post for post in posts if children(post, "comments"))
        return {
            "account": self.account,
            "other": f"act_{world.account_ids[1]}",
            "campaign": shared.id,
            "unbudgeted": split.id,
            "ad_set": ad_set.id,
            "next_ad_set": next(node.id for node in children(split.id, "adsets") if node is not ad_set),
            "ad": ad.id,
            "creative": ad.get("creative")["id"],
            "other_creative": next(node.id for node in children(self.account, "adcreatives") if plain(node)),
            "page": world.page_ids[0],
            "business": world.business_id,
            "pixel": children(self.account, "adspixels")[0].id,
            "image": children(self.account, "adimages")[0].get("hash"),
            "audience": children(self.account, "customaudiences")[0].id,
            "visitors": next(node.id for node in children(self.account, "customaudiences") if node.get("rule")),
            "page_post": children(world.page_ids[0], "feed")[0].id,
            "instagram": children(self.account, "instagram_accounts")[0].id,
            "rule": children(self.account, "adrules_library")[0].id,
            "post": post,
            "comment": children(post, "comments")[0].id,
            "value_rules": children(self.account, "value_rule_set")[0].id,
            "block_list": children(self.account, "publisher_block_lists")[0].id,
            "prediction": children(self.account, "reachfrequencypredictions")[0].id,
            **self._catalog_ids(),
        }

    def _catalog_ids(self) -> dict[str, str]:
        children = self.store.children
        catalog = children(self.sandbox.world.business_id, "owned_product_catalogs")[0].id
        return {
            "catalog": catalog,
            "product_set": children(catalog, "product_sets")[0].id,
            "product_feed": children(catalog, "product_feeds")[0].id,
            "product": children(catalog, "products")[0].id,
            "other_pixel": children(f"act_{self.world.account_ids[1]}", "adspixels")[0].id,
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

    # ---- the server and its profiles

    @cached_property
    def server(self) -> AdsServer:
        return AdsServer(self.catalogue, Lazy(lambda: self.engine), self.clock.monotonic)

    async def log_in(self, name: str, value: str, *, active: bool = True) -> None:
        """Check a token and keep it as a profile, as `login` does it."""
        token = Token(value, name)
        record = self.profiles.record(token, await self.profiles.check(token))
        await self.vault.keep(name, value, record, active=active)


def members(entry: Logged) -> list[Logged]:
    """The requests inside a logged batch, or the request itself."""
    if entry.path or "batch" not in entry.params:
        return [entry]
    return [_member(entry, member) for member in json.loads(entry.params["batch"])]


def _member(outer: Logged, member: Mapping[str, str]) -> Logged:
    address, _, query = member["relative_url"].partition("?")
    params = dict(parse_qsl(f"{query}&{member.get('body', '')}", keep_blank_values=True))
    return replace(outer, method=member["method"], path=address.partition("/")[2], params=params)


def build_reader(sandbox: SandboxTransport | None = None) -> SandboxEngine:
    sandbox = sandbox or SandboxTransport(clock=lambda: NOW)
    return SandboxEngine(sandbox, FakeClock(NOW), demo=True)


def build_writer(
    sandbox: SandboxTransport | None = None,
    *,
    allow_writes: bool | Sequence[str] = True,
    clock: FakeClock | None = None,
    policy: Policy | None = None,
    **options: Any,
) -> SandboxEngine:
    """An engine in a world of two accounts, or in the world of another engine's `sandbox`."""
    clock = clock or FakeClock()
    sandbox = sandbox or SandboxTransport(writable_world(), clock=clock.moment)
    return SandboxEngine(sandbox, clock, allow_writes=allow_writes, policy=policy, **options)


def build_server(
    world: World | None = None,
    *,
    allow_writes: bool | Sequence[str] = True,
    listed: Sequence[str] = ("default",),
    **options: Any,
) -> SandboxEngine:
    clock = FakeClock()
    vault = Vault(lambda: {"demo": EnvironmentToken(DEMO_TOKEN, "demo")})
    sandbox = SandboxTransport(world or new_world(), clock=clock.moment)
    return SandboxEngine(
        sandbox, clock, listed=listed, allow_writes=allow_writes, vault=vault, **{"demo": True, **options}
    )


def build_profiles(
    state_dir: Path | None,
    *,
    given: Mapping[str, EnvironmentToken] | None = None,
    chosen: str | None = None,
    patience: float = 5,
    **profiles: Any,
) -> SandboxEngine:
    """A machine with its state directory, its environment, and a Graph that knows the tokens above."""
    clock = FakeClock()
    sandbox = SandboxTransport(_world_of_profiles(), clock=clock.moment)
    user, known, now = sandbox.world.user_id, sandbox.tokens.known, int(clock.now())
    known[USER_TOKEN] = TokenInfo(user, "USER", expires_at=now + 3 * 86_400)
    known[READ_ONLY] = TokenInfo(user, scopes=("ads_read", "pages_show_list"))
    known[NO_ADS] = TokenInfo(user, scopes=("pages_show_list",))
    known[OF_A_PAGE] = TokenInfo(user, "PAGE")
    index = ProfileIndex(state_dir) if state_dir else None
    vault = Vault(lambda: given or {}, chosen=chosen, index=index, keychain=Keychain(patience))
    limits = RecordingGovernor()
    return SandboxEngine(sandbox, clock, listed=("default",), governor=limits, vault=vault, profiles=profiles)


@cache
def _world_of_profiles() -> World:
    """One business for all: nothing here changes it."""
    return World(today=datetime.fromtimestamp(START, UTC))


@cache
def shared_world() -> World:
    """A world for calls that change nothing. To make one takes half the time of a test."""
    return new_world()


def new_world() -> World:
    """Return a small world of its own. It is built once per process and copied, because building takes longer."""
    gc.disable()  # a collection in the middle takes longer than the building
    try:
        world: World = pickle.loads(_built_world())  # noqa: S301  written by this process
    finally:
        gc.enable()
    return world


@cache
def _built_world() -> bytes:
    world = World(today=datetime.fromtimestamp(START, UTC), accounts=2, ads=40)
    assert world.store.nodes
    return pickle.dumps(world, pickle.HIGHEST_PROTOCOL)


def writable_world() -> World:
    return World(today=datetime.fromtimestamp(START, UTC), accounts=2, ads=160)


def plain(creative: GraphNode) -> bool:
    """Whether the creative is a picture with a link, so that it can be on any ad."""
    return "image_hash" in creative.fields and creative.get("asset_feed_spec") is None


def totals(answer: Mapping[str, Any]) -> dict[str, float]:
    """The totals that the notes of an answer state."""
    notes = [note for note in answer["notes"] if "otals" in note.partition(":")[0]]
    return {name: float(value) for note in notes for name, value in re.findall(r"(\w+)=([0-9.]*[0-9])", note)}


def records(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table as a list of dicts."""
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
