"""The state of Meta's limits, without a call to Meta."""

from __future__ import annotations

import json

from meta_ads_mcp.sandbox import World
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
    status = await demo.data("ads_rate_status", details=True)
    assert len(demo.sandbox.log) == before
    assert {"usage", "circuits", "writePacer", "score", "tier", "tools"} <= status.keys()
    assert (status["circuits"], status["writePacer"]) == ([], [])
    assert any(row["kind"] == "app" for row in status["usage"])
    assert demo.sandbox.token not in str(status)


async def test_the_default_is_a_sentence_and_the_three_highest(demo: SandboxEngine, world: World) -> None:
    for account in world.account_ids:
        await demo.data("ads_get_insights", object_id=f"act_{account}", level="campaign", limit=5)
        await demo.data("ads_get_ads", account_id=f"act_{account}", limit=1)
    answer = await demo.good("ads_rate_status")
    whole = await demo.data("ads_rate_status", details=True)
    assert len(json.dumps(answer, separators=(",", ":"))) <= 1500
    highest = answer["data"]["highest"]
    assert len(highest) == 3
    used = [max(row.get(name, 0) for name in ("callCount", "cpuTime", "totalTime")) for row in whole["usage"]]
    assert highest[0]["used_pct"] == max(used)
    assert answer["summary"].startswith("Not near a limit")
    assert f"{max(used):g} %" in answer["summary"]
