"""Carry out the steps of a unit: batch by batch, each journalled before and after, within Meta's limits.

Every step ends in one outcome. What is left when the run stops is carried out by the next call with the same key.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from meta_ads_mcp.core.changes import NOTHING_MADE, JournalEntry
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.patient_reads import ASK_AGAIN_SECONDS, MAX_PACE_WAIT_SECONDS, collected_wait, is_own_limit
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.copying import differences, source_fields, writable_creative
from meta_ads_mcp.engine.authority import AuthorizedGraph
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.read_back import READ_AGAIN_AFTER_SECONDS, compare, fields_to_read_back
from meta_ads_mcp.engine.writes.steps import require_id, require_success
from meta_ads_mcp.engine.writes.units.batch_reads import has_values, read_objects, stale_fields
from meta_ads_mcp.engine.writes.units.lost_steps import LostStep, resolve_lost, wait_until_settled
from meta_ads_mcp.engine.writes.units.step_order import MAX_BATCH, end_unreachable, next_batch
from meta_ads_mcp.engine.writes.units.unit_steps import (
    FAILED,
    NOT_APPLIED,
    NOT_SENT,
    SUCCESS,
    UNKNOWN,
    WAITING,
    StepState,
    created_ids,
    not_applied_message,
    resolved_change,
)
from meta_ads_mcp.engine.writes.units.video_wait import wait_for_videos
from meta_ads_mcp.errors import AdsError, Throttled, TokenProblem, UnknownOutcome

# Values that were read longer ago are read again before a step is sent.
MAX_AGE_SECONDS = 30.0
# The longest wait after Meta itself asked to stop. A longer one ends the run.
MAX_META_WAIT_SECONDS = 20.0
# All waits of one run together. The next call with the same key goes on.
MAX_RUN_WAIT_SECONDS = 3600.0
# As many writes are collected while the account's pace allows none.
MIN_BATCH = 5

# Formats the fields that changed since the plan, for the message of a step.
DescribeStale = Callable[[Change, Row, Sequence[str]], str]


class WritePace(Protocol):
    """Know how many writes of an account the limits let through. The governor implements it."""

    def write_allowance(self, account: str) -> int:
        """Return how many writes of the account may go at this moment."""
        ...

    def write_seconds(self, account: str, count: int) -> float:
        """Return in how many seconds that many writes of the account may go, by what is known now."""
        ...


@dataclass
class UnitRun:
    """Hold one run over the steps of a unit.

    `permit` raises Denied where the policy forbids a change, `entry_of` gives the journal entry of a step's change, and
    `progress` reports how many steps have ended. `upload` sends the change of a step that is an upload.
    """

    client: AuthorizedGraph
    pace: WritePace
    clock: Clock
    journal: Journal
    states: Sequence[StepState]
    account: str
    permit: Callable[[Change], None]
    entry_of: Callable[[StepState, Change], JournalEntry]
    describe_stale: DescribeStale
    progress: Callable[[float, float | None, str], Awaitable[None]]
    upload: Callable[[Change], Awaitable[Any]]
    stop_on_error: bool = False
    waited_s: float = 0.0
    retry_after_s: int | None = None
    running: asyncio.Task[None] | None = None
    _stop_reason: str = ""
    _ready_videos: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Send all steps that wait. Raises nothing of Graph: each step has its outcome."""
        await self._resolve_open_steps()
        while not self._stop_reason:
            await wait_for_videos(self.client, self.clock, self.states, self._ready_videos, self._report_wait)
            batch = next_batch(self.states, self.clock.now(), await self._room())
            if not batch:
                break
            await self._in_one_piece(self._send(batch))
            await self._report()
            if self.stop_on_error and any(state.status in (FAILED, NOT_APPLIED, UNKNOWN) for state in batch):
                self._stop_reason = "An earlier change failed, and on_error is stop."
        end_unreachable(self.states)
        for state in self.states:
            if state.status == WAITING:
                state.end(NOT_SENT, state.message or self._stop_reason)

    async def _in_one_piece(self, work: Coroutine[Any, Any, None]) -> None:
        """Finish a batch that has begun, also for a caller that goes away: its outcomes have to be written down."""
        task = self.running = asyncio.ensure_future(work)
        await asyncio.shield(task)

    async def _report_wait(self, text: str) -> None:
        ended = sum(state.status != WAITING for state in self.states)
        await self.progress(ended, len(self.states), text)

    async def _report(self) -> None:
        count = sum(state.status != WAITING for state in self.states)
        await self.progress(count, len(self.states), f"{count} of {len(self.states)} changes")

    # ---- pace

    async def _room(self) -> int:
        """Return how many writes the account's pace allows now. Waits for some when it allows none."""
        waiting = sum(state.status == WAITING for state in self.states)
        room = self.pace.write_allowance(self.account)
        if room < 1 and waiting:
            await self._wait(self.pace.write_seconds(self.account, min(waiting, MIN_BATCH)), MAX_PACE_WAIT_SECONDS)
            room = self.pace.write_allowance(self.account)
        return max(1, min(room, MAX_BATCH))

    async def _wait(self, seconds: float, most_seconds: float) -> bool:
        """Wait, and tell why it takes long. Returns whether the wait was short enough to be made."""
        if seconds > most_seconds or self.waited_s + seconds > MAX_RUN_WAIT_SECONDS:
            return False
        self.waited_s += seconds
        count = sum(state.status != WAITING for state in self.states)
        if seconds >= 1:
            text = f"{count} of {len(self.states)} changes; going on in {seconds:.0f} s, at the pace that Meta allows"
            await self.progress(count, len(self.states), text)
        await self.clock.sleep(seconds)
        return True

    # ---- one batch

    async def _send(self, batch: Sequence[StepState]) -> None:
        await self._check_again(batch)
        ids = created_ids(self.states)
        changes = {state.step.key: resolved_change(state, ids) for state in batch if state.status == WAITING}
        batch = [state for state in batch if state.status == WAITING and await self._is_permitted(state, changes)]
        if not batch:
            return
        entries = [self._start(state, changes[state.step.key]) for state in batch]
        self.journal.intents(entries)
        answers = await self._answers([(state, changes[state.step.key]) for state in batch])
        moment = self.clock.monotonic()
        ends = zip(batch, entries, answers, strict=True)
        outcomes = [self._settle(state, changes[state.step.key], entry, answer) for state, entry, answer in ends]
        self.journal.outcomes(outcomes)
        open_steps = [
            LostStep(state, changes[state.step.key], entry)
            for state, entry in zip(batch, entries, strict=True)
            if state.status == UNKNOWN
        ]
        await self._resolve(open_steps)
        for item in open_steps:
            if item.state.status == WAITING:
                item.state.end(NOT_SENT, item.state.message)
        await self._read_back([(state, changes[state.step.key]) for state in batch if state.status == SUCCESS])
        await self._follow(batch, answers, moment)

    async def _check_again(self, batch: Sequence[StepState]) -> None:
        """End the steps whose object is no longer as the plan saw it. Recent values are not read again."""
        oldest = self.clock.monotonic() - MAX_AGE_SECONDS
        old = [state for state in batch if state.read_at < oldest]
        await check_steps(self.client, old, self.clock, self.describe_stale)
        ids = created_ids(self.states)
        for state in old:
            if (
                state.status == NOT_SENT
                and state.now is not None
                and has_values(resolved_change(state, ids), state.now)
            ):
                state.object_id = state.step.change.object_id
                state.end(SUCCESS, "It has these values already.")

    async def _is_permitted(self, state: StepState, changes: dict[str, Change]) -> bool:
        try:
            self.permit(changes[state.step.key])
            await self.client.authorize(changes[state.step.key].request)
        except AdsError as refusal:
            state.end(NOT_SENT, f"{refusal.message} {refusal.next_step}")
            return False
        return True

    def _start(self, state: StepState, change: Change) -> JournalEntry:
        entry = self.entry_of(state, change)
        entry.graph_time = self.clock.now() + self.client.clock_skew()
        state.change_id, state.entry = entry.change_id, entry
        return entry

    async def _answers(self, steps: Sequence[tuple[StepState, Change]]) -> list[Any]:
        """Return the answer or the error of each step. Uploads are sent one by one, after the batch of the others."""
        requests = {state.step.key: change.request for state, change in steps if not state.step.is_upload}
        try:
            bodies = await self.client.batch(list(requests.values())) if requests else []
        except AdsError as failure:
            bodies = [failure for _ in requests]
        answers = dict(zip(requests, bodies, strict=True))
        for state, change in steps:
            if state.step.is_upload:
                answers[state.step.key] = await attempt(self.upload(change))
        return [answers[state.step.key] for state, _ in steps]

    def _settle(
        self, state: StepState, change: Change, entry: JournalEntry, answer: Any
    ) -> tuple[str, str, dict[str, Any]]:
        """Set the outcome of a step by Graph's answer. Return it for the journal."""
        error: AdsError
        try:
            if isinstance(answer, AdsError):
                raise answer
            state.object_id = require_id(change, require_success(answer))
        except UnknownOutcome as failure:
            error = failure
            state.end(UNKNOWN, error.message)
        except AdsError as failure:
            error = failure
            if error.kind in NOTHING_MADE:
                state.end(WAITING, error.message)
                state.change_id = None
            else:
                state.end(FAILED, error.message)
        else:
            state.end(SUCCESS)
            self.client.learn(str(state.object_id), self.account)
            return entry.change_id, "success", {"object_id": state.object_id}
        if isinstance(error, TokenProblem):
            self._stop_reason = error.message
        status = "unknown_outcome" if state.status == UNKNOWN else "failed"
        return entry.change_id, status, {"error": {"kind": error.kind, "message": error.message}}

    async def _follow(self, batch: Sequence[StepState], answers: Sequence[Any], moment: float) -> None:
        """Wait for limits that are over soon. Others end the run, or only their step where they are an object's.

        `moment` is when the answers came, by the monotonic clock.
        """
        waits = [0.0]
        for state, answer in zip(batch, answers, strict=True):
            if state.status != WAITING:
                continue
            if not isinstance(answer, Throttled):
                state.end(NOT_SENT, state.message)
                continue
            seconds = float(answer.retry_after_seconds or 1)
            from_meta = not is_own_limit(answer)
            if not from_meta and seconds > MAX_PACE_WAIT_SECONDS and not state.has_asked_again:
                # The limit counts requests of the same batch as under way for long, until they are answered.
                seconds, state.has_asked_again = ASK_AGAIN_SECONDS, True
            if seconds <= (MAX_META_WAIT_SECONDS if from_meta else MAX_PACE_WAIT_SECONDS):
                waits.append(seconds)
                state.message = ""
                continue
            self.retry_after_s = max(math.ceil(seconds), self.retry_after_s or 0)
            state.end(NOT_SENT, state.message)
            if from_meta:
                self._stop_reason = answer.message
        waiting = sum(state.status == WAITING for state in self.states)
        rest_s = moment + collected_wait(max(waits), waiting) - self.clock.monotonic()
        if rest_s > 0 and not await self._wait(rest_s, MAX_PACE_WAIT_SECONDS):
            self.retry_after_s = math.ceil(max(waits))
            self._stop_reason = "The run took too long for one call."

    # ---- afterwards

    async def _read_back(self, steps: Sequence[tuple[StepState, Change]]) -> None:
        """Compare what Graph has with what was sent, and again after some seconds where it still has old values."""
        waiting = [(state, change) for state, change in steps if fields_to_read_back(change)]
        for seconds in (0.0, *READ_AGAIN_AFTER_SECONDS):
            if seconds:
                await self.clock.sleep(seconds)
            waiting = await self._compare(waiting)
            if not waiting:
                return
        self.journal.outcomes([_ignored_outcome(state, change) for state, change in waiting])

    async def _compare(self, steps: Sequence[tuple[StepState, Change]]) -> list[tuple[StepState, Change]]:
        """Return the steps of which Graph still has old values."""
        objects = [(str(state.object_id), _shown_fields(change), change) for state, change in steps]
        old: list[tuple[StepState, Change]] = []
        for (state, change), row in zip(steps, await read_objects(self.client, self.clock, objects), strict=True):
            if isinstance(row, AdsError):
                state.message = f"The change was made, but could not be read back ({row.kind})."
                continue
            if _is_copy(change):
                self._compare_copy(state, change, row)
                continue
            result = compare(change, row, fields_to_read_back(change))
            state.status, state.message = SUCCESS, ""
            if result.not_applied:
                state.end(NOT_APPLIED, not_applied_message(result.not_applied))
                old.append((state, replace(change, context={**change.context, "$not_applied": result.not_applied})))
            elif result.different:
                state.message = f"Graph has other values than were sent for {', '.join(result.different)}."
        return old

    def _compare_copy(self, state: StepState, change: Change, row: Row) -> None:
        """End a new creative that is not as planned. It stays, and no ad gets it."""
        names = list(differences(change.after, writable_creative(row)))[:5]
        if names:
            message = f"Graph made the creative with other values ({', '.join(names)})"
            state.end(NOT_APPLIED, f"{message}, so no ad was given it.")
            self.journal.outcome(str(state.change_id), "partial", object_id=state.object_id, not_applied=names)

    # ---- steps without an answer

    async def _resolve(self, steps: Sequence[LostStep]) -> None:
        """Find out about the steps, and remember when another call can find out more."""
        wait_s = await resolve_lost(self.client, self.clock, self.journal, steps)
        if wait_s:
            self.retry_after_s = max(math.ceil(wait_s), self.retry_after_s or 0)

    async def _resolve_open_steps(self) -> None:
        """Find out about the steps whose process ended before their answer was written down."""
        ids = created_ids(self.states)
        open_steps = [
            LostStep(state, resolved_change(state, ids), state.entry)
            for state in self.states
            if state.status == UNKNOWN and state.entry is not None
        ]
        await wait_until_settled(self.client, self.clock, open_steps, self._report_wait)
        await self._in_one_piece(self._resolve(open_steps))
        resolved_steps = [(item.state, item.change) for item in open_steps if item.state.status == SUCCESS]
        for state, _ in resolved_steps:
            self.client.learn(str(state.object_id), self.account)
        await self._in_one_piece(self._read_back(resolved_steps))


