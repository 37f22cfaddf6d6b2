"""All profiles of this process: stored (keyring or file), given by the environment, registered while it runs.

Which token is used: the profile chosen by a setting or a tool > the active stored profile > `META_TOKENS` (its first
name) > `META_ACCESS_TOKEN`. A chosen profile that is missing is an error; no other token stands in for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from meta_ads_mcp.credentials.keychain import Backend, Keychain, KeychainProblem
from meta_ads_mcp.credentials.profile_index import ProfileIndex, ProfileRecord, StoredProfiles
from meta_ads_mcp.credentials.token import Token, mask
from meta_ads_mcp.credentials.token_file import TokenFile
from meta_ads_mcp.errors import AdsError, TokenProblem

DEFAULT = "default"
Place = Literal["keyring", "file"]
Source = Literal["keyring", "file", "memory", "META_TOKENS", "META_ACCESS_TOKEN", "demo"]


@dataclass(frozen=True)
class Renewed:
    """A new token and when it ends (Unix seconds; 0 is never)."""

    value: str
    expires_at: int


class RenewalState(Protocol):
    """Swaps a token that is about to end for a newer one."""

    def due(self, name: str, expires_at: int | None) -> bool: ...

    async def run(self, name: str) -> None: ...


@dataclass(frozen=True)
class EnvironmentToken:
    """A token that came with the process's settings."""

    value: str
    source: Source


@dataclass(frozen=True)
class ProfileEntry:
    """One profile as lists show it."""

    name: str
    source: Source
    record: ProfileRecord
    active: bool


def from_settings(access_token: str | None, tokens: Mapping[str, str]) -> dict[str, EnvironmentToken]:
    """Return the tokens of `META_TOKENS`, then `META_ACCESS_TOKEN` as `default` where that name is free."""
    from_environment = {name: EnvironmentToken(value, "META_TOKENS") for name, value in tokens.items()}
    if access_token:
        from_environment.setdefault(DEFAULT, EnvironmentToken(access_token, "META_ACCESS_TOKEN"))
    return from_environment


