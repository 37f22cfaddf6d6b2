"""Read rows by period, with the results and the cost of the event for which the money of an account is meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from meta_ads_mcp.analysis.comparisons.meant import EventObjects, event_objects, with_event
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import parse_day, time_range
from meta_ads_mcp.tools.insights.read_all import read_all

OBJECT_FIELDS = ("campaign_id", "spend", "results", "date_start", "date_stop")
EVENT_FIELDS = ("spend", "actions", "results", "date_start", "date_stop")


async def read_periods(
    call: Call, object_id: str, fields: Sequence[str], increment: str, **period: Any
) -> tuple[list[Row], EventObjects | None]:
    """Return the rows by period. For an account also its event, whose results and spend the rows then hold.

    The rows of anything else, and of an account without a single event, are those of Graph. Weeks start on Monday, so
    the first one may be shorter.
    """
    parts = [{**part, "time_increment": increment} for part in _parts(increment, period)]
    reads = [await read_all(call, object_id, fields, **part) for part in parts]
    if not any(reads) or not object_id.startswith("act_"):
        return [row for rows in reads for row in rows], None
    targets = event_objects(await read_all(call, object_id, OBJECT_FIELDS, level="campaign", **period), "campaign_id")
    pairs = zip(reads, parts, strict=True)
    return [row for rows, part in pairs for row in await add_event(call, object_id, rows, targets, **part)], targets


def _parts(increment: str, period: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the periods to read: for weeks, the days before the first Monday apart, because Graph counts from there.

    Graph divides a range into weeks from its first day on. Source: Meta docs, insights, `time_increment`.
    """
    days = period.get("time_range")
    if increment != "7" or not days:
        return [period]
    first, last = parse_day(days["since"]), parse_day(days["until"])
    monday = first + timedelta(days=-first.weekday() % 7) if first else None
    if first is None or last is None or monday is None or monday == first or monday > last:
        return [period]
    ranges = (time_range(first, monday - timedelta(days=1)), time_range(monday, last))
    return [{**period, "time_range": each.model_dump()} for each in ranges]


async def add_event(call: Call, object_id: str, rows: list[Row], targets: EventObjects, **params: Any) -> list[Row]:
    """Return the rows of an account with the results and the spend of the campaigns that are meant for the event."""
    if targets.event is None or not rows:
        return rows
    event_rows = await read_all(call, object_id, EVENT_FIELDS, filtering=[campaign_filter(targets)], **params)
    return with_event(rows, event_rows, targets.event)


def campaign_filter(targets: EventObjects) -> Row:
    """Return the filter of Graph that leaves only the campaigns that are meant for the event."""
    return {"field": "campaign.id", "operator": "IN", "value": list(targets.ids)}
