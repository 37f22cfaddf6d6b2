"""Find and call tools outside the listed toolsets. These tools are always listed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import shorten
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.handlers import ToolSource
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, Tool, tool
from meta_ads_mcp.errors import InvalidArguments

# Of the first results the arguments are shown, of the others a line.
FULL_ROWS = 2
# Characters of the rows as JSON. Where the best match alone is longer, the second number counts, so that the answer
# stays below 4,000.
MAX_ROWS_CHARS, MAX_NARROW_CHARS = 2000, 3400
# Characters of an argument's text, tried in this order where the arguments of one tool are too long.
ARGUMENT_WIDTHS = (1000, 400, 200, 100, 50)
MAX_LINE_CHARS = 80
MAX_NAMED = 3
OFF = (
    "Tools marked off change data and are off on this server. Its owner allows them with META_ADS_ALLOW_WRITES or "
    "--allow-writes."
)
CALL_THROUGH = "A tool with call_with is not listed: call it through that tool."
ASK_BY_NAME = "For the arguments of another result, search its name."


@tool("ads_find_tools", Effect.READ, calls_graph=False, trusted_text=True, keywords="search discover catalogue help")
class FindTools(Params):
    """Search all tools and prompts of this server by everyday words in English, German, Spanish, Portuguese, French,
    Italian, Dutch or Japanese, with arguments. An empty query lists the toolsets."""

    query: Annotated[str, Field(max_length=200)]
    toolset: Annotated[str | None, Field(max_length=40)] = None
    limit: Annotated[int, Field(ge=1, le=40)] = 6

    async def run(self, call: Call) -> Result:
        if not self.query.strip() and self.toolset is None:
            toolsets = call.directory.toolsets()
            return Result(f"{len(toolsets)} toolsets. With toolset, their tools are listed.", toolsets)
        matches = call.directory.find(self.query, self.toolset)
        if not matches:
            return _nothing_found(call.directory.toolsets())
        rows = fit_rows(matches[: self.limit])
        page = Page(len(rows), has_more=len(matches) > len(rows))
        return Result(_summarize(rows), rows, page, _explain(rows))


def fit_rows(matches: Sequence[Row]) -> list[Row]:
    """Return the matches within MAX_ROWS_CHARS: as many as fit with arguments, at most FULL_ROWS, then a line each.

    The best match always has its arguments.
    """
    lines = [_shorten(row) for row in matches]
    for full in range(min(FULL_ROWS, len(matches)), 0, -1):
        rows = [*matches[:full], *lines[full:]]
        if _count_chars(rows) <= MAX_ROWS_CHARS:
            return rows
    rows = [_narrow(matches[0]), *lines[1:]]
    while len(rows) > 1 and _count_chars(rows) > MAX_NARROW_CHARS:
        rows.pop()
    return rows


def _narrow(row: Row) -> Row:
    """Return the row with the first sentence of its description, and arguments as long as they may be."""
    if "arguments" not in row:
        return row
    narrow = {**row, "description": _first_sentence(row)}
    for width in ARGUMENT_WIDTHS:
        narrow["arguments"] = {name: _cut(text, width) for name, text in row["arguments"].items()}
        if _count_chars([narrow]) <= MAX_NARROW_CHARS:
            break
    return narrow


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _summarize(rows: Sequence[Row]) -> str:
    names = ", ".join(row["name"] for row in rows[:MAX_NAMED])
    return f"Found {names}{' and others' if len(rows) > MAX_NAMED else ''}."


def _explain(rows: Sequence[Row]) -> list[str]:
    """Return the notes that the rows require."""
    notes = {
        OFF: any("off" in row for row in rows),
        CALL_THROUGH: any("call_with" in row for row in rows),
        ASK_BY_NAME: any("arguments" not in row for row in rows),
    }
    return [note for note, applies in notes.items() if applies]


def _shorten(row: Row) -> Row:
    """Return the row with the first sentence of its description and without arguments."""
    line = {key: row[key] for key in ("name", "kind", "off") if key in row}
    return line | {"description": shorten(_first_sentence(row), MAX_LINE_CHARS, placeholder=" …")}


def _first_sentence(row: Row) -> str:
    return str(row["description"]).partition(". ")[0].partition("\n\n")[0].removesuffix(".")


def _count_chars(rows: Sequence[Row]) -> int:
    return len(json.dumps(rows, ensure_ascii=False, separators=(",", ":")))


def _nothing_found(toolsets: list[Row]) -> Result:
    names = ", ".join(row["toolset"] for row in toolsets)
    note = f"Other words may find it. With toolset and an empty query, the tools of a toolset are listed: {names}."
    return Result("Found no tool for these words.", [], Page(0), [note])


@tool("ads_call_read_tool", Effect.READ, keywords="run unlisted")
class CallReadTool(Params):
    """Call any read tool of this server by name, including tools that are not listed. Returns that tool's answer."""

    name: Annotated[str, Field(max_length=80)]
    arguments: Annotated[dict[str, Any], Field(default_factory=dict, description="Those of that tool")]

    def delegate(self, tools: ToolSource) -> tuple[Tool, dict[str, Any]]:
        """Return the read tool of that name. Raises InvalidArguments for a tool that does not read."""
        tool = tools.get(self.name)
        if tool.effect is not Effect.READ or issubclass(tool.params, CallReadTool):
            raise _wrong_caller("ads_call_read_tool", tool)
        return tool, self.arguments


@tool("ads_call_write_tool", Effect.UPDATE, keywords="run unlisted change", idempotent=False, destructive=True)
class CallWriteTool(Params):
    """Call any write tool of this server by name, including those that are not listed. Returns the answer of that tool;
    its dry_run and confirmation apply."""

    name: Annotated[str, Field(max_length=80)]
    arguments: Annotated[dict[str, Any], Field(default_factory=dict, description="Those of that tool")]

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
