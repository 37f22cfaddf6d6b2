"""Find the new objects of steps whose answer was lost, and establish which of them do not exist.

That a search finds nothing is no proof: the request can still be under way, the list can be old or cut off, and a new
object can have been renamed. So an object counts as absent only if all of this holds:

* Objects of its kind can be told apart, and the one that was to be created does not start delivery.
* By Graph's clock, more time has passed since the request than Graph works on one.
* Graph's list under the parent was read to its end, with archived objects, after that time. (Deleted ones are not on
  it. An object that somebody deleted meanwhile is created again.)
* Every object that was created there while the request can have been carried out, whatever its name, is accounted
  for: another change of the journal created it, or another step of this search.

A kind without a creation time, such as an ad creative, is recognized by all its fields alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.graph_values import same_value, unix_seconds
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.engine.writes.effects import starts_delivery
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.lost_answers import CLOCK_SLACK_SECONDS, is_searchable, matches, search_request
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.graph.paging import fetch_pages

# Four times as long as this client waits for an answer, and twice as long for an upload.
SETTLE_SECONDS = 120.0
UPLOAD_SETTLE_SECONDS = 600.0
MAX_LISTED_ROWS = 2000
# Fields with the parents of an object, which never change.
_PARENTS = ("campaign_id", "adset_id")
_LOST = "Meta's answer was lost."


@dataclass(frozen=True)
class LostCreation:
    """A creation without an answer: its change with all ids, and its entry in the journal."""

    change: Change
    entry: JournalEntry


@dataclass(frozen=True)
class SearchResult:
    """What is known about a creation: the id of its object, or that there is none, or neither.

    `wait_s` is the time after which another search can decide; None if waiting does not help. `message` is for the
    user, with what to do.
    """

    object_id: str | None = None
    is_absent: bool = False
    wait_s: float | None = None
    message: str = ""


async def search_creations(
    client: GraphPort, clock: Clock, journal: Journal, creations: Sequence[LostCreation]
) -> list[SearchResult]:
    """Look for the objects of the creations, once: one list for all under the same parent. Raises nothing of Graph."""
    groups: dict[tuple[str | None, ...], list[int]] = {}
    for number, item in enumerate(creations):
        change = item.change
        groups.setdefault((change.parent, change.edge, change.node, change.request.page), []).append(number)
    results: dict[int, SearchResult] = {}
    for numbers in groups.values():
        search = _GroupSearch(client, clock, journal, [creations[number] for number in numbers])
        results |= zip(numbers, await search.results(), strict=True)
    return [results[number] for number in range(len(creations))]


def settle_seconds(change: Change) -> float:
    """Return after how many seconds Graph no longer works on the request of a change."""
    return UPLOAD_SETTLE_SECONDS if change.request.patience == "upload" else SETTLE_SECONDS


def seconds_to_settle(client: GraphPort, clock: Clock, item: LostCreation) -> float:
    """Return how many seconds are left of that time, by Graph's clock as far as it is known."""
    return item.entry.sent_at + settle_seconds(item.change) - clock.now() - client.clock_skew()


def can_be_absent(change: Change) -> bool:
    """Return whether it can be established that a new object does not exist. One that starts delivery never can."""
    return is_searchable(change) and not starts_delivery(change)


