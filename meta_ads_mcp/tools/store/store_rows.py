"""Turn Graph's rows into rows of the local store's tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from meta_ads_mcp.analysis.actions import values
from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.domain.targeting import summarize_targeting
from meta_ads_mcp.store.coverage import is_final
from meta_ads_mcp.store.store_tables import EVENT_COLUMNS, VALUE_COLUMNS, StoreTable
from meta_ads_mcp.tools.activity.events import read_event

# Columns of the store and Graph's fields, where the names differ.
GRAPH_NAMES = {
    "ad_set_id": "adset_id",
    "ad_set_name": "adset_name",
    "link_clicks": "inline_link_clicks",
    "attribution": "attribution_setting",
}
COMPUTED = frozenset({"date", "currency", "events", "event_values", "is_final", "synced_at"})
_NUMERIC = ("spend", "impressions", "clicks", "reach", "link_clicks")


def synced_text(now: datetime) -> str:
    """Return a moment as a TIMESTAMP in UTC."""
    return now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def insights_fields(table: StoreTable, dimensions: tuple[str, ...] = ()) -> list[str]:
    """Return Graph's fields for a table of insights. Breakdowns come without being requested."""
    computed = {*COMPUTED, *EVENT_COLUMNS, *VALUE_COLUMNS, *dimensions}
    return [
        *(GRAPH_NAMES.get(name, name) for name in table.column_names if name not in computed),
        "actions",
        "action_values",
    ]


def insights_row(row: Row, table: StoreTable, account: Account, today: date, now: datetime) -> Row:
    """Turn one row of insights into a row of the table. Money stays in major units, as Graph gives it."""
    day = str(row.get("date_start"))
    events, amounts = values(row.get("actions")), values(row.get("action_values"))
    figures: Row = {
        "date": day,
        "currency": account.currency,
        **{name: events.get(name) for name in EVENT_COLUMNS},
        **{name: amounts.get(name.removesuffix("_value")) for name in VALUE_COLUMNS},
        "events": events,
        "event_values": amounts,
        "is_final": is_final(date.fromisoformat(day), today, table.restate_days),
        "synced_at": synced_text(now),
    }
    plain = {name: row.get(GRAPH_NAMES.get(name, name)) for name in table.column_names if name not in figures}
    return {name: number(value) if name in _NUMERIC else value for name, value in plain.items()} | figures


STRUCTURE_EDGES: dict[str, tuple[str, tuple[str, ...], int]] = {
    "campaign": (
        "campaigns",
        tuple(
            "id name status effective_status objective bid_strategy daily_budget lifetime_budget start_time "
            "stop_time".split()
        ),
        500,
    ),
    "ad_set": (
        "adsets",
        tuple(
            "id name campaign_id status effective_status optimization_goal bid_strategy bid_amount daily_budget "
            "lifetime_budget start_time end_time targeting".split()
        ),
        200,
    ),
    "ad": (
        "ads",
        (
            *"id name campaign_id adset_id status effective_status bid_amount".split(),
            "creative{id,name,status,title,body}",
        ),
        200,
    ),
}
_MINOR_UNITS = ("daily_budget", "lifetime_budget", "bid_amount")


def structure_rows(level: str, row: Row, account: Account) -> list[Row]:
    """Turn an object into rows of `structure`, without the columns of time: itself, and an ad's creative."""
    creative = row.get("creative") if isinstance(row.get("creative"), Mapping) else None
    units = offset(account.currency)
    state: Row = {
        "level": level,
        "id": str(row.get("id")),
        "name": row.get("name"),
        "campaign_id": row.get("campaign_id"),
        "ad_set_id": row.get("adset_id"),
        "creative_id": creative.get("id") if creative else None,
        "currency": account.currency,
        "end_time": row.get("end_time") or row.get("stop_time"),
        "targeting": summarize_targeting(row["targeting"]) if isinstance(row.get("targeting"), Mapping) else None,
        "text": row.get("body"),
        "title": row.get("title"),
        **{
            name: row.get(name)
            for name in "status effective_status objective optimization_goal bid_strategy start_time".split()
        },
        **{name: _major(row.get(name), units) for name in _MINOR_UNITS},
    }
    return [state, *(structure_rows("creative", dict(creative), account) if creative else [])]


def _major(value: Any, units: int | None) -> float | None:
    amount = number(value)
    return None if not amount or units is None else amount / units


def change_row(row: Row, account: Account, now: datetime) -> Row | None:
    """Turn an entry of the activity log into a row of `changes`; None for one without a time."""
    event = read_event(row, account)
    if event.moment is None:
        return None
    return {
        "date": event.moment.date().isoformat(),
        "time": synced_text(event.moment),
        "actor": row.get("actor_name"),
        "actor_kind": event.actor_kind,
        "application": row.get("application_name"),
        "event_type": event.event_type,
        "text": event.text,
        "object_kind": event.object_kind,
        "object_id": event.object_id,
        "object_name": row.get("object_name"),
        "value_before": _text(event.values.before),
        "value_after": _text(event.values.after),
        "synced_at": synced_text(now),
    }


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "amount" in value:
        return f"{value['amount']} {value['currency']}"
    return json.dumps(value, ensure_ascii=False)
