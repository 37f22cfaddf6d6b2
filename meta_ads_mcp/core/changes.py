"""Define the entry of the change journal, and the port through which tools read the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from meta_ads_mcp.core.values.feed_addresses import mask_schedules

_BUDGETS = ("daily_budget", "lifetime_budget")
# Fields that Graph can set back to none, with the value that does it.
CLEARABLE: Mapping[str, Any] = {"adlabels": [], "end_time": 0}
# Kinds of errors after which nothing was made, so that the same step of a unit may be sent later.
NOTHING_MADE = frozenset({"throttled", "circuit_open", "blocked", "network", "transient", "token"})


def fields_without_previous_value(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the changed fields that had no value before. Graph cannot clear a field, so they cannot be put back."""
    earlier = {name: before.get(name) for name in after}
    empty = [n for n, value in earlier.items() if value in (None, "") or (n in _BUDGETS and value in (0, "0"))]
    return [name for name in empty if name not in CLEARABLE]


@dataclass
class JournalEntry:
    """Record one change: the intent and the outcome. `status` is `unknown_outcome` until the outcome is known.

    `status` is one of `success`, `partial` (all but the fields in `not_applied`), `not_applied`, `failed` and
    `unknown_outcome`. `started` is the time of the intent in Unix seconds of this machine's clock, `graph_time` the
    same time on Graph's. `unit` and `step` name the unit that the change belongs to and its step there. `inverse` is
    the request that takes the change back (`core.write.Inverse`), if one does.
    """

    change_id: str
    time: str
    tool: str
    effect: str
    node: str
    account: str | None = None
    currency: str | None = None
    page: str | None = None
    object_id: str | None = None
    name: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None
    edge: str | None = None
    call_id: str | None = None
    key: str | None = None
    digest: str | None = None
    status: str = "unknown_outcome"
    error: dict[str, Any] | None = None
    not_applied: list[str] = field(default_factory=list)
    undo_of: str | None = None
    undone_by: str | None = None
    started: float = 0.0
    graph_time: float | None = None
    result: dict[str, Any] | None = None
    unit: str | None = None
    step: str | None = None
    inverse: dict[str, Any] = field(default_factory=dict)
    # Path -> mark of the content of each local file that the call had read.
    files: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return the name of the object at the time of the change, or an empty text if it is not known."""
        return str(self.name or self.before.get("name") or self.after.get("name") or "")

    @property
    def sent_at(self) -> float:
        """Return the time on Graph's clock from which an object of this change can exist."""
        return self.started if self.graph_time is None else self.graph_time

    @property
    def outcome(self) -> str:
        """Return the outcome of a step of a unit: `status`, but `not_sent` when nothing was made and it may be sent."""
        if self.status == "failed" and (self.error or {}).get("kind") in NOTHING_MADE:
            return "not_sent"
        return "not_applied" if self.status == "partial" else self.status

    def public(self) -> dict[str, Any]:
        """Return the entry as `ads_get_changes` shows it. `changes` maps a field to before and after, in Graph's units.

        Empty fields are left out.
        """
        before, after = mask_schedules(self.before), mask_schedules(self.after)
        entry = {
            "change_id": self.change_id,
            "time": self.time,
            "tool": self.tool,
            "kind": self.effect,
            "object": {"type": self.node, "id": self.object_id, **({"name": self.label} if self.label else {})},
            "account": self.account,
            "currency": self.currency,
            "status": self.status,
            "changes": {name: {"before": before.get(name), "after": value} for name, value in after.items()},
            "not_applied": self.not_applied,
            "undo_of": self.undo_of,
            "undone_by": self.undone_by,
            "unit_id": self.unit,
        }
        return {key: value for key, value in entry.items() if value not in (None, {}, "", [])}


@dataclass
class UnitRecord:
    """Record a unit: a call that makes many changes under one id. Its changes name it in `unit`.

    `steps` are the planned requests in the form of the journal, `count` is their number. `undo_of` is the unit that
    this one reverses. `started` is in Unix seconds of this machine's clock.
    """

    unit_id: str
    tool: str
    count: int
    time: str = ""
    account: str | None = None
    currency: str | None = None
    key: str | None = None
    digest: str | None = None
    undo_of: str | None = None
    started: float = 0.0
    arguments: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ChangeQuery:
    """Select changes, newest first.

    `since` is in Unix seconds of this machine's clock, `after` the change id that the page before ended with.
    `is_visible` decides by the account (`act_…`) and the Page of a change whether it may be shown; None shows all.
    """

    account: str | None = None
    object_id: str | None = None
    tool: str | None = None
    since: float | None = None
    after: str | None = None
    limit: int = 25
    unit: str | None = None
    is_visible: Callable[[str | None, str | None], bool] | None = None


@dataclass(frozen=True)
class ChangePage:
    """Hold a page of changes, newest first.

    `total` counts the matches of all pages, `damaged` the lines of the journal that were passed over as unreadable.
    """

    entries: Sequence[JournalEntry]
    total: int
    has_more: bool = False
    damaged: int = 0


@dataclass(frozen=True)
class UnitPage:
    """Hold a page of units, newest first, each with its changes in the order in which they were made."""

    units: Sequence[tuple[UnitRecord, Sequence[JournalEntry]]]
    total: int
    has_more: bool = False


class Changes(Protocol):
    """Read the changes that this server made, from the journal on this machine. Methods raise Denied if it is unusable.

    A view that shows only some changes implements this over another one, and passes its `is_visible` on in the query.
    """

    async def find(self, query: ChangeQuery) -> ChangePage:
        """Return the newest changes that match."""
        ...

    async def get(self, change_id: str) -> JournalEntry | None:
        """Return the entry of a change, or None if the journal does not have it."""
        ...

    async def find_units(self, query: ChangeQuery) -> UnitPage:
        """Return the newest units that match the account, the tool, the time and the id of a unit."""
        ...
