"""Read all pages of insights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row, Table
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.errors import AdsError, DataLimit

MAX_ROWS = 10_000


async def read_all(call: Call, object_id: str, fields: Sequence[str], **params: Any) -> list[Row]:
    """Read all pages of an insights edge, because a truncated series would look like a drop.

    Raises DataLimit if there are more than `MAX_ROWS` rows.
    """
    rows: list[Row] = []
    after: str | None = None
    while len(rows) <= MAX_ROWS:
        listing = await call.graph.list(f"{object_id}/insights", fields=fields, limit=500, after=after, **params)
        rows += listing.rows
        await call.progress(len(rows), None, f"{len(rows)} rows read")
        if listing.after is None:
            return rows
        after = listing.after
    raise DataLimit(f"There are more than {MAX_ROWS} rows.", "Request a shorter range, or one campaign at a time.")


async def read_name(call: Call, object_id: str, account: Account) -> Row:
    """Return `{"name": …}` of an object, or nothing if it has none or cannot be read. That of an account is known."""
    if object_id == account.id:
        return {"name": account.name} if account.name else {}
    node = await attempt(call.graph.get(object_id, fields=["name"]))
    return {} if isinstance(node, AdsError) or not node.get("name") else {"name": str(node["name"])}


def no_delivery(object_id: str, days: TimeRange | None) -> Result:
    """Return the answer for an object without rows. `days` is None for the whole time of the object."""
    note = "Meta returns no rows if nothing was delivered."
    period = f"from {days.since} to {days.until}" if days else "from the start to today"
    return Result(f"No delivery of {object_id} {period}.", Table([], []), notes=[note])
