"""Recorders for the ports that a test watches: events and limits."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.outcome import Outcome


class EventRecorder:
    """Keeps events in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []

    def emit(self, level: str, event: str, **fields: Any) -> None:
        self.events.append((level, event, fields))

    def named(self, event: str) -> list[tuple[str, dict[str, Any]]]:
        """The level and the fields of each event of that name."""
        return [(level, fields) for level, name, fields in self.events if name == event]


class RecordingGovernor:
    """Limits that admit every call except those whose path is in `refuse`."""

    def __init__(self, refuse: dict[str, AdsError] | None = None) -> None:
        self.refuse = refuse or {}
        self.admitted: list[GraphCall] = []
        self.settled: list[tuple[GraphCall, Outcome]] = []
        self.cancelled: list[GraphCall] = []

    async def admit(self, call: GraphCall) -> None:
        if call.path in self.refuse:
            raise self.refuse[call.path]
        self.admitted.append(call)

    def settle(self, call: GraphCall, outcome: Outcome) -> None:
        self.settled.append((call, outcome))

    def cancel(self, call: GraphCall) -> None:
        self.cancelled.append(call)

    def status(self) -> dict[str, Any]:
        return {"circuits": []}

    def write_allowance(self, account: str) -> int:
        return 1000

    def write_seconds(self, account: str, count: int) -> float:
        return 0.0

    @property
    def is_balanced(self) -> bool:
        """Whether every admitted call was settled or cancelled once."""
        return len(self.admitted) == len(self.settled) + len(self.cancelled)
