"""Show what this process knows about Meta's limits."""

from __future__ import annotations

from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Whole
from meta_ads_mcp.core.tool import Effect, tool


@tool(
    "ads_rate_status", Effect.READ, calls_graph=False, keywords="quota throttle usage circuit breaker latency wait tier"
)
class RateStatus(Params):
    """Show how much of Meta's limits is used, which circuits are open, and the pace of writes. Calls nothing.

    Percentages of each quota, milliseconds until access is regained, UTC times of open circuits, latencies per tool.
    """

    async def run(self, call: Call) -> Result:
        status = Whole(call.status())
        return Result(_summary(status), status)


def _summary(status: Whole) -> str:
    circuits = status.get("circuits") or []
    percentages = [
        row.get(part, 0) for row in status.get("usage") or [] for part in ("callCount", "cpuTime", "totalTime")
    ]
    highest = f"the most used quota stands at {max(percentages)} %" if percentages else "Meta has reported no usage yet"
    breaker = f"{len(circuits)} circuit(s) open until {circuits[0]['openUntil']}" if circuits else "no circuit is open"
    return f"Tier {status.get('tier', 'unknown')}; {highest}; {breaker}."
