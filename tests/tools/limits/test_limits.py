"""The state of Meta's limits, without a call to Meta."""

from __future__ import annotations

from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call


async def test_every_list_is_there_before_anything_happened() -> None:
    graph = ScriptedGraph()
    answer = await call(graph, "ads_rate_status")
    assert graph.sent == []
    assert answer.structured["data"]["circuits"] == []
    assert "no usage" in answer.text


async def test_usage_and_latencies_are_told_without_a_request(demo: SandboxEngine, account: str) -> None:
    await demo.data("ads_get_campaigns", account_id=account, limit=1)
    before = len(demo.sandbox.log)
    status = await demo.data("ads_rate_status")
    assert len(demo.sandbox.log) == before
    assert {"usage", "circuits", "writePacer", "score", "tier", "tools"} <= status.keys()
    assert (status["circuits"], status["writePacer"]) == ([], [])
    assert any(row["kind"] == "app" for row in status["usage"])
    assert demo.sandbox.token not in str(status)
