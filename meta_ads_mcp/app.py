"""Compose the program: settings -> token vault -> Graph client -> profiles -> engine.

Everything is built when it is first used, and what is slow to import is imported then. A client that only lists tools
waits neither for the engine nor for httpx nor for the sandbox.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from meta_ads_mcp import __version__
from meta_ads_mcp.settings import Settings, SettingsError

if TYPE_CHECKING:
    from meta_ads_mcp.core.clock import SystemClock
    from meta_ads_mcp.core.ports import Download, Downloads
    from meta_ads_mcp.core.request import Request
    from meta_ads_mcp.credentials import EnvironmentToken, Vault
    from meta_ads_mcp.credentials.token import Token
    from meta_ads_mcp.engine.engine import Engine
    from meta_ads_mcp.engine.telemetry import JsonLogger
    from meta_ads_mcp.engine.writes.policy import Policy
    from meta_ads_mcp.errors import AdsError
    from meta_ads_mcp.graph.client import GraphClient, ServerInfo
    from meta_ads_mcp.graph.limits.governor import Governor
    from meta_ads_mcp.profiles.profiles import ProfileService
    from meta_ads_mcp.sandbox import SandboxTransport
    from meta_ads_mcp.server.catalogue import Catalogue

T = TypeVar("T")


class Lazy(Generic[T]):
    """Build a value when it is first asked for."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = cache(build)
        self.is_built = False

    @property
    def value(self) -> T:
        value = self._build()
        self.is_built = True
        return value


