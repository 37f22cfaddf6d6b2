"""Get the Pages' own tokens, which forms, leads and comments require.

They are fetched with the user's token and kept in memory only: `GET {page}?fields=access_token`, else `GET me/accounts`
(Meta docs, pages-api/access-tokens). A Page's token is a secret like the user's. It is neither returned nor logged, and
it has its own `appsecret_proof`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.credentials import Token
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound, PermissionMissing, TokenProblem
from meta_ads_mcp.graph.single_flight import SingleFlight

MAX_TOKENS = 1_000
# Meta reports a missing permission on the Page with the code of a bad token; only this word tells them apart.
_IMPERSONATION = "impersonat"
_ACCOUNTS = Request("GET", "me/accounts", {"fields": "id,access_token", "limit": 100})
# How Meta refuses a caller, apart from limits and faults.
_REFUSALS = (PermissionMissing, NotFound, InvalidArguments, TokenProblem)
NEXT_STEP = "Give the token pages_show_list and pages_read_engagement, and its user a role on the Page."

Send = Callable[[Request, Token], Awaitable[Any]]


class PageTokens:
    """Tokens by user's token and Page. Callers that wait for the same token share one look-up."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._tokens: dict[tuple[str, str], Token] = {}
        self._single = SingleFlight()

    def held(self) -> list[Token]:
        """Return the tokens of Pages in memory."""
        return list(self._tokens.values())

    async def send(self, request: Request, user: Token, page: str) -> Any:
        """Return the response to a request of a Page.

        Raises PermissionMissing when the user may not act for the Page.
        """
        try:
            token = await self.token(user, page)
        except PermissionMissing as missing:
            if request.write:
                raise
            return await self._send_as_user(request, user, missing)
        try:
            return await self._send(request, token)
        except TokenProblem:
            self._tokens.pop((user.key, page), None)  # Meta no longer accepts it
            raise

    async def _send_as_user(self, request: Request, user: Token, missing: PermissionMissing) -> Any:
        """Retry a read with the user's token: leads accept it, and Meta rejects the rest."""
        try:
            return await self._send(request, user)
        except _REFUSALS:
            raise missing from None

    async def token(self, user: Token, page: str) -> Token:
        """Return the token of a Page. Raises PermissionMissing when the user may not act for it."""
        token = self._tokens.get((user.key, page))
        if token is None:
            token = await self._single.run(f"{user.key}:{page}", lambda: self._look_up(user, page))
        return token

    async def _look_up(self, user: Token, page: str) -> Token:
        try:
            row = await self._send(Request("GET", page, {"fields": "access_token"}), user)
            refusal = None
        except _REFUSALS as error:
            refusal = _explain(error, page)
            if not isinstance(refusal, PermissionMissing):
                raise refusal from None
            row = None
        value = _token_in(row) or await self._find_in_list(user, page)
        if value is None:
            raise refusal or _missing(page)
        if len(self._tokens) >= MAX_TOKENS:
            self._tokens.clear()
        self._tokens[user.key, page] = token = Token(value, user.profile)
        return token

    async def _find_in_list(self, user: Token, page: str) -> str | None:
        """Return the token as the list of the user's Pages has it."""
        try:
            body = await self._send(_ACCOUNTS, user)
        except _REFUSALS:
            return None
        rows = body.get("data") if isinstance(body, Mapping) else None
        objects = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        return next((_token_in(row) for row in objects if row.get("id") == page), None)


def _token_in(row: Any) -> str | None:
    value = row.get("access_token") if isinstance(row, Mapping) else None
    return value if isinstance(value, str) and value else None


def _missing(page: str, refusal: AdsError | None = None) -> PermissionMissing:
    message = f"This token may not act for the Page {page}."
    return PermissionMissing(message, NEXT_STEP, graph=refusal.graph if refusal else None)


def _explain(refusal: AdsError, page: str) -> AdsError:
    """Return the error to raise: a missing permission on the Page comes with several codes."""
    text = refusal.graph.message.lower() if refusal.graph else ""
    if isinstance(refusal, TokenProblem) and _IMPERSONATION not in text:
        return refusal
    return _missing(page, refusal)
