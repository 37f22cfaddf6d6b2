"""The Pages' own tokens, which forms, leads and comments need: fetched with the user's token, kept in memory only.

`GET {page}?fields=access_token` (Meta docs, pages-api/access-tokens). A Page's token is a secret like the user's: it is
neither returned nor logged, and it has its own `appsecret_proof`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from meta_ads_mcp.credentials import Token
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound, PermissionMissing, TokenProblem
from meta_ads_mcp.graph.single import Single
from meta_ads_mcp.spec.request import Request

MOST_REMEMBERED = 1_000
# How Meta says, with the code of a bad token, that only the Page's permission is missing.
_IMPERSONATION = "impersonat"
NEEDED = "Give the token pages_show_list and pages_read_engagement, and its user a role on the Page."

Fetch = Callable[[Request, Token], Awaitable[Any]]


class PageTokens:
    """Tokens by (user's token, Page); one look-up for all who wait for the same."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._known: dict[tuple[str, str], Token] = {}
        self._single = Single()

    async def get(self, user: Token, page: str) -> Token:
        """The Page's token. Raises PermissionMissing when the user's token may not act for the Page."""
        found = self._known.get((user.key, page))
        if found is None:
            found = await self._single.run(f"{user.key}:{page}", lambda: self._look_up(user, page))
        return found

    def drop(self, user: Token, page: str) -> None:
        """Forget a token that Meta no longer accepts."""
        self._known.pop((user.key, page), None)

    async def _look_up(self, user: Token, page: str) -> Token:
        try:
            row = await self._fetch(Request("GET", page, {"fields": "access_token"}), user)
        except (PermissionMissing, NotFound, InvalidArguments, TokenProblem) as refused:
            raise _explained(refused, page) from None
        value = row.get("access_token") if isinstance(row, Mapping) else None
        if not isinstance(value, str) or not value:
            raise _missing(page)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[user.key, page] = token = Token(value, user.profile)
        return token


def _missing(page: str, refused: AdsError | None = None) -> PermissionMissing:
    return PermissionMissing(
        f"This token may not act for the Page {page}.", NEEDED, graph=refused.graph if refused else None
    )


def _explained(refused: AdsError, page: str) -> AdsError:
    """A missing permission on the Page comes with several codes; a dead user token stays what it is."""
    text = refused.graph.message.lower() if refused.graph else ""
    if isinstance(refused, TokenProblem) and _IMPERSONATION not in text:
        return refused
    return _missing(page, refused)
