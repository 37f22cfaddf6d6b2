"""Read many objects within this server's own limits: wait for those that are not let through yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, Blocked, CircuitOpen, Throttled

# The longest wait for this server's own limits: a full window of Meta's score.
MAX_PACE_WAIT_SECONDS = 330.0
# All waits of one series of reads together.
MAX_READ_WAIT_SECONDS = 3600.0
# From so many requests and so long a wait on, they wait together.
MIN_COLLECTED = 3
MIN_COLLECT_SECONDS = 20.0
COLLECT_SECONDS = 15.0
ASK_AGAIN_SECONDS = 1.0
MIN_COLLECTED_WAIT_SECONDS = 45.0

SendBatch = Callable[[Sequence[Request]], Awaitable[Sequence[Any]]]
Sleep = Callable[[float], Awaitable[None]]


def is_own_limit(error: Any) -> bool:
    """Return whether an answer says that this server did not send the request, because of its own count."""
    return isinstance(error, Throttled) and error.graph is None and not isinstance(error, CircuitOpen | Blocked)


async def read_patiently(send: SendBatch, sleep: Sleep, requests: Sequence[Request]) -> list[Any]:
    """Return the answer or the error of each read, in order. Reads that had to wait are sent when they may go."""
    answers: list[Any] = list(await send(requests)) if requests else []
    waits_s, has_asked_again = 0.0, False
    while True:
        waiting = [index for index, answer in enumerate(answers) if is_own_limit(answer)]
        seconds = max((_wait_of(answers[index]) for index in waiting), default=0.0)
        seconds = collected_wait(seconds, len(waiting))
        if seconds > MAX_PACE_WAIT_SECONDS and not has_asked_again:
            # The limit counts requests of the same batch as under way for long, until they are answered.
            seconds, has_asked_again = ASK_AGAIN_SECONDS, True
        waits_s += seconds
        if not waiting or seconds > MAX_PACE_WAIT_SECONDS or waits_s > MAX_READ_WAIT_SECONDS:
            return answers
        await sleep(seconds)
        for index, answer in zip(waiting, await send([requests[index] for index in waiting]), strict=True):
            answers[index] = answer


def collected_wait(seconds: float, count: int) -> float:
    """Return how long to wait for a limit, for that many requests.

    Points come back one by one. Requests that each take the next free point would keep the score full and Meta's
    headers hot, so many of them wait until the points of a whole batch are back.
    """
    if count < MIN_COLLECTED or seconds < MIN_COLLECT_SECONDS:
        return seconds
    return min(MAX_PACE_WAIT_SECONDS, max(seconds + COLLECT_SECONDS, MIN_COLLECTED_WAIT_SECONDS))


def _wait_of(error: AdsError) -> float:
    return float(error.retry_after_seconds or 1)
