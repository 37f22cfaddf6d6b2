"""Undo a batch of items: the old attributes as a new batch, and created items deleted."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.write import Change, Plan
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.batches.item_rows import ItemRequest
from meta_ads_mcp.tools.catalogue.batches.item_values import is_done, old_values, read_items

MAX_SHOWN = 10


async def plan_batch_undo(call: Call, entry: JournalEntry, *, force: bool) -> Plan:
    """Return the batch that puts the old attributes back. Items that were changed since are left, unless `force`."""
    before, after = entry.before.get("items"), entry.after.get("items")
    if not isinstance(before, dict) or not isinstance(after, dict):
        raise InvalidArguments(
            "The journal does not have the earlier values of this batch.", "Send them as a new batch."
        )
    catalog = str(entry.object_id)
    rows = [ItemRequest(0, str(row["method"]), row["data"]) for row in after["requests"]]
    items = await read_items(call, catalog, rows)
    newer = [] if force else [item.item_id for item in rows if not is_done(item, items.get(item.item_id))]
    requests = [row for item in rows if item.item_id not in newer and (row := _reverse(item, before["old"]))]
    if not requests:
        raise InvalidArguments(
            "No item of this batch is as the batch left it, or its change cannot be put back.",
            "Look at the items with ads_catalog_list_products; force=true puts the earlier values back all the same.",
        )
    notes = [f"{len(newer)} items have changed since and are left: {', '.join(newer[:MAX_SHOWN])}."] if newer else []
    gone = [item.item_id for item in rows if item.method == "DELETE"]
    notes += [f"{len(gone)} deleted items cannot be brought back: {', '.join(gone[:MAX_SHOWN])}."] if gone else []
    return Plan(
        [_change(entry, requests, rows, items)],
        f"Undo of {len(requests)} items in catalog {catalog}.",
        notes,
    )


def _reverse(item: ItemRequest, old: dict[str, Any]) -> Row | None:
    """Return the request that takes one back, or None for a deletion and for an item without earlier values."""
    if item.method == "CREATE":
        return {"method": "DELETE", "data": {"id": item.item_id}}
    values = old.get(item.item_id)
    if item.method == "DELETE" or not values:
        return None
    return {"method": "UPDATE", "data": {"id": item.item_id, **values}}


def _change(entry: JournalEntry, requests: list[Row], rows: list[ItemRequest], items: dict[str, Row]) -> Change:
    params = {"item_type": "PRODUCT_ITEM", "allow_upsert": False, "requests": requests}
    deletions = sum(row["method"] == "DELETE" for row in requests)
    return Change(
        Effect.UPDATE,
        Request("POST", f"{entry.object_id}/items_batch", params, repeatable=False, write=True, patience="upload"),
        "ProductItem",
        object_id=entry.object_id,
        before={"items": {"old": old_values(rows, items)}},
        after={"items": {"requests": requests}},
        edge="items_batch",
        reasons=(f"it deletes {deletions} items that the batch created",) if deletions else (),
        private=True,
    )
