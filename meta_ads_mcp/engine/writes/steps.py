"""The steps of one write call: each is journalled, sent, looked up when its answer is lost, and journalled again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from meta_ads_mcp.core.changes import JournalEntry, fields_without_previous_value
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.nodes import can_be_undone, node_kind
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.text import REMOVED_MARK, clean
from meta_ads_mcp.core.write import Change, Exchange
from meta_ads_mcp.engine.authority import GraphPort, holds_secret
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.lost_answers import recover
from meta_ads_mcp.errors import AdsError, ApiError, Denied, UnknownOutcome


@dataclass(frozen=True)
class Done:
    """A change that Graph has made."""

    change: Change
    change_id: str
    object_id: str | None

    @property
    def can_be_undone(self) -> bool:
        change = self.change
        if change.inverse is not None:
            return True
        if change.after.get("status") == "DELETED" or not can_be_undone(change.effect.value, change.node, change.after):
            return False
        return change.effect is not Effect.UPDATE or not fields_without_previous_value(change.before, change.after)


@dataclass
class JournalledSteps:
    """The `Steps` port. `permit` raises where the policy forbids a change; `entry_of` gives its journal entry."""

    client: GraphPort
    clock: Clock
    journal: Journal
    permit: Callable[[Change], None]
    entry_of: Callable[[Change], JournalEntry]
    done: list[Done] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _mine: set[str] = field(default_factory=set)

    def continue_after(self, entries: Sequence[JournalEntry]) -> None:
        """Count the changes of an earlier call with the same idempotency key as this call's."""
        self._mine.update(entry.change_id for entry in entries)

    def has_several_undos(self) -> bool:
        """Return whether the call made several changes, at least one of which can be undone."""
        return len(self.done) > 1 and any(item.can_be_undone for item in self.done)

    def primary_step(self, object_id: str | None) -> Done | None:
        """Return the step that the answer is about: the step of the object that it names, or else the last step."""
        candidates = [item for item in self.done if item.object_id == object_id]
        return next(iter(candidates or self.done[-1:]), None)

    async def do(self, change: Change, exchange: Exchange | None = None) -> Row:
        """A caller that goes away does not take the answer with it; an exchange, which may be long, ends with it."""
        if exchange is not None:
            return await self._do(change, exchange)
        return await asyncio.shield(asyncio.ensure_future(self._do(change)))

    async def _do(self, change: Change, exchange: Exchange | None = None) -> Row:
        self.permit(change)
        entry = self.entry_of(change)
        reject_recorded_secrets(entry, await self.client.own_secrets())
        entry.graph_time = self.clock.now() + self.client.clock_skew()
        self._mine.add(entry.change_id)
        self.journal.intent(entry)
        await self._require_first(entry)
        try:
            body = require_success(await (exchange(self.client.send) if exchange else self._send(change, entry)))
            object_id = require_id(change, body)
        except UnknownOutcome as lost:
            self.journal.outcome(entry.change_id, "unknown_outcome", error={"kind": lost.kind})
            raise UnknownOutcome(
                lost.message, lost.next_step, graph=lost.graph, details={"change_id": entry.change_id}
            ) from None
        except asyncio.CancelledError:
            # An exchange ends with its caller; what it had sent may have been done.
            self.journal.outcome(entry.change_id, "unknown_outcome", error={"kind": "cancelled"})
            raise
        except AdsError as error:
            self.journal.outcome(entry.change_id, "failed", error={"kind": error.kind, "message": clean(error.message)})
            raise
        self.journal.outcome(entry.change_id, "success", object_id=object_id)
        self.done.append(Done(change, entry.change_id, object_id))
        return {**body, "id": object_id}

    async def _require_first(self, entry: JournalEntry) -> None:
        """Raise unless this call is first in the journal with its idempotency key, also across processes."""
        if entry.key is None:
            return
        await self.journal.catch_up()
        for other in self.journal.with_key(entry.tool, entry.key):
            if other.change_id == entry.change_id:
                return
            if other.change_id not in self._mine and other.status != "failed":
                self.journal.outcome(entry.change_id, "failed", error={"kind": "superseded"})
                raise UnknownOutcome(
                    "Another call with this idempotency_key is being carried out; this one sent nothing.",
                    "Make the same call again in a moment: it then gives the other one's result.",
                )

    async def _send(self, change: Change, entry: JournalEntry) -> Any:
        try:
            body = require_object(await self.client.send(change.request))
            if body.get("success", True) is True:
                require_id(change, body)
        except UnknownOutcome as lost:
            leave_out_known = partial(self.journal.leave_out_known, entry=entry)
            object_id = await recover(self.client, self.clock, change, entry.sent_at, leave_out_known, lost)
            self.notes.append("Graph's answer was lost; the change was found to be made.")
            return {"id": object_id}
        return body


def reject_recorded_secrets(entry: JournalEntry, own_secrets: Iterable[str]) -> None:
    """Raise Denied if the journal entry would hold a secret of this server, or a value without the secret that it had.

    The first must not be stored, and the second could not be put back.
    """
    secrets = list(own_secrets)
    if holds_secret([entry.arguments, entry.key], secrets):
        raise Denied(
            "This call holds an access token or app secret of this server as text, so it was not sent.",
            "Remove it from the call. If it was shown to anybody, create a new token.",
        )
    altered = [name for name, value in entry.before.items() if holds_secret({name: value}, [*secrets, REMOVED_MARK])]
    names = [*altered, *(name for name, value in entry.after.items() if holds_secret({name: value}, secrets))]
    if names:
        raise Denied(
            f"The {names[0]} of {entry.object_id or 'the object'} holds an access token or app secret of this server. "
            "It cannot be recorded, so it could not be put back; nothing was sent.",
            "Remove the secret in Ads Manager, and create a new token.",
        )


def require_object(body: Any) -> Row:
    """Graph's answer, when it says anything; one without a word leaves as much open as none."""
    if not isinstance(body, dict) or not body:
        raise UnknownOutcome("Graph's answer does not say whether the change was made.")
    return body


def require_success(body: Any) -> Row:
    """Graph's answer, when it says that the change was made."""
    said = require_object(body)
    if said.get("success", True) is not True:
        raise ApiError("Graph did not say that the change was made.", "Read the object before trying again.")
    return said


def require_id(change: Change, body: Row) -> str | None:
    """Return the id of the changed or created object. Raises UnknownOutcome for a creation without an id."""
    object_id = change.object_id or created_id(body)
    if object_id is None and change.effect is Effect.CREATE and node_kind(change.node).has_id:
        raise UnknownOutcome("Graph's answer does not name the object that it created.")
    return object_id


def created_id(body: Row) -> str | None:
    """Return the id of the created object, or None. The `/copies` edges name it by kind, `/adimages` by its hash."""
    for name in ("id", "copied_campaign_id", "copied_adset_id", "copied_ad_id", "post_id", "video_id"):
        if isinstance(body.get(name), str) and body[name]:
            return str(body[name])
    images = body.get("images")
    hashes = (
        [image.get("hash") for image in images.values() if isinstance(image, dict)] if isinstance(images, dict) else []
    )
    return next((str(value) for value in hashes if value), None)
