"""Ask the user through the client, in the way of its protocol era."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp import MCPError
from mcp.types import ClientCapabilities, ElicitationCapability

if TYPE_CHECKING:
    from fastmcp.server.context import Context

    from meta_ads_mcp.engine.writes.confirmation import Reply

# Since this revision a server asks by returning the question; before, by a request of its own.
STATELESS_SINCE = "2026-07-28"
QUESTION = "apply"
AGREEMENT: dict[str, Any] = {
    "type": "object",
    "required": ["agree"],
    "properties": {"agree": {"type": "boolean", "title": "Apply this change"}},
}


class ClientElicitor:
    """Ask the user of a client for agreement to a change. Anything but a clear yes counts as no."""

    def __init__(self, context: Context, *, shows_card: bool = False) -> None:
        self._context = context
        self._shows_card = shows_card

    @property
    def shows_card(self) -> bool:
        """Return whether a view asks instead. A client that can ask its user by a form does that."""
        return self._shows_card and not self.can_ask

    @property
    def can_ask(self) -> bool:
        """Return whether the client declared forms. An empty `elicitation` means forms; URLs alone do not suffice."""
        session = self._context.session
        if not session.check_client_capability(ClientCapabilities(elicitation=ElicitationCapability())):
            return False
        capability = session.client_params.capabilities.elicitation if session.client_params else None
        return capability is not None and (capability.form is not None or capability.url is None)

    @property
    def reply(self) -> Reply | None:
        """The answer that came with this call, in the era in which the client calls again with it."""
        from meta_ads_mcp.engine.writes.confirmation import Reply  # noqa: PLC0415

        answers = self._context.input_responses
        if not self._asks_later or not answers or QUESTION not in answers:
            return None
        return Reply(is_agreement(answers[QUESTION]), self._context.request_state)

    async def ask(self, text: str) -> bool | None:
        """Return whether the user agreed; None in the era in which the question is returned instead."""
        if self._asks_later:
            return None
        context = self._context
        try:
            answer = await context.session.elicit_form(text, AGREEMENT, related_request_id=context.request_id)
        except (MCPError, ValueError):
            # The client refused, or its answer cannot be read.
            return False
        return is_agreement(answer)

    @property
    def _asks_later(self) -> bool:
        request = self._context.request_context
        return request is not None and request.protocol_version >= STATELESS_SINCE


def is_agreement(answer: Any) -> bool:
    """Return whether an answer to the question is a clear yes: accepted, with `agree` set to true."""
    content = getattr(answer, "content", None)
    is_accept = getattr(answer, "action", None) == "accept"
    return is_accept and isinstance(content, Mapping) and content.get("agree") is True
