"""Wait until Meta has processed the new videos of a unit: a creative can use a video only then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.engine.writes.units.unit_steps import NOT_APPLIED, NOT_SENT, SUCCESS, WAITING, StepState
from meta_ads_mcp.errors import AdsError

# The SDK polls every three seconds.
POLL_SECONDS, MAX_VIDEO_WAIT_SECONDS = 3.0, 180.0
_PROCESSING = "Meta is still processing the video {}; the same call goes on when it is ready."
_BROKEN = "Meta could not process this video."


async def wait_for_videos(
    client: GraphPort,
    clock: Clock,
    states: Sequence[StepState],
    ready: set[str],
    report: Callable[[str], Awaitable[None]],
) -> None:
    """Wait for the videos that waiting steps need, and remember in `ready` those that are.

    A video that cannot be processed is not applied. Steps that need one that is still processed are not sent.
    """
    end = clock.now() + MAX_VIDEO_WAIT_SECONDS
    pending = [state for state in states if _is_pending(state, states, ready)]
    while pending:
        for state in pending:
            status = await _read_status(client, state)
            if status == "error":
                state.end(NOT_APPLIED, _BROKEN)
            elif status != "processing":
                ready.add(state.step.key)
        pending = [state for state in pending if state.status == SUCCESS and state.step.key not in ready]
        if pending and clock.now() + POLL_SECONDS > end:
            _put_off(states, pending)
            return
        if pending:
            await report(f"Meta is processing {len(pending)} {plural('video', len(pending))}")
            await clock.sleep(POLL_SECONDS)


def _is_pending(state: StepState, states: Iterable[StepState], ready: set[str]) -> bool:
    change, key = state.step.change, state.step.key
    is_new_video = change.node == "AdVideo" and change.effect is Effect.CREATE and state.status == SUCCESS
    return is_new_video and key not in ready and any(key in other.step.needs for other in states if _waits(other))


def _waits(state: StepState) -> bool:
    return state.status == WAITING


async def _read_status(client: GraphPort, state: StepState) -> str:
    """Return `ready`, `processing` or `error`. A video whose status cannot be read is left for Graph to judge."""
    account = state.step.change.request.account
    try:
        row = await client.send(Request("GET", str(state.object_id), {"fields": "id,status"}, account=account))
    except AdsError:
        return "ready"
    status = row.get("status") if isinstance(row, dict) else None
    return str(status.get("video_status") or "processing") if isinstance(status, dict) else "processing"


def _put_off(states: Sequence[StepState], videos: Iterable[StepState]) -> None:
    """End the steps that need these videos, and those that need these steps."""
    names = {state.step.key: state.name for state in videos}
    again = True
    while again:
        again = False
        for state in states:
            key = next((key for key in state.step.needs if key in names), None)
            if state.status == WAITING and key is not None:
                state.end(NOT_SENT, _PROCESSING.format(names[key]))
                names[state.step.key] = names[key]
                again = True
