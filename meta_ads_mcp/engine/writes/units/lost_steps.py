"""Find out what happened to steps whose answer was lost, or whose process ended before it wrote down the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.engine.writes.effects import starts_delivery
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.lost_answers import LOOKS_AFTER_SECONDS, find_ids, is_searchable
from meta_ads_mcp.engine.writes.units.batch_reads import read_objects, stale_fields
from meta_ads_mcp.engine.writes.units.unit_steps import SUCCESS, UNKNOWN, WAITING, StepState
from meta_ads_mcp.errors import AdsError

# A request that was on its way when its process ended can still be carried out for as long as this. After it, a new
# object that the search does not find is created again if it does not start delivery: a second one would be PAUSED and
# cost nothing. One that starts delivery never is, because finding nothing does not prove that nothing was created.
SETTLE_SECONDS = 30.0
_LOST = "Meta's answer was lost."
_NOT_MADE = f"{_LOST} The object still has its earlier values; the same call tries again."
_CHANGED = f"{_LOST} The object has other values than before the change and than were sent; look at it."
_UNREADABLE = f"{_LOST} The object could not be read since."
_ABSENT = f"{_LOST} The new object was not found; the same call looks again. Look yourself before you create it anew."
_SEVERAL = f"{_LOST} Each of these can be the new object: "


@dataclass(frozen=True)
class LostStep:
    """A step without an answer, its change with all ids, and its entry in the journal."""

    state: StepState
    change: Change
    entry: JournalEntry


async def resolve_lost(client: GraphPort, clock: Clock, journal: Journal, steps: Sequence[LostStep]) -> None:
    """Look for the changes of the steps, twice, and set their outcome: made, not made (then WAITING), or unknown."""
    waiting = list(steps)
    for seconds in LOOKS_AFTER_SECONDS:
        if not waiting:
            break
        await clock.sleep(seconds)
        for item in waiting:
            item.state.status = UNKNOWN
        await _look_at_objects(client, clock, [item for item in waiting if item.change.effect is not Effect.CREATE])
        for item in waiting:
            if item.change.effect is Effect.CREATE:
                await _search(client, clock, journal, item)
        waiting = [item for item in waiting if item.state.status != SUCCESS]
    journal.outcomes([_outcome(item) for item in steps if item.state.status in (SUCCESS, WAITING)])


def _outcome(item: LostStep) -> tuple[str, str, dict[str, object]]:
    state = item.state
    if state.status == SUCCESS:
        return item.entry.change_id, "success", {"object_id": state.object_id}
    return item.entry.change_id, "failed", {"error": {"kind": "transient", "message": state.message}}


async def _look_at_objects(client: GraphPort, clock: Clock, steps: Sequence[LostStep]) -> None:
    objects = [(str(item.change.object_id), item.change.readable, item.change) for item in steps]
    for item, row in zip(steps, await read_objects(client, clock, objects), strict=True):
        if isinstance(row, AdsError):
            item.state.end(UNKNOWN, _UNREADABLE)
        elif all(same_value(row.get(name), item.change.after[name]) for name in item.change.readable):
            item.state.object_id = item.change.object_id
            item.state.end(SUCCESS, "Meta's answer was lost; the change was found to be made.")
        elif not stale_fields(item.change, row):
            item.state.end(WAITING, _NOT_MADE)
        else:
            item.state.end(UNKNOWN, _CHANGED)


async def _search(client: GraphPort, clock: Clock, journal: Journal, item: LostStep) -> None:
    state, entry = item.state, item.entry
    try:
        ids = await find_ids(client, item.change, entry.sent_at, partial(journal.leave_out_known, entry=entry))
    except AdsError:
        state.end(UNKNOWN, _UNREADABLE)
        return
    if len(ids) == 1:
        state.object_id = ids[0]
        state.end(SUCCESS, "Meta's answer was lost; the new object was found.")
    elif ids:
        state.end(UNKNOWN, _SEVERAL + ", ".join(sorted(ids)))
    elif item.change.request.repeatable or (
        _may_be_repeated(item.change) and clock.now() - entry.started >= SETTLE_SECONDS
    ):
        state.end(WAITING, _NOT_MADE)
    else:
        state.end(UNKNOWN, _ABSENT)


def _may_be_repeated(change: Change) -> bool:
    """Return whether a creation may be sent again when a search finds nothing: what it creates does not spend."""
    return is_searchable(change) and not starts_delivery(change)


async def wait_until_settled(clock: Clock, steps: Sequence[LostStep]) -> None:
    """Wait until no request of a call that ended can still be on its way, if one of them creates an object."""
    times = [item.entry.started for item in steps if item.change.effect is Effect.CREATE]
    if times:
        await clock.sleep(max(0.0, max(times) + SETTLE_SECONDS - clock.now()))
