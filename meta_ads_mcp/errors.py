"""Define the errors of a tool call. The class says who has to act next.

    AdsError
    ├── InvalidArguments      caller: correct the named argument
    ├── Denied                server owner: settings or policy do not allow it
    ├── ConfirmationRequired  user: agree first
    ├── NotApplied            user: Meta accepted the change, but Graph still has the old values
    ├── NotFound              caller: the object does not exist, or this token cannot see it
    ├── PermissionMissing     token owner: a scope, a role or a task is missing
    ├── TokenProblem          token owner: there is no token, or it has expired or was revoked
    ├── Throttled             caller: wait `retry_after_seconds`
    │   ├── CircuitOpen       caller: wait; this server stopped calls so that Meta does not block the account
    │   └── Blocked           caller: wait; Meta has blocked the account or app for a while
    ├── DataLimit             caller: ask for less, or run an asynchronous report
    ├── Transient             caller: the same call may succeed in a moment
    ├── NetworkProblem        machine owner: there was no answer from Graph
    ├── UnknownOutcome        user: check whether the write happened before repeating it
    ├── ApiError              caller: Graph refused the request for another reason
    └── InternalError         developers: a defect of this server

Every error holds two sentences: `message` says what happened, `next_step` says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class GraphError:
    """What Graph said of an error, as far as it said it.

    `blame_fields` are dotted paths of `error_data.blame_field_specs`; `retry_after_seconds` is a hint found in the
    body. `http_status` is the response's. `offsets` are the first byte that an upload goes on with and the one after
    its last. Source: Meta docs, graph-api/guides/error-handling.
    """

    code: int
    message: str = ""
    subcode: int | None = None
    type: str | None = None
    fbtrace_id: str | None = None
    user_title: str | None = None
    user_message: str | None = None
    blame_fields: tuple[str, ...] = ()
    is_transient: bool = False
    http_status: int | None = None
    retry_after_seconds: int | None = None
    offsets: tuple[int, int] | None = None

    def public(self) -> dict[str, Any]:
        """Return the keys of the contract's `error` object that come from Graph, without empty ones."""
        result = {
            "code": self.code or None,
            "subcode": self.subcode,
            "type": self.type,
            "fbtrace_id": self.fbtrace_id,
            "user_title": self.user_title,
            "user_message": self.user_message,
            "blame_fields": list(self.blame_fields),
        }
        return {key: value for key, value in result.items() if value not in (None, [], "")}


@dataclass(eq=False)
class AdsError(Exception):
    """An error with a kind of the contract, a sentence on what happened and one on what to do."""

    kind: ClassVar[str] = "internal"
    default_next_step: ClassVar[str] = "Report this as a defect."

    message: str
    next_step: str = ""
    graph: GraphError | None = None
    retry_after_seconds: int | None = None
    allowed: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.message)
        self.next_step = self.next_step or self.default_next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}"

    def public(self) -> dict[str, Any]:
        """Return the contract's `error` object."""
        result: dict[str, Any] = {"kind": self.kind, "message": self.message, "next_step": self.next_step}
        if self.graph is not None:
            result |= self.graph.public()
        if self.retry_after_seconds is not None:
            result["retry_after_seconds"] = self.retry_after_seconds
        if self.allowed:
            result["allowed"] = list(self.allowed)
        return result | self.details


class InvalidArguments(AdsError):
    kind = "invalid_arguments"
    default_next_step = "Correct the argument and call again."


class Denied(AdsError):
    kind = "denied"
    default_next_step = "The owner of this server can change its settings; the tools cannot."


class ConfirmationRequired(AdsError):
    kind = "confirmation_required"
    default_next_step = "Show the plan to the user and call again when they agree."


class NotApplied(AdsError):
    """Meta accepted a change that had no effect. `changes` in its public form has Graph's current values."""

    kind = "not_applied"
    default_next_step = "Look in Ads Manager why Meta keeps the old values, and change them there or in another way."

    def __init__(self, message: str, next_step: str = "", *, changes: dict[str, Any], change_id: str) -> None:
        super().__init__(message, next_step, details={"changes": changes, "change_id": change_id})


class NotFound(AdsError):
    kind = "not_found"
    default_next_step = "Check the id with one of the list tools, and that this token can see its account."


class PermissionMissing(AdsError):
    kind = "permission"
    default_next_step = "Give the token the missing permission, or its user a role on the account or Page."


class TokenProblem(AdsError):
    kind = "token"
    default_next_step = "Give the server a valid token: run `meta-ads-mcp login`, or set META_ACCESS_TOKEN."


class Throttled(AdsError):
    kind = "throttled"
    default_next_step = "Wait for `retry_after_seconds`; calling sooner makes Meta's limit last longer."


class CircuitOpen(Throttled):
    kind = "circuit_open"
    default_next_step = "Nothing was sent. Wait for `retry_after_seconds`, then call again."


class Blocked(Throttled):
    kind = "blocked"
    default_next_step = "Stop calling this account for `retry_after_seconds`, and look for a message in Ads Manager."


class DataLimit(AdsError):
    kind = "data_limit"
    default_next_step = "Ask for fewer fields, a shorter date range or a smaller limit, or run an asynchronous report."


class Transient(AdsError):
    kind = "transient"
    default_next_step = "Call again in a moment."


class NetworkProblem(AdsError):
    kind = "network"
    default_next_step = "Check the connection of this machine and call again."


class UnknownOutcome(AdsError):
    kind = "unknown_outcome"
    default_next_step = "Check whether the change happened before you repeat it (ads_get_changes lists it)."


class ApiError(AdsError):
    kind = "api"
    default_next_step = "Read Meta's message, correct the request and call again."


class InternalError(AdsError):
    kind = "internal"
