"""Offer the user a page for a token when a call has failed for want of a valid one.

A client that declares elicitation by URL asks its user whether to open the page: by a request of the server in the
handshake era, by an `input_required` result since 2026-07-28. Other clients get the error with the command to run.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from fastmcp.tools import ToolResult
from fastmcp.tools.base import InputRequiredToolResult
from mcp import MCPError
from mcp.types import ElicitRequest, ElicitRequestURLParams, InputRequiredResult

from meta_ads_mcp.server.elicitation import STATELESS_SINCE

if TYPE_CHECKING:
    from fastmcp.server.context import Context

    from meta_ads_mcp.core.result import Row
    from meta_ads_mcp.engine.engine import ToolAnswer
    from meta_ads_mcp.server.login_page import LoginPage

LOGIN = "login"
QUESTION = "{problem} Open a page on this computer to enter a Meta access token? The chat does not see the token."
WAITING = (
    "A page on this computer is open for the user to enter a token; never ask for it in the chat. Repeat this call "
    "when the user says that it is done."
)


@runtime_checkable
class TokenKeeper(Protocol):
    """The profiles, as far as a page for a token requires them."""

    @property
    def can_adopt(self) -> bool: ...

    async def adopt(self, value: str) -> Row: ...


class LoginOffer:
    """Open the page at most once at a time, for the clients that can show it."""

    def __init__(self) -> None:
        self._page: LoginPage | None = None

    async def answer(
        self, context: Context, profiles: object, answer: ToolAnswer, render: Callable[[ToolAnswer], ToolResult]
    ) -> ToolResult:
        """Answer a call that failed, or ask whether to open the page. Profiles that cannot keep a token get no page."""
        if not can_open_url(context) or not isinstance(profiles, TokenKeeper) or not profiles.can_adopt:
            return render(answer)
        asks_later = _asks_later(context)
        if asks_later and LOGIN in (context.input_responses or {}):
            return render(with_next_step(answer, WAITING) if self._is_open else answer)
        try:
            url = await self._url(profiles)
        except OSError:
            return render(answer)
        text = QUESTION.format(problem=answer.structured["error"]["message"])
        if asks_later:
            return _question(text, url)
        return render(with_next_step(answer, WAITING) if await _ask(context, text, url) else answer)

    @property
    def _is_open(self) -> bool:
        return self._page is not None and self._page.is_open

    async def _url(self, keeper: TokenKeeper) -> str:
        from meta_ads_mcp.server.login_page import LoginPage  # noqa: PLC0415  few sessions require a token

        async def accept(token: str) -> str:
            row = await keeper.adopt(token)
            holder = f" of {row['holder']}" if "holder" in row else ""
            return f"The token{holder} works and is kept in the {row['stored_in']} as profile {row['profile']}."

        if self._page is None or not self._page.is_open:
            self._page = LoginPage(accept)
            await self._page.open()
        return self._page.url


def _question(text: str, url: str) -> InputRequiredToolResult:
    """Return the question of the era in which the client calls again."""
    request = ElicitRequest(method="elicitation/create", params=ElicitRequestURLParams(message=text, url=url))
    return InputRequiredToolResult(InputRequiredResult(result_type="input_required", input_requests={LOGIN: request}))


async def _ask(context: Context, text: str, url: str) -> bool:
    """Return whether the user agreed to open the page, in the handshake era."""
    try:
        result = await context.session.elicit_url(
            text, url, secrets.token_urlsafe(16), related_request_id=context.request_id
        )
    except (MCPError, ValueError):
        return False
    return result.action == "accept"


def can_open_url(context: Context) -> bool:
    """Return whether the client declared elicitation by URL."""
    params = context.session.client_params
    capability = params.capabilities.elicitation if params else None
    return capability is not None and capability.url is not None


def _asks_later(context: Context) -> bool:
    request = context.request_context
    return request is not None and request.protocol_version >= STATELESS_SINCE


def with_next_step(answer: ToolAnswer, step: str) -> ToolAnswer:
    """Return an error with another next step."""
    error: dict[str, Any] = {**answer.structured["error"], "next_step": step}
    return replace(answer, text=f"{error['message']} {step}", structured={**answer.structured, "error": error})
