"""Create, update and delete many items as batches: checked, sent in few requests, followed to an outcome per item."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Closed, Local
from meta_ads_mcp.core.partial import attempt, needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.catalog_kinds import MAX_UNASKED_ITEMS
from meta_ads_mcp.core.values.ids import CatalogId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Inverse, Plan, Steps
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.catalogue.batches.item_rows import (
    ATTRIBUTES,
    PRODUCT_TYPE,
    BadRow,
    ItemRequest,
    ItemRows,
    check_rows,
    read_rows,
)
from meta_ads_mcp.tools.catalogue.batches.item_values import (
    compare,
    currency_faults,
    is_done,
    link_notes,
    old_values,
    read_items,
    reversed_request,
)
from meta_ads_mcp.tools.catalogue.batches.outcome_file import outcome_rows, write_outcomes
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES
from meta_ads_mcp.tools.catalogue.feed_setup.feed_forms import ItemSubType
from meta_ads_mcp.tools.catalogue.upload_sessions import FAILED, FINISHED, batch_status

NAME = "ads_catalog_items_batch"
EDGE = "items_batch"
# Meta docs, marketing-api/reference/product-catalog/items_batch. A megabyte is left for the other parameters.
MAX_REQUESTS = 5_000
MAX_BYTES = 27 * 1024 * 1024
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_SHOWN = 20
MAX_NAMED = 50
# Old values that are kept in the journal for an undo.
MAX_KEPT_CHARS = 500_000
POLL_SECONDS = 3
# What the journal says of a request, by which a repeated call knows it again.
_LABEL = re.compile(r"request (?P<number>[0-9]+) of [0-9]+ with [0-9]+ items, content (?P<content>[0-9a-f]+)")
MAX_SEARCHED_CHANGES = 1_000


class BatchItem(Closed):
    """One request of a batch, as Graph takes it."""

    method: Literal["CREATE", "UPDATE", "DELETE"] = "UPDATE"
    data: Annotated[dict[str, Any], Field(description="id (SKU), price, availability, title, link, image_link, …")]


@tool(
    NAME,
    Effect.UPDATE,
    post("{catalog_id}/items_batch"),
    node="ProductItem",
    singular="item",
    keywords="sync prices stock csv bulk products create update delete sku",
    destructive=True,
)
class ItemsBatch(ConfirmedParams):
    """Create, update or delete items of a catalog, from arguments or a CSV or JSONL file, with the outcome of each.
    Prices are "9.99 USD". dry_run=true shows the differences. Deletions and more than 100 items need a confirmation."""

    catalog_id: CatalogId
    requests: Annotated[list[BatchItem] | None, Local(), Field(min_length=1, max_length=500)] = None
    file_path: Annotated[
        str | None,
        Local(),
        Field(max_length=4000, description="Absolute path; columns id, method (default UPDATE), price, title, …"),
    ] = None
    item_type: Annotated[str, Field(min_length=1, max_length=40, description="Such as HOTEL")] = PRODUCT_TYPE
    allow_upsert: Annotated[bool, Field(description="UPDATE of an unknown id creates it")] = False
    item_sub_type: ItemSubType | None = None
    wait_seconds: Annotated[int, Local(), Field(ge=0, le=60)] = 20
    idempotency_key: Annotated[str, Local(), Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if (self.requests is None) == (self.file_path is None):
            raise ValueError("give requests or file_path")
        return self

    async def plan(self, call: Call) -> Plan:
        rows = self._read(call)
        with needing(*SCOPES[:1]):
            items = await read_items(call, self.catalog_id, rows.requests)
        self._refuse(rows, list(currency_faults(rows.requests, items)))
        differences = compare(rows.requests, items)
        if differences.missing and not self.allow_upsert:
            call.note(
                f"Not in the catalog: {len(differences.missing)}. Meta refuses to update or delete them. "
                "method CREATE, or allow_upsert=true, creates them."
            )
        chunks = list(_chunks(rows.requests))
        changes = [
            self.change_of(chunk, number, len(chunks), rows.fingerprint, old_values(chunk, items))
            for number, chunk in enumerate(chunks, 1)
        ]
        details: Row = {"items": rows.total, "methods": rows.methods(), "differences": differences.row()}
        if rows.bad:
            details |= {"rows_refused": len(rows.bad), "refused_rows": [row.row() for row in rows.bad[:MAX_SHOWN]]}
        counts = ", ".join(f"{count} {method}" for method, count in rows.methods().items())
        summary = f"{counts} in catalog {self.catalog_id}, as {len(chunks)} request{'s' if len(chunks) > 1 else ''}."
        notes = [f"{differences.text()}."] if len(rows.requests) > MAX_UNASKED_ITEMS else []
        notes += _deletion_notes(rows.requests) + link_notes(rows.requests, old_values(rows.requests, items))
        return Plan(changes, summary, notes, details, {"rows": rows, "chunks": chunks})

    def _read(self, call: Call) -> ItemRows:
        """Return the checked rows. A bad row of a file is left out; a bad request of the arguments refuses the call."""
        if self.file_path is not None:
            with call.uploads.open(self.file_path, MAX_FILE_BYTES) as upload:
                raw = read_rows(upload.name, upload.file.read())
        else:
            raw = [(number, item.method, item.data) for number, item in enumerate(self.requests or (), 1)]
        rows = check_rows(raw, self.item_type, upsert=self.allow_upsert)
        self._refuse(rows, [])
        return rows

    def _refuse(self, rows: ItemRows, more: list[BadRow]) -> None:
        """Move bad rows out of the batch. Raises InvalidArguments if nothing is left, or the rows are arguments."""
        lines = {row.line for row in more}
        rows.bad += more
        rows.requests = [request for request in rows.requests if request.line not in lines]
        rows.bad.sort(key=lambda row: row.line)
        if not rows.bad or (rows.requests and self.file_path is not None):
            return
        first = rows.bad[0]
        raise InvalidArguments(
            f"{len(rows.bad)} of {rows.total} rows cannot be sent; row {first.line} ({first.item_id or 'no id'}), "
            f"{first.column}: {first.reason}.",
            "Correct the rows and call again. Nothing was sent.",
            allowed=() if first.column in ATTRIBUTES else tuple(sorted(ATTRIBUTES)),
            details={"refused_rows": [row.row() for row in rows.bad[:MAX_SHOWN]]},
        )

    def change_of(
        self, chunk: Sequence[ItemRequest], number: int, total: int, fingerprint: str, old: Mapping[str, Any]
    ) -> Change:
        """Return the change of one request. `old` are the attributes that it replaces."""
        params: Row = {
            "item_type": self.item_type,
            "allow_upsert": self.allow_upsert,
            "requests": [request.to_graph() for request in chunk],
        }
        if self.item_sub_type is not None:
            params["item_sub_type"] = self.item_sub_type
        reverse = [row for request in chunk if (row := reversed_request(request, old.get(request.item_id)))]
        # Old values are kept for an undo, as long as they do not fill the journal.
        keeps = bool(reverse) and self.item_type == PRODUCT_TYPE and len(json.dumps(reverse)) <= MAX_KEPT_CHARS
        return Change(
            Effect.UPDATE,
            Request(
                "POST",
                f"{self.catalog_id}/{EDGE}",
                params,
                repeatable=False,
                write=True,
                patience="upload",
            ),
            "ProductItem",
            object_id=self.catalog_id,
            after={EDGE: f"request {number} of {total} with {len(chunk)} items, content {fingerprint}"},
            edge=EDGE,
            inverse=self._inverse(params, reverse) if keeps else None,
            private=True,
            context={"items": old},
        )

    def _inverse(self, params: Row, reverse: list[Row]) -> Inverse:
        """Return the batch that puts the old attributes back and deletes what was created."""
        deletions = sum(row["method"] == "DELETE" for row in reverse)
        reasons: tuple[str, ...] = (f"it deletes {deletions} items that the batch created",) if deletions else ()
        return Inverse("POST", f"{self.catalog_id}/{EDGE}", {**params, "requests": reverse}, reasons)

    @classmethod
    def resumes(cls) -> bool:
        return True

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        run = BatchRun(self, call, steps, plan)
        await run.send()
        outcome = await run.follow()
        return {"id": self.catalog_id, **plan.details, **outcome, "changes": {}}


@dataclass
class BatchRun:
    """Send the batches of a call, those of an earlier call with the same key excepted, and follow their handles."""

    args: ItemsBatch
    call: Call
    steps: Steps
    plan: Plan
    handles: dict[int, str] = field(default_factory=dict)
    refused: list[Row] = field(default_factory=list)
    warnings: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chunks: list[list[ItemRequest]] = self.plan.context["chunks"]
        key = f"{self.args.catalog_id}/{self.args.idempotency_key}"
        self.state = f"items_batch_{hashlib.sha256(key.encode()).hexdigest()[:24]}"

    async def send(self) -> None:
        """Send what no earlier call has sent. The handles are stored for a resumed call."""
        earlier = await self._earlier()
        handles_before = self._handles_before()
        for number, (chunk, change) in enumerate(zip(self.chunks, self.plan.changes, strict=True), 1):
            entry = earlier.get(number)
            if entry is not None and (entry.status == "success" or str(number) in handles_before):
                self.call.note(f"Request {number} of {len(self.chunks)} was sent by an earlier call.")
                self.handles[number] = str(handles_before.get(str(number)) or "")
                continue
            rest = change if entry is None else await self._rest(chunk, number)
            if rest is not None:
                await self._send(number, rest)
            await self.call.progress(number, len(self.chunks), f"{number} of {len(self.chunks)} requests sent")

    async def _send(self, number: int, change: Change) -> None:
        answer = await self.steps.do(change)
        handles = answer.get("handles")
        self.handles[number] = str(handles[0]) if isinstance(handles, list) and handles else ""
        self._store()
        for status in answer.get("validation_status") or ():
            self._note_validation(status)

    async def _rest(self, chunk: list[ItemRequest], number: int) -> Change | None:
        """Return the change without the items that the catalog already shows: the answer to it was lost."""
        items = await read_items(self.call, self.args.catalog_id, chunk)
        rest = [request for request in chunk if not is_done(request, items.get(request.item_id))]
        self.call.note(
            f"The answer to request {number} was lost. {len(chunk) - len(rest)} of its {len(chunk)} items are as they "
            "were to be and were not sent again."
        )
        self.chunks[number - 1] = rest
        if not rest:
            return None
        content = self.plan.context["rows"].fingerprint
        return self.args.change_of(rest, number, len(self.chunks), content, old_values(rest, items))

    async def _earlier(self) -> dict[int, JournalEntry]:
        """Return the last journal entry of each request of an earlier call with this key and content."""
        query = ChangeQuery(object_id=self.args.catalog_id, tool=NAME, limit=MAX_SEARCHED_CHANGES)
        content = self.plan.context["rows"].fingerprint
        entries: dict[int, JournalEntry] = {}
        for entry in reversed((await self.call.changes.find(query)).entries):
            label = _LABEL.fullmatch(str(entry.after.get(EDGE)))
            is_same = label is not None and entry.key == self.args.idempotency_key and label["content"] == content
            if label is not None and is_same and entry.status != "failed":
                entries[int(label["number"])] = entry
        return entries

    def _handles_before(self) -> Row:
        try:
            return dict(self.call.exports.read_state(self.state).get("handles") or {})
        except AdsError:
            return {}

    def _store(self) -> None:
        handles = {str(number): handle for number, handle in self.handles.items()}
        try:
            self.call.exports.write_state(self.state, {"handles": handles})
        except AdsError:
            self.call.note("This server has no folder for its state: an interrupted call cannot follow its handles.")

    def _note_validation(self, status: Mapping[str, Any]) -> None:
        item = str(status.get("retailer_id") or "")
        for name, rows in (("errors", self.refused), ("warnings", self.warnings)):
            rows += [{"id": item, "reason": _message(problem)} for problem in status.get(name) or ()]

    async def follow(self) -> Row:
        """Look at the handles until Meta is done or the time is over. Return the outcome of the items."""
        deadline = self.call.now().timestamp() + self.args.wait_seconds
        states = {}
        for number, handle in self.handles.items():
            status = await attempt(self._wait(handle, deadline)) if handle else {"status": "unknown"}
            if isinstance(status, AdsError):
                self.call.note(f"The state of request {number} could not be read: {status.message}")
                status = {"status": "unknown"}
            states[number] = str(status.get("status"))
            self._collect(number, status)
        return self._outcome(states) | await self._file(states)

    async def _file(self, states: Mapping[int, str]) -> Row:
        """Write the outcomes of all items to a file, where there are more than the answer shows."""
        rows: ItemRows = self.plan.context["rows"]
        unfinished = [item for number, state in states.items() if state != FINISHED for item in self.chunks[number - 1]]
        outcomes = outcome_rows(rows, self.refused, self.warnings, unfinished)
        file = await write_outcomes(self.call, self.args.catalog_id, outcomes) if len(outcomes) > MAX_SHOWN else None
        return {"outcomes_file": file.path, "files": [file]} if file else {}

    async def _wait(self, handle: str, deadline: float) -> Row:
        while True:
            status = await batch_status(self.call, self.args.catalog_id, handle)
            if status.get("status") in {FINISHED, *FAILED} or self.call.now().timestamp() >= deadline:
                return status
            await self.call.sleep(POLL_SECONDS)

    def _collect(self, number: int, status: Mapping[str, Any]) -> None:
        """Note which items of a request Meta refused, with their rows."""
        chunk = self.chunks[number - 1]
        rows = {request.item_id: request.line for request in chunk}
        for name, target in (("errors", self.refused), ("warnings", self.warnings)):
            for problem in status.get(name) or ():
                item = str(problem.get("id") or _id_at(chunk, problem.get("line")))
                target.append({"row": rows.get(item), "id": item, "reason": _message(problem)})
        told_ids = {row["id"] for row in self.refused}
        for item in status.get("ids_of_invalid_requests") or ():
            if str(item) not in told_ids:
                self.refused.append({"row": rows.get(str(item)), "id": str(item), "reason": "Meta gives no reason"})

    def _outcome(self, states: Mapping[int, str]) -> Row:
        count = sum(len(chunk) for chunk in self.chunks)
        is_finished = all(state == FINISHED for state in states.values())
        refusals = len({row["id"] for row in self.refused})
        catalog = self.args.catalog_id
        sent = f"{count:,} {plural('item', count)} sent to catalog {catalog}"
        taken = f"Meta accepted {count - refusals}" if is_finished else "Meta still works on them"
        undo = "" if self.plan.changes[0].inverse is None else " ads_undo_change puts the earlier values back."
        data: Row = {
            "summary": f"{sent}; {taken}.{undo}",
            "state": "finished" if is_finished else ", ".join(dict.fromkeys(states.values())),
            "items_refused_by_meta": refusals or None,
            "refused_items": self.refused[:MAX_SHOWN] or None,
            "warnings": self.warnings[:MAX_SHOWN] or None,
            "items_accepted": count - refusals if is_finished else None,
            "handles": [handle for handle in self.handles.values() if handle],
            "next_step": self._next_step(finished=is_finished),
        }
        return {name: value for name, value in data.items() if value is not None}

    def _next_step(self, *, finished: bool) -> str:
        if not finished:
            handle = next((handle for handle in self.handles.values() if handle), "")
            return (
                "Meta still works on it. Follow it with ads_catalog_get_product_feed_upload_sessions "
                f"catalog_id={self.args.catalog_id} handle={handle}"
            )
        if self.refused or self.plan.context["rows"].bad:
            return "Correct the refused rows and send only them, with a new idempotency_key."
        return "ads_catalog_get_diagnostics shows what still keeps items from showing."


def _deletion_notes(requests: Sequence[ItemRequest]) -> list[str]:
    """Return which items are deleted, as far as a person can read them."""
    ids = [request.item_id for request in requests if request.method == "DELETE"]
    more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
    return [f"Deleted: {', '.join(ids[:MAX_NAMED])}{more}."] if ids else []


def _message(problem: Any) -> str:
    return str(problem.get("message") or problem) if isinstance(problem, Mapping) else str(problem)


def _id_at(chunk: Sequence[ItemRequest], line: Any) -> str:
    return chunk[line].item_id if isinstance(line, int) and 0 <= line < len(chunk) else ""


def _chunks(requests: Sequence[ItemRequest]) -> Iterator[list[ItemRequest]]:
    """Cut the requests into parts of at most 5,000 items and 27 MB."""
    part: list[ItemRequest] = []
    size = 0
    for request in requests:
        length = len(json.dumps(request.to_graph(), ensure_ascii=False).encode()) + 1
        if part and (len(part) == MAX_REQUESTS or size + length > MAX_BYTES):
            yield part
            part, size = [], 0
        part.append(request)
        size += length
    if part:
        yield part
