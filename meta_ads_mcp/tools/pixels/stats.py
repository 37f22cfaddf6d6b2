"""Statistics of a pixel: Meta's nested hourly buckets as totals and as a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.result import Row, Table

MOST_TOTALS = 100
MOST_SERIES = 400


@dataclass
class PixelStats:
    """Collects buckets `{start_time, aggregation, data: [{value, count, event?}]}` (SDK class AdsPixelStatsResult)."""

    totals: dict[tuple[str | None, str], int] = field(default_factory=dict)
    series: list[tuple[str, str | None, str, int]] = field(default_factory=list)

    def add(self, buckets: Iterable[Row]) -> None:
        for bucket in buckets:
            for entry in _entries(bucket):
                event, value, count = entry.get("event"), str(entry.get("value")), _count(entry.get("count"))
                self.totals[event, value] = self.totals.get((event, value), 0) + count
                self.series.append((str(bucket.get("start_time")), event, value, count))

    @property
    def total(self) -> int:
        return sum(self.totals.values())

    def totals_table(self) -> Table:
        """The largest first, as far as an answer can hold them."""
        ranked = sorted(self.totals.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_TOTALS]
        return self._table([], [[event, value, count] for (event, value), count in ranked], 0)

    def series_table(self) -> Table:
        """The buckets in the order of time; of a long series its end."""
        return self._table(["start_time"], [list(row) for row in sorted(self.series, key=str)[-MOST_SERIES:]], 1)

    def _table(self, before: list[str], rows: list[list[Any]], at: int) -> Table:
        """`event` is a column only where Meta tells values of several events apart."""
        if any(event is not None for event, _ in self.totals):
            return Table([*before, "event", "value", "count"], rows)
        return Table([*before, "value", "count"], [row[:at] + row[at + 1 :] for row in rows])


def _entries(bucket: Row) -> list[Row]:
    data = bucket.get("data")
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def _count(value: Any) -> int:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0
