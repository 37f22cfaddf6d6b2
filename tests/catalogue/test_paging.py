"""Every list tool says how many rows it shows, and leads on to the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.every_tool import TOOLS
from tests.support.examples import demo_ids, example
from tests.support.sandbox_engine import NOW, build_reader

# These read what an earlier call left behind, so they have no example.
WITHOUT_EXAMPLE = frozenset({"ads_get_report_results"})
# These read two lists at once, and each of them has as many rows as the caller asks for.
OF_TWO_LISTS = frozenset({"ads_catalog_list_catalogs"})
LISTS = [tool for tool in TOOLS if tool.is_list and not tool.effect.is_write and tool.name not in WITHOUT_EXAMPLE]


@cache
def world() -> World:
    """Read only."""
    return World(today=NOW, ads=90)


def rows_of(data: Any, count: int) -> list[Any] | None:
    """The rows of an answer, if it is a list or a table, or has one list of the length that the page counts."""
    if isinstance(data, list):
        return data
    if "rows" in data:
        rows: list[Any] = data["rows"]
        return rows
    lists = [value for value in data.values() if isinstance(value, list) and len(value) == count]
    return lists[0] if len(lists) == 1 else None


@pytest.mark.parametrize("tool", LISTS, ids=lambda tool: tool.name)
async def test_a_page_counts_its_rows_and_leads_to_the_others(tool: Tool) -> None:
    demo = build_reader(SandboxTransport(world(), clock=lambda: NOW))
    fields = tool.params.model_fields
    small = {name: value for name, value in (("limit", 2), ("max_items", 3)) if name in fields}
    arguments = {**example(tool, demo_ids(world())), **small}
    answer: Mapping[str, Any] = await demo.good(tool.name, **arguments)
    page = answer["page"]
    first = rows_of(answer["data"], page["count"])
    assert first is None or page["count"] == len(first)
    assert page["count"] <= max(small.values()) * (2 if tool.name in OF_TWO_LISTS else 1)
    if page["has_more"]:
        following = await demo.good(tool.name, **{**arguments, "after": page["after"]})
        others = rows_of(following["data"], following["page"]["count"])
        assert first is None or others is None or not [row for row in others if row in first]
