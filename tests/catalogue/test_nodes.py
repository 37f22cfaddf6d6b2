"""Every kind of object that a tool names has its row in `core/nodes.py`, and the rows agree with Meta's SDK."""

from __future__ import annotations

import pytest

from meta_ads_mcp.core.arguments.foreign_names import LIST_TOOLS
from meta_ads_mcp.core.nodes import NODES, NodeKind, Owner, kind_of_key, kind_on_edge
from meta_ads_mcp.core.tool import Effect
from tests.support.every_tool import TOOLS
from tests.support.sdk import missing_fields

NAMED = {tool.node for tool in TOOLS if tool.node} | {node.name for tool in TOOLS for node in tool.ids.values()}
ROWS = [row for row in NODES.values() if row.name != "any"]


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_named_kind_has_a_row(name: str) -> None:
    assert name in NODES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_fields_of_a_row_exist_in_the_sdk(row: NodeKind) -> None:
    named = [row.distinct_field]
    if row.list_edge is not None:
        named += [row.fingerprint.created, *(row.fingerprint.fields or ())]
    assert [name for name in named if name is not None and missing_fields(row.name, name)] == []


def test_a_parameter_names_one_kind_and_an_edge_creates_one() -> None:
    keys = [key for row in NODES.values() for key in row.id_keys]
    edges = [row.list_edge for row in NODES.values() if row.list_edge]
    assert sorted(set(keys)) == sorted(keys)
    assert sorted(set(edges)) == sorted(edges)
    assert kind_of_key("pixel_id") == "AdsPixel"
    assert kind_on_edge("adsets") == "AdSet"


def test_a_member_names_its_edge_and_no_other_kind_does() -> None:
    assert [row.name for row in ROWS if (row.owner is Owner.MEMBER) != (row.member_edge is not None)] == []


CHANGED = sorted(
    {tool.node for tool in TOOLS if tool.node and tool.endpoint and tool.effect in (Effect.UPDATE, Effect.DELETE)}
)


@pytest.mark.parametrize("name", CHANGED)
def test_a_kind_that_a_tool_changes_can_be_told_from_others(name: str) -> None:
    """An id of another kind would be changed, or deleted, without a word."""
    row = NODES[name]
    if row.name in ("AdAccount", "PagePost"):  # whose ids begin with act_ and with the id of the Page
        return
    assert row.distinct_field is not None
    alike = [other for other in CHANGED if other != name and not missing_fields(other, row.distinct_field)]
    assert alike == []


@pytest.mark.parametrize(("name", "list_tool"), LIST_TOOLS.items())
def test_the_list_tool_of_a_kind_lists_it(name: str, list_tool: str) -> None:
    tool = next(tool for tool in TOOLS if tool.name == list_tool)
    assert tool.is_list or name == "HighDemandPeriod"  # a list without pages
    assert name in (tool.node, "any")
