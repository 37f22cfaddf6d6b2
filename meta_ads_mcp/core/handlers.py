"""Declare the methods that a tool's class may define beside its arguments.

The engine checks for these protocols, never for the name of a method.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.dates import TimeRange


class ToolSource(Protocol):
    """Find tools of this server by name. Both methods raise NotFound for a tool that does not exist here."""

    def get(self, name: str) -> Tool:
        """Return an enabled tool."""
        ...

    def get_part(self, name: str) -> Tool:
        """Return a tool on which an enabled tool is built. It may be disabled itself, but must not be excluded."""
        ...


@runtime_checkable
class HandledTool(Protocol):
    """Mark a tool that sends its requests itself, because it takes several of them or none."""

    async def run(self, call: Call) -> Result:
        """Do the work of the tool. Raises AdsError."""
        ...


@runtime_checkable
class DelegatingTool(Protocol):
    """Mark a tool that hands its call over to another tool, which runs with its own rules."""

    def delegate(self, tools: ToolSource) -> tuple[Tool, dict[str, Any]]:
        """Return the tool to run and its arguments. Raises NotFound for a tool that is disabled on this server."""
        ...


@runtime_checkable
class RefinesRows(Protocol):
    """Mark a tool that derives something for each row of its answer, such as a link."""

    @staticmethod
    def refine(row: Row) -> Row:
        """Return the row with its derived values."""
        ...


@runtime_checkable
class ExtendsRead(Protocol):
    """Mark a tool of a single read that may add something to its answer, which takes further requests."""

    async def extend(self, call: Call, result: Result) -> Result:
        """Return the result with what the arguments ask for besides. Raises AdsError."""
        ...


@runtime_checkable
class SelectsFields(Protocol):
    """Mark arguments with a list of fields to read."""

    @property
    def fields(self) -> Sequence[str] | None: ...


@runtime_checkable
class Paged(Protocol):
    """Mark arguments with a position in a list and the number of rows to read."""

    @property
    def after(self) -> str | None: ...

    @property
    def max_items(self) -> int | None: ...


@runtime_checkable
class HasTimeRange(Protocol):
    """Mark arguments with a range of days."""

    @property
    def time_range(self) -> TimeRange | None: ...


def fields_of(args: object) -> Sequence[str] | None:
    """Return the requested fields, or None if the arguments have none."""
    return args.fields if isinstance(args, SelectsFields) else None
