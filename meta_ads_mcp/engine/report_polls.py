"""Poll each asynchronous report at most once in five seconds.

Polling faster costs quota and does not speed up the report. An earlier poll gets the last answer again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.graph.single_flight import SingleFlight

MIN_INTERVAL_SECONDS = 5.0
MAX_REPORTS = 200


class ReportPolls:
    """Keep the last answer about each of the latest reports."""

    def __init__(self, clock: Clock, events: Events | None = None) -> None:
        self._clock, self._events = clock, events
        self._answers: OrderedDict[str, tuple[float, Row]] = OrderedDict()
        self._single = SingleFlight()

    async def get(self, run_id: str, read: Callable[[], Awaitable[Row]]) -> Row:
        """Return the result of `read`, or the answer of the last five seconds."""
        answer = self._answers.get(run_id)
        if answer is not None and self._clock.monotonic() - answer[0] < MIN_INTERVAL_SECONDS:
            return answer[1]
        row = await self._single.run(run_id, read)
        if self._events is not None:
            status, percent = row.get("async_status"), row.get("async_percent_completion")
            self._events.emit("info", "meta_report_poll", reportRunId=run_id, status=status, percent=percent)
        self._answers.pop(run_id, None)
        self._answers[run_id] = (self._clock.monotonic(), row)
        if len(self._answers) > MAX_REPORTS:
            self._answers.popitem(last=False)
        return row
