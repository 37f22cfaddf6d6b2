"""Every tool of the package, for tests that cover the next one the day it is added."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.server.catalogue import Catalogue, collect

TOOLS = collect()


def each(tools: Iterable[Tool] = TOOLS) -> pytest.MarkDecorator:
    """Run the test once for each tool, under the tool's name."""
    return pytest.mark.parametrize("tool", [pytest.param(tool, id=tool.name) for tool in tools])


def catalogue(*listed: str, writes: bool = True) -> Catalogue:
    return Catalogue(TOOLS, listed=listed or ("all",), allow_writes=writes)
