"""The profiles, as tools and commands use them: the vault, checked against Graph."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.credentials import (
    DEFAULT,
    KeychainProblem,
    ProfileEntry,
    ProfileRecord,
    Token,
    Vault,
    is_meta_token,
    wrong_form,
)
from meta_ads_mcp.errors import Denied, InvalidArguments, NotFound, PermissionMissing, TokenProblem
from meta_ads_mcp.profiles import scopes as permissions
from meta_ads_mcp.profiles.identity import Identity, MetaApp, SenderFor, exchange, identify
from meta_ads_mcp.profiles.renewal import TokenRenewal

_WHERE = {
    "keyring": "OS keyring",
    "file": "private file",
    "memory": "memory of this process",
    "META_TOKENS": "environment (META_TOKENS)",
    "META_ACCESS_TOKEN": "environment (META_ACCESS_TOKEN)",
    "demo": "sandbox",
}


class ProfileService:
    """Implements `spec.ports.Profiles`, and gives the commands what they need beyond it."""

    def __init__(
        self,
        vault: Vault,
        sender_for: SenderFor,
        clock: Clock,
        *,
        app: MetaApp | None = None,
        environ: Mapping[str, str] | None = None,
        locked: bool = False,
    ) -> None:
        self.vault, self._sender_for, self._clock = vault, sender_for, clock
        self.app, self._environ, self._locked = app, environ or {}, locked
        self._renewal = TokenRenewal(self._renew, clock.now)
        if app is not None:
            vault.renewal = self._renewal

    # -- the port ---------------------------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """Return all profiles, without network and without asking the keyring."""
        return [self.row(entry) for entry in self.vault.entries()]

    def use(self, name: str) -> Row:
        self._check_lock()
        self._check_name(name)
        self.vault.use(name)
        return self.row(self.vault.entry(name, active=True))

    async def register(self, name: str, variable: str) -> Row:
        """Check the token of an environment variable and keep it: in the keyring, or in memory where there is none."""
        self._check_lock()
        if name in self.vault.names():
            raise InvalidArguments(
                f"There is a profile {name!r} already.", "Choose another name, or delete that profile first."
            )
        token = Token(self._from_environment(variable), name)
        identity = await self.check(token)
        trouble = await self._keep(name, token, identity)
        row = self.row(self.vault.entry(name)) | self._verdict(identity.scopes)
        return row | ({"not_in_keyring_because": trouble} if trouble else {})

    @property
    def can_adopt(self) -> bool:
        """Return whether a token that the user enters while this process runs may be kept."""
        return not self._locked and all(entry.source != "demo" for entry in self.vault.entries())

    async def adopt(self, value: str) -> Row:
        """Check a token that the user has entered, keep it, and use it from now on.

        It replaces the token of the profile in use. Raises InvalidArguments, TokenProblem or PermissionMissing.
        """
        self._check_lock()
        problem = wrong_form(value)
        if problem:
            raise InvalidArguments(problem, "Copy the token alone, without quotes, and try again.")
        name = self._active() or DEFAULT
        token = Token(value, name)
        await self._keep(name, token, await self.check(token), active=True)
        self.vault.use(name)
        return self.row(self.vault.entry(name, active=True))

    async def delete(self, name: str) -> Row:
        self._check_lock()
        self._check_name(name)
        entry = await self.vault.delete(name)
        row: Row = {"deleted": name, "stored_in": _WHERE[entry.source], "was_active": entry.active}
        with contextlib.suppress(TokenProblem):
            row["active"] = self.vault.active_name()
        return row

    async def status(self, name: str | None) -> Row:
        """Ask Graph about a profile's token now. An unusable token is an answer here, not an error."""
        if name is not None:
            self._check_name(name)
        profile = name or self.vault.active_name()
        entry = self.vault.entry(profile, active=profile == self._active())
        try:
            identity = await identify(self._sender_for, await self.vault.token(profile), self.app)
        except TokenProblem as problem:
            row = {key: self.row(entry)[key] for key in ("profile", "masked", "active", "stored_in")}
            return row | {"valid": False, "reason": problem.message, "next_step": problem.next_step}
        return {"valid": True, **self.row(entry), **self._describe(identity), **self._verdict(identity.scopes)}

    async def refresh(self, name: str | None) -> Row:
        self._check_lock()
        if name is not None:
            self._check_name(name)
        profile = name or self.vault.active_name()
        if self.app is None:
            raise TokenProblem(
                "Renewing a token needs the app's id and secret.",
                "Set META_APP_ID and META_APP_SECRET, or get a new token and run `meta-ads-mcp login`.",
            )
        token = await self.vault.token(profile)
        identity = await identify(self._sender_for, token, self.app)
        if identity.expires_at == 0:
            raise InvalidArguments("This token never expires.", "There is nothing to renew.")
        self.vault.remember(profile, self.record(token, identity))
        await self._renewal.run(profile)
        return self.row(self.vault.entry(profile, active=profile == self._active()))

    def business_id(self) -> str | None:
        """Return the business stored with the profile in use."""
        return self.vault.business_id()

    # -- for the commands -------------------------------------------------------------------------------------------

    async def check(self, token: Token) -> Identity:
        """Who holds it. Raises TokenProblem for the wrong kind of token, PermissionMissing without ads_read."""
        identity = await identify(self._sender_for, token, self.app)
        if identity.kind in ("PAGE", "APP"):
            raise TokenProblem(
                f"This is the token of {'a Page' if identity.kind == 'PAGE' else 'an app'}; ads need a user's.",
                "Generate a token of a System User in Business settings, with ads_read.",
            )
        if identity.scopes is not None and permissions.READ not in identity.scopes:
            raise PermissionMissing(
                "The token lacks ads_read, without which no ad account can be read.",
                "Generate it again with ads_read ticked (and ads_management, to change anything).",
            )
        return identity

    async def exchange_token(self, token: Token) -> Token:
        """Return a long-lived token for a short-lived one."""
        if self.app is None:
            raise TokenProblem(
                "Exchanging a token needs the app's id and secret.", "Set META_APP_ID and META_APP_SECRET."
            )
        new = await exchange(self._sender_for, token, self.app, "USER", self._clock.now())
        return Token(new.value, token.profile)

    def record(self, token: Token, identity: Identity, business_id: str | None = None) -> ProfileRecord:
        return ProfileRecord(
            masked=token.masked,
            kind=identity.kind,
            holder=identity.name,
            app_id=identity.app_id,
            expires_at=identity.expires_at,
            data_access_expires_at=identity.data_access_expires_at,
            scopes=identity.scopes or (),
            business_id=business_id,
            stored_at=int(self._clock.now()),
        )

    def row(self, entry: ProfileEntry) -> Row:
        """Return a profile as it is shown: the token masked, times in ISO 8601 (UTC), nothing that is not known."""
        record = entry.record
        row: Row = {
            "profile": entry.name,
            "active": entry.active,
            "masked": record.masked,
            "type": record.kind,
            "holder": record.holder,
            "scopes": list(record.scopes),
            "business_id": record.business_id,
            "stored_in": _WHERE[entry.source],
            **self._times(record.expires_at, record.data_access_expires_at),
        }
        return {key: value for key, value in row.items() if value not in (None, "", [])}

    # -- inside -----------------------------------------------------------------------------------------------------

    def _active(self) -> str | None:
        with contextlib.suppress(TokenProblem):
            return self.vault.active_name()
        return None

    def _check_lock(self) -> None:
        if self._locked:
            raise Denied("The profile is locked: tools cannot switch, register, renew or delete one.")

    def _check_name(self, name: str) -> None:
        if name not in self.vault.names():
            names = self.vault.names()
            raise NotFound(
                f"There is no profile {name!r}.", "Choose one of those that are there.", allowed=tuple(names)
            )

    def _from_environment(self, variable: str) -> str:
        value = self._environ.get(variable, "").strip()
        if not value:
            raise InvalidArguments(
                f"The environment variable {variable} is not set in this server's process.",
                "Put it in the client's configuration of this server and restart it, or run `meta-ads-mcp login`.",
            )
        if not is_meta_token(value):
            raise InvalidArguments(
                f"The value of {variable} is no Meta access token (they begin with EA); it was sent nowhere.",
                "Name the variable that holds the token.",
            )
        return value

    async def _keep(self, name: str, token: Token, identity: Identity, *, active: bool = False) -> str | None:
        """In the keyring, else in memory; then with the reason."""
        record = self.record(token, identity)
        try:
            await self.vault.keep(name, token.reveal(), record, active=active)
        except KeychainProblem as problem:
            self.vault.keep_in_memory(name, token.reveal(), record)
            return problem.message
        return None

    async def _renew(self, name: str) -> None:
        """Exchange the profile's token, unless another process has done so meanwhile; the old one still works then."""
        if self.app is None:
            raise TokenProblem("Renewing a token needs the app's id and secret.")
        if self.vault.drop_if_renewed_elsewhere(name):
            return
        entry, token = self.vault.entry(name), await self.vault.token(name)
        new = await exchange(self._sender_for, token, self.app, entry.record.kind, self._clock.now())
        await self.vault.replace_token(name, new)

    def _describe(self, identity: Identity) -> Row:
        row: Row = {
            "type": identity.kind,
            "holder": identity.name,
            "app": identity.app_name,
            "scopes": list(identity.scopes or ()),
            **self._times(identity.expires_at, identity.data_access_expires_at),
        }
        return {key: value for key, value in row.items() if value not in (None, "", [])}

    def _times(self, expires_at: int | None, data_access: int | None) -> Row:
        row: Row = {}
        if expires_at is not None:
            row["expires_at"] = iso(expires_at) if expires_at else "never"
        if expires_at:
            row["seconds_left"] = max(0, expires_at - int(self._clock.now()))
        if data_access:
            row["data_access_expires_at"] = iso(data_access)
        return row

    def _verdict(self, granted: Sequence[str] | None) -> Row:
        if granted is None:
            return {}
        lacking: dict[str, Any] = permissions.missing_scopes(granted)
        access = "read and write" if permissions.WRITE in granted else "read only: it lacks ads_management"
        return {"access": access} | ({"missing_scopes": lacking} if lacking else {})


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
