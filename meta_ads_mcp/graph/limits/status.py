"""Report the state of all limits, for `ads_rate_status`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.graph.limits.breaker import HINT
from meta_ads_mcp.graph.limits.circuit import Circuit
from meta_ads_mcp.graph.limits.headers import DEVELOPMENT
from meta_ads_mcp.graph.limits.ledger import RULES, limit_of
from meta_ads_mcp.graph.limits.spacing import Bucket, Key, bucket_name
from meta_ads_mcp.graph.limits.tiers import Tier, tier_named
from meta_ads_mcp.graph.limits.write_pace import Pacer


@dataclass(frozen=True)
class LimitsSnapshot:
    """The state of the machines at one moment of both clocks."""

    now: float
    monotonic: float
    buckets: Iterable[tuple[Key, Bucket]]
    circuits: Sequence[Circuit]
    pacers: Mapping[str, Pacer]
    points: Iterable[tuple[str, str, int]]
    tiers: Collection[str]


def report(snapshot: LimitsSnapshot) -> dict[str, Any]:
    """Everything that is known, as plain values; the tier is the careful one when tokens differ."""
    tier = min(snapshot.tiers, key=lambda name: name != DEVELOPMENT, default="unknown")
    hints = [_hint(circuit, snapshot.now) for circuit in snapshot.circuits if circuit.reason == HINT]
    return {
        "usage": [_usage(key, bucket, snapshot.monotonic) for key, bucket in snapshot.buckets] + hints,
        "circuits": [_circuit(circuit) for circuit in sorted(snapshot.circuits, key=lambda circuit: circuit.slot)],
        "writePacer": [
            _pacer(account, pacer, snapshot.monotonic) for account, pacer in sorted(snapshot.pacers.items())
        ],
        "score": [_score(rule, key, points, tier_named(tier)) for rule, key, points in snapshot.points],
        "tier": tier,
    }


def open_until(circuit: Circuit) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(circuit.open_until, UTC).isoformat(timespec="seconds")


def _usage(key: Key, bucket: Bucket, monotonic: float) -> dict[str, Any]:
    reading = bucket.reading
    row = {
        "kind": reading.kind,
        "key": bucket_name(key),
        "callCount": reading.call_count,
        "cpuTime": reading.cpu_time,
        "totalTime": reading.total_time,
        "estimatedTimeToRegainAccessMs": int(max(0.0, bucket.closed_until - monotonic) * 1000),
        "adsApiAccessTier": reading.tier,
    }
    return {name: value for name, value in row.items() if value is not None}


def _hint(circuit: Circuit, now: float) -> dict[str, Any]:
    """Return a pause that Meta asked for in the text of an error."""
    remaining_ms = int((circuit.open_until - now) * 1000)
    return {"kind": "local_retry", "key": f"local_retry:{circuit.key}", "estimatedTimeToRegainAccessMs": remaining_ms}


def _circuit(circuit: Circuit) -> dict[str, Any]:
    return {
        "key": circuit.key,
        "reason": circuit.reason,
        "openUntil": open_until(circuit),
        "tripCount": circuit.trip_count,
        "lastError": circuit.last_error,
    }


def _pacer(account: str, pacer: Pacer, monotonic: float) -> dict[str, Any]:
    return {
        "key": account,
        "tokens": round(pacer.available(monotonic), 2),
        "capacity": pacer.tier.write_burst,
        "rateRps": round(pacer.tier.writes_per_s, 4),
        "tier": pacer.tier.name,
    }


def _score(rule: str, key: str, points: int, tier: Tier) -> dict[str, Any]:
    return {
        "key": f"{rule}:{key}",
        "points": points,
        "limit": limit_of(RULES[rule], tier),
        "windowSeconds": int(RULES[rule].window_s),
    }
