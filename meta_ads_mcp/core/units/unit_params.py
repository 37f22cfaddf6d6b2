"""Define the arguments that every tool of a unit has, and the hook that hands its plan to the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol, runtime_checkable

from pydantic import Field

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams


@runtime_checkable
class PlansUnit(Protocol):
    """Mark a write tool whose changes are one unit."""

    async def plan_unit(self, call: Call) -> UnitPlan | None:
        """Return the whole unit, or None if this call is a single write. Sends reads only. Raises AdsError."""
        ...


@runtime_checkable
class SendsUploads(Protocol):
    """Mark a tool that sends some steps of its unit itself: those with `is_upload`."""

    async def send_upload(self, call: Call, change: Change, send: Callable[[Request], Awaitable[Any]]) -> Row:
        """Send the step through `send`, and return Graph's answer with the new id. Raises AdsError."""
        ...


class KeyedUnitParams(ConfirmedParams):
    """Add the arguments of a unit that cannot be repeated without its key."""

    idempotency_key: Annotated[
        str,
        Local(),
        Field(min_length=1, max_length=100, description="The same key goes on where an earlier call stopped"),
    ]

    async def plan_unit(self, call: Call) -> UnitPlan | None:
        """Return the whole unit. Raises AdsError for what concerns the whole call."""
        raise NotImplementedError


class UnitParams(ConfirmedParams, CreateParams):
    """Add the arguments of a unit: `dry_run`, `confirmation` and an optional `idempotency_key`.

    A call with the key of an earlier call goes on with the plan of that call, which is in the journal.
    """

    async def plan_unit(self, call: Call) -> UnitPlan | None:
        """Return the whole unit. Raises AdsError for what concerns the whole call."""
        raise NotImplementedError
