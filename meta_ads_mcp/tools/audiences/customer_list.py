"""Change the people of a customer list from a local file: hashed on this machine, sent in batches of one session."""

from __future__ import annotations

import asyncio
import secrets
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Method, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AudienceId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.domain.normalization.countries import find_country
from meta_ads_mcp.domain.normalization.normalization import Context, Key
from meta_ads_mcp.domain.normalization.text_files import UNICODE, code_page_name
from meta_ads_mcp.errors import AdsError, InvalidArguments, Throttled
from meta_ads_mcp.tools.audiences.audience_writes import require_not_flagged
from meta_ads_mcp.tools.audiences.customer_file import BATCH_ROWS, MAX_FILE_BYTES, Count, CustomerFile

NAME = "ads_update_audience_users"
# Meta ends a session 90 minutes after its first batch. Ten of them are left for the batches of a resumed call.
SESSION_SECONDS = 80 * 60
# How far back the journal is searched for the batches of a session. No call lasts longer.
SEARCHED_SECONDS = 24 * 3600
MAX_SEARCHED_CHANGES = 10_000
MAX_REASONS_IN_NOTE = 8
_EDGES: dict[str, tuple[Method, str]] = {
    "add": ("POST", "users"),
    "remove": ("DELETE", "users"),
    "replace": ("POST", "usersreplace"),
}
_CONFIRMATION_REASONS = {
    "add": (),
    "remove": ("it removes people from the audience",),
    "replace": ("it removes everybody from the audience who is not in the file",),
}
_NORMAL = 200


@dataclass(frozen=True)
class UploadSession:
    """An upload session and the numbers of its batches that Meta has received."""

    id: int
    done: frozenset[int] = frozenset()


