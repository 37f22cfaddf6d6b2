"""Every edge that a tool calls, on whatever way, is on the page of coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.sandbox import Logged
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS, each
from tests.support.programs import load_script
from tests.support.sandbox_bench import Bench
from tests.support.sandbox_engine import SandboxEngine

coverage = load_script("coverage")
COVERED = {edge.name for edge in coverage.build_coverage()}
OTHER = {call.partition(" /")[2] for call in coverage.read_reasons()["other_calls"]}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("files"))


@each([tool for tool in TOOLS if tool.calls_graph and (tool.has_handler or tool.effect.is_write)])
async def test_what_a_tool_calls_is_on_the_page(bench: Bench, tool: Tool, tmp_path: Path) -> None:
    made, arguments = await bench.ready(tool, export_dir=tmp_path)
    types = {node.id: node.type for node in made.store.nodes.values()}
    made.sandbox.log.clear()
    await made.call(tool.name, arguments, Person(True))
    called = {_edge(entry, made, types) for entry in made.sandbox.log if entry.path not in ("", *OTHER)}
    assert called <= COVERED


def _edge(entry: Logged, made: SandboxEngine, types: dict[str, str]) -> str:
    node, _, edge = entry.path.partition("/")
    kind = types.get(node) or (made.store.nodes[node].type if node in made.store.nodes else "User")
    return f"{entry.method} {kind}/{edge}"
