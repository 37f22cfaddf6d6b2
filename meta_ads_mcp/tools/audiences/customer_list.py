"""Who is in a customer list: people of a local file, hashed on this machine, in batches of one session."""

from __future__ import annotations

import asyncio
import secrets
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Method, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AudienceId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.errors import AdsError, InvalidArguments, Throttled
from meta_ads_mcp.tools.audiences.customer_file import BATCH_ROWS, MOST_BYTES, Count, People
from meta_ads_mcp.tools.audiences.hashing import Key
from meta_ads_mcp.tools.audiences.manage import require_not_flagged

NAME = "ads_update_audience_users"
# Meta ends a session 90 minutes after its first batch; what is left of it has to be enough for the rest.
SESSION_SECONDS = 80 * 60
_EDGES: dict[str, tuple[Method, str]] = {
    "add": ("POST", "users"),
    "remove": ("DELETE", "users"),
    "replace": ("POST", "usersreplace"),
}
_WHY = {
    "add": (),
    "remove": ("it takes people out of the audience",),
    "replace": ("it takes everybody out of the audience who is not in the file",),
}
_NORMAL = 200


@dataclass(frozen=True)
class UploadSession:
    """An upload session and the batches of it that Meta has taken."""

    id: int
    done: frozenset[int] = frozenset()


with warnings.catch_warnings():
    # The contract calls the argument `schema`; pydantic's old method of that name, which it hides, is not used.
    warnings.filterwarnings("ignore", message='Field name "schema"')

    class _Columns(ConfirmedParams):
        schema: Annotated[  # pyright: ignore[reportIncompatibleMethodOverride]  # as above
            list[Key] | None,
            Field(min_length=1, max_length=15, description="The columns, where the file has no header"),
        ] = None  # type: ignore[assignment]  # as above


