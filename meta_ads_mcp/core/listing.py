"""A page of a Graph edge as an answer: the rows, how many are here, and how to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meta_ads_mcp.core.fields import selection
from meta_ads_mcp.core.handlers import fields_of
from meta_ads_mcp.core.params import ListParams, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Page, Result, Row
from meta_ads_mcp.core.tool import Tool, declaration_of

Refine = Callable[[Row], Row]
NO_CURSOR = "Meta has more rows and gives no cursor to them: raise limit, or narrow the call by time or filter."


def unchanged(row: Row) -> Row:
    return row


def tool_declaration(args: Params) -> Tool:
    """The tool whose arguments these are."""
    tool = declaration_of(type(args))
    if tool is None:
        raise TypeError(f"{type(args).__name__} declares no tool")
    return tool


def fields_for(args: Params) -> list[str]:
    """The fields the caller asked for, or the tool's default ones, after those that are always there."""
    tool = tool_declaration(args)
    return selection(fields_of(args), tool.fields, tool.identity)


async def read_list(
    call: Call, args: ListParams, path: str, *, refine: Refine = unchanged, page: str | None = None, **params: Any
) -> Result:
    """Read an edge with the caller's paging and fields. `refine` is a last touch that keeps one row for one row.

    `page` is the Page whose own token the edge needs; `params` are sent as they are, without those that are None.
    """
    found = await call.graph.list(
        path, fields=fields_for(args), limit=args.limit, after=args.after, max_items=args.max_items, page=page, **params
    )
    return list_result(tool_declaration(args).singular, path, found, refine)


def list_result(noun: str, where: str, found: Listing, refine: Refine = unchanged) -> Result:
    """A listing as a result, with the count that is here and whether more follow."""
    rows = [refine(row) for row in found.rows]
    return Result(
        list_summary(noun, len(rows), where, more=found.after is not None),
        rows,
        Page(len(rows), found.has_more, found.after),
        [NO_CURSOR] if found.stuck and found.after is None else [],
        marks=found.marks,
    )


def list_summary(noun: str, count: int, where: str, *, more: bool) -> str:
    follow = "; more follow, ask again with page.after" if more else ""
    return f"{count} {plural(noun, count)} of {where.split('/', 1)[0]}{follow}."


def plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeo" else f"{noun}s"
