"""Keyring back ends of every kind, and the profiles of a machine on the embedded sandbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from meta_ads_mcp.credentials import EnvironmentToken, Keychain, ProfileIndex, Token, Vault
from meta_ads_mcp.engine.engine import Engine, Options, ToolAnswer
from meta_ads_mcp.graph.client import Connection, GraphClient
from meta_ads_mcp.profiles.identity import App
from meta_ads_mcp.profiles.profiles import ProfileService
from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxTransport, TokenInfo, World
from meta_ads_mcp.server.catalogue import Catalogue, collect
from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder, RecordingGovernor

SERVICE = "meta-ads-mcp"
USER_TOKEN = "EAAB" + "shortlived" * 4
READ_ONLY = "EAAB" + "readingonly" * 4
NO_ADS = "EAAB" + "nothingatall" * 4
OF_A_PAGE = "EAAB" + "pagespages" * 4
EVERY_TOKEN = (DEMO_TOKEN, USER_TOKEN, READ_ONLY, NO_ADS, OF_A_PAGE)
APP = App("408231997710042", "appsecret00appsecret00appsecret0")


class MemoryKeyring(KeyringBackend):
    """What a working keyring does."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.reads = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("no such entry")


class LockedKeyring(MemoryKeyring):
    def get_password(self, *_: str) -> str | None:
        raise KeyringLocked("denied")

    set_password = delete_password = get_password  # type: ignore[assignment]


class WaitingKeyring(MemoryKeyring):
    """Waits for a person who is not there, until `opened` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        self.opened.wait(5)
        return self.entries.get((service, username))


class StubReceivedBadData(Exception):
    """As Windows raises it for an entry that is too long: not an error of keyring."""


class WindowsKeyring(MemoryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise StubReceivedBadData(1783, "CredWrite", password)


@contextmanager
def using(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield backend
    finally:
        keyring.set_keyring(before)


class Bench:
    """A machine: its state directory, its environment, and Graph as the sandbox with several tokens."""

    def __init__(
        self,
        state_dir: Path | None,
        *,
        given: Mapping[str, EnvironmentToken] | None = None,
        chosen: str | None = None,
        app: App | None = None,
        environ: Mapping[str, str] | None = None,
        locked: bool = False,
        patience: float = 5,
    ) -> None:
        self.clock, self.events, self.sandbox = FakeClock(), EventRecorder(), SandboxTransport(_world())
        user = self.sandbox.world.user_id
        known = self.sandbox.tokens.known
        now = int(self.clock.now())
        known[USER_TOKEN] = TokenInfo(user, "USER", expires_at=now + 3 * 86_400)
        known[READ_ONLY] = TokenInfo(user, scopes=("ads_read", "pages_show_list"))
        known[NO_ADS] = TokenInfo(user, scopes=("pages_show_list",))
        known[OF_A_PAGE] = TokenInfo(user, "PAGE")
        self.sandbox.graph.clock = lambda: datetime.fromtimestamp(self.clock.now(), UTC)
        self.index = ProfileIndex(state_dir) if state_dir else None
        self.vault = Vault(lambda: given or {}, chosen=chosen, index=self.index, keychain=Keychain(patience))
        self.client = GraphClient(
            tokens=self.vault,
            governor=RecordingGovernor(),  # type: ignore[arg-type]
            events=self.events,
            clock=self.clock,
            connection=Connection(app_secret=app.secret if app else None),
            transport=self.sandbox,
        )
        self.profiles = ProfileService(
            self.vault, self.client.for_token, self.clock, app=app, environ=environ or {}, locked=locked
        )

    async def store(self, name: str, value: str, *, active: bool = True) -> None:
        """As `login` does it."""
        token = Token(value, name)
        record = self.profiles.record(token, await self.profiles.check(token))
        await self.vault.keep(name, value, record, active=active)

    async def call(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        engine = Engine(
            _catalogue(), self.client, self.events, self.clock, RecordingGovernor(), Options(), profiles=self.profiles
        )
        return await engine.call(tool, arguments)

    @property
    def exchanges(self) -> int:
        return sum(entry.path == "oauth/access_token" for entry in self.sandbox.log)


@cache
def _world() -> World:
    """One business for all: nothing here changes it."""
    return World(today=datetime.fromtimestamp(FakeClock().now(), UTC))


@cache
def _catalogue() -> Catalogue:
    return Catalogue(collect())