class Vault:
    """The tokens of this process; `current` is the Graph client's. Without an index nothing is stored (demo, tests)."""

    def __init__(
        self,
        from_environment: Callable[[], Mapping[str, EnvironmentToken]],
        *,
        chosen: str | None = None,
        index: ProfileIndex | None = None,
        keychain: Keychain | None = None,
        token_file: TokenFile | None = None,
    ) -> None:
        self._given_later, self._chosen = from_environment, chosen
        self._index, self._keychain, self.token_file = index, keychain or Keychain(), token_file
        self._given: dict[str, EnvironmentToken] | None = None
        self._memory: dict[str, EnvironmentToken] = {}
        self._records: dict[str, ProfileRecord] = {}
        self._tokens: dict[str, Token] = {}
        self._ends: dict[str, int | None] = {}
        self._deleted: str | None = None
        self.renewal: RenewalState | None = None

    # -- which profile ----------------------------------------------------------------------------------------------

    def active_name(self) -> str:
        """Return the profile in use. Raises TokenProblem when there is none, or when the one in use was deleted."""
        if self._deleted is not None:
            raise TokenProblem(
                f"The profile {self._deleted!r}, which was in use, has been deleted.", self._choose_step()
            )
        name_in_use = self._chosen or self._stored().active or next(iter(self._all_given()), None)
        if name_in_use is None and self._memory:
            raise TokenProblem("No profile has been chosen.", self._choose_step())
        if name_in_use is None and self._stored().records:
            raise TokenProblem("No stored profile is active.", self._choose_step())
        if name_in_use is None:
            raise TokenProblem(
                "There is no Meta access token.",
                "Run `meta-ads-mcp login`, or set META_ACCESS_TOKEN in the client's configuration.",
            )
        return name_in_use

    def _choose_step(self) -> str:
        names = ", ".join(self.names()) or "none is left"
        return (
            f"Choose one (ads_set_active_token, or `meta-ads-mcp tokens use NAME`; there: {names}), "
            "or run `meta-ads-mcp login`."
        )

    def names(self) -> list[str]:
        return list(dict.fromkeys([*self._stored().records, *self._all_given(), *self._memory]))

    def source(self, name: str) -> Source | None:
        """Return the source of a profile's token; a stored one takes precedence over the environment."""
        if name in self._memory:
            return "memory"
        stored = self._stored().records.get(name)
        if stored is not None:
            return "file" if stored.place == "file" else "keyring"
        from_environment = self._all_given().get(name)
        return from_environment.source if from_environment else None

    def is_stored(self, name: str) -> bool:
        """Return whether the profile is kept on this machine, in the keyring or in the file."""
        return self.source(name) in ("keyring", "file")

    def entries(self) -> list[ProfileEntry]:
        """Return all profiles, without asking the keyring."""
        active = None
        with contextlib.suppress(TokenProblem):
            active = self.active_name()
        return [self.entry(name, active=name == active) for name in self.names()]

    def entry(self, name: str, *, active: bool = False) -> ProfileEntry:
        source = self.source(name)
        if source is None:
            raise self._missing(name)
        return ProfileEntry(name, source, self._record(name, source), active)

    def business_id(self) -> str | None:
        """Return the business stored with the profile in use, read without touching the keyring."""
        with contextlib.suppress(TokenProblem):
            return self.entry(self.active_name()).record.business_id
        return None

    def _record(self, name: str, source: Source) -> ProfileRecord:
        if source in ("keyring", "file"):
            return self._stored().records[name]
        from_environment = self._memory.get(name) or self._all_given()[name]
        return self._records.get(name) or ProfileRecord(mask(from_environment.value.strip()))

    # -- its token --------------------------------------------------------------------------------------------------

    async def current(self) -> Token:
        """Return the token in use, renewed first when it is about to run out and can be.

        The profile is settled at the first call: what other processes do to the list does not switch this one.
        """
        if self._chosen is None or self._deleted is not None:
            self._chosen = self.active_name()
        name = self._chosen
        token = await self.token(name)
        renewal = self.renewal
        if renewal is not None and renewal.due(name, self._ends.get(name)):
            # The old token still works: a failed renewal must not fail the call.
            with contextlib.suppress(AdsError):
                await renewal.run(name)
            return await self.token(name)
        return token

    async def token(self, name: str) -> Token:
        """Return the token of a profile. Raises TokenProblem when it does not exist or cannot be read."""
        if name not in self._tokens:
            self._tokens[name] = Token(await self._value(name), name)
            self._ends[name] = self.entry(name).record.expires_at
        return self._tokens[name]

    def invalidate(self, token: Token) -> None:
        """Drop the cached token so that the next call reads the keyring again: a new `login` requires no restart."""
        if self._tokens.get(token.profile) is token and self.is_stored(token.profile):
            del self._tokens[token.profile]

    async def _value(self, name: str) -> str:
        source = self.source(name)
        if source is None:
            raise self._missing(name)
        if source not in ("keyring", "file"):
            return (self._memory.get(name) or self._all_given()[name]).value
        try:
            value = await self._read(name, source)
        except KeychainProblem as failure:
            raise KeychainProblem(f"Profile {name!r}: {failure.message}", self._step_without_keyring(name)) from None
        if value is None:
            raise TokenProblem(
                f"The {source} has no token for the stored profile {name!r}.", f"Run `meta-ads-mcp login {name}`."
            )
        return value

    async def _read(self, name: str, place: Source) -> str | None:
        return self._require_file().read(name) if place == "file" else await self._keychain.read(name)

    async def _write(self, name: str, value: str, place: Place) -> None:
        if place == "file":
            self._require_file().write(name, value)
        else:
            await self._keychain.write(name, value)

    async def _erase(self, name: str, place: str) -> None:
        if place == "file":
            self._require_file().delete(name)
        else:
            await self._keychain.delete(name)

    def _require_file(self) -> TokenFile:
        if self.token_file is None:
            raise TokenProblem("There is no file of tokens here.", "Run `meta-ads-mcp login`.")
        return self.token_file

    def _step_without_keyring(self, profile: str) -> str:
        """Return what to do when the keyring does not work. A stored profile takes precedence over the variables."""
        free = next(name for name in (DEFAULT, "env", "environment") if name not in self._stored().records)
        tokens = "META_ACCESS_TOKEN" if free == DEFAULT else f'META_TOKENS={{"{free}": "…"}}'
        return (
            f"Unlock the keyring, or run `meta-ads-mcp login {profile} --file` to keep the token in a private file, or "
            f"set {tokens} and META_ADS_PROFILE={free} in the client's configuration."
        )

    def _missing(self, name: str) -> TokenProblem:
        others = ", ".join(self.names())
        return TokenProblem(
            f"There is no token for profile {name!r}.",
            f"Run `meta-ads-mcp login {name}`" + (f", or choose another profile: {others}." if others else "."),
            allowed=tuple(self.names()),
        )

    def stored_active(self) -> str | None:
        """Return the active profile as it is stored, whatever this process was told to use."""
        return self._stored().active

    async def probe(self) -> Backend:
        """Return whether the keyring works, by a real round trip. Raises KeychainProblem when it does not."""
        return await self._keychain.probe()

    # -- changes ----------------------------------------------------------------------------------------------------

    def use(self, name: str) -> None:
        """Use this profile from now on, in this process."""
        self.entry(name)
        self._chosen, self._deleted = name, None

    def activate(self, name: str | None) -> None:
        """Make a stored profile the active one of this machine, or none."""
        profiles = self._stored()
        if name is not None and name not in profiles.records:
            raise self._missing(name)
        self._save(replace(profiles, active=name))

    async def keep(
        self, name: str, value: str, record: ProfileRecord, *, active: bool, place: Place = "keyring"
    ) -> Source:
        """Store under a new name or over the old entry, and remove the old entry from another place.

        Raises KeychainProblem or TokenProblem where that fails.
        """
        if self._index is None:
            raise KeychainProblem("Nothing is stored here.", "Set META_ACCESS_TOKEN instead.")
        profiles = self._stored()
        old = profiles.records.get(name)
        await self._write(name, value, place)
        try:
            self._save(profiles.having(name, replace(record, place=place), active=active))
        except TokenProblem:
            if old is None:
                await self._erase(name, place)
            raise
        for cache in (self._memory, self._tokens, self._ends):
            cache.pop(name, None)
        if old is not None and old.place != place:
            await self._erase(name, old.place)
        return place

    def keep_in_memory(self, name: str, value: str, record: ProfileRecord) -> Source:
        """Keep in memory for this process."""
        self._memory[name], self._records[name] = EnvironmentToken(value, "memory"), record
        self._tokens.pop(name, None)
        return "memory"

    async def replace_token(self, name: str, new: Renewed) -> Source:
        """Replace the token of a profile. When the new one cannot be stored, the old one stays."""
        entry = self.entry(name)
        record = replace(entry.record, masked=mask(new.value), expires_at=new.expires_at)
        if entry.source in ("keyring", "file"):
            place: Place = "file" if entry.source == "file" else "keyring"
            return await self.keep(name, new.value, record, active=self._stored().active == name, place=place)
        return self.keep_in_memory(name, new.value, record)

    async def delete(self, name: str) -> ProfileEntry:
        """Delete a profile. When it was in use, nothing takes its place until a profile is chosen."""
        active = False
        with contextlib.suppress(TokenProblem):
            active = name == self.active_name()
        entry = self.entry(name, active=active)
        if entry.source in ("keyring", "file"):
            await self._erase(name, entry.source)
            self._save(self._stored().without(name))
        self._memory.pop(name, None)
        if self._given is not None:
            self._given.pop(name, None)
        self._tokens.pop(name, None)
        if active:
            self._deleted, self._chosen = name, None
        return entry

    def drop_if_renewed_elsewhere(self, name: str) -> bool:
        """Return whether another process has stored a later token, and drop the cached one if so."""
        end, stored_end = self._ends.get(name), self.entry(name).record.expires_at
        if not self.is_stored(name) or not end or stored_end is None or 0 < stored_end <= end:
            return False
        self._tokens.pop(name, None)
        return True

    def remember(self, name: str, record: ProfileRecord) -> None:
        """Remember what Graph said of a token that is not stored here."""
        if not self.is_stored(name):
            self._records[name] = record

    def held(self) -> list[Token]:
        """Return every token in this process: of the settings, in memory, and those read from the keyring so far."""
        tokens = {**self._all_given(), **self._memory}
        return [*(Token(entry.value, name) for name, entry in tokens.items()), *self._tokens.values()]

    def _all_given(self) -> dict[str, EnvironmentToken]:
        if self._given is None:
            self._given = dict(self._given_later())
        return self._given

    def _stored(self) -> StoredProfiles:
        return self._index.read() if self._index else StoredProfiles()

    def _save(self, profiles: StoredProfiles) -> None:
        if self._index is not None:
            self._index.write(profiles)
