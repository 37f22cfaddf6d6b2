"""Find and call tools outside the listed toolsets. These tools are always listed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.handlers import ToolSource
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result
from meta_ads_mcp.core.tool import Effect, Tool, tool
from meta_ads_mcp.errors import InvalidArguments


@tool("ads_find_tools", Effect.READ, calls_graph=False, trusted_text=True, keywords="search discover catalogue help")
class FindTools(Params):
    """Search all tools of this server by words, also those not listed, with the arguments each takes.

    An empty query lists the toolsets. Call what you find by its name, or with ads_call_read_tool.
    """

    query: Annotated[str, Field(max_length=200)]
    toolset: Annotated[str | None, Field(max_length=40)] = None
    limit: Annotated[int, Field(ge=1, le=40)] = 8

    async def run(self, call: Call) -> Result:
        if not self.query.strip() and self.toolset is None:
            sets = call.directory.toolsets()
            return Result(f"{len(sets)} toolsets.", sets)
        matches = call.directory.find(self.query, self.toolset, self.limit + 1)
        page = Page(min(len(matches), self.limit), has_more=len(matches) > self.limit)
        rows = matches[: self.limit]
        names = ", ".join(row["name"] for row in rows) or "no tool; try other words, or an empty query for the toolsets"
        return Result(f"Found {names}.", rows, page)


@tool("ads_call_read_tool", Effect.READ, keywords="run unlisted")
class CallReadTool(Params):
    """Call any read tool of this server by name, also one that is not listed. The answer is that tool's own."""

    name: Annotated[str, Field(max_length=80)]
    arguments: dict[str, Any]

    def delegate(self, tools: ToolSource) -> tuple[Tool, dict[str, Any]]:
        """Return the read tool of that name. Raises InvalidArguments for a tool that does not read."""
        tool = tools.get(self.name)
        if tool.effect is not Effect.READ or issubclass(tool.params, CallReadTool):
            raise _wrong_caller("ads_call_read_tool", tool)
        return tool, self.arguments


@tool("ads_call_write_tool", Effect.UPDATE, keywords="run unlisted change", idempotent=False, destructive=True)
class CallWriteTool(Params):
    """Call any write tool of this server by name, also one that is not listed. Its own dry_run, confirmation and
    allowlist apply; the answer is that tool's own."""

    name: Annotated[str, Field(max_length=80)]
    arguments: dict[str, Any]

    def delegate(self, tools: ToolSource) -> tuple[Tool, dict[str, Any]]:
        """Return the write tool of that name. Raises InvalidArguments for a tool that does not write."""
        tool = tools.get(self.name)
        if not tool.effect.is_write or issubclass(tool.params, CallWriteTool):
            raise _wrong_caller("ads_call_write_tool", tool)
        return tool, self.arguments


def _wrong_caller(caller: str, tool: Tool) -> InvalidArguments:
    other = "ads_call_write_tool" if tool.effect.is_write else "ads_call_read_tool"
    generic = issubclass(tool.params, CallReadTool | CallWriteTool) or tool.effect is Effect.LOCAL
    step = f"Call {tool.name} by its own name." if generic else f"Call it with {other}, or by its own name."
    return InvalidArguments(f"{caller} cannot call {tool.name}.", step)
