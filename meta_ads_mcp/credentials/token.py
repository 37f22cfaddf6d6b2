"""The token itself: a holder that never shows it, and what a pasted one must look like."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Protocol

_MIN_MASKED_CHARS = 16
# Windows Credential Manager holds 2,560 bytes of UTF-16 per entry; Meta's tokens have about 200 to 400 characters.
LONGEST = 1200
_TOKEN = re.compile(r"[A-Za-z0-9_|.-]+")
_META_TOKEN = re.compile(r"EA[A-Za-z0-9]{20,}")


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


class Tokens(Protocol):
    """Where the Graph client gets the token of the active profile."""

    async def current(self) -> Token:
        """Raises TokenProblem when there is none."""
        ...

    def invalidate(self, token: Token) -> None:
        """Drop a token that Meta does not accept; the next use may find a newer one in its place."""
        ...

    def held(self) -> Iterable[Token]:
        """Return every token that this process holds, of all profiles."""
        ...


class FixedToken:
    """One token that is already there: a candidate that is being looked at, or the sandbox's."""

    def __init__(self, token: Token | str) -> None:
        self._token = token if isinstance(token, Token) else Token(token, "demo")

    async def current(self) -> Token:
        return self._token

    def invalidate(self, token: Token) -> None:
        """There is no other."""

    def held(self) -> Iterable[Token]:
        return (self._token,)


def mask(value: str) -> str:
    return f"{value[:4]}…{value[-4:]}" if len(value) >= _MIN_MASKED_CHARS else "…"


def wrong_form(value: str) -> str | None:
    """Describe what is wrong with a pasted token, without showing any of it; None when it may be one."""
    if not value:
        return "There is no token in the input."
    if len(value) > LONGEST:
        return f"The input has {len(value)} characters; a token has at most {LONGEST}."
    if not _TOKEN.fullmatch(value):
        return "The input has blanks, quotes or other characters that no token has: more than the token was pasted."
    return None


def is_meta_token(value: str) -> bool:
    """Return whether a value has the form of a user's or System User's token (`EA…`)."""
    return bool(_META_TOKEN.fullmatch(value.strip()))
