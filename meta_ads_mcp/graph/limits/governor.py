"""The one door to the limits: ask before a call, tell after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meta_ads_mcp.graph.limits.calls import GraphCall, Outcome
from meta_ads_mcp.spec.clock import Clock
from meta_ads_mcp.spec.events import Events

__all__ = ["Governor", "GraphCall", "Outcome"]


class Governor:
    """Admits calls to Graph."""

    def __init__(self, *, clock: Clock, events: Events, state_dir: Path | None) -> None:
        self._clock = clock
        self._events = events
        self._state_dir = state_dir

    async def admit(self, call: GraphCall) -> None:
        """Wait until the call may be made (20 seconds at most), or raise `Throttled`, `CircuitOpen` or `Blocked`."""

    def settle(self, call: GraphCall, outcome: Outcome) -> None:
        """Learn from the outcome of an admitted call."""

    def cancel(self, call: GraphCall) -> None:
        """Give back the place of a call that was admitted and never sent."""

    def status(self) -> dict[str, Any]:
        """What is known of usage, circuits, pacing and score, without a call to Graph."""
        return {"usage": [], "circuits": [], "writePacer": [], "score": [], "tier": "unknown"}
