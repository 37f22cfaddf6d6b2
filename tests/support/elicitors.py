"""Clients that ask their user to confirm a write."""

from __future__ import annotations

from meta_ads_mcp.engine.writes.confirmation import Reply


class Person:
    """A client that asks its user at once. The user always gives the same answer."""

    can_ask = True
    shows_card = False
    reply: Reply | None = None

    def __init__(self, agrees: bool) -> None:
        self.agrees = agrees
        self.asked: list[str] = []

    async def ask(self, text: str) -> bool | None:
        self.asked.append(text)
        return self.agrees


class LaterReply:
    """A client that returns the question to its user and sends the reply with its next call."""

    can_ask = True
    shows_card = False

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply

    async def ask(self, text: str) -> bool | None:
        return None
