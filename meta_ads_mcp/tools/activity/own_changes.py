"""Recognize in Meta's activity log what this server changed itself, by its journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.activity.event_types import CREATIONS, FIELDS_OF_EVENT, STATUS_WORDS
from meta_ads_mcp.tools.activity.events import Event

MAX_ENTRIES = 1000
PAGE_SIZE = 200
# The log rounds to minutes and may run behind; the journal has the time at which a request left.
MAX_SECONDS_APART = 180
DONE = ("success", "partial")


async def own_changes(call: Call, account: str, since: float) -> list[JournalEntry]:
    """Return this server's changes in an account since a time in Unix seconds, newest first, at most MAX_ENTRIES.

    Without a readable journal there are none, and a note says so.
    """
    entries: list[JournalEntry] = []
    after = None
    try:
        while len(entries) < MAX_ENTRIES:
            page = await call.changes.find(ChangeQuery(account=account, since=since, after=after, limit=PAGE_SIZE))
            entries += page.entries
            if not page.has_more or not page.entries:
                break
            after = page.entries[-1].change_id
    except AdsError as error:
        call.note(f"This server's own journal could not be read: {error.message}")
    return [entry for entry in entries if entry.status in DONE]


def change_of_event(event: Event, entries: Sequence[JournalEntry]) -> JournalEntry | None:
    """Return the change of this server that an event of the log shows, or None."""
    return next((entry for entry in entries if _is_same(event, entry)), None)


def _is_same(event: Event, entry: JournalEntry) -> bool:
    if event.moment is None or entry.object_id != event.object_id:
        return False
    if abs(event.moment.timestamp() - entry.sent_at) > MAX_SECONDS_APART:
        return False
    if event.event_type in CREATIONS:
        return entry.effect == "create"
    fields = [name for name in FIELDS_OF_EVENT.get(event.event_type, ()) if name in entry.after]
    return any(_has_value(event.values.after, entry.after[name]) for name in fields)


def _has_value(logged: Any, written: Any) -> bool:
    """Tell whether the log's value after an edit is the one that was written.

    The log describes audiences and creatives in words, which cannot be compared: the field and the time must do.
    """
    if isinstance(written, dict | list) or logged is None:
        return True
    if isinstance(logged, dict):
        logged = logged.get("minor")
    return same_value(STATUS_WORDS.get(str(logged).casefold(), logged), written)
