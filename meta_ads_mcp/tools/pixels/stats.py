"""Turn Meta's nested hourly buckets of pixel statistics into totals and a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.result import Row, Table

MAX_TOTALS = 100
MAX_SERIES = 400


@dataclass
class PixelStats:
    """Collect buckets `{start_time, aggregation, data: [{value, count, event?}]}` (SDK class AdsPixelStatsResult).

    `totals` maps (event or None, value) to a count; `series` holds (start time, event or None, value, count).
    """

    totals: dict[tuple[str | None, str], int] = field(default_factory=dict)
    series: list[tuple[str, str | None, str, int]] = field(default_factory=list)

    def add(self, buckets: Iterable[Row]) -> None:
        """Add the buckets of one page."""
        for bucket in buckets:
            for entry in _entries(bucket):
                event, value, count = entry.get("event"), str(entry.get("value")), _count(entry.get("count"))
                self.totals[event, value] = self.totals.get((event, value), 0) + count
                self.series.append((str(bucket.get("start_time")), event, value, count))

    @property
    def total(self) -> int:
        """The count of all events."""
        return sum(self.totals.values())

    def counts(self) -> dict[str, int]:
        """Return the count of each value that occurs, over all events."""
        counts: Counter[str] = Counter()
        for (_, value), count in self.totals.items():
            counts[value] += count
        return dict(+counts)

    def totals_table(self) -> Table:
        """Return the MAX_TOTALS largest totals, largest first."""
        totals = sorted(self.totals.items(), key=lambda item: (-item[1], str(item[0])))[:MAX_TOTALS]
        return self._table([], [[event, value, count] for (event, value), count in totals], 0)

    def series_table(self) -> Table:
        """Return the last MAX_SERIES counts in order of time."""
        return self._table(["start_time"], [list(row) for row in sorted(self.series, key=str)[-MAX_SERIES:]], 1)

    def _table(self, leading: list[str], rows: list[list[Any]], event_index: int) -> Table:
        """Drop the `event` column when Meta does not split the values by event."""
        if any(event is not None for event, _ in self.totals):
            return Table([*leading, "event", "value", "count"], rows)
        return Table([*leading, "value", "count"], [row[:event_index] + row[event_index + 1 :] for row in rows])


def _entries(bucket: Row) -> list[Row]:
    data = bucket.get("data")
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def _count(value: Any) -> int:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0
