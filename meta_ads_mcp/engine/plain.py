"""A tool without a handler: its arguments are one Graph request, its answer that request's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from meta_ads_mcp.engine.call import ToolCall
from meta_ads_mcp.spec.fields import selection
from meta_ads_mcp.spec.params import Params
from meta_ads_mcp.spec.result import Listing, Page, Result, Row
from meta_ads_mcp.spec.tool import Tool


async def run_plain(tool: Tool, args: Params, call: ToolCall) -> Result:
    """Send the tool's single read and describe what came."""
    path = path_of(tool, args)
    fields = selection(getattr(args, "fields", None), tool.fields, tool.identity)
    params = graph_params(tool, args)
    if not tool.is_list:
        row = await call.graph.get(path, fields=fields, **params)
        return Result(f"{tool.noun[:1].upper()}{tool.noun[1:]} {row.get('id', path)}.", _refiner(tool)(row))
    limit = params.pop("limit", None) or 25
    found = await call.graph.list(
        path,
        fields=fields,
        limit=limit,
        after=getattr(args, "after", None),
        max_items=getattr(args, "max_items", None),
        **params,
    )
    return listed(tool, path, found)


def listed(tool: Tool, where: str, found: Listing) -> Result:
    """A listing as a result, with the count that is here and whether more follow."""
    refine = _refiner(tool)
    rows = [refine(row) for row in found.rows]
    return Result(
        list_summary(tool.noun, len(rows), where, more=found.has_more),
        rows,
        Page(len(rows), found.has_more, found.after),
        marks=found.marks,
    )


def list_summary(noun: str, count: int, where: str, *, more: bool) -> str:
    plural = noun if count == 1 else noun.removesuffix("y") + "ies" if noun.endswith("y") else f"{noun}s"
    follow = "; more follow, ask again with page.after" if more else ""
    return f"{count} {plural} of {where.split('/', 1)[0]}{follow}."


def path_of(tool: Tool, args: Params) -> str:
    """The endpoint's path for the ids that were given."""
    if tool.endpoint is None:
        raise TypeError(f"{tool.name} has neither an endpoint nor a handler")
    given = args.model_dump(include=tool.endpoint.places, exclude_none=True)
    return tool.endpoint.path(given)


def graph_params(tool: Tool, args: Params) -> dict[str, Any]:
    """The arguments that are sent, under Graph's names; what was not given is absent."""
    dumped: Mapping[str, Any] = args.model_dump(include=set(tool.sent), exclude_none=True)
    return {tool.sent[name]: value for name, value in dumped.items()}


def _refiner(tool: Tool) -> Callable[[Row], Row]:
    """The class's own last touch to a row, such as a derived link; it keeps one row for one row."""
    refine: Callable[[Row], Row] = getattr(tool.params, "refine", lambda row: row)
    return refine
