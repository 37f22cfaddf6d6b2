"""Send conversion events to a dataset: checked and hashed on this machine, in calls of at most 1,000 events."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.core.params import Local, exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import PixelId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.errors import AdsError, InvalidArguments, Throttled, UnknownOutcome
from meta_ads_mcp.tools.signals.event_builder import BuiltEvent, EventBuilder, RefusedEvent
from meta_ads_mcp.tools.signals.event_file import MAX_FILE_BYTES, EventFile, FileRow
from meta_ads_mcp.tools.signals.event_spec import ConversionEvent, EventSource, flat_values

NAME = "ads_send_conversion_events"
# Events in one call of Graph (Meta docs, conversions-api/using-the-api#batch-requests).
MAX_BATCH_EVENTS = 1000
MAX_LISTED = 50
COLUMNS = ["line", "column", "reason"]
MAX_SEARCHED_CHANGES = 10_000
# Graph's code for a bad value in a request. One bad event refuses the whole call with it.
_INVALID_PARAMETER = 100
NOT_A_DRY_RUN = (
    "Meta counts test events for targeting and measurement like all others; only dry_run sends nothing. "
    "Events cannot be taken back."
)
REPEATABLE = "Repeating the call with the same idempotency_key goes on after the events that Meta has received."


@dataclass(frozen=True)
class NumberedEvent:
    """Hold a built event and its number: its line in the file, or its place in the list from 1 on."""

    number: int
    event: Row


@dataclass
class EventCount:
    """Count the events of a call, without any of their values.

    `refused` and `left_out` are (number, column, reason).
    """

    read: int = 0
    ready: int = 0
    made_ids: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    left_out: list[tuple[int, str, str]] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)

    @property
    def refused_events(self) -> int:
        return len({number for number, _, _ in self.refused})

    def add(self, number: int, built: BuiltEvent) -> None:
        """Add an event that can be sent."""
        self.ready += 1
        self.made_ids += built.has_made_id
        self.names[built.event["event_name"]] += 1
        self.sources[built.event["action_source"]] += 1
        self.left_out += [(number, column, reason) for column, reason in built.left_out]

    def public(self) -> Row:
        """Return the numbers, and the first reasons with line and column."""
        return {
            "checked": self.read,
            "ready": self.ready,
            "refused": self.refused_events,
            "by_event": dict(self.names.most_common(20)),
            "by_source": dict(self.sources),
            **({"refusals": _table(self.refused)} if self.refused else {}),
            **({"values_left_out": _table(self.left_out)} if self.left_out else {}),
        }


def _table(problems: Sequence[tuple[int, str, str]]) -> Row:
    return {"columns": COLUMNS, "rows": [list(problem) for problem in problems[:MAX_LISTED]]}


@tool(
    NAME,
    Effect.CREATE,
    post("{dataset_id}/events"),
    node="AdsPixel",
    singular="dataset",
    keywords="conversions api capi server events offline store crm lead stage upload purchase",
)
class SendConversionEvents(ConfirmedParams):
    """Send web, app, store or phone events or CRM stages of leads to a dataset (pixel), from a list or a file.

    Personal data is hashed here. test_event_code shows the events in Events Manager; live=true sends without it and
    needs a confirmation. Events are at most 7 days old, of stores 62. They cannot be taken back.
    """

    dataset_id: PixelId
    source: Annotated[
        EventSource, Field(description="action_source of events without one; system_generated for CRM stages")
    ]
    events: Annotated[list[ConversionEvent] | None, Field(min_length=1, max_length=100)] = None
    file_path: Annotated[
        str | None, Field(min_length=1, max_length=4000, description="Instead: absolute path of a CSV or JSONL file")
    ] = None
    test_event_code: Annotated[
        str | None, Field(min_length=1, max_length=60, description="From Events Manager, Test events")
    ] = None
    live: Annotated[bool, Field(description="Send without a test code")] = False
    hashed: Annotated[bool, Field(description="Personal values are SHA-256 already")] = False
    crm_name: Annotated[str | None, Field(min_length=1, max_length=100, description="CRM that reports the stages")] = (
        None
    )
    upload_tag: Annotated[str | None, Field(min_length=1, max_length=100, description="Name of a store upload")] = None
    idempotency_key: Annotated[
        str, Local(), Field(min_length=1, max_length=100, description="Makes repeating the call safe")
    ]

    @model_validator(mode="after")
    def _check_mode(self) -> Self:
        if self.live and self.test_event_code:
            raise ValueError("give test_event_code or live=true, not both")
        if not self.live and not self.test_event_code:
            raise ValueError("give test_event_code (Events Manager, Test events), or live=true to send real events")
        if self.crm_name and self.source != "system_generated":
            raise ValueError("crm_name is for source=system_generated")
        return exactly_one(self, "events", "file_path")

    @classmethod
    def resumes(cls) -> bool:
        return True

    async def plan(self, call: Call) -> Plan:
        """Check every event. Raises InvalidArguments if none can be sent."""
        dataset = await self._read_dataset(call)
        count, fingerprint, sample = await asyncio.to_thread(self._check, call)
        if not count.ready:
            raise InvalidArguments(
                f"None of the {count.read} events can be sent: {_first_reasons(count)}.",
                "Correct them and call again.",
                details={"refusals": _table(count.refused)},
            )
        self._add_notes(call, count)
        after: Row = {"events": count.ready, "live": self.live}
        change = Change(
            Effect.CREATE,
            Request(
                "POST",
                f"{self.dataset_id}/events",
                account=await call.owner(self.dataset_id, "AdsPixel"),
                repeatable=False,
                write=True,
            ),
            "AdsPixel",
            object_id=self.dataset_id,
            # A confirmation is valid for the present content only.
            before={"content": fingerprint},
            after={**after, **({"test_event_code": self.test_event_code} if self.test_event_code else {})},
            title=str(dataset.get("name") or "")[:200],
            reasons=("personal data leaves this machine, and Meta's bidding learns from it",) if self.live else (),
            private=True,
        )
        details = {**count.public(), "calls": -(-count.ready // MAX_BATCH_EVENTS), "example": sample}
        return Plan([change], f"Send {count.ready} events.", details=details)

    async def _read_dataset(self, call: Call) -> Row:
        dataset = await call.graph.get(
            self.dataset_id, fields=["id", "name", "is_unavailable", "is_crm", "owner_business"]
        )
        if dataset.get("is_unavailable") is True:
            raise InvalidArguments(
                f"Dataset {self.dataset_id} is not available any more, so it takes no events.",
                "List the datasets with ads_get_datasets.",
            )
        return dataset

    def _check(self, call: Call) -> tuple[EventCount, str, Row]:
        """Return the count, a hash of the content, and one event with masked values."""
        count, sample = EventCount(), Row()
        with self._open(call) as source:
            for item in self._build(call, source, count):
                sample = sample or mask_event(item.event)
            return count, source.fingerprint(), sample

    @contextmanager
    def _open(self, call: Call) -> Iterator[EventList | EventFile]:
        if self.file_path is None:
            yield EventList(self.events or [])
            return
        with call.uploads.open(self.file_path, MAX_FILE_BYTES) as upload:
            file = EventFile(upload.file, upload.name)
            yield file
            if file.left_out:
                call.note(f"Columns left out: {', '.join(list(file.left_out)[:20])}.")

    def _build(self, call: Call, source: EventList | EventFile, count: EventCount) -> Iterator[NumberedEvent]:
        """Yield the events that can be sent, and count all."""
        builder = EventBuilder(self.source, call.now().timestamp(), self.hashed, self.crm_name)
        for row in source.rows():
            count.read += 1
            if row.problem is not None:
                count.refused.append((row.line, "", row.problem))
                continue
            try:
                built = builder.build(row.values)
            except RefusedEvent as refusal:
                count.refused += [(row.line, column, reason) for column, reason in refusal.problems]
                continue
            count.add(row.line, built)
            yield NumberedEvent(row.line, built.event)

    def _add_notes(self, call: Call, count: EventCount) -> None:
        if not self.live:
            call.note(NOT_A_DRY_RUN)
        if count.refused:
            call.note(f"{count.refused_events} of {count.read} events are not sent: {_first_reasons(count)}.")
        if count.left_out:
            call.note(f"Values that cannot match and are left out: {len(count.left_out)}. Their events are sent.")
        if count.made_ids:
            text = f"Events without an event_id: {count.made_ids}. Each gets one that is made from its content."
            if count.sources["website"]:
                text += " If the browser's pixel sends the same events, give its eventID, or they count twice."
            call.note(text)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the events, except those that an earlier call with the same key has sent."""
        main = plan.changes[0]
        received = await self._received_before(call, main)
        sender = EventSender(self, steps, main, received)
        count = EventCount()
        with self._open(call) as source:
            if await asyncio.to_thread(source.fingerprint) != main.before["content"]:
                raise InvalidArguments("The file has changed since it was checked.", "Call again.")
            batch: list[NumberedEvent] = []
            for item in self._build(call, source, count):
                batch.append(item)
                if len(batch) == MAX_BATCH_EVENTS:
                    await sender.send(batch)
                    await call.progress(sender.handled, main.after["events"], f"{sender.handled} events sent")
                    batch = []
            if batch:
                await sender.send(batch)
        if sender.skipped:
            call.note(f"Events that an earlier call with this key has sent, and this one has not: {sender.skipped}.")
        return sender.outcome(plan.details)

    async def _received_before(self, call: Call, main: Change) -> frozenset[tuple[int, int]]:
        """Return the ranges of event numbers that Meta has received from earlier calls with this key.

        Raises InvalidArguments if those calls had another content.
        """
        query = ChangeQuery(object_id=self.dataset_id, tool=NAME, limit=MAX_SEARCHED_CHANGES)
        entries = [entry for entry in (await call.changes.find(query)).entries if self._is_of_this_key(entry)]
        if any(entry.before.get("content") != main.before["content"] for entry in entries):
            raise InvalidArguments(
                "The content has changed since this idempotency_key was used.", "Use a new key for other events."
            )
        return frozenset((entry.after["first"], entry.after["last"]) for entry in entries if entry.status == "success")

    def _is_of_this_key(self, entry: JournalEntry) -> bool:
        return entry.key == self.idempotency_key and "first" in entry.after


