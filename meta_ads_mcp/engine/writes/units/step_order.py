"""Order the steps of a unit, and choose those that go into the next batch.

Money is cut before it is raised, and objects are paused before others start. Within each of these phases parents come
before children, but deletions go from the children up. Members of a batch may run in any order, so a batch has steps
of one phase and level only, and never two of the same object.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.writes.effects import is_deletion, raises_spend, starts_delivery
from meta_ads_mcp.engine.writes.units.unit_steps import FAILED, NOT_APPLIED, NOT_SENT, UNKNOWN, WAITING, StepState

MAX_BATCH = 50
# Meta docs, graph-api/batch-requests: "ads creation batch size is limited to 10".
MAX_NEW_ADS = 10
_LEVELS = {"Campaign": 0, "AdSet": 1, "AdImage": 1, "AdVideo": 1, "AdCreative": 2, "Ad": 3}
_LAST_LEVEL = 4
_CUT, _RAISE, _START = range(3)
_NOT_DONE = (FAILED, NOT_APPLIED, NOT_SENT, UNKNOWN)

Rank = tuple[int, int]


def rank(change: Change, now: float) -> Rank:
    """Return the phase and the level of a change, which are its place in the order. `now` is in Unix seconds."""
    level = _LEVELS.get(change.node, _LAST_LEVEL)
    if is_deletion(change):
        return _CUT, _LAST_LEVEL - level
    if starts_delivery(change):
        return _START, level
    return (_RAISE if raises_spend(change, now) else _CUT), level


def next_batch(states: Sequence[StepState], now: float, limit: int) -> list[StepState]:
    """Return the steps to send next, at most `limit`. Empty when none is left.

    A step whose needs are not met is ended as not sent.
    """
    end_unreachable(states)
    by_key = {state.step.key: state for state in states}
    waiting = [state for state in states if state.status == WAITING]
    ready = [state for state in waiting if not any(by_key[key].status == WAITING for key in state.step.needs)]
    if not ready:
        return []
    ranks = [rank(state.step.change, now) for state in ready]
    first = min(ranks)
    batch: dict[str, StepState] = {}
    for state, place in zip(ready, ranks, strict=True):
        if place == first:
            batch.setdefault(state.step.change.object_id or f"new {state.step.key}", state)
    return list(batch.values())[: min(limit, _max_members(batch.values()))]


def _max_members(states: Iterable[StepState]) -> int:
    changes = [state.step.change for state in states]
    creates_ads = any(change.node == "Ad" and change.effect is Effect.CREATE for change in changes)
    return MAX_NEW_ADS if creates_ads else MAX_BATCH


def end_unreachable(states: Sequence[StepState]) -> None:
    """End the steps that need a step which was not done, and those that need these."""
    by_key = {state.step.key: state for state in states}
    goes_on = True
    while goes_on:
        goes_on = False
        for state in states:
            if state.status != WAITING:
                continue
            missing = next((by_key[key] for key in state.step.needs if by_key[key].status in _NOT_DONE), None)
            if missing is not None:
                _end_with(state, missing)
                goes_on = True


def _end_with(state: StepState, missing: StepState) -> None:
    """End a step that needs another one. If that one only helps it, such as a new creative, both have failed."""
    is_helper = missing.step.item is not None
    reason = f"{missing.label}: {missing.message or missing.status}"
    if is_helper and missing.status in (FAILED, NOT_APPLIED):
        state.end(FAILED, reason)
    else:
        state.end(NOT_SENT, f"It needs {reason}", is_final=missing.is_final or missing.status in (FAILED, NOT_APPLIED))
