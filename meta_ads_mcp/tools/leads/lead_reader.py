"""Read the leads of a form from where the last export ended, page by page.

Graph lists leads newest first. A reading that stops early (the limit, an error) therefore leaves a gap between what was
exported before and what it has read; the bookmark of the form keeps the gap, and the next export fills it first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.leads.lead_rows import FIELDS, created

PAGE_SIZE = 500


@dataclass(frozen=True)
class LeadTime:
    """A moment in Unix seconds and the ids of the leads of that second that were exported."""

    time: int
    ids: tuple[str, ...] = ()

    def state(self) -> Row:
        return {"time": self.time, "ids": list(self.ids)}


@dataclass(frozen=True)
class LeadSpan:
    """The leads to read: later than `low` and earlier than `high`, without those that the edges name."""

    low: LeadTime | None = None
    high: LeadTime | None = None

    def filtering(self) -> list[Row] | None:
        """Return the conditions for Graph. Both include the edge's second, because it may hold further leads."""
        conditions = []
        if self.low is not None:
            conditions.append(_condition("GREATER_THAN", self.low.time - 1))
        if self.high is not None:
            conditions.append(_condition("LESS_THAN", self.high.time + 1))
        return conditions or None

    def knows(self, lead: Row) -> bool:
        """Return whether the lead was exported before."""
        edges = [edge for edge in (self.low, self.high) if edge is not None]
        return any(created(lead) == edge.time and str(lead.get("id")) in edge.ids for edge in edges)


def _condition(operator: str, seconds: int) -> Row:
    return {"field": "time_created", "operator": operator, "value": seconds}


@dataclass
class LeadReading:
    """What one pass over a span of a form's leads has read. `complete` means to its end."""

    span: LeadSpan
    newest: LeadTime | None = None
    oldest: LeadTime | None = None
    rows: int = 0
    duplicates: int = 0
    complete: bool = False
    error: AdsError | None = None

    def add(self, leads: Sequence[Row]) -> None:
        """Take note of leads that were written."""
        self.rows += len(leads)
        for lead in leads:
            moment, lead_id = created(lead), str(lead.get("id"))
            self.newest = _extend(self.newest, moment, lead_id, later=True)
            self.oldest = _extend(self.oldest, moment, lead_id, later=False)


def _extend(edge: LeadTime | None, moment: int, lead_id: str, *, later: bool) -> LeadTime:
    if edge is None or (moment > edge.time if later else moment < edge.time):
        return LeadTime(moment, (lead_id,))
    return replace(edge, ids=(*edge.ids, lead_id)) if moment == edge.time else edge


@dataclass(frozen=True)
class Bookmark:
    """How far the leads of a form were exported: all up to `end` except those in `gap`."""

    end: LeadTime | None = None
    gap: LeadSpan | None = None

    @classmethod
    def load(cls, state: Row) -> Bookmark:
        """Read a stored bookmark. Anything that is not one is a form that was never exported."""
        gap = state.get("gap")
        span = LeadSpan(_edge(gap.get("low")), _edge(gap.get("high"))) if isinstance(gap, dict) else None
        return cls(_edge(state.get("end")), span)

    def state(self) -> Row:
        gap = self.gap and {
            "low": self.gap.low.state() if self.gap.low else None,
            "high": self.gap.high.state() if self.gap.high else None,
        }
        return {"end": self.end.state() if self.end else None, "gap": gap}

    @property
    def span(self) -> LeadSpan:
        """Return what to read next: the gap, or else what is new."""
        return self.gap or LeadSpan(self.end)

    def after(self, reading: LeadReading) -> Bookmark:
        """Return the bookmark after a reading of its span."""
        end = _join(self.end, reading.newest, max)
        if self.gap is not None:
            rest = LeadSpan(self.gap.low, _join(self.gap.high, reading.oldest, min))
            return Bookmark(end, None if reading.complete else rest)
        return Bookmark(end, None if reading.complete or reading.oldest is None else LeadSpan(self.end, reading.oldest))


def _join(first: LeadTime | None, second: LeadTime | None, choose: Callable[[int, int], int]) -> LeadTime | None:
    """Return the later or the earlier edge; of the same second, one edge with the ids of both."""
    edges = [edge for edge in (first, second) if edge is not None]
    if not edges:
        return None
    time = choose(edges[0].time, edges[-1].time)
    return LeadTime(time, tuple(dict.fromkeys(name for edge in edges if edge.time == time for name in edge.ids)))


def _edge(value: Any) -> LeadTime | None:
    if not isinstance(value, dict) or not isinstance(value.get("time"), int) or not isinstance(value.get("ids"), list):
        return None
    return LeadTime(value["time"], tuple(map(str, value["ids"])))


@dataclass
class FormReader:
    """Read spans of the leads of a form as its Page. At most `room` leads are read in all."""

    call: Call
    form: Row
    room: int
    bookmark: Bookmark = Bookmark()
    readings: list[LeadReading] = field(default_factory=list)

    async def new(self) -> AsyncIterator[list[Row]]:
        """Yield the leads that the bookmark lacks, page by page, and move the bookmark."""
        was_gap = True
        while was_gap:
            was_gap = self.bookmark.gap is not None
            async for page in self.within(self.bookmark.span):
                yield page
            self.bookmark = self.bookmark.after(self.readings[-1])
            was_gap = was_gap and self.readings[-1].complete

    async def within(self, span: LeadSpan) -> AsyncIterator[list[Row]]:
        """Yield the leads of a span page by page. An error ends it and is in its reading."""
        reading = LeadReading(span)
        self.readings.append(reading)
        try:
            async for page in self._read(reading):
                yield page
        except AdsError as error:
            reading.error = error

    async def _read(self, reading: LeadReading) -> AsyncIterator[list[Row]]:
        page = str(self.form["page_id"]) if self.form.get("page_id") else None
        params: Row = {"filtering": filtering} if (filtering := reading.span.filtering()) else {}
        path = f"{self.form['id']}/leads"
        async for rows in self.call.graph.each_page(path, fields=FIELDS, limit=PAGE_SIZE, page=page, **params):
            leads = [lead for lead in rows if not reading.span.knows(lead)]
            reading.duplicates += len(rows) - len(leads)
            taken = leads[: self.room]
            self.room -= len(taken)
            yield taken
            reading.add(taken)
            if len(taken) < len(leads):
                return
        reading.complete = True