def _to_upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _to_country_code(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    code = find_country(value)
    if not code:
        raise ValueError("it must be a country, such as DE")
    return code


ColumnKey = Annotated[Literal[Key, "DOB", "SKIP"], BeforeValidator(_to_upper)]
CountryCode = Annotated[str, BeforeValidator(_to_country_code)]

with warnings.catch_warnings():
    # `schema` is the argument's public name. It hides a deprecated method of pydantic that is not used here.
    warnings.filterwarnings("ignore", message='Field name "schema"')

    class _Columns(ConfirmedParams):
        schema: Annotated[  # pyright: ignore[reportIncompatibleMethodOverride]  # as above
            list[ColumnKey] | None,
            Field(min_length=1, max_length=60, description="The columns, where the file has no header"),
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
    """Add, remove or replace the people of a customer list from a CSV file. Values are hashed on this machine before
    they are sent.

    Repeating an interrupted call continues it. remove and replace need a confirmation.
    """

    audience_id: AudienceId
    operation: Literal["add", "remove", "replace"]
    file_path: Annotated[str, Field(min_length=1, max_length=4000, description="Absolute path of a CSV file")]
    hashed: Annotated[bool, Field(description="The values are SHA-256 already")] = False
    column_map: Annotated[
        dict[str, Annotated[ColumnKey, WithJsonSchema({"type": "string"})]] | None,
        Field(max_length=60, description='Keys for your column names, such as {"Mail": "EMAIL"}; SKIP leaves one out'),
    ] = None
    default_country: Annotated[
        CountryCode | None, Field(description="ISO code of rows without COUNTRY; completes phone numbers")
    ] = None

    async def plan(self, call: Call) -> Plan:
        """Count the people of the file and plan the first request. Raises InvalidArguments if nobody can match."""
        await self._check(call)
        count, notes = await asyncio.to_thread(self._count, call)
        if not count.read:
            raise InvalidArguments("The file has no row below its header.", "Give a file with at least one person.")
        if not count.valid:
            raise InvalidArguments(
                f"None of the {count.read} rows can match a person ({_reasons(count)}).",
                "Correct the file and call again.",
            )
        account = await call.owner(self.audience_id)
        method, edge = _EDGES[self.operation]
        change = Change(
            Effect.UPDATE,
            Request(method, f"{self.audience_id}/{edge}", account=account, repeatable=False, write=True),
            "CustomAudience",
            object_id=self.audience_id,
            # A confirmation is valid for the present content of the file only.
            before={"file": count.fingerprint},
            after={"operation": self.operation, "people": count.valid},
            reasons=_CONFIRMATION_REASONS[self.operation],
            private=True,
        )
        details = {"rows": count.public(), "batches": count.batches}
        return Plan([change], f"{self.operation} {count.valid} people.", notes, details)

    async def _check(self, call: Call) -> None:
        """Raise InvalidArguments for an audience whose people Meta does not let change."""
        audience = await call.graph.get(self.audience_id, fields=["id", "subtype", "operation_status"])
        require_not_flagged(audience)
        if audience.get("subtype") not in (None, "CUSTOM"):
            raise InvalidArguments(
                f"Audience {self.audience_id} is not a customer list (subtype {audience['subtype']}).",
                "Create a customer list with ads_create_custom_audience.",
            )
        status = audience.get("operation_status")
        if self.operation == "replace" and isinstance(status, dict) and status.get("code") not in (_NORMAL, None):
            raise InvalidArguments(
                f"Meta is still processing audience {self.audience_id}, so its people cannot be replaced yet.",
                "Wait until ads_get_audience_details shows the operation_status NORMAL.",
            )

    @contextmanager
    def _open(self, call: Call) -> Iterator[CustomerFile]:
        with call.uploads.open(self.file_path, MAX_FILE_BYTES) as upload:
            yield CustomerFile(
                upload.file,
                Context(self.default_country or "", call.now().year),
                schema=self.schema,
                column_map=self.column_map,
                already_hashed=self.hashed,
            )

    def _count(self, call: Call) -> tuple[Count, list[str]]:
        with self._open(call) as people:
            count = people.count()
            return count, _notes(people, count, has_country=self.default_country is not None)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the batches, except those that an earlier call already sent."""
        with self._open(call) as people:
            count = Count.from_public(plan.changes[0].before["file"], plan.details["rows"])
            if await asyncio.to_thread(people.fingerprint) != count.fingerprint:
                raise InvalidArguments("The file has changed since it was checked.", "Call again.")
            session = await self._session(call, count)
            if session.done:
                call.note(f"Resumed after {len(session.done)} of {count.batches} batches of an earlier call.")
            count_received, invalid = await self._send(people, count, session, steps, call)
        step = "Meta matches the people within 24 hours. ads_get_audience_details shows the size of the audience."
        return {
            "session_id": str(session.id),
            **plan.details,
            "received": count_received,
            "invalid_at_meta": invalid,
            "changes": {},
            "next_step": step,
        }

    async def _send(
        self, people: CustomerFile, count: Count, session: UploadSession, steps: Steps, call: Call
    ) -> tuple[int, int]:
        """Send the batches and return Meta's numbers of received and of invalid records."""
        count_received = invalid = 0
        with closing(people.batches()) as batches:
            for number in range(1, count.batches + 1):
                rows = await asyncio.to_thread(next, batches)
                if number not in session.done:
                    with _explain_resume(number, count.batches):
                        response = await steps.do(self._batch(people.keys, rows, number, count, session))
                    count_received += _to_int(response.get("num_received"))
                    invalid += _to_int(response.get("num_invalid_entries"))
                done = min(number * BATCH_ROWS, count.records)
                await call.progress(done, count.records, f"{done} of {count.records} records sent")
        return count_received, invalid

    def _batch(
        self, keys: Sequence[str], rows: list[list[str]], number: int, count: Count, session: UploadSession
    ) -> Change:
        method, edge = _EDGES[self.operation]
        params = {
            "session": {
                "session_id": session.id,
                "batch_seq": number,
                "last_batch_flag": number == count.batches,
                "estimated_num_total": count.records,
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

    async def _session(self, call: Call, count: Count) -> UploadSession:
        """Return the unfinished session of an earlier call with the same file, or a new session."""
        since = call.now().timestamp() - SEARCHED_SECONDS
        query = ChangeQuery(object_id=self.audience_id, tool=NAME, since=since, limit=MAX_SEARCHED_CHANGES)
        changes = reversed((await call.changes.find(query)).entries)
        entries = [entry for entry in changes if self._is_same_upload(entry, count)]
        last = entries[-1].after["session_id"] if entries else None
        batches = [entry for entry in entries if entry.after["session_id"] == last]
        done = frozenset(entry.after["batch"] for entry in batches if entry.status == "success")
        is_open = bool(batches) and call.now().timestamp() - batches[0].started < SESSION_SECONDS
        if isinstance(last, int) and is_open and len(done) < count.batches:
            return UploadSession(last, done)
        return UploadSession(secrets.randbelow(2**53 - 1) + 1)

    def _is_same_upload(self, entry: JournalEntry, count: Count) -> bool:
        return (
            entry.tool == NAME
            and entry.object_id == self.audience_id
            and entry.after.get("operation") == self.operation
            and entry.after.get("file") == count.fingerprint
        )


@contextmanager
def _explain_resume(number: int, batches: int) -> Iterator[None]:
    """Add to a failure where the next call resumes. Sending the same people twice is harmless."""
    try:
        yield
    except AdsError as error:
        resume = f"Calling again with the same file resumes at batch {number} of {batches}."
        first = error.next_step if isinstance(error, Throttled) else ""
        raise replace(error, next_step=f"{first} {resume}".strip()) from None


def _to_int(value: Any) -> int:
    return int(value) if str(value).isascii() and str(value).isdigit() else 0


def _notes(people: CustomerFile, count: Count, *, has_country: bool) -> list[str]:
    """Describe what of the file is not sent, in numbers and names of columns, never with a value."""
    notes = []
    if people.layout.left_out:
        notes.append(f"Columns left out: {', '.join(people.layout.left_out)}. column_map gives a column its key.")
    if people.encoding not in UNICODE:
        name = code_page_name(people.encoding)
        country = "" if has_country else ", or set default_country, which decides on the code page"
        notes.append(f"The file is not UTF-8 and was read as {name}. Save it as UTF-8 if that is wrong{country}.")
    if count.valid < count.read:
        notes.append(f"{count.read - count.valid} of {count.read} rows left out ({_list_counts(count.invalid)}).")
    if count.unusable:
        reasons = _list_counts(count.unusable)
        total = count.unusable.total()
        notes.append(
            f"{total:,} {plural('value', total)} left out ({reasons}); a person is kept if another value can match."
        )
    if not has_country and any(reason.startswith("PHONE") for reason in count.unusable):
        notes.append("default_country completes phone numbers without a country code.")
    return notes


def _reasons(count: Count) -> str:
    return _list_counts(count.invalid + count.unusable)


def _list_counts(reasons: Counter[str]) -> str:
    return "; ".join(f"{number} x {reason}" for reason, number in reasons.most_common(MAX_REASONS_IN_NOTE))
