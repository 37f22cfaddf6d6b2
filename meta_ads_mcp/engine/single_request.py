"""Run a tool without a handler: send its single Graph request and return the rows."""

from __future__ import annotations

from meta_ads_mcp.core.arguments.graph_params import graph_params, path_of
from meta_ads_mcp.core.fields import selection
from meta_ads_mcp.core.handlers import ExtendsRead, Paged, RefinesRows, fields_of
from meta_ads_mcp.core.listing import Refine, keep_row, list_result
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.result import Result
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.session import ToolCall


async def run_plain(tool: Tool, args: Params, call: ToolCall) -> Result:
    """Send the tool's single read and return its rows with a summary."""
    path = path_of(tool, args)
    fields = selection(fields_of(args), tool.fields, tool.identity)
    params = graph_params(tool, args)
    if not tool.is_list:
        row = await call.graph.get(path, fields=fields, **params)
        summary = f"{tool.singular[:1].upper()}{tool.singular[1:]} {row.get('id', path)}."
        result = Result(summary, _refiner(tool)(row))
        return await args.extend(call, result) if isinstance(args, ExtendsRead) else result
    rows = await call.graph.list(
        path,
        fields=fields,
        limit=params.pop("limit", None) or 25,
        after=args.after if isinstance(args, Paged) else None,
        max_items=args.max_items if isinstance(args, Paged) else None,
        **params,
    )
    return list_result(tool.singular, path, rows, _refiner(tool))


def _refiner(tool: Tool) -> Refine:
    """Return the class's function for each row, such as one that adds a link."""
    params = tool.params
    return params.refine if issubclass(params, RefinesRows) else keep_row
