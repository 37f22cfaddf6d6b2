"""The composition root: settings → vault → client → profiles → engine. What is heavy is imported when it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from meta_ads_mcp import __version__
from meta_ads_mcp.settings import Settings, SettingsError


@dataclass(frozen=True)
class Connections:
    """What commands at a terminal need: the profiles, the way to Graph, and what both stand on."""

    profiles: Any
    client: LazyClient
    events: Any
    clock: Any


def compose(settings: Settings) -> tuple[Any, Any]:
    """The catalogue and the engine for these settings. Raises SettingsError for names and policies that are wrong."""
    from meta_ads_mcp.server.catalogue import Catalogue, UnknownNames, catalog_entries  # noqa: PLC0415

    try:
        catalogue = Catalogue(
            catalog_entries(),
            listed=settings.toolsets,
            allow_writes=settings.allow_writes,
            exclude=settings.exclude_tools,
        )
    except UnknownNames as wrong:
        raise SettingsError(str(wrong)) from None
    policy = _policy(settings.policy) if settings.policy else None
    return catalogue, LazyEngine(lambda: _engine(settings, catalogue, policy))


def _policy(path: Path) -> Any:
    """Read at the start, because a wrong one has to stop it."""
    from meta_ads_mcp.engine.writes.policy import PolicyError, load_policy  # noqa: PLC0415

    try:
        return load_policy(path)
    except PolicyError as wrong:
        raise SettingsError(str(wrong)) from None


def _engine(settings: Settings, catalogue: Any, policy: Any) -> Any:
    from meta_ads_mcp.engine.engine import Engine, Options  # noqa: PLC0415
    from meta_ads_mcp.engine.files.uploads import NoDownloads  # noqa: PLC0415
    from meta_ads_mcp.engine.writes.policy import Policy  # noqa: PLC0415

    parts = connect(settings)
    options = Options(
        settings.accounts,
        settings.business_id,
        settings.result_chars,
        settings.demo,
        _state_dir(settings),
        settings.upload_roots,
        settings.state_dir,
    )
    limits = parts.client.governor
    downloads = NoDownloads() if settings.demo else LazyFetcher()
    return Engine(
        catalogue,
        parts.client,
        parts.events,
        parts.clock,
        limits,
        options,
        policy or Policy(),
        parts.profiles,
        downloads,
    )


def connect(settings: Settings, patience: float | None = None) -> Connections:
    """Profiles and client; `patience` is how many seconds the keyring may take."""
    from meta_ads_mcp.core.clock import SystemClock  # noqa: PLC0415
    from meta_ads_mcp.engine.telemetry import JsonLogger  # noqa: PLC0415
    from meta_ads_mcp.graph.limits.governor import Governor  # noqa: PLC0415

    events, clock, vault = JsonLogger(settings.log_level), SystemClock(), _vault(settings, patience)
    governor = Governor(clock=clock, events=events, state_dir=_state_dir(settings))
    client = LazyClient(settings, vault, governor, events, clock)
    return Connections(_profiles(settings, vault, client, clock), client, events, clock)


def _state_dir(settings: Settings) -> Path | None:
    """The sandbox leaves nothing on the disk."""
    return None if settings.demo else settings.state_dir


def _vault(settings: Settings, patience: float | None) -> Any:
    """The profiles: nothing is read from the keyring before the first call needs a token."""
    from meta_ads_mcp.credentials import EnvironmentToken, Keychain, ProfileIndex, Vault, from_settings  # noqa: PLC0415

    if settings.demo:

        def sandbox_token() -> dict[str, EnvironmentToken]:
            from meta_ads_mcp.sandbox import DEMO_TOKEN  # noqa: PLC0415

            return {"demo": EnvironmentToken(DEMO_TOKEN, "demo")}

        return Vault(sandbox_token)
    access = settings.access_token.get_secret_value() if settings.access_token else None
    named = {name: value.get_secret_value() for name, value in settings.tokens.items()}
    return Vault(
        lambda: from_settings(access, named),
        chosen=settings.profile,
        index=ProfileIndex(settings.state_dir),
        keychain=Keychain(patience) if patience else Keychain(),
    )


def _profiles(settings: Settings, vault: Any, client: LazyClient, clock: Any) -> Any:
    from meta_ads_mcp.profiles.identity import App  # noqa: PLC0415
    from meta_ads_mcp.profiles.profiles import ProfileService  # noqa: PLC0415

    secret = settings.app_secret.get_secret_value() if settings.app_secret else None
    app = App(settings.app_id, secret) if settings.app_id and secret else None
    return ProfileService(vault, client.for_token, clock, app=app, environ=os.environ, locked=settings.lock_profile)


class LazyEngine:
    """Builds the engine at the first call: a client that only lists tools does not wait for it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = cache(make)

    async def call(self, *given: Any, **more: Any) -> Any:
        return await self._make().call(*given, **more)

    @property
    def book(self) -> Any:
        return self._make().book

    @property
    def exports(self) -> Any:
        return self._make().exports


class LazyFetcher:
    """The `Downloads` port, imported when something is to be fetched."""

    async def check(self, url: str) -> None:
        await self._made().check(url)

    async def get(self, url: str, most_bytes: int) -> Any:
        return await self._made().get(url, most_bytes)

    def _made(self) -> Any:
        from meta_ads_mcp.web.fetch import Fetcher  # noqa: PLC0415

        return Fetcher()


class LazyClient:
    """Builds the Graph client at the first call: a start does not wait for httpx, nor for the sandbox."""

    def __init__(self, settings: Settings, vault: Any, governor: Any, events: Any, clock: Any) -> None:
        self.governor = governor
        self._parts = (settings, vault, governor, events, clock)
        self._client: Any = None

    def _made(self) -> Any:
        if self._client is None:
            self._client = _graph_client(*self._parts)
        return self._client

    async def send(self, request: Any) -> Any:
        return await self._made().send(request)

    async def batch(self, requests: Any) -> Any:
        return await self._made().batch(requests)

    def for_token(self, token: Any) -> Any:
        return self._made().for_token(token)

    @property
    def server_info(self) -> Any:
        return self._made().server_info

    def version_notice(self) -> str | None:
        notice: str | None = self._client.version_notice() if self._client else None
        return notice


def _graph_client(settings: Settings, vault: Any, governor: Any, events: Any, clock: Any) -> Any:
    from meta_ads_mcp.graph.client import GraphClient  # noqa: PLC0415
    from meta_ads_mcp.graph.connection import Connection  # noqa: PLC0415

    secret = settings.app_secret.get_secret_value() if settings.app_secret else None
    connection = Connection(
        settings.graph_url,
        settings.video_url,
        settings.api_version,
        settings.timeout,
        secret,
        f"meta-ads-local-mcp/{__version__}",
    )
    transport = None
    if settings.demo:
        from meta_ads_mcp.sandbox import SandboxTransport  # noqa: PLC0415

        transport = SandboxTransport(max_logged=100)
    return GraphClient(
        tokens=vault, governor=governor, events=events, clock=clock, connection=connection, transport=transport
    )
