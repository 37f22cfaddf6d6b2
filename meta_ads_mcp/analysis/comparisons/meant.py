"""Find the event that the money of an account is meant for, and the objects that are meant for it.

The cost of an event is the spend of those objects alone: money for leads or for reach is not meant to buy purchases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meta_ads_mcp.analysis.actions import values
from meta_ads_mcp.analysis.numbers import number, total
from meta_ads_mcp.analysis.series import (
    EVENT_SPEND,
    PREFERENCE,
    Figures,
    Measure,
    figures,
    result_measure,
    sum_figures,
)
from meta_ads_mcp.core.result import Row

# An event that less of the spend is meant for is not the event of the whole.
MIN_SHARE = 0.1


@dataclass(frozen=True)
class EventObjects:
    """An event, and the ids of the objects whose result it is according to Meta. `event` is None without any."""

    event: str | None = None
    ids: tuple[str, ...] = ()
    unit: int = 1

    def limit(self, whole: Figures, rows: Sequence[Row], id_field: str) -> Figures:
        """Return figures whose results, and the spend of their cost, are those of the objects alone.

        `rows` are Graph's rows of objects in the days of `whole`.
        """
        measure = Measure(self.event, from_meta=True)
        parts = [figures(row, measure) for row in rows if str(row.get(id_field)) in self.ids]
        if self.event is None:
            return replace(whole, results=None, result_spend=0)
        return meant_for(whole, parts) if parts else replace(whole, results=0, result_spend=0)

    def note(self) -> str:
        """Explain results and their cost."""
        if self.event is None:
            return "No campaign has a single result, so there are no results of the whole."
        unit = "" if self.unit == 1 else f" (per {self.unit:,})"
        return (
            f"results = {self.event} of the {len(self.ids)} campaigns meant for it (as in Ads Manager); "
            f"cost_per_result{unit} is their spend alone."
        )


def event_objects(rows: Sequence[Row], id_field: str) -> EventObjects:
    """Choose the event of the whole: the first of `PREFERENCE` with a notable share of the spend, or that with most.

    `rows` are Graph's rows of objects with `spend` and `results`, in one or several windows.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(id_field)), []).append(row)
    objects: dict[str, list[str]] = {}
    units: dict[str, int] = {}
    for object_id, group in groups.items():
        measure = result_measure(group)
        if measure.from_meta and measure.event:
            objects.setdefault(measure.event, []).append(object_id)
            units[measure.event] = measure.unit
    spend = {
        event: float(total(number(row.get("spend")) for object_id in ids for row in groups[object_id]))
        for event, ids in objects.items()
    }
    if not spend:
        return EventObjects()
    notable = [event for event in PREFERENCE if spend.get(event, 0) >= MIN_SHARE * sum(spend.values()) > 0]
    event = notable[0] if notable else max(spend, key=lambda name: spend[name])
    return EventObjects(event, tuple(objects[event]), units[event])


def meant_for(figures: Figures, each: Sequence[Figures]) -> Figures:
    """Limit the results of the total, and the spend by which their cost is computed, to objects meant for the event."""
    part = sum_figures(each)
    return replace(
        figures,
        results=part.results,
        result_spend=part.spend,
        result_unit=part.result_unit,
        additive=part.additive,
    )


def with_event(rows: Sequence[Row], event_rows: Sequence[Row], event: str) -> list[Row]:
    """Give rows of the whole the results, and the spend, of the objects that are meant for the event.

    `event_rows` are Graph's rows of these objects together, of the same days. A day without one has no results.
    """
    by_days = {(row.get("date_start"), row.get("date_stop")): row for row in event_rows}
    return [
        {**row, "results": [_entry(part, event)], EVENT_SPEND: part.get("spend") or 0}
        for row in rows
        for part in [by_days.get((row.get("date_start"), row.get("date_stop")), {})]
    ]


def _entry(row: Row, event: str) -> Row:
    """Return the result of a row as Graph writes one."""
    result = Measure(event, from_meta=True).result_of(row) if row.get("results") else None
    if result is None:
        result = number(row.get(event)) if row.get(event) else values(row.get("actions")).get(event, 0)
    indicator = event if row.get(event) else f"actions:{event}"
    return {"indicator": indicator, "values": [{"value": result, "attribution_windows": ["default"]}]}
