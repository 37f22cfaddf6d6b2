"""Counts and latencies per tool of this process, for `ads_rate_status`."""

from __future__ import annotations

from collections import deque
from typing import Any

RECENT = 500


class Metrics:
    """The last calls of each tool: how long they took (milliseconds) and how many failed."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}
        self._calls: dict[str, int] = {}
        self._errors: dict[str, int] = {}

    def record(self, tool: str, milliseconds: float, *, failed: bool) -> None:
        self._recent.setdefault(tool, deque(maxlen=RECENT)).append(milliseconds)
        self._calls[tool] = self._calls.get(tool, 0) + 1
        self._errors[tool] = self._errors.get(tool, 0) + failed

    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "tool": tool,
                "calls": self._calls[tool],
                "errors": self._errors[tool],
                "p50_ms": _percentile(times, 50),
                "p95_ms": _percentile(times, 95),
            }
            for tool, times in sorted(self._recent.items())
        ]


def _percentile(times: deque[float], percent: int) -> float:
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 1)
