"""Find out what happened to steps whose answer was lost, or whose process ended before it wrote down the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.lost_answers import LOOKS_AFTER_SECONDS
from meta_ads_mcp.engine.writes.units.batch_reads import read_objects, stale_fields
from meta_ads_mcp.engine.writes.units.lost_creations import (
    SETTLE_SECONDS,
    LostCreation,
    SearchResult,
    can_be_absent,
    search_creations,
    seconds_to_settle,
)
from meta_ads_mcp.engine.writes.units.unit_steps import SUCCESS, UNKNOWN, WAITING, StepState
from meta_ads_mcp.errors import AdsError

_LOST = "Meta's answer was lost."
_NOT_MADE = f"{_LOST} The object still has its earlier values; the same call tries again."
_NOT_CREATED = f"{_LOST} The object was not created; the same call creates it."
_CHANGED = f"{_LOST} The object has other values than before the change and than were sent; look at it."
_UNREADABLE = f"{_LOST} The object could not be read since."


@dataclass(frozen=True)
class LostStep:
    """A step without an answer, its change with all ids, and its entry in the journal."""

    state: StepState
    change: Change
    entry: JournalEntry

    @property
    def creation(self) -> LostCreation:
        """Return what the search for a new object needs."""
        return LostCreation(self.change, self.entry)


async def resolve_lost(client: GraphPort, clock: Clock, journal: Journal, steps: Sequence[LostStep]) -> float | None:
    """Look for the changes of the steps, twice, and set their outcome: made, not made (then WAITING), or unknown.

    Returns the seconds after which another look can decide what is unknown; None if waiting does not help.
    """
    waiting = list(steps)
    wait_s: float | None = None
    for seconds in LOOKS_AFTER_SECONDS:
        if not waiting:
            break
        await clock.sleep(seconds)
        for item in waiting:
            item.state.status = UNKNOWN
        await _look_at_objects(client, clock, [item for item in waiting if item.change.effect is not Effect.CREATE])
        creations = [item for item in waiting if item.change.effect is Effect.CREATE]
        results = await search_creations(client, clock, journal, [item.creation for item in creations])
        for item, result in zip(creations, results, strict=True):
            _set_outcome(item.state, result)
        wait_s = max((result.wait_s for result in results if result.wait_s is not None), default=None)
        waiting = [item for item in waiting if item.state.status != SUCCESS]
    journal.outcomes([_outcome(item) for item in steps if item.state.status in (SUCCESS, WAITING)])
    return wait_s


def _set_outcome(state: StepState, result: SearchResult) -> None:
    if result.object_id is not None:
        # The list of images has `account:hash`, and a creative takes the hash.
        state.object_id = result.object_id.rpartition(":")[2]
        state.end(SUCCESS, f"{_LOST} The new object was found.")
    elif result.is_absent:
        state.end(WAITING, _NOT_CREATED)
    else:
        state.end(UNKNOWN, result.message, is_final=result.wait_s is None)


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
            item.state.end(SUCCESS, f"{_LOST} The change was found to be made.")
        elif not stale_fields(item.change, row):
            item.state.end(WAITING, _NOT_MADE)
        else:
            item.state.end(UNKNOWN, _CHANGED)


async def wait_until_settled(
    client: GraphPort, clock: Clock, steps: Sequence[LostStep], report: Callable[[str], Awaitable[None]]
) -> None:
    """Wait until Graph no longer works on a creation of a call that ended. The wait of an upload is too long for it."""
    waits = [
        seconds_to_settle(client, clock, item.creation)
        for item in steps
        if item.change.effect is Effect.CREATE and can_be_absent(item.change)
    ]
    seconds = max((wait for wait in waits if wait <= SETTLE_SECONDS), default=0.0)
    if seconds > 0:
        await report(f"waiting {seconds:.0f} s, until Meta can no longer create what an earlier call sent")
        await clock.sleep(seconds)
