"""Show what this process knows about Meta's limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, tool

PERCENTAGES = ("callCount", "cpuTime", "totalTime")
MAX_QUOTAS = 3
# From this share of a quota on, calls become slower; the sentence says so.
NEAR_PCT = 75
_QUOTAS = {
    "acc": "calls for the ad account",
    "app": "calls of the app",
    "insights": "insights",
    "score": "rate-limit points of the ad account",
}


@tool(
    "ads_rate_status", Effect.READ, calls_graph=False, keywords="quota throttle usage circuit breaker latency wait tier"
)
class RateStatus(Params):
    """Say whether this server is near one of Meta's limits, with the three quotas that are used most. Sends no request.

    details adds every quota and latencies per tool.
    """

    details: Annotated[bool, Local(), Field(description="All quotas, and latencies per tool")] = False

    async def run(self, call: Call) -> Result:
        status: Row = dict(call.status())
        quotas = sorted(_quotas(status), key=lambda row: -row["used_pct"])
        summary = _summary(status, quotas)
        if self.details:
            return Result(summary, Whole({"highest": quotas[:MAX_QUOTAS], **status}))
        keys = {row["key"] for row in quotas[:MAX_QUOTAS]}
        short = {
            "tier": status.get("tier"),
            "highest": quotas[:MAX_QUOTAS],
            "usage": [row for row in status.get("usage") or [] if row.get("key") in keys],
            "circuits": status.get("circuits") or [],
            "writePacer": (status.get("writePacer") or [])[:MAX_QUOTAS],
        }
        rest = len(quotas) - MAX_QUOTAS
        notes = [f"{rest} other quotas are used less; details=true shows all."] if rest > 0 else []
        return Result(summary, Whole(short), notes=notes)


def _quotas(status: Mapping[str, Any]) -> list[Row]:
    """Return each quota with its use in percent: Meta's figures, and the points that this machine counts."""
    usage = [
        _quota(row, max(row.get(name) or 0 for name in PERCENTAGES))
        for row in status.get("usage") or []
        if any(name in row for name in PERCENTAGES)
    ]
    points = [_quota(row, row["points"] / row["limit"] * 100) for row in status.get("score") or [] if row.get("limit")]
    return [*usage, *points]


def _quota(row: Mapping[str, Any], used_pct: float) -> Row:
    parts = str(row.get("key")).split(":")
    account = next((part for part in parts if part.startswith("act_")), None)
    return {
        "key": row.get("key"),
        "quota": f"{parts[-1]} calls of the ad account" if parts[0] == "buc" else _QUOTAS.get(parts[0], parts[0]),
        **({"account_id": account} if account else {}),
        "used_pct": round(used_pct, 1),
    }


def _summary(status: Mapping[str, Any], quotas: Sequence[Row]) -> str:
    circuits = status.get("circuits") or []
    if circuits:
        first = circuits[0]
        count = f"{len(circuits)} open {plural('circuit', len(circuits))}"
        return f"Stopped: {count}, the first ({first['key']}) until {first['openUntil']}."
    if not quotas:
        return "Meta has reported no usage yet, and no circuit is open."
    top = quotas[0]
    of = f" ({top['quota']}{', ' + top['account_id'] if 'account_id' in top else ''})"
    near = "Near a limit" if top["used_pct"] >= NEAR_PCT else "Not near a limit"
    tier = status.get("tier", "unknown")
    return f"{near}: the most used quota stands at {top['used_pct']:g} %{of}; no circuit is open; tier {tier}."
