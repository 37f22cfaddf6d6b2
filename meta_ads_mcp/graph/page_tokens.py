"""The Pages' own tokens, which forms, leads and comments need: fetched with the user's token, kept in memory only.

`GET {page}?fields=access_token`, else `GET me/accounts` (Meta docs, pages-api/access-tokens). A Page's token is a
secret like the user's: it is neither returned nor logged, and it has its own `appsecret_proof`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.credentials import Token
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound, PermissionMissing, TokenProblem
from meta_ads_mcp.graph.single_flight import SingleFlight

MOST_REMEMBERED = 1_000
# How Meta says, with the code of a bad token, that only the Page's permission is missing.
_IMPERSONATION = "impersonat"
_ACCOUNTS = Request("GET", "me/accounts", {"fields": "id,access_token", "limit": 100})
# How Meta refuses a caller, apart from limits and faults.
_REFUSED = (PermissionMissing, NotFound, InvalidArguments, TokenProblem)
NEEDED = "Give the token pages_show_list and pages_read_engagement, and its user a role on the Page."

Send = Callable[[Request, Token], Awaitable[Any]]


class PageTokens:
    """Tokens by (user's token, Page); one look-up for all who wait for the same."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._known: dict[tuple[str, str], Token] = {}
        self._single = SingleFlight()

    async def send(self, request: Request, user: Token, page: str) -> Any:
        """The answer to a request of a Page. Raises PermissionMissing when the user may not act for the Page."""
        try:
            token = await self._get(user, page)
        except PermissionMissing as missing:
            if request.write:
                raise
            return await self._unaided(request, user, missing)
        try:
            return await self._send(request, token)
        except TokenProblem:
            self._known.pop((user.key, page), None)  # Meta no longer accepts it
            raise

    async def _unaided(self, request: Request, user: Token, missing: PermissionMissing) -> Any:
        """A read with the user's own token: leads allow that, and Meta itself says what else does not."""
        try:
            return await self._send(request, user)
        except _REFUSED:
            raise missing from None

    async def _get(self, user: Token, page: str) -> Token:
        found = self._known.get((user.key, page))
        if found is None:
            found = await self._single.run(f"{user.key}:{page}", lambda: self._look_up(user, page))
        return found

    async def _look_up(self, user: Token, page: str) -> Token:
        try:
            row = await self._send(Request("GET", page, {"fields": "access_token"}), user)
            refused = None
        except _REFUSED as error:
            explained = _explained(error, page)
            if not isinstance(explained, PermissionMissing):
                raise explained from None
            row, refused = None, explained
        value = _token_in(row) or await self._listed(user, page)
        if value is None:
            raise refused or _missing(page)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[user.key, page] = token = Token(value, user.profile)
        return token

    async def _listed(self, user: Token, page: str) -> str | None:
        """The token as the list of the user's Pages has it."""
        try:
            body = await self._send(_ACCOUNTS, user)
        except _REFUSED:
            return None
        rows = body.get("data") if isinstance(body, Mapping) else None
        listed = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        return next((_token_in(row) for row in listed if row.get("id") == page), None)


def _token_in(row: Any) -> str | None:
    value = row.get("access_token") if isinstance(row, Mapping) else None
    return value if isinstance(value, str) and value else None


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
