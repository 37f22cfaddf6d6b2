"""Send conversion events to a dataset: checked and hashed on this machine, in calls of at most 1,000 events."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.core.params import Local, exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import PixelId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.signals.event_builder import EventBuilder, RefusedEvent
from meta_ads_mcp.tools.signals.event_count import EventCount, mask_event, reason_table
from meta_ads_mcp.tools.signals.event_file import MAX_FILE_BYTES, EventFile, FileRow
from meta_ads_mcp.tools.signals.event_sender import EventSender, NumberedEvent
from meta_ads_mcp.tools.signals.event_spec import ConversionEvent, EventSource, flat_values
from meta_ads_mcp.tools.signals.misplaced import find_misplaced

NAME = "ads_send_conversion_events"
# Events in one call of Graph (Meta docs, conversions-api/using-the-api#batch-requests).
MAX_BATCH_EVENTS = 1000
MAX_SEARCHED_CHANGES = 10_000
NOT_A_DRY_RUN = (
    "Meta counts test events for targeting and measurement like all others; only dry_run sends nothing. "
    "Events cannot be taken back."
)


@tool(
    NAME,
    Effect.CREATE,
    post("{dataset_id}/events"),
    node="AdsPixel",
    singular="dataset",
    keywords="conversions api capi server events offline store crm lead stage upload purchase",
)
class SendConversionEvents(ConfirmedParams):
    """Send web, app, store or phone events or CRM stages of leads to a dataset (pixel). Personal data is hashed here.

    test_event_code shows the events in Events Manager; live=true sends without it and needs a confirmation. Events may
    be 7 days old, store events 62. They cannot be taken back.
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
    idempotency_key: Annotated[str, Local(), Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _check_mode(self) -> Self:
        if self.live and self.test_event_code:
            raise ValueError("give test_event_code or live=true, not both")
        if not self.live and not self.test_event_code:
            raise ValueError("give test_event_code (Events Manager, Test events), or live=true to send real events")
        if self.crm_name and self.source != "system_generated":
            raise ValueError("crm_name is for source=system_generated")
        for name in ("crm_name", "upload_tag"):
            data_kind = find_misplaced(name, getattr(self, name))
            if data_kind:
                raise ValueError(f"{name} holds {data_kind}, which does not belong there")
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
                f"None of the {count.read} events can be sent: {count.first_reasons()}.",
                "Correct them and call again.",
                details={"refusals": reason_table(count.refused)},
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
                event = builder.build(row.values)
            except RefusedEvent as refusal:
                count.refused += [(row.line, column, reason) for column, reason in refusal.problems]
                continue
            count.add(row.line, event)
            yield NumberedEvent(row.line, event.event)

    def _add_notes(self, call: Call, count: EventCount) -> None:
        if not self.live:
            call.note(NOT_A_DRY_RUN)
        if count.refused:
            call.note(f"{count.refused_events} of {count.read} events are not sent: {count.first_reasons()}.")
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
        ranges = await self._received_before(call, main)
        sender = EventSender(steps, main, self._common_params(), ranges)
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
        if sender.skip_count:
            call.note(f"Events that an earlier call with this key has sent, and this one has not: {sender.skip_count}.")
        return sender.outcome(plan.details, self._next_step())

    def _common_params(self) -> Row:
        """Return the parameters of each request beside the events."""
        return {name: value for name in ("test_event_code", "upload_tag") if (value := getattr(self, name))}

    def _next_step(self) -> str:
        if self.live:
            return "ads_get_dataset_quality with channels shows how well Meta can match the events."
        return "Look at Test events in Events Manager. Then send with live=true and a new idempotency_key."

    async def _received_before(self, call: Call, main: Change) -> list[tuple[int, int]]:
        """Return the ranges of event numbers that Meta has received from earlier calls with this key, in order.

        Raises InvalidArguments if those calls had another content.
        """
        query = ChangeQuery(object_id=self.dataset_id, tool=NAME, limit=MAX_SEARCHED_CHANGES)
        entries = [entry for entry in (await call.changes.find(query)).entries if self._is_of_this_key(entry)]
        if any(entry.before.get("content") != main.before["content"] for entry in entries):
            raise InvalidArguments(
                "The content has changed since this idempotency_key was used.", "Use a new key for other events."
            )
        return sorted((entry.after["first"], entry.after["last"]) for entry in entries if entry.status == "success")

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
