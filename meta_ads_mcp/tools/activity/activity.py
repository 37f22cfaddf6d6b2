"""The activity log of an ad account: what people, apps and Meta changed, with the values before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.fields import FieldList, selection
from meta_ads_mcp.core.listing import NO_CURSOR, plural
from meta_ads_mcp.core.params import ListParams, Local, Wire, exactly_one
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Listing, Page, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Moment, check_clock_time, to_unix
from meta_ads_mcp.core.values.enums import Open, Word
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, ObjectId
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.activity.event_types import EVENT_TYPES
from meta_ads_mcp.tools.activity.events import FIELDS, ActorKind, Event, read_event
from meta_ads_mcp.tools.activity.own_changes import change_of_event, own_changes

Category = Literal[
    "ACCOUNT",
    "AD",
    "AD_KEYWORDS",
    "AD_SET",
    "AUDIENCE",
    "BID",
    "BUDGET",
    "CAMPAIGN",
    "DATE",
    "STATUS",
    "TARGETING",
]
DEFAULT_DAYS = 7
DAY_CHARS = len("2026-11-30")
# Events that are read for a filter that Graph does not have, unless max_items says otherwise.
MAX_FILTERED = 1000
# What the filters of this server read, whichever fields are requested.
FILTER_FIELDS = ("event_time", "event_type", "object_id", "object_type", "extra_data")
ACTOR_FIELDS = ("actor_id", "actor_name", "application_id")


@dataclass(frozen=True)
class Selection:
    """The events to show, each with this server's change if it made it, and how many of its changes were left out."""

    events: list[tuple[Event, JournalEntry | None]]
    own_left_out: int


@tool(
    "ads_account_get_activity_logs",
    Effect.READ,
    get("{ad_set_id}/activities", "{account_id}/activities"),
    node="AdActivity",
    fields=" ".join(FIELDS),
    singular="event",
    keywords="who changed what when history audit edits log activity",
)
class GetActivityLogs(ListParams):
    """Read who changed what in an ad account or an ad set, and when, with the values before and after. See also
    ads_explain_change."""

    account_id: AccountId | None = None
    ad_set_id: Annotated[AdSetId | None, Field(description="Instead of account_id")] = None
    object_id: Annotated[ObjectId | None, Wire("oid"), Field(description="Campaign, ad set, ad or audience")] = None
    object_ids: Annotated[
        list[ObjectId] | None, Wire("extra_oids"), Field(min_length=1, max_length=50, description="More objects")
    ] = None
    include_descendants: Annotated[bool, Wire("add_children"), Field(description="Below object_id, too")] = True
    category: Category | None = None
    actor_id: Annotated[ObjectId | None, Wire("uid"), Field(description="A person's id")] = None
    actor_kind: Annotated[ActorKind | None, Local()] = None
    event_types: Annotated[
        list[Word] | None,
        Local(),
        Open("AdActivity.EventType", EVENT_TYPES),
        Field(min_length=1, max_length=40, description="e.g. update_ad_set_budget"),
    ] = None
    exclude_own: Annotated[bool, Local(), Field(description="Leave out what this server changed")] = False
    since: Annotated[Moment | None, Field(description="Default: 7 days back")] = None
    until: Annotated[Moment | None, Field(description="Default: now")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_scope(self) -> Self:
        if self.ad_set_id and (self.object_id or self.object_ids):
            raise ValueError("object_id and object_ids go with account_id; the log of an ad set is its own")
        return exactly_one(self, "account_id", "ad_set_id")

    async def run(self, call: Call) -> Result:
        scope = str(self.ad_set_id or self.account_id)
        account = await call.account(scope)
        since, until = read_period(self.since, self.until, account, call)
        listing = await self._read(call, scope, since, until)
        entries = await own_changes(call, account.id, since)
        subset = self._select([read_event(row, account) for row in listing.rows], entries)
        return self._result(subset, listing, account, (since, until))

    async def _read(self, call: Call, scope: str, since: int, until: int) -> Listing:
        is_filtered = self.actor_kind is not None or self.event_types is not None or self.exclude_own
        params: Row = {
            "category": self.category,
            "uid": self.actor_id,
            "oid": self.object_id,
            "extra_oids": self.object_ids,
        }
        if self.object_id and self.include_descendants:
            params["add_children"] = True
        return await call.graph.list(
            f"{scope}/activities",
            fields=selection(self.fields, FIELDS, self._always()),
            limit=self.limit,
            after=self.after,
            max_items=self.max_items or (MAX_FILTERED if is_filtered else None),
            since=since,
            until=until,
            **{name: value for name, value in params.items() if value is not None},
        )

    def _always(self) -> Sequence[str]:
        """Return the fields that the filters and the match with the journal read. Without `fields`, all are read."""
        if self.fields is None:
            return ()
        return (*FILTER_FIELDS, *(ACTOR_FIELDS if self.actor_kind else ()))

    def _select(self, events: Sequence[Event], entries: Sequence[JournalEntry]) -> Selection:
        matches = [
            (event, change_of_event(event, entries))
            for event in events
            if self.event_types is None or event.event_type in self.event_types
            if self.actor_kind in (None, event.actor_kind)
        ]
        events_to_show = [(event, change) for event, change in matches if change is None or not self.exclude_own]
        return Selection(events_to_show, len(matches) - len(events_to_show))

    def _result(self, subset: Selection, listing: Listing, account: Account, period: tuple[int, int]) -> Result:
        rows = [event.public(change.change_id if change else None) for event, change in subset.events]
        start, stop = (datetime.fromtimestamp(at, UTC).astimezone(account.timezone).isoformat() for at in period)
        data: dict[str, Any] = {
            "period": {"since": start, "until": stop, "timezone": account.timezone_name},
            "counts": dict(Counter(event.event_type for event, _ in subset.events).most_common()),
            "events": rows,
        }
        if self.exclude_own:
            data["own_changes_left_out"] = subset.own_left_out
        everything = len(rows) == len(listing.rows)
        read = "" if everything else f" of {len(listing.rows)} read"
        more = "; more follow, ask again with page.after" if listing.after else ""
        summary = f"{len(rows)}{read} {plural('event', len(rows) if everything else 2)} from {start} to {stop}{more}."
        notes = [NO_CURSOR] if listing.stuck and listing.after is None else []
        return Result(
            summary,
            Whole(data),
            Page(len(rows), listing.has_more, listing.after),
            notes,
            marks=listing.marks if everything else (),
        )


def read_period(since: str | None, until: str | None, account: Account, call: Call) -> tuple[int, int]:
    """Return a period in Unix seconds. Moments without an offset are in the account's time zone.

    A day as `until` is included. Raises InvalidArguments for a period that ends before it starts or lies ahead.
    """
    now = int(call.now().timestamp())
    stop = min(now, _seconds("until", until, account, call, end=True)) if until else now
    start = _seconds("since", since, account, call) if since else stop - DEFAULT_DAYS * 86_400
    if start >= stop:
        raise InvalidArguments(
            "The period is empty: since is not before until, or lies in the future.",
            "Give an earlier since, or leave out both for the last 7 days.",
        )
    return start, stop


def _seconds(name: str, moment: str, account: Account, call: Call, *, end: bool = False) -> int:
    note = check_clock_time(name, moment, account.timezone)
    if note:
        call.note(note)
    if end and len(moment) == DAY_CHARS and not moment.isdigit():
        day = datetime.fromisoformat(moment).date() + timedelta(days=1)
        return int(datetime.combine(day, time(0), account.timezone).timestamp()) - 1
    return to_unix(moment, account.timezone)