class App:
    """Hold the parts of one process. `keyring_timeout` is how many seconds the keyring may take.

    Creating it reads the policy file and checks the names of tools and toolsets. Raises SettingsError for wrong ones.
    """

    def __init__(self, settings: Settings, keyring_timeout: float | None = None) -> None:
        self.settings = settings
        self._keyring_timeout = keyring_timeout
        self.policy = _load_policy(settings.policy)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The tools of this server. Raises SettingsError for an unknown tool or toolset in the settings."""
        from meta_ads_mcp.server.catalogue import Catalogue, UnknownNames, catalog_entries  # noqa: PLC0415

        try:
            return Catalogue(
                catalog_entries(),
                listed=self.settings.toolsets,
                allow_writes=self.settings.allow_writes,
                exclude=self.settings.exclude_tools,
            )
        except UnknownNames as problem:
            raise SettingsError(str(problem)) from None

    @cached_property
    def engine(self) -> Engine:
        from meta_ads_mcp.engine.engine import Engine, Options  # noqa: PLC0415
        from meta_ads_mcp.engine.writes.policy import Policy  # noqa: PLC0415

        settings = self.settings
        downloads: Downloads = _drawn_pictures() if settings.demo else LazyFetcher()
        return Engine(
            catalogue=self.catalogue,
            client=self.client,
            events=self.events,
            clock=self.clock,
            limits=self.governor,
            options=Options(
                accounts=settings.accounts,
                business_id=settings.business_id,
                result_chars=settings.result_chars,
                demo=settings.demo,
                state_dir=self.state_dir,
                upload_roots=settings.upload_roots,
                export_dir=settings.state_dir,
            ),
            policy=self.policy or Policy(),
            profiles=self.profiles,
            downloads=downloads,
        )

    @cached_property
    def profiles(self) -> ProfileService:
        from meta_ads_mcp.profiles.identity import MetaApp as GraphApp  # noqa: PLC0415
        from meta_ads_mcp.profiles.profiles import ProfileService  # noqa: PLC0415

        app_id, secret = self.settings.app_id, self._app_secret
        app = GraphApp(app_id, secret) if app_id and secret else None
        return ProfileService(
            self.vault,
            self.client.for_token,
            self.clock,
            app=app,
            environ=os.environ,
            locked=self.settings.lock_profile,
        )

    @cached_property
    def client(self) -> LazyClient:
        return LazyClient(self._build_client)

    @cached_property
    def vault(self) -> Vault:
        """The profiles. Nothing is read from the keyring before the first call needs a token."""
        from meta_ads_mcp.credentials import Keychain, ProfileIndex, TokenFile, Vault, from_settings  # noqa: PLC0415

        settings = self.settings
        if settings.demo:
            return Vault(_demo_token)
        access = settings.access_token.get_secret_value() if settings.access_token else None
        tokens = {name: value.get_secret_value() for name, value in settings.tokens.items()}
        return Vault(
            lambda: from_settings(access, tokens),
            chosen=settings.profile,
            index=ProfileIndex(settings.state_dir),
            keychain=Keychain(self._keyring_timeout) if self._keyring_timeout else Keychain(),
            token_file=TokenFile(settings.state_dir),
        )

    @cached_property
    def governor(self) -> Governor:
        from meta_ads_mcp.graph.limits.governor import Governor  # noqa: PLC0415

        return Governor(clock=self.clock, events=self.events, state_dir=self.state_dir)

    @cached_property
    def events(self) -> JsonLogger:
        from meta_ads_mcp.engine.telemetry import JsonLogger  # noqa: PLC0415

        return JsonLogger(self.settings.log_level)

    @cached_property
    def clock(self) -> SystemClock:
        from meta_ads_mcp.core.clock import SystemClock  # noqa: PLC0415

        return SystemClock()

    @property
    def state_dir(self) -> Path | None:
        """The folder for the journal and the limits. The demo leaves nothing on the disk."""
        return None if self.settings.demo else self.settings.state_dir

    @property
    def _app_secret(self) -> str | None:
        return self.settings.app_secret.get_secret_value() if self.settings.app_secret else None

    def _build_client(self) -> GraphClient:
        from meta_ads_mcp.graph.client import GraphClient  # noqa: PLC0415
        from meta_ads_mcp.graph.connection import Connection  # noqa: PLC0415

        settings = self.settings
        connection = Connection(
            settings.graph_url,
            settings.video_url,
            settings.api_version,
            settings.timeout,
            self._app_secret,
            f"meta-ads-local-mcp/{__version__}",
        )
        return GraphClient(
            tokens=self.vault,
            governor=self.governor,
            events=self.events,
            clock=self.clock,
            connection=connection,
            transport=_sandbox_transport() if settings.demo else None,
        )


def _load_policy(path: Path | None) -> Policy | None:
    """Read the policy at the start, because a wrong one has to stop it."""
    if path is None:
        return None
    from meta_ads_mcp.engine.writes.policy import PolicyError, load_policy  # noqa: PLC0415

    try:
        return load_policy(path)
    except PolicyError as problem:
        raise SettingsError(str(problem)) from None


def _demo_token() -> dict[str, EnvironmentToken]:
    from meta_ads_mcp.credentials import EnvironmentToken  # noqa: PLC0415
    from meta_ads_mcp.sandbox import DEMO_TOKEN  # noqa: PLC0415

    return {"demo": EnvironmentToken(DEMO_TOKEN, "demo")}


def _sandbox_transport() -> SandboxTransport:
    from meta_ads_mcp.sandbox import SandboxTransport  # noqa: PLC0415

    return SandboxTransport(max_logged=100)


class LazyClient:
    """Pass calls to the Graph client, which is built at the first one."""

    def __init__(self, build: Callable[[], GraphClient]) -> None:
        self._client = Lazy(build)

    async def send(self, request: Request) -> Any:
        return await self._client.value.send(request)

    async def batch(self, requests: Sequence[Request]) -> list[Any | AdsError]:
        return await self._client.value.batch(requests)

    async def own_secrets(self) -> list[str]:
        return await self._client.value.own_secrets()

    def clock_skew(self) -> float:
        return self._client.value.clock_skew()

    def for_token(self, token: Token) -> GraphClient:
        return self._client.value.for_token(token)

    @property
    def server_info(self) -> ServerInfo:
        """Return the facts about the server from its answers."""
        return self._client.value.server_info

    def version_notice(self) -> str | None:
        """The notice of the client, which has none before it was built."""
        return self._client.value.version_notice() if self._client.is_built else None


def _drawn_pictures() -> Downloads:
    """Return the pictures of the demo, which are drawn when they are fetched."""
    from meta_ads_mcp.engine.files.uploads import DrawnPictures  # noqa: PLC0415
    from meta_ads_mcp.sandbox.pictures import HOST, draw_picture  # noqa: PLC0415

    return DrawnPictures(HOST, draw_picture)


class LazyFetcher:
    """Implement the `Downloads` port with the web fetcher, which is imported when something is to be fetched."""

    async def check(self, url: str) -> None:
        await self._fetcher.value.check(url)

    async def get(self, url: str, most_bytes: int) -> Download:
        return await self._fetcher.value.get(url, most_bytes)

    @cached_property
    def _fetcher(self) -> Lazy[Downloads]:
        return Lazy(_build_fetcher)


def _build_fetcher() -> Downloads:
    from meta_ads_mcp.web.fetch import Fetcher  # noqa: PLC0415

    return Fetcher()
