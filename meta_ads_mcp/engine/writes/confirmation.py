"""Ask for a person's agreement before a write that can cost money, cannot be undone, or speaks in public.

A client that can ask its user is asked through it. For the others the first call answers with a plan and a code, and
the same call with the code carries it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.writes.codes import CodeProblem, ConfirmationCodes
from meta_ads_mcp.errors import ConfirmationRequired, DataLimit

# Characters of a question. An answer (META_ADS_RESULT_CHARS) has to hold it, too.
MAX_QUESTION_CHARS = 100_000
_SHOW_PLAN = "Show this plan to the user. If they agree, repeat this call with `confirmation` within ten minutes."
_WAIT_FOR_CARD = (
    "The user sees this plan on a card and applies or cancels it there. Wait for them. If they see no card, make the "
    "same call again after half a minute."
)


@dataclass(frozen=True)
class Reply:
    """Hold the client's reply to a question: whether its user agrees, and the code of the question."""

    has_agreed: bool
    code: str | None


@dataclass(frozen=True)
class ConfirmationQuestion:
    """Ask the client's user. The client sends `code` back with the reply (MCP 2026-07-28)."""

    text: str
    code: str


@dataclass(frozen=True)
class PendingCode:
    """Hold the code for a client that cannot ask its user, and why the code of this call was refused, if it had one."""

    code: str
    problem: CodeProblem | None = None


class Elicitor(Protocol):
    """Ask the user through the client."""

    @property
    def can_ask(self) -> bool: ...

    @property
    def reply(self) -> Reply | None:
        """Return the reply that came with this call, or None."""
        ...

    @property
    def shows_card(self) -> bool:
        """Return whether a view, which has proved that it works, shows the plan of this call and has its code."""
        ...

    async def ask(self, text: str) -> bool | None:
        """Return whether the user agrees, or None if the question has to be returned to the client instead."""
        ...


def require_showable(text: str, most_chars: int = MAX_QUESTION_CHARS) -> str:
    """Return the question. Raises DataLimit if it is too long to be shown to the user."""
    if len(text) > most_chars:
        raise DataLimit(
            f"Nothing was changed: the user would have to agree to {len(text)} characters, and {most_chars} can be "
            "shown.",
            "Change fewer objects in a call, or shorten the texts of the objects in Ads Manager first.",
        )
    return text


class NoElicitor:
    """Implement Elicitor for a client that cannot ask its user."""

    can_ask = False
    shows_card = False
    reply: Reply | None = None

    async def ask(self, text: str) -> bool | None:
        return None


class ConfirmationGate:
    """Decide whether a write that requires an agreement may go ahead."""

    def __init__(self, codes: ConfirmationCodes) -> None:
        self._codes = codes

    def issue(self, tool: str, arguments: Mapping[str, Any], replaces: Any) -> str:
        """Return a code with which the same call goes ahead, for a plan that is shown before anybody is asked."""
        return self._codes.issue(tool, _bare(arguments), replaces)

    def expiry(self) -> float:
        """Return until when a code that is issued now holds, in Unix seconds."""
        return self._codes.expiry()

    async def check(
        self, elicitor: Elicitor, tool: str, arguments: Mapping[str, Any], replaces: Any, text: str
    ) -> ConfirmationQuestion | PendingCode | None:
        """Return None to go ahead, a question for a client that asks later, or a code for one that cannot ask.

        Raises ConfirmationRequired when the user declined, or when a reply does not belong to this call.
        """
        code = arguments.get("confirmation")
        if not elicitor.can_ask:
            problem = self._codes.redeem(code, tool, _bare(arguments), replaces) if code is not None else None
            if code is not None and problem is None:
                return None
            return PendingCode(self.issue(tool, arguments, replaces), problem)
        if elicitor.reply is not None:
            self._require(elicitor.reply, tool, arguments, replaces)
            return None
        has_agreed = await elicitor.ask(text)
        if has_agreed is None:
            return ConfirmationQuestion(text, self.issue(tool, arguments, replaces))
        if not has_agreed:
            raise _refusal()
        return None

    def reject_unneeded_code(self, elicitor: Elicitor, arguments: Mapping[str, Any]) -> None:
        """Reject a confirmation on a call that needs none: the code belongs to another call or was used already.

        Raises ConfirmationRequired. Otherwise a code that was used up would make the change again.
        """
        if elicitor.reply.code if elicitor.can_ask and elicitor.reply else arguments.get("confirmation"):
            raise ConfirmationRequired(
                "This confirmation code is invalid: it was already used or belongs to another call.",
                "This call needs no confirmation; if the change is not in place yet, repeat it without one.",
            )

    def _require(self, reply: Reply, tool: str, arguments: Mapping[str, Any], replaces: Any) -> None:
        problem = self._codes.redeem(reply.code or "", tool, _bare(arguments), replaces)
        if problem is not None:
            raise ConfirmationRequired(problem.value, "Call again without an answer; the user is then asked again.")
        if not reply.has_agreed:
            raise _refusal()


def bound_values(changes: Sequence[Change]) -> list[Row]:
    """Return what a code holds for, beside the arguments of its call: what is replaced, and everything that is sent.

    A file, or a list of objects that a rule selects, can be another one when the code comes back.
    """
    return [{"replaces": change.before, "sends": _sent(change)} for change in changes]


def _sent(change: Change) -> Row:
    request = change.request
    params = {name: value for name, value in request.params.items() if name not in change.clocked}
    return {"method": request.method, "path": request.path, "params": params, "files": file_digests(request)}


def file_digests(request: Request) -> dict[str, str]:
    """Return the SHA-256 of each file of a request."""
    return {name: hashlib.sha256(content).hexdigest() for name, (_, content, _) in request.files.items()}


def pending_fields(code: str, *, is_on_card: bool) -> Row:
    """Return what the answer says of a code. If the user has it on a card, the answer does not hold it."""
    if is_on_card:
        return {"next_step": _WAIT_FOR_CARD}
    return {"confirmation": code, "next_step": _SHOW_PLAN}


def _bare(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that a code is bound to: all but the code itself and the choice of a dry run."""
    return {name: value for name, value in arguments.items() if name not in ("confirmation", "dry_run")}


def _refusal() -> ConfirmationRequired:
    return ConfirmationRequired("The user declined. Nothing was changed.", "Ask the user what to do instead.")
