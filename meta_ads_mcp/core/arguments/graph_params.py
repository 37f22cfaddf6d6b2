"""Turn the arguments of a tool into a path and parameters of Graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from meta_ads_mcp.core.params import Params, marker
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.dates import UnixTime, names_its_offset, to_unix
from meta_ads_mcp.core.values.money import IsMoney, to_minor
from meta_ads_mcp.errors import NotFound


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


def convert_money_and_times(args: Params, values: Row, tool: Tool, account: Account | None) -> Row:
    """Return the values with money in minor units, and times as Unix seconds where Graph takes them."""
    names = {parameter: name for name, parameter in tool.parameter_names.items()}
    result: dict[str, Any] = {}
    for parameter, value in values.items():
        info = type(args).model_fields[names[parameter]]
        if marker(info, IsMoney) is not None and isinstance(value, str):
            result[parameter] = to_minor(value, require_account(account).currency)
        elif marker(info, UnixTime) is not None:
            zone = UTC if names_its_offset(value) else require_account(account).timezone
            result[parameter] = to_unix(value, zone)
        else:
            result[parameter] = value
    return result


def require_account(account: Account | None) -> Account:
    """Return the account. Raises NotFound if Meta does not show it."""
    if account is None:
        raise NotFound(
            "Meta does not show the ad account of this object, so its currency and time zone are unknown.",
            "Give money as an integer in minor units, and times with their offset from UTC.",
        )
    return account
