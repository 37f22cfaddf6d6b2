"""A person's agreement before a write that can cost money, cannot be undone, or speaks in public.

A client that can ask its user is asked through it. For the others the first call answers with a plan and a code, and
the same call with the code carries it out. A code is signed with a key of this process, bound to the tool, its
arguments and what the plan replaces, good for ten minutes and for one call.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.errors import ConfirmationRequired

TTL_SECONDS = 600


@dataclass(frozen=True)
class Reply:
    """What the client sent back to a question: whether its user agreed, and the code that the question carried."""

    agreed: bool
    code: str | None


@dataclass(frozen=True)
class ConfirmationQuestion:
    """Asks the client's user; `code` comes back with the reply (the 2026-07-28 way of asking)."""

    text: str
    code: str


class Elicitor(Protocol):
    """The client's way of asking its user."""

    @property
    def can_ask(self) -> bool: ...

    @property
    def reply(self) -> Reply | None:
        """The answer that came with this call, where the client calls again with it."""
        ...

    async def ask(self, text: str) -> bool | None:
        """Whether the user agreed; None when the question has to be returned instead."""
        ...


class NoElicitor:
    """A client that cannot ask."""

    can_ask = False
    reply: Reply | None = None

    async def ask(self, text: str) -> bool | None:
        return None


class ConfirmationCodes:
    """Issues and redeems confirmation codes."""

    def __init__(self, clock: Clock) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock
        self._spent: dict[str, float] = {}

    def issue(self, tool: str, arguments: Mapping[str, Any], replaces: Any) -> str:
        head = f"{int(self._clock.now()) + TTL_SECONDS}-{secrets.token_hex(4)}"
        return f"{head}.{self._sign(head, tool, arguments, replaces)}"

    def redeem(self, code: str | None, tool: str, arguments: Mapping[str, Any], replaces: Any) -> bool:
        """Whether the code was issued for this very call, in time, and not used before. It is used up by this."""
        now = self._clock.now()
        self._spent = {used: until for used, until in self._spent.items() if until > now}
        head, _, signature = (code or "").partition(".")
        until = head.partition("-")[0]
        if code is None or code in self._spent or not (until.isascii() and until.isdigit()) or int(until) <= now:
            return False
        expected = self._sign(head, tool, arguments, replaces)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return False
        self._spent[code] = int(until)
        return True

    def _sign(self, head: str, tool: str, arguments: Mapping[str, Any], replaces: Any) -> str:
        text = json.dumps([head, tool, arguments, replaces], sort_keys=True, separators=(",", ":"), default=str)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:24]


class ConfirmationGate:
    """Decides whether a write that needs agreement may go ahead."""

    def __init__(self, codes: ConfirmationCodes) -> None:
        self._codes = codes

    async def check(
        self, asker: Elicitor, tool: str, arguments: Mapping[str, Any], replaces: Any, text: str
    ) -> ConfirmationQuestion | str | None:
        """None: go ahead. A `Question` to return to a client that asks later, or the code for one that cannot ask.

        Raises ConfirmationRequired when the user declined, or when a reply does not belong to this call.
        """
        given = arguments.get("confirmation")
        bare = {name: value for name, value in arguments.items() if name != "confirmation"}
        if not asker.can_ask:
            if given is not None and self._codes.redeem(given, tool, bare, replaces):
                return None
            return self._codes.issue(tool, bare, replaces)
        if asker.reply is not None:
            self._require(asker.reply, tool, bare, replaces)
            return None
        agreed = await asker.ask(text)
        if agreed is None:
            return ConfirmationQuestion(text, self._codes.issue(tool, bare, replaces))
        if not agreed:
            raise _declined()
        return None

    def reject_unneeded_code(self, asker: Elicitor, arguments: Mapping[str, Any]) -> None:
        """Raises ConfirmationRequired where a call that needs no agreement brings one: it was meant for another call,
        or for this one before the change was made. Otherwise a code that was used up would make the change again.
        """
        if asker.reply.code if asker.can_ask and asker.reply else arguments.get("confirmation"):
            raise ConfirmationRequired(
                "This agreement was used before, or does not belong to this call, which needs none as things are now.",
                "Look whether the change is made already; if not, call again without a confirmation.",
            )

    def _require(self, reply: Reply, tool: str, arguments: Mapping[str, Any], replaces: Any) -> None:
        if not self._codes.redeem(reply.code, tool, arguments, replaces):
            raise ConfirmationRequired(
                "This agreement does not belong to this call, was used before, or is older than ten minutes.",
                "Call again without an answer; the user is then asked anew.",
            )
        if not reply.agreed:
            raise _declined()


def _declined() -> ConfirmationRequired:
    return ConfirmationRequired("The user declined. Nothing was changed.", "Ask the user what to do instead.")
