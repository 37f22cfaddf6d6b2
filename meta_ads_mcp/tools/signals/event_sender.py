"""Send batches of conversion events, and find those that Meta refuses."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.write import Change, Steps
from meta_ads_mcp.errors import AdsError, Throttled, UnknownOutcome
from meta_ads_mcp.tools.signals.event_count import COLUMNS, MAX_LISTED

# Graph's code for a bad value in a request. One bad event refuses the whole call with it.
_INVALID_PARAMETER = 100
REPEATABLE = "Repeating the call with the same idempotency_key goes on after the events that Meta has received."


@dataclass(frozen=True)
class NumberedEvent:
    """Hold a built event and its number: its line in the file, or its place in the list from 1 on."""

    number: int
    event: Row


@dataclass
class EventSender:
    """Send batches of events. A batch that Graph refuses is halved until the bad events are alone."""

    steps: Steps
    main: Change
    common_params: Row
    received_before: Sequence[tuple[int, int]]
    sent_count: int = 0
    confirmed_count: int = 0
    skip_count: int = 0
    refusals: list[tuple[int, str, str]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)

    @property
    def handled(self) -> int:
        return self.sent_count + self.skip_count + len(self.refusals)

    async def send(self, events: Sequence[NumberedEvent]) -> None:
        """Send the events that Meta has not received yet."""
        new = [event for event in events if not self._was_received(event.number)]
        self.skip_count += len(events) - len(new)
        if new:
            await self._send(new)

    def _was_received(self, number: int) -> bool:
        """Return whether a range of earlier calls holds the number. Ranges are sorted and do not overlap."""
        index = bisect_right(self.received_before, number, key=lambda numbers: numbers[0])
        return index > 0 and number <= self.received_before[index - 1][1]

    async def _send(self, events: Sequence[NumberedEvent]) -> None:
        try:
            answer = await self._post(events)
        except AdsError as error:
            if not _is_refusal(error):
                raise
            await self._isolate(events, error)
            return
        self.sent_count += len(events)
        self.confirmed_count += _to_int(answer.get("events_received"))
        if isinstance(answer.get("fbtrace_id"), str):
            self.traces.append(answer["fbtrace_id"])

    async def _isolate(self, events: Sequence[NumberedEvent], error: AdsError) -> None:
        """Send the halves of a refused batch. Graph has stored none of its events."""
        if len(events) == 1:
            reason = error.graph.user_message or error.graph.message if error.graph else error.message
            self.refusals.append((events[0].number, "", f"Meta refused it: {reason[:200]}"))
            return
        middle = len(events) // 2
        await self._send(events[:middle])
        await self._send(events[middle:])

    async def _post(self, events: Sequence[NumberedEvent]) -> Row:
        params: Row = {"data": [_as_json(item.event) for item in events], **self.common_params}
        first, last = events[0].number, events[-1].number
        change = replace(
            self.main,
            request=replace(self.main.request, params=params, patience="upload"),
            after={"events": len(events), "first": first, "last": last, "live": self.main.after["live"]},
        )
        with _explain_repetition():
            return await self.steps.do(change)

    def _summary(self, refused_count: int) -> str:
        earlier = f", {self.skip_count} sent before" if self.skip_count else ""
        bad = f", {refused_count} refused" if refused_count else ""
        where = f"dataset {self.main.object_id}{earlier}{bad}"
        count = f"{self.sent_count:,} {plural('event', self.sent_count)}"
        return f"{count} sent to {where}; Meta received {self.confirmed_count}."

    def outcome(self, details: Row, next_step: str) -> Row:
        """Return the numbers for the answer."""
        rows = [*details.get("refusals", {}).get("rows", []), *map(list, self.refusals)]
        counts = {name: value for name, value in details.items() if name not in ("example", "calls", "ready")}
        return {
            "summary": self._summary(details["refused"] + len(self.refusals)),
            **counts,
            "sent": self.sent_count,
            "received_by_meta": self.confirmed_count,
            "sent_before": self.skip_count,
            "refused": details["refused"] + len(self.refusals),
            **({"refusals": {"columns": COLUMNS, "rows": rows[:MAX_LISTED]}} if rows else {}),
            "fbtrace_ids": self.traces[:20],
            "changes": {},
            "next_step": next_step,
        }


@contextmanager
def _explain_repetition() -> Iterator[None]:
    """Add to a failure how to go on. Meta drops an event whose name and id it has received within 48 hours."""
    try:
        yield
    except UnknownOutcome as lost:
        step = (
            "Look in Events Manager, or repeat the call with the same idempotency_key: Meta drops an event that it has."
        )
        raise replace(lost, next_step=step) from None
    except AdsError as error:
        if _is_refusal(error):
            raise
        first = error.next_step if isinstance(error, Throttled) else ""
        raise replace(error, next_step=f"{first} {REPEATABLE}".strip()) from None


def _is_refusal(error: AdsError) -> bool:
    """Return whether Graph refused an event of the request, and so stored none."""
    return error.graph is not None and error.graph.code == _INVALID_PARAMETER and not isinstance(error, UnknownOutcome)


def _as_json(event: Row) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _to_int(value: Any) -> int:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0
