"""Split a report that is too large for Graph into parts by time, and by object where time cannot be split.

The rows of the parts together are the rows of the whole. Time is split only between rows: at days or months as
`time_increment` says. Objects are split by their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from meta_ads_mcp.analysis.query.guardrails import first_day, whole_range
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import TimeRange, time_range
from meta_ads_mcp.domain.insights_query import InsightsFilter, InsightsParams
from meta_ads_mcp.errors import DataLimit

Q = TypeVar("Q", bound=InsightsParams)
# Levels of objects, from the top, with the field of their ids.
LEVELS = {"campaign": "campaign.id", "adset": "adset.id", "ad": "ad.id"}
# Conditions on what an object is. Others are on its figures in the whole period, which a part of it does not have.
_ATTRIBUTES = ("id", "name", "status", "objective")
TOO_LARGE = DataLimit(
    "The report is too large for Meta, also for a single object and row.", "Give fewer fields, breakdowns or days."
)


@dataclass(frozen=True)
class ReportPart:
    """A part of a report: days (None for those of the query), ids of a level (all if none), and how far it is.

    `run_id` is its run at Meta, `after` the cursor of the next page of its rows, `size` the bytes of its rows so far.
    """

    since: str | None = None
    until: str | None = None
    level: str | None = None
    ids: tuple[str, ...] = ()
    run_id: str | None = None
    after: str | None = None
    size: int = 0
    rows: int = 0
    done: bool = False
    attempts: int = 0

    @classmethod
    def load(cls, state: Row) -> ReportPart:
        """Read a stored part. Raises TypeError for anything else."""
        if not isinstance(state, dict) or not isinstance(state.get("ids", []), list):
            raise TypeError("not a stored part")
        counts = [isinstance(state.get(item.name, 0), int) for item in fields(cls) if isinstance(item.default, int)]
        texts = [isinstance(state.get(name, ""), str) for name in ("since", "until", "level", "run_id", "after")]
        if not all([*counts, *texts, *(isinstance(text, str) for text in state.get("ids", []))]):
            raise TypeError("not a stored part")
        return cls(**{**state, "ids": tuple(state.get("ids") or ())})

    def state(self) -> Row:
        return {name: value for name, value in vars(self).items() if value not in (None, (), 0, False)}

    def query(self, whole: Q) -> Q:
        """Return the query of the part."""
        update: dict[str, Any] = {}
        if self.since and self.until:
            update |= {"date_preset": None, "time_range": TimeRange(since=self.since, until=self.until)}
        if self.level:
            condition = InsightsFilter(field=LEVELS[self.level], operator="IN", value=list(self.ids))
            update["filtering"] = [*(whole.filtering or ()), condition]
        return whole.model_copy(update=update)


async def split_part(call: Call, part: ReportPart, whole: InsightsParams, today: date) -> list[ReportPart]:
    """Return smaller parts that together are the part. `today` is the account's day. Raises DataLimit if none exist."""
    query = part.query(whole)
    days = _split_days(query, today)
    if days:
        return [_fresh(part, since=half.since, until=half.until) for half in days]
    level, ids = part.level, part.ids
    while len(ids) < 2:
        level = _next_level(whole, level)
        if level is None:
            raise TOO_LARGE
        ids = await _ids_with_rows(call, query, level)
    middle = len(ids) // 2
    return [_fresh(part, level=level, ids=half) for half in (ids[:middle], ids[middle:])]


def _fresh(part: ReportPart, **changes: Any) -> ReportPart:
    return replace(part, run_id=None, after=None, size=0, rows=0, attempts=0, **changes)


def _split_days(query: InsightsParams, today: date) -> list[TimeRange]:
    """Return two halves of the period, cut between rows; nothing if rows span the whole period."""
    if query.time_ranges or query.one_period or not _only_attributes(query.filtering or ()):
        return []
    period = whole_range(query, today) or time_range(first_day(query, today), today)
    starts = _row_starts(period, str(query.time_increment))
    if len(starts) < 2:
        return []
    cut = starts[len(starts) // 2]
    return [time_range(period.first, cut - timedelta(days=1)), time_range(cut, period.last)]


def _only_attributes(filters: Sequence[InsightsFilter]) -> bool:
    return all("." not in item.field or item.field.endswith(_ATTRIBUTES) for item in filters)


def _row_starts(period: TimeRange, increment: str) -> list[date]:
    """Return the first day of each row of an object."""
    every = [period.first + timedelta(days=number) for number in range(period.days)]
    if increment == "monthly":
        return [day for day in every if day == period.first or day.day == 1]
    return every[:: int(increment)]


def _next_level(whole: InsightsParams, level: str | None) -> str | None:
    """Return the level below, as long as the rows are of that level or a lower one."""
    names = list(LEVELS)
    position = names.index(level) + 1 if level else 0
    lowest = names.index(whole.level) if whole.level in names else -1
    return names[position] if position <= lowest else None


async def _ids_with_rows(call: Call, query: InsightsParams, level: str) -> tuple[str, ...]:
    """Return the ids of the objects of a level that have figures in the period."""
    name = f"{level}_id"
    wanted = ("date_preset", "time_range", "time_ranges", "filtering")
    params = {key: value for key, value in query.query().items() if key in wanted}
    if "filtering" in params:
        params["filtering"] = [item for item in params["filtering"] if "." in item["field"]]
    pages = call.graph.each_page(f"{query.object_id}/insights", fields=(name, "impressions"), level=level, **params)
    ids = [str(row[name]) async for rows in pages for row in rows if row.get(name)]
    return tuple(dict.fromkeys(ids))