class EventList:
    """The events of the arguments, read like those of a file."""

    def __init__(self, events: Sequence[ConversionEvent]) -> None:
        self._rows = [FileRow(number, flat_values(event)) for number, event in enumerate(events, 1)]

    def rows(self) -> Iterator[FileRow]:
        return iter(self._rows)

    def fingerprint(self) -> str:
        """Return a hash of the events."""
        text = json.dumps([row.values for row in self._rows], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class EventSender:
    """Send batches of events. A batch that Graph refuses is halved until the bad events are alone."""

    args: SendConversionEvents
    steps: Steps
    main: Change
    received_before: frozenset[tuple[int, int]]
    sent: int = 0
    received: int = 0
    skipped: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)

    @property
    def handled(self) -> int:
        return self.sent + self.skipped + len(self.refused)

    async def send(self, events: Sequence[NumberedEvent]) -> None:
        """Send the events that Meta has not received yet."""
        new = [event for event in events if not self._was_received(event.number)]
        self.skipped += len(events) - len(new)
        if new:
            await self._send(new)

    def _was_received(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.received_before)

    async def _send(self, events: Sequence[NumberedEvent]) -> None:
        try:
            answer = await self._post(events)
        except AdsError as error:
            if not _is_refusal(error):
                raise
            await self._isolate(events, error)
            return
        self.sent += len(events)
        self.received += _to_int(answer.get("events_received"))
        if isinstance(answer.get("fbtrace_id"), str):
            self.traces.append(answer["fbtrace_id"])

    async def _isolate(self, events: Sequence[NumberedEvent], error: AdsError) -> None:
        """Send the halves of a refused batch. Graph has stored none of its events."""
        if len(events) == 1:
            reason = error.graph.user_message or error.graph.message if error.graph else error.message
            self.refused.append((events[0].number, "", f"Meta refused it: {reason[:200]}"))
            return
        middle = len(events) // 2
        await self._send(events[:middle])
        await self._send(events[middle:])

    async def _post(self, events: Sequence[NumberedEvent]) -> Row:
        args = self.args
        params: Row = {"data": [_as_json(item.event) for item in events]}
        params |= {name: value for name in ("test_event_code", "upload_tag") if (value := getattr(args, name))}
        first, last = events[0].number, events[-1].number
        change = replace(
            self.main,
            request=replace(self.main.request, params=params, patience="upload"),
            after={"events": len(events), "first": first, "last": last, "live": args.live},
        )
        with _explain_repetition():
            return await self.steps.do(change)

    def outcome(self, details: Row) -> Row:
        """Return the numbers for the answer."""
        rows = [*details.get("refusals", {}).get("rows", []), *map(list, self.refused)]
        shown = {name: value for name, value in details.items() if name not in ("example", "calls", "ready")}
        return {
            **shown,
            "sent": self.sent,
            "received_by_meta": self.received,
            "sent_before": self.skipped,
            "refused": details["refused"] + len(self.refused),
            **({"refusals": {"columns": COLUMNS, "rows": rows[:MAX_LISTED]}} if rows else {}),
            "fbtrace_ids": self.traces[:20],
            "changes": {},
            "next_step": "ads_get_dataset_quality shows how well the events match."
            if self.args.live
            else "Look at Test events in Events Manager. Then send with live=true and a new idempotency_key.",
        }


def mask_event(event: Row) -> Row:
    """Return an event without its customer information, its address and its ids."""
    user = {
        key: "(hash)" if isinstance(value, list) else "(value)" for key, value in event.get("user_data", {}).items()
    }
    shown = {key: value for key, value in event.items() if key in ("event_name", "event_time", "action_source")}
    custom = {
        key: value
        for key, value in event.get("custom_data", {}).items()
        if key in ("value", "currency", "event_source")
    }
    return {**shown, "user_data": user, **({"custom_data": custom} if custom else {})}


@contextmanager
def _explain_repetition() -> Iterator[None]:
    """Add to a failure how to go on. Meta drops an event whose name and id it has received within 48 hours."""
    try:
        yield
    except UnknownOutcome as lost:
        step = "Repeat the call with the same idempotency_key: Meta drops events with a name and id that it has."
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


def _first_reasons(count: EventCount) -> str:
    reasons = Counter(f"{column}: {reason}" if column else reason for _, column, reason in count.refused)
    return "; ".join(f"{number} x {reason}" for reason, number in reasons.most_common(5))


def _to_int(value: Any) -> int:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0
