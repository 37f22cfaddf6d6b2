"""Rebuild the state of an account on an earlier day: from the store's snapshot, or today's and the activity log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.store.coverage import ONE_DAY
from meta_ads_mcp.store.duckdb_extra import has_duckdb
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.store_tables import STRUCTURE
from meta_ads_mcp.tools.activity.event_types import CREATIONS, FIELDS_OF_EVENT, STATUS_WORDS
from meta_ads_mcp.tools.activity.events import FIELDS, Event, read_event
from meta_ads_mcp.tools.store.store_rows import STRUCTURE_EDGES, structure_rows

# What is compared, by level and id.
States = dict[tuple[str, str], Row]
COMPARED = (
    *("status", "name", "daily_budget", "lifetime_budget", "bid_amount", "bid_strategy", "optimization_goal"),
    *("targeting", "creative_id"),
)
_BUDGETS = ("daily_budget", "lifetime_budget")
MAX_EVENTS = 2_000
MAX_SNAPSHOT_AGE = timedelta(days=7)


@dataclass(frozen=True)
class PastStates:
    """States of one day, the day on which they were seen, and where they are from."""

    states: States
    day: date
    source: str


def stored_snapshot(call: Call, account: Account, day: date) -> PastStates | None:
    """Return the states that the store has for a day, or for one at most a week before it; None without them."""
    if call.store_dir is None or not has_duckdb():
        return None
    folder = StoreFolder(call.store_dir)
    if not folder.files(STRUCTURE, [account.id]):
        return None
    days = [other for other in folder.coverage(STRUCTURE, account.id).read_on if day - MAX_SNAPSHOT_AGE <= other <= day]
    if not days:
        return None
    nearest = max(days)
    rows = folder.read_rows(STRUCTURE, account.id)
    states = {
        (str(row["level"]), str(row["id"])): _plain(row)
        for row in rows
        if row["valid_from"] <= nearest <= row["valid_until"] and row["level"] != "creative"
    }
    return PastStates(states, nearest, "snapshot of the local store")


async def read_current(call: Call, account: Account) -> PastStates:
    """Return the states of today from Graph: campaigns, ad sets and ads that are not deleted."""
    states: States = {}
    for level, (edge, fields, limit) in STRUCTURE_EDGES.items():
        async for page in call.graph.each_page(f"{account.id}/{edge}", fields=fields, limit=limit, whole=True):
            for raw in page:
                row = structure_rows(level, raw, account)[0]
                states[level, str(row["id"])] = row
    return PastStates(states, account.today(call.now()), "Graph")


async def events_since(call: Call, account: Account, day: date) -> list[Event]:
    """Return the entries of the activity log after the end of the day in the account's time zone, oldest first."""
    since = int(datetime.combine(day + ONE_DAY, time(), account.timezone).timestamp())
    listing = await call.graph.list(
        f"{account.id}/activities",
        fields=FIELDS,
        limit=500,
        max_items=MAX_EVENTS,
        since=since,
        until=int(call.now().timestamp()),
    )
    if listing.has_more:
        call.note(f"The activity log has more than {MAX_EVENTS} entries since then; the oldest were not read.")
    events = [read_event(row, account) for row in listing.rows]
    pairs = [(event.moment.timestamp(), event) for event in events if event.moment]
    return [event for _, event in sorted(pairs, key=lambda pair: pair[0])]


def undo_events(now: PastStates, events: Sequence[Event], account: Account, day: date) -> PastStates:
    """Return the states of the day: today's, with the values that the log says were there before."""
    states = {key: dict(row) for key, row in now.states.items()}
    for event in reversed(events):
        key = (event.object_kind, event.object_id)
        if event.event_type in CREATIONS:
            states.pop(key, None)
        elif key in states:
            states[key] |= _values_before(event, states[key], account)
    return PastStates(states, day, "today's state and the activity log")


def _values_before(event: Event, state: Mapping[str, Any], account: Account) -> Row:
    fields = FIELDS_OF_EVENT.get(event.event_type, ())
    before = event.values.before
    if before is None or not fields:
        return {}
    if set(fields) >= set(_BUDGETS):
        name = next((budget for budget in _BUDGETS if state.get(budget)), None)
        amount = _amount(before, account)
        return {name: amount} if name and amount is not None else {}
    if fields == ("status",):
        status = STATUS_WORDS.get(str(before).casefold())
        return {"status": status} if status else {}
    if fields == ("name",) or (len(fields) == 1 and isinstance(before, str) and fields[0] in COMPARED):
        return {fields[0]: before}
    return {}


def _amount(value: Any, account: Account) -> float | None:
    """Return an amount in major units."""
    units = offset(account.currency)
    if isinstance(value, Mapping) and isinstance(value.get("minor"), int) and units:
        return float(value["minor"] / units)
    return None


def differences(then: States, now: States) -> Iterable[Row]:
    """Return a row for each field that differs, and one for each object that came or went."""
    for key in sorted(then.keys() | now.keys()):
        level, object_id = key
        before, after = then.get(key), now.get(key)
        row = {"level": level, "id": object_id, "name": (after or before or {}).get("name")}
        if before is None or after is None:
            yield {**row, "field": "object", "then": "absent" if before is None else "present",
                   "now": "absent" if after is None else "present"}  # fmt: skip
            continue
        for name in COMPARED:
            if _comparable(before.get(name)) != _comparable(after.get(name)):
                yield {**row, "field": name, "then": before.get(name), "now": after.get(name)}


def _comparable(value: Any) -> Any:
    return round(float(value), 4) if isinstance(value, int | float) else value or None


def _plain(row: Row) -> Row:
    return {name: float(value) if hasattr(value, "as_integer_ratio") else value for name, value in row.items()}
