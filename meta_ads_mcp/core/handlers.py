"""Declare what a tool's class may define beside its arguments. The engine asks for these protocols, never for names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.dates import TimeRange


class ToolSource(Protocol):
    """The tools of this server, by name. Both methods raise NotFound for a tool that does not exist here."""

    def get(self, name: str) -> Tool:
        """Return an enabled tool."""
        ...

    def get_part(self, name: str) -> Tool:
        """Return a tool that an enabled tool is made of: it need not be enabled itself, but must not be excluded."""
        ...


@runtime_checkable
class HandledTool(Protocol):
    """A tool of several requests, or of none: it sends them itself."""

    async def run(self, call: Call) -> Result:
        """Do the work of the tool. Raises AdsError."""
        ...


@runtime_checkable
class DelegatingTool(Protocol):
    """A tool that stands for another one, which runs in its place with its own rules."""

    def delegate(self, tools: ToolSource) -> tuple[Tool, dict[str, Any]]:
        """Return the tool to run and its arguments. A tool that is switched off on this server is not found."""
        ...


@runtime_checkable
class RefinesRows(Protocol):
    """A tool that derives something for each row of its answer, such as a link."""

    @staticmethod
    def refine(row: Row) -> Row:
        """Return the row with what is derived from it."""
        ...


@runtime_checkable
class SelectsFields(Protocol):
    """Arguments with the fields that the caller asked for."""

    @property
    def fields(self) -> Sequence[str] | None: ...


@runtime_checkable
class Paged(Protocol):
    """Arguments with a position in a list and the number of rows to read."""

    @property
    def after(self) -> str | None: ...

    @property
    def max_items(self) -> int | None: ...


@runtime_checkable
class HasTimeRange(Protocol):
    """Arguments with days."""

    @property
    def time_range(self) -> TimeRange | None: ...


def fields_of(args: object) -> Sequence[str] | None:
    """Return the fields that the caller asked for, or None."""
    return args.fields if isinstance(args, SelectsFields) else None
