"""Every tool of the package, for tests that cover the next one the day it is added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from meta_ads_mcp.catalogue import Catalogue, collect
from meta_ads_mcp.spec.tool import Tool

TOOLS = collect()


def each(tools: Iterable[Tool] = TOOLS) -> pytest.MarkDecorator:
    """Run the test once for each tool, under the tool's name."""
    return pytest.mark.parametrize("tool", [pytest.param(tool, id=tool.name) for tool in tools])


def catalogue(*listed: str, writes: bool = True) -> Catalogue:
    return Catalogue(TOOLS, listed=listed or ("all",), allow_writes=writes)


def is_money(schema: Mapping[str, Any]) -> bool:
    """Whether an argument is money: the only one of two types, as it is written in minor units or with its currency."""
    text = str(schema.get("description", "")).lower()
    return schema.get("type") == ["integer", "string"] and ("minor units" in text or "money" in text)
