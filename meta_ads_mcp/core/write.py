"""A write, fully known before anything is sent: what it does, to what, and what was there before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from pydantic import Field

from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect


@dataclass(frozen=True)
class Change:
    """Describe one request that changes something.

    * `before` and `after` hold the fields in Graph's spelling: what is there, and what will be. Money is in minor units
      there, whatever the request holds. `context` are other values that were read and that effects depend on.
    * `object_id` is None for what does not exist yet; `parent` and `edge` say where it will be (`act_1`, `campaigns`).
    * `readable` are the fields to read back.
    * `reasons` say why a person has to agree first, and `actions` are the policy's words, both beside those that the
      engine derives from the request.
    """

    effect: Effect
    request: Request
    node: str
    object_id: str | None = None
    before: Row = field(default_factory=dict)
    after: Row = field(default_factory=dict)
    readable: tuple[str, ...] = ()
    title: str = ""
    parent: str | None = None
    edge: str | None = None
    reasons: tuple[str, ...] = ()
    actions: frozenset[str] = frozenset()
    validate_only: bool = False
    private: bool = False
    context: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a call will change. One change, or several steps of which the later ones may follow from the earlier.

    `details` are part of the answer; `found` is what planning read and carrying out needs.
    """

    changes: Sequence[Change]
    summary: str
    notes: list[str] = field(default_factory=list)
    details: Row = field(default_factory=dict)
    found: Row = field(default_factory=dict)


# One change made by several requests, which it sends through the function that it is given: Graph's answer, with `id`.
Exchange = Callable[[Callable[[Request], Awaitable[Any]]], Awaitable[Row]]


class Steps(Protocol):
    """How a write of several steps sends them: each is journalled before and after, and paced as a write."""

    async def do(self, change: Change, exchange: Exchange | None = None) -> Row:
        """Send one change; Graph's answer, with `id` where one is known. Errors: those of a request.

        When an answer is lost, Graph is asked what happened; UnknownOutcome is raised when that does not tell either.
        With an `exchange`, that makes the change and finds out about lost answers itself; it ends with its caller.
        """
        ...


class WriteParams(Params):
    """What every write tool takes, and what its class may say of it; the engine asks in this order."""

    dry_run: Annotated[bool, Local()] = False

    def complete_values(self, after: Row) -> Row:
        """The values, completed where the tool itself says one, such as the status of a deletion."""
        return after

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """The same, where that takes a look at Graph."""
        return after

    def node_kind(self) -> str | None:
        """The SDK class of the object, where it depends on an argument."""
        return None

    async def page_for_token(self, call: Call) -> str | None:
        """The Page whose own token the requests need, of a tool with `page_token`."""
        page: str | None = getattr(self, "page_id", None)
        return page

    def fields_to_read(self) -> tuple[str, ...]:
        """Fields to read with the values before, for `check` and `why`."""
        return ()

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        """The pre-flight that reads: raises InvalidArguments, or adds notes."""

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        """Graph's parameters, where they differ from the values."""
        return after

    def confirmation_reasons(self, before: Row, after: Row) -> Sequence[str]:
        """Reasons to ask a person, beside those that follow from status and budgets."""
        return ()

    async def plan(self, call: Call) -> Plan | None:
        """The whole plan, of a write of several steps."""
        return None

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Carry the plan out; what is to be said of it beside the changes."""
        for change in plan.changes:
            await steps.do(change)
        return {}

    async def describe_effect(self, call: Call) -> Row:
        """What the answer says besides, after the change."""
        return {}

    @classmethod
    def has_steps(cls) -> bool:
        """Whether the tool carries its plan out by itself, step by step."""
        return cls.apply is not WriteParams.apply


class ConfirmedParams(WriteParams):
    """A write that may need the user's agreement."""

    confirmation: Annotated[
        str | None, Local(), Field(max_length=200, description="Code of the needs_confirmation answer")
    ] = None


class CreateParams(WriteParams):
    """A write that makes something new."""

    idempotency_key: Annotated[
        str | None,
        Local(),
        Field(min_length=1, max_length=100, description="Makes repeating the call safe"),
    ] = None
