"""Undo changes of catalogs: what a journal entry replaced is put back, and what it created is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.feed_addresses import SCHEDULES, mask_schedules
from meta_ads_mcp.core.values.graph_values import same_value, with_parsed
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.core.write import Change, Plan
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.event_sources import EDGE as SOURCES_EDGE
from meta_ads_mcp.tools.catalogue.event_sources import read_sources, source_change
from meta_ads_mcp.tools.catalogue.feeds import rule_params
from meta_ads_mcp.tools.catalogue.prices import HUNDREDTHS, shown_minor

PRICES = ("price", "sale_price")
# What must not be in a new object that is deleted again: fields and words for them, by kind.
CONTENT = {
    "ProductCatalog": {"product_count": "items", "feed_count": "feeds"},
    "ProductFeed": {"product_count": "items", "latest_upload": "uploads"},
}


async def plan_catalog_undo(
    call: Call, entry: JournalEntry, created: Literal["pause", "delete"], *, force: bool
) -> Plan:
    """Return the plan that undoes a change of a catalog or of something in it. Raises InvalidArguments."""
    if entry.effect == "create":
        change = await _deletion(call, entry, created, force=force)
    elif entry.edge == SOURCES_EDGE:
        change = await _sources(call, entry, force=force)
    else:
        change = await _earlier_values(call, entry, force=force)
    return Plan([change], f"Undo of {entry.tool} ({entry.change_id}) on {entry.object_id}.")


async def _deletion(call: Call, entry: JournalEntry, created: str, *, force: bool) -> Change:
    if created != "delete":
        raise InvalidArguments("This object cannot be paused.", "Give created=delete to delete it.")
    content = CONTENT.get(entry.node, {})
    now = await call.graph.get(str(entry.object_id), fields=["id", *content])
    full = [word for name, word in content.items() if now.get(name)]
    if full and not force:
        raise InvalidArguments(
            f"It has {' and '.join(full)} by now, which would go with it.",
            "Repeat with force=true, or use ads_catalog_delete_entity.",
        )
    request = Request("DELETE", str(entry.object_id), {}, repeatable=False, write=True)
    return Change(
        Effect.DELETE, request, entry.node, object_id=entry.object_id, title=str(entry.after.get("name") or "")
    )


async def _sources(call: Call, entry: JournalEntry, *, force: bool) -> Change:
    catalog = str(entry.object_id)
    now = [str(row["id"]) for row in await read_sources(call, catalog)]
    before, after = (list(part.get(SOURCES_EDGE) or ()) for part in (entry.before, entry.after))
    if set(now) != set(after) and not force:
        raise _changed_since(f"{SOURCES_EDGE} is {now}, the change set {after}")
    return source_change(catalog, now, before)


async def _earlier_values(call: Call, entry: JournalEntry, *, force: bool) -> Change:
    target = {name: entry.before[name] for name in entry.after if name not in entry.not_applied}
    names = dict.fromkeys("latest_metadata" if name == "metadata" else name for name in target)
    more = ["currency"] if entry.node == "ProductItem" else []
    effect_fields = node_kind(entry.node).effect_fields
    row = await call.graph.get(str(entry.object_id), fields=list(dict.fromkeys(["id", *names, *more, *effect_fields])))
    now = comparable(entry.node, row)
    # Schedules are sent as JSON texts.
    intent = with_parsed(entry.after, *SCHEDULES)
    differing = [name for name in target if name in now and not same_value(now[name], intent[name])]
    if differing and not force:
        shown_values = mask_schedules(now)
        raise _changed_since("; ".join(f"{name} is {str(shown_values[name])[:80]!r}" for name in differing))
    params = {name: value for name, value in target.items() if value is not None}
    if set(PRICES) & params.keys():
        params["currency"] = row.get("currency")
    return Change(
        Effect.UPDATE,
        Request("POST", str(entry.object_id), params, repeatable=False, write=True),
        entry.node,
        object_id=entry.object_id,
        before={name: now.get(name) for name in target},
        after=target,
        readable=tuple(name for name in target if name not in (*PRICES, *SCHEDULES, "params")),
        title=str(entry.after.get("name") or ""),
        context=row,
    )


def comparable(node: str, row: Row) -> Row:
    """Return values as the journal has them: prices in hundredths, the params of a rule as an object."""
    values: dict[str, Any] = dict(row)
    if node == "ProductItem":
        currency = str(row.get("currency"))
        for name in PRICES:
            minor = shown_minor(row.get(name), currency)
            if minor is not None:
                values[name] = minor * HUNDREDTHS // (offset(currency) or 1)
    if node == "ProductFeedRule" and "params" in row:
        values["params"] = rule_params(row)
    if isinstance(row.get("latest_metadata"), Mapping):
        values["metadata"] = row["latest_metadata"]
    return values


def _changed_since(what: str) -> InvalidArguments:
    return InvalidArguments(
        f"The object has changed since: {what}.",
        "Look at it, and repeat with force=true to put the earlier values back.",
    )