@dataclass
class _GroupSearch:
    """One search for all creations of a kind under one parent."""

    client: GraphPort
    clock: Clock
    journal: Journal
    creations: Sequence[LostCreation]

    async def results(self) -> list[SearchResult]:
        if not any(is_searchable(item.change) for item in self.creations):
            return [await self._without_match(item, [], False, {}) for item in self.creations]
        try:
            rows, is_whole = await self._list()
            matching = [await self._matching(item, rows) for item in self.creations]
            claims = Counter(object_id for ids in matching for object_id in ids)
            return [
                _of_match(ids, claims) if ids else await self._without_match(item, rows, is_whole, claims)
                for item, ids in zip(self.creations, matching, strict=True)
            ]
        except AdsError as failure:
            message = f"{_LOST} The list of new objects could not be read ({failure.kind}). The same call looks again."
            return [SearchResult(wait_s=0.0, message=message) for _ in self.creations]

    async def _list(self) -> tuple[list[Row], bool]:
        """Return the rows that can be the new objects, and whether Graph's list was read to its end."""
        changes = [item.change for item in self.creations if is_searchable(item.change)]
        since = min(item.entry.sent_at for item in self.creations)
        more = [name for name in _PARENTS if any(name in change.after for change in changes)]
        rows: list[Row] = []
        async for page in fetch_pages(self.client, search_request(changes, since, more), 100, None):
            rows += [row for row in page.rows if "id" in row]
            if page.stuck or (page.after is not None and len(rows) >= MAX_LISTED_ROWS):
                return rows, False
        return rows, True

    async def _matching(self, item: LostCreation, rows: Sequence[Row]) -> list[str]:
        """Return the ids of rows that are as the new object was to be and that no other change created."""
        fingerprint = node_kind(item.change.node).fingerprint
        if not is_searchable(item.change):
            return []
        ids = [str(row["id"]) for row in rows if matches(fingerprint, row, item.change, item.entry.sent_at)]
        return await self._unknown(ids, item)

    async def _unknown(self, ids: Sequence[str], item: LostCreation) -> list[str]:
        """Return the ids of objects that by the journal no other change created or used before."""
        leave_out_known = partial(self.journal.leave_out_known, entry=item.entry)
        return await leave_out_known(list(dict.fromkeys(ids))) if ids else []

    async def _without_match(
        self, item: LostCreation, rows: Sequence[Row], is_whole: bool, claims: Mapping[str, int]
    ) -> SearchResult:
        """Return whether the object of a creation without a match is absent, or why nobody can tell."""
        change = item.change
        if change.request.repeatable:
            return SearchResult(is_absent=True)
        if not can_be_absent(change):
            return SearchResult(message=f"{_LOST} {_where_to_look(change)}")
        if (wait_s := seconds_to_settle(self.client, self.clock, item)) > 0:
            message = f"{_LOST} The new object is not there yet; the same call looks again in {wait_s:.0f} seconds."
            return SearchResult(wait_s=wait_s, message=message)
        if not is_whole:
            return SearchResult(message=f"{_LOST} The list is too long to be searched. {_where_to_look(change)}")
        strangers = [key for key in await self._unknown(self._new_ids(item, rows), item) if key not in claims]
        if strangers:
            message = f"{_LOST} Somebody created {', '.join(sorted(strangers))} then, or it is the new object renamed."
            return SearchResult(message=f"{message} {_where_to_look(change)}")
        return SearchResult(is_absent=True)

    def _new_ids(self, item: LostCreation, rows: Sequence[Row]) -> list[str]:
        """Return the ids of all objects under the same parent that the request can have created, by their time."""
        created = node_kind(item.change.node).fingerprint.created
        after = item.change.after
        if created is None:
            return []
        first = item.entry.sent_at - CLOCK_SLACK_SECONDS
        last = item.entry.sent_at + settle_seconds(item.change) + CLOCK_SLACK_SECONDS
        return [
            str(row["id"])
            for row in rows
            if first <= (first if (moment := unix_seconds(row.get(created))) is None else moment) <= last
            and all(same_value(row[name], after[name]) for name in _PARENTS if name in after and name in row)
        ]


def _of_match(ids: Sequence[str], claims: Mapping[str, int]) -> SearchResult:
    """Return the result of a creation that one or several objects match."""
    if len(ids) > 1:
        message = f"{_LOST} Each of these can be the new object: {', '.join(sorted(ids))}. Delete what is not wanted."
        return SearchResult(message=message)
    if claims[ids[0]] > 1:
        return SearchResult(message=f"{_LOST} {ids[0]} can be the new object, or that of another step; look at it.")
    return SearchResult(ids[0])


def _where_to_look(change: Change) -> str:
    """Say how a person finds out, and how to go on then."""
    kind, name = node_kind(change.node), change.after.get("name") or change.after.get("title")
    title = f' named "{name}"' if isinstance(name, str) else ""
    return (
        f"Look for a {kind.label}{title} under {change.parent}. If it is not there, create it in a call with another "
        "idempotency_key, with what depends on it."
    )