async def check_steps(
    client: AuthorizedGraph, states: Sequence[StepState], clock: Clock, describe_stale: DescribeStale
) -> None:
    """Read the objects of updates, and end the steps whose object has changed since the plan."""
    updates = [state for state in states if state.step.change.object_id is not None]
    objects = [(str(s.step.change.object_id), list(s.step.change.after), s.step.change) for s in updates]
    if not objects:
        return
    for state, row in zip(updates, await read_objects(client, clock, objects), strict=True):
        if isinstance(row, AdsError):
            state.end(NOT_SENT, f"The object could not be read before the change: {row.message}")
            continue
        state.read_at = clock.monotonic()
        names = stale_fields(state.step.change, row)
        state.now = row
        if names:
            state.end(NOT_SENT, describe_stale(state.step.change, row, names), is_final=True)


def _is_copy(change: Change) -> bool:
    """Return whether the change makes a creative after another one: all of its fields are known, not only some."""
    return change.node == "AdCreative" and change.effect is Effect.CREATE and not change.readable


def _shown_fields(change: Change) -> Sequence[str]:
    if _is_copy(change):
        return source_fields("AdCreative")
    return fields_to_read_back(change)


def _ignored_outcome(state: StepState, change: Change) -> tuple[str, str, dict[str, Any]]:
    names = list(change.context.get("$not_applied") or ())
    is_all = set(names) >= set(fields_to_read_back(change))
    status = "not_applied" if is_all else "partial"
    return str(state.change_id), status, {"object_id": state.object_id, "not_applied": names}
