"""Turn a page of a Graph edge into the result of a list tool: the rows, their count and the cursor to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.fields import selection
from meta_ads_mcp.core.handlers import fields_of
from meta_ads_mcp.core.params import ListParams, Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Page, Result, Row
from meta_ads_mcp.core.tool import Tool, declaration_of

# Source: `filtering` is a parameter of all edges of ad objects (issue 246 of facebook-php-business-sdk).
NamePart = Annotated[str | None, Local(), Field(min_length=1, max_length=200, description="Part of the name")]
Refine = Callable[[Row], Row]
NO_CURSOR = "Meta has more rows but gives no cursor to them. Raise limit, or narrow the call by time or filter."


def keep_row(row: Row) -> Row:
    """Return the row as it is: the default `refine`."""
    return row


def tool_declaration(args: Params) -> Tool:
    """Return the tool to which the arguments belong. Raises TypeError for a class that declares no tool."""
    tool = declaration_of(type(args))
    if tool is None:
        raise TypeError(f"{type(args).__name__} declares no tool")
    return tool


def fields_for(args: Params) -> list[str]:
    """Return the fields to read: the tool's identity fields, then the requested fields or the tool's default."""
    tool = tool_declaration(args)
    return selection(fields_of(args), tool.fields, tool.identity)


def name_filter(name_contains: str | None) -> list[Row] | None:
    """Return Graph's `filtering` for objects with a text in their name; None without one."""
    return [{"field": "name", "operator": "CONTAIN", "value": name_contains}] if name_contains else None


async def read_list(
    call: Call, args: ListParams, path: str, *, refine: Refine = keep_row, page: str | None = None, **params: Any
) -> Result:
    """Read an edge with the caller's paging and fields.

    `refine` changes each row and keeps their number. `page` is the Page whose own token the edge requires. `params`
    are sent as they are; None values are left out.
    """
    rows = await call.graph.list(
        path, fields=fields_for(args), limit=args.limit, after=args.after, max_items=args.max_items, page=page, **params
    )
    return list_result(tool_declaration(args).singular, path, rows, refine)


def list_result(noun: str, path: str, listing: Listing, refine: Refine = keep_row) -> Result:
    """Return a listing as a result, with the number of its rows and whether more follow."""
    rows = [refine(row) for row in listing.rows]
    return Result(
        list_summary(noun, len(rows), path, more=listing.after is not None),
        rows,
        Page(len(rows), listing.has_more, listing.after),
        [NO_CURSOR] if listing.stuck and listing.after is None else [],
        marks=listing.marks,
    )


def list_summary(noun: str, count: int, path: str, *, more: bool) -> str:
    """Return a sentence such as `3 ads of act_1.`."""
    continuation = "; more follow, ask again with page.after" if more else ""
    return f"{count:,} {plural(noun, count)} of {path.split('/', 1)[0]}{continuation}."


def plural(noun: str, count: int) -> str:
    """Return the noun for that many: "ad", "ads", "creatives", "policies"."""
    if count == 1:
        return noun
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeo" else f"{noun}s"
