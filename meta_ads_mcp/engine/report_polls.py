"""Polls of asynchronous reports: one report is asked about once in five seconds, whoever asks.

Polling faster makes no report faster and costs quota; who asks sooner gets the last answer again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.graph.single_flight import SingleFlight

LEAST_SECONDS = 5.0
MOST_REMEMBERED = 200


class ReportPolls:
    """The last answer about each report, the oldest forgotten first."""

    def __init__(self, clock: Clock, events: Events | None = None) -> None:
        self._clock, self._events = clock, events
        self._known: OrderedDict[str, tuple[float, Row]] = OrderedDict()
        self._single = SingleFlight()

    async def get(self, run_id: str, read: Callable[[], Awaitable[Row]]) -> Row:
        """The answer of `read`, or that of the last five seconds."""
        known = self._known.get(run_id)
        if known is not None and self._clock.monotonic() - known[0] < LEAST_SECONDS:
            return known[1]
        row = await self._single.run(run_id, read)
        if self._events is not None:
            status, percent = row.get("async_status"), row.get("async_percent_completion")
            self._events.emit("info", "meta_report_poll", reportRunId=run_id, status=status, percent=percent)
        self._known.pop(run_id, None)
        self._known[run_id] = (self._clock.monotonic(), row)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return row
