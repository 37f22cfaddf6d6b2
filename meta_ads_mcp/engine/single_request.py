"""Run a tool without a handler: send its single Graph request and return the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.core.fields import selection
from meta_ads_mcp.core.handlers import Paged, RefinesRows, fields_of
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
        return Result(f"{tool.singular[:1].upper()}{tool.singular[1:]} {row.get('id', path)}.", _refiner(tool)(row))
    rows = await call.graph.list(
        path,
        fields=fields,
        limit=params.pop("limit", None) or 25,
        after=args.after if isinstance(args, Paged) else None,
        max_items=args.max_items if isinstance(args, Paged) else None,
        **params,
    )
    return list_result(tool.singular, path, rows, _refiner(tool))


def path_of(tool: Tool, args: Params) -> str:
    """Return the endpoint's path for the ids in the arguments. Raises TypeError for a tool without an endpoint."""
    if tool.endpoint is None:
        raise TypeError(f"{tool.name} has neither an endpoint nor a handler")
    ids = args.model_dump(include=tool.endpoint.places, exclude_none=True)
    return tool.endpoint.path(ids)


def graph_params(tool: Tool, args: Params) -> dict[str, Any]:
    """Return the arguments to send under Graph's names, without those that were left out."""
    values: Mapping[str, Any] = args.model_dump(include=set(tool.parameter_names), exclude_none=True)
    return {tool.parameter_names[name]: value for name, value in values.items()}


def _refiner(tool: Tool) -> Refine:
    """Return the class's function for each row, such as one that adds a link."""
    params = tool.params
    return params.refine if issubclass(params, RefinesRows) else keep_row
