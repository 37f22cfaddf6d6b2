"""Read rows by period, with the results and the cost of the event for which the money of an account is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.analysis.comparisons.meant import EventObjects, event_objects, with_event
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.insights.read_all import read_all

OBJECT_FIELDS = ("campaign_id", "spend", "results", "date_start", "date_stop")
EVENT_FIELDS = ("spend", "actions", "results", "date_start", "date_stop")


async def read_periods(
    call: Call, object_id: str, fields: Sequence[str], increment: str, **period: Any
) -> tuple[list[Row], EventObjects | None]:
    """Return the rows by period. For an account also its event, whose results and spend the rows then hold.

    The rows of anything else, and of an account without a single event, are those of Graph.
    """
    rows = await read_all(call, object_id, fields, time_increment=increment, **period)
    if not rows or not object_id.startswith("act_"):
        return rows, None
    meant = event_objects(await read_all(call, object_id, OBJECT_FIELDS, level="campaign", **period), "campaign_id")
    return await add_event(call, object_id, rows, meant, time_increment=increment, **period), meant


async def add_event(call: Call, object_id: str, rows: list[Row], meant: EventObjects, **params: Any) -> list[Row]:
    """Return the rows of an account with the results and the spend of the campaigns that are meant for the event."""
    if meant.event is None:
        return rows
    event_rows = await read_all(call, object_id, EVENT_FIELDS, filtering=[campaign_filter(meant)], **params)
    return with_event(rows, event_rows, meant.event)


def campaign_filter(meant: EventObjects) -> Row:
    """Return the filter of Graph that leaves only the campaigns that are meant for the event."""
    return {"field": "campaign.id", "operator": "IN", "value": list(meant.ids)}