@tool(
    NAME,
    Effect.UPDATE,
    post("{audience_id}/users"),
    node="CustomAudience",
    singular="audience",
    keywords="upload customer list crm emails phones hash match",
)
class UpdateAudienceUsers(_Columns):
    """Add, remove or replace the people of a customer list from a CSV file, hashed here: no plain value leaves.

    After a break the same call goes on where it stopped. remove and replace need a confirmation.
    """

    audience_id: AudienceId
    operation: Literal["add", "remove", "replace"]
    file_path: Annotated[str, Field(min_length=1, max_length=4000, description="Absolute path, UTF-8 CSV")]
    hashed: Annotated[bool, Field(description="The values are SHA-256 already")] = False

    async def plan(self, call: Call) -> Plan:
        await self._check(call)
        count = await asyncio.to_thread(self._count, call)
        if not count.valid:
            raise InvalidArguments(
                f"None of the {count.read} rows can be used: {_said(count)}.", "Correct the file and call again."
            )
        account = await call.owner(self.audience_id)
        method, edge = _EDGES[self.operation]
        change = Change(
            Effect.UPDATE,
            Request(method, f"{self.audience_id}/{edge}", account=account, repeatable=False, write=True),
            "CustomAudience",
            object_id=self.audience_id,
            # An agreement holds for this file as it is now.
            before={"file": count.fingerprint},
            after={"operation": self.operation, "people": count.valid},
            reasons=_WHY[self.operation],
            private=True,
        )
        notes = [f"{_said(count)}."] if count.reasons else []
        details = {"rows": count.public(), "batches": count.batches}
        return Plan([change], f"{self.operation} {count.valid} people.", notes, details)

    async def _check(self, call: Call) -> None:
        audience = await call.graph.get(self.audience_id, fields=["id", "subtype", "operation_status"])
        require_not_flagged(audience)
        if audience.get("subtype") not in (None, "CUSTOM"):
            raise InvalidArguments(
                f"Audience {self.audience_id} is no customer list (subtype {audience['subtype']}).",
                "Make one with ads_create_custom_audience.",
            )
        status = audience.get("operation_status")
        if self.operation == "replace" and isinstance(status, dict) and status.get("code") not in (_NORMAL, None):
            raise InvalidArguments(
                f"Meta is still working on audience {self.audience_id}; only a normal one can be replaced.",
                "Wait until ads_get_audience_details shows its operation_status NORMAL.",
            )

    @contextmanager
    def _people(self, call: Call) -> Iterator[People]:
        with call.uploads.open(self.file_path, MOST_BYTES) as upload:
            yield People(upload.file, self.schema, already_hashed=self.hashed)

    def _count(self, call: Call) -> Count:
        with self._people(call) as people:
            return people.count()

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Batch after batch, without those that an earlier call brought to Meta."""
        with self._people(call) as people:
            count = Count.of(plan.changes[0].before["file"], plan.details["rows"])
            if await asyncio.to_thread(people.fingerprint) != count.fingerprint:
                raise InvalidArguments("The file changed since it was checked.", "Call again.")
            session = self._session(call, count)
            if session.done:
                call.note(f"It went on after {len(session.done)} of {count.batches} batches of an earlier call.")
            received, refused = await self._send(people, count, session, steps, call)
        told = {"session_id": str(session.id), "rows": count.public(), "batches": count.batches, "received": received}
        step = "Meta matches them within 24 hours; ads_get_audience_details shows the size."
        return {**told, "invalid_at_meta": refused, "changes": {}, "next_step": step}

    async def _send(
        self, people: People, count: Count, session: UploadSession, steps: Steps, call: Call
    ) -> tuple[int, int]:
        """The people that Meta says it received, and those it could not read."""
        received = refused = 0
        with closing(people.batches()) as batches:
            for number in range(1, count.batches + 1):
                rows = await asyncio.to_thread(next, batches)
                if number not in session.done:
                    with _going_on(number, count.batches):
                        answer = await steps.do(self._batch(people.keys, rows, number, count, session))
                    received += _number(answer.get("num_received"))
                    refused += _number(answer.get("num_invalid_entries"))
                done = min(number * BATCH_ROWS, count.valid)
                await call.progress(done, count.valid, f"{done} of {count.valid} people sent")
        return received, refused

    def _batch(
        self, keys: Sequence[str], rows: list[list[str]], number: int, count: Count, session: UploadSession
    ) -> Change:
        method, edge = _EDGES[self.operation]
        params = {
            "session": {
                "session_id": session.id,
                "batch_seq": number,
                "last_batch_flag": number == count.batches,
                "estimated_num_total": count.valid,
            },
            "payload": {"schema": list(keys), "data": rows},
        }
        request = Request(method, f"{self.audience_id}/{edge}", params, repeatable=False, write=True, patience="upload")
        return Change(
            Effect.UPDATE,
            request,
            "CustomAudience",
            object_id=self.audience_id,
            after={
                "operation": self.operation,
                "file": count.fingerprint,
                "session_id": session.id,
                "batch": number,
                "people": len(rows),
            },
            private=True,
        )

    def _session(self, call: Call, count: Count) -> UploadSession:
        """The session of an earlier call with the same file that was not finished, or a new one."""
        mine = [entry for entry in call.changes.entries() if self._is_mine(entry, count)]
        last = mine[-1].after["session_id"] if mine else None
        batches = [entry for entry in mine if entry.after["session_id"] == last]
        done = frozenset(entry.after["batch"] for entry in batches if entry.status == "success")
        fresh = bool(batches) and call.now().timestamp() - batches[0].started < SESSION_SECONDS
        if isinstance(last, int) and fresh and len(done) < count.batches:
            return UploadSession(last, done)
        return UploadSession(secrets.randbelow(2**53 - 1) + 1)

    def _is_mine(self, entry: JournalEntry, count: Count) -> bool:
        return (
            entry.tool == NAME
            and entry.object_id == self.audience_id
            and entry.after.get("operation") == self.operation
            and entry.after.get("file") == count.fingerprint
        )


@contextmanager
def _going_on(number: int, batches: int) -> Iterator[None]:
    """Says of a failure how far it is; the same people may be sent twice without harm."""
    try:
        yield
    except AdsError as failure:
        again = f"Calling again with the same file goes on at batch {number} of {batches}."
        first = failure.next_step if isinstance(failure, Throttled) else ""
        raise replace(failure, next_step=f"{first} {again}".strip()) from None


def _number(value: Any) -> int:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0


def _said(count: Count) -> str:
    shown = "; ".join(f"{number} × {reason}" for reason, number in count.reasons.most_common(5))  # noqa: RUF001  times
    return f"{sum(count.reasons.values())} of {count.read} rows cannot be used ({shown})"
