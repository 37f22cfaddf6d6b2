"""Define the plan of a write, which is complete before anything is sent, and the hooks of a write tool's class."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Annotated, Any, Protocol

from pydantic import Field

from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Method, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect


@dataclass(frozen=True)
class Inverse:
    """Describe the request that takes a change back, for changes that are not fields of an object.

    `{id}` in the path stands for the id of the object that the change creates. `reasons` say why a person has to agree.
    """

    method: Method
    path: str
    params: Row = field(default_factory=dict)
    reasons: tuple[str, ...] = ()

    def stored(self) -> Row:
        """Return the request as the journal stores it."""
        return {"method": self.method, "path": self.path, "params": self.params, "reasons": list(self.reasons)}


@dataclass(frozen=True)
class Change:
    """Describe one request that changes something.

    * `before` and `after` hold the fields in Graph's spelling: what is there, and what will be. Money is in minor units
      there, whatever the request holds. `context` are other values that were read and that effects depend on.
    * `object_id` is None for what does not exist yet; `parent` and `edge` say where it will be (`act_1`, `campaigns`).
    * `readable` are the fields to read back.
    * `inverse` takes the change back; None where the values before do, or nothing does.
    * `reasons` say why a person has to agree first, and `actions` are the policy's words, both beside those that the
      engine derives from the request.
    * `clocked` are parameters that depend on the moment of the call, such as "in a minute". A confirmation does not
      depend on them.
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
    inverse: Inverse | None = None
    clocked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Hold the changes of a call: one, or several steps of which later steps may depend on earlier ones.

    `details` are part of the answer. `context` holds values that were read for the plan and that `apply` requires.
    `zone` is the time zone in which times are shown, by default that of the account.
    """

    changes: Sequence[Change]
    summary: str
    notes: list[str] = field(default_factory=list)
    details: Row = field(default_factory=dict)
    context: Row = field(default_factory=dict)
    zone: tzinfo | None = None


# Makes one change by several requests, which it sends through its argument. Returns Graph's answer with the `id`.
Exchange = Callable[[Callable[[Request], Awaitable[Any]]], Awaitable[Row]]


class Steps(Protocol):
    """Send the steps of a write. Each is journalled before and after, and paced as a write."""

    async def do(self, change: Change, exchange: Exchange | None = None) -> Row:
        """Send one change and return Graph's answer, with the `id` if it is known. Raises the errors of a request.

        When an answer is lost, Graph is searched for the change. Raises UnknownOutcome if the search does not decide.
        An `exchange` sends the requests of the change and handles lost answers itself. It is cancelled with its caller.
        """
        ...


class WriteParams(Params):
    """Add the argument of every write tool, and the hooks that its class may define. They run in this order."""

    dry_run: Annotated[bool, Local()] = False

    def complete_values(self, after: Row) -> Row:
        """Return the values with those that the tool implies, such as the status of a deletion."""
        return after

    async def complete_from_graph(self, call: Call, after: Row) -> Row:
        """Return the values with those that have to be read from Graph."""
        return after

    def node_kind(self) -> str | None:
        """Return the SDK class of the object if it depends on an argument, else None."""
        return None

    async def page_for_token(self, call: Call) -> str | None:
        """Return the Page whose own token the requests require, for a tool with `page_token`."""
        page: str | None = getattr(self, "page_id", None)
        return page

    def fields_to_read(self) -> tuple[str, ...]:
        """Return more fields to read with the previous values, for `preflight` and `confirmation_reasons`."""
        return ()

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        """Check the change against Graph before it is sent. Raises InvalidArguments, or adds notes to the call."""

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        """Return Graph's parameters for the values."""
        return after

    def confirmation_reasons(self, before: Row, after: Row) -> Sequence[str]:
        """Return reasons to ask a person, in addition to those that the engine derives from the request."""
        return ()

    async def plan(self, call: Call) -> Plan | None:
        """Return the whole plan of a write with several steps, or None to let the engine build it."""
        return None

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Carry out the plan. Return data for the answer in addition to the changes.

        A `summary` in it replaces the sentence that the engine makes, and the answer links to its `files` (Exported).
        """
        for change in plan.changes:
            await steps.do(change)
        return {}

    async def describe_effect(self, call: Call) -> Row:
        """Return data for the answer that is read after the change."""
        return {}

    @classmethod
    def keeps_result(cls) -> bool:
        """Return whether the journal keeps the data of the answer, because only it says what an undo puts back."""
        return False

    @classmethod
    def resumes(cls) -> bool:
        """Return whether a repeated call with the same idempotency key continues one that ended among its steps.

        Its `apply` then leaves out the steps that the journal has as done.
        """
        return False

    @classmethod
    def has_steps(cls) -> bool:
        """Return whether the tool carries out its plan itself, step by step."""
        return cls.apply is not WriteParams.apply


class ConfirmedParams(WriteParams):
    """Add the confirmation code of a write that may require the user's agreement."""

    confirmation: Annotated[str | None, Local(), Field(max_length=200)] = None


class CreateParams(WriteParams):
    """Add the idempotency key of a write that creates something."""

    idempotency_key: Annotated[
        str | None,
        Local(),
        Field(min_length=1, max_length=100),
    ] = None
