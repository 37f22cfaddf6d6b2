"""The token: where it comes from, and a holder that never shows it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol

from meta_ads_mcp.errors import TokenProblem

_SHORTEST_SHOWN = 16


class Token:
    """A Meta access token. `repr`, `str` and pickling show the masked form only; `reveal` is for the wire alone."""

    __slots__ = ("_value", "key", "profile")

    def __init__(self, value: str, profile: str = "default") -> None:
        self._value = value.strip()
        self.profile = profile
        self.key = hashlib.sha256(self._value.encode()).hexdigest()[:12]

    def reveal(self) -> str:
        return self._value

    @property
    def masked(self) -> str:
        """First four and last four characters; nothing of a short one."""
        return mask(self._value)

    def proof(self, app_secret: str) -> str:
        """`appsecret_proof`: HMAC-SHA256 of the token under the app's secret (Meta docs, facebook-login/security)."""
        return hmac.new(app_secret.encode(), self._value.encode(), hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return f"Token({self.masked}, profile={self.profile!r})"

    __str__ = __repr__

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a token is not written anywhere")


def mask(value: str) -> str:
    return f"{value[:4]}…{value[-4:]}" if len(value) >= _SHORTEST_SHOWN else "…"


class Tokens(Protocol):
    """Where the Graph client gets the token of the active profile."""

    async def current(self) -> Token:
        """Raises TokenProblem when there is none."""
        ...


class EnvironmentTokens:
    """Tokens of `META_TOKENS` and `META_ACCESS_TOKEN`; the first name of the former is active."""

    def __init__(self, access_token: str | None, named: Mapping[str, str], profile: str | None = None) -> None:
        self._tokens = {name: Token(value, name) for name, value in named.items()}
        if access_token:
            self._tokens.setdefault("default", Token(access_token))
        self._profile = profile

    async def current(self) -> Token:
        if self._profile is not None:
            return self._named(self._profile)
        if not self._tokens:
            raise TokenProblem(
                "There is no Meta access token.",
                "Run `meta-ads-mcp login`, or set META_ACCESS_TOKEN in the client's configuration.",
            )
        return next(iter(self._tokens.values()))

    def _named(self, profile: str) -> Token:
        """A chosen profile that is missing is an error: no other credential stands in for it."""
        if profile not in self._tokens:
            raise TokenProblem(
                f"There is no stored token for profile {profile!r}.",
                f"Run `meta-ads-mcp login {profile}`, or choose another profile.",
            )
        return self._tokens[profile]


class FixedToken:
    """One token that is already there, as the sandbox needs it."""

    def __init__(self, value: str) -> None:
        self._token = Token(value, "demo")

    async def current(self) -> Token:
        return self._token
