"""Keep the steps of a unit: their form in the journal, and how far each has come."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import UnitStep, resolve_ids
from meta_ads_mcp.core.write import Change, Inverse
from meta_ads_mcp.errors import Denied

# The outcomes of a step that the user is told. WAITING steps are still to be sent.
WAITING, SUCCESS, NOT_APPLIED, UNKNOWN, FAILED, NOT_SENT = (
    "waiting",
    "success",
    "not_applied",
    "unknown_outcome",
    "failed",
    "not_sent",
)
OUTCOMES = (SUCCESS, NOT_APPLIED, UNKNOWN, FAILED, NOT_SENT)


@dataclass
class StepState:
    """Hold how far a step has come.

    `now` are the values before as they were read last, and `read_at` is when, by the monotonic clock. `entry` is the
    last entry of the step in the journal.
    """

    step: UnitStep
    status: str = WAITING
    change_id: str | None = None
    object_id: str | None = None
    message: str = ""
    read_at: float = -math.inf
    entry: JournalEntry | None = None
    now: Row | None = None
    has_asked_again: bool = False
    is_final: bool = False

    def end(self, status: str, message: str = "", *, is_final: bool = False) -> None:
        """Set the outcome. A step that was not sent is final if the same call would not send it either."""
        self.status, self.message, self.is_final = status, message, is_final

    @property
    def name(self) -> str:
        """Return the name of the object, or of the object that the step creates."""
        change = self.step.change
        return change.title or str(change.after.get("name") or "")

    @property
    def label(self) -> str:
        """Return the kind of the object with its id or its name, for messages."""
        change = self.step.change
        subject = self.object_id or change.object_id or f'"{self.name}"'
        return f"{node_kind(change.node).label} {subject}"


def encode_step(step: UnitStep) -> Row:
    """Return a step as plain values, for the journal."""
    change = step.change
    values = {item.name: getattr(change, item.name) for item in fields(change)}
    request = {item.name: getattr(change.request, item.name) for item in fields(change.request)}
    values |= {"effect": change.effect.value, "actions": sorted(change.actions)}
    values["inverse"] = change.inverse.stored() if change.inverse else None
    values["request"] = {name: value for name, value in request.items() if name != "files"}
    data = {item.name: getattr(step, item.name) for item in fields(step)}
    return data | {"change": {name: value for name, value in values.items() if value not in (None, (), [], {}, "")}}


def decode_step(data: Mapping[str, Any]) -> UnitStep:
    """Return the step that `encode_step` wrote down."""
    values = dict(data["change"])
    values |= {"effect": Effect(values["effect"]), "request": Request(**values["request"])}
    for name in ("readable", "reasons"):
        values[name] = tuple(values.get(name) or ())
    if inverse := values.get("inverse"):
        values["inverse"] = Inverse(**{**inverse, "reasons": tuple(inverse["reasons"])})
    values["actions"] = frozenset(values.get("actions") or ())
    return UnitStep(**{**data, "change": Change(**values), "needs": tuple(data.get("needs") or ())})


def decode_steps(steps: Iterable[Mapping[str, Any]]) -> list[UnitStep]:
    """Return the stored steps of a unit. Raises Denied if one of them is not a step."""
    try:
        return [decode_step(step) for step in steps]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Denied(
            "The stored plan of this unit is damaged; nothing was sent.",
            "See with ads_get_changes what was done, and make the call again with a new idempotency_key.",
        ) from None


def restore_states(steps: Iterable[UnitStep], entries: Iterable[JournalEntry]) -> list[StepState]:
    """Return the steps of a unit as far as the journal says that they have come."""
    latest = {entry.step: entry for entry in entries}
    return [_restore(step, latest.get(step.key)) for step in steps]


def _restore(step: UnitStep, entry: JournalEntry | None) -> StepState:
    if entry is None:
        return StepState(step)
    state = StepState(step, change_id=entry.change_id, object_id=entry.object_id, entry=entry)
    message = str((entry.error or {}).get("message") or "")
    if entry.outcome == NOT_SENT:
        return StepState(step, message=message)
    state.end(entry.outcome, not_applied_message(entry.not_applied) if entry.status == "partial" else message)
    return state


def not_applied_message(names: Sequence[str]) -> str:
    """Return the message for fields of which Graph still has the old values."""
    return f"Meta accepted the change, and Graph still has the old values of {', '.join(names)}."


def created_ids(states: Iterable[StepState]) -> dict[str, str]:
    """Map the key of each step that succeeded to the id of its object."""
    return {state.step.key: state.object_id for state in states if state.status == SUCCESS and state.object_id}


def resolved_change(state: StepState, ids: Mapping[str, str]) -> Change:
    """Return the change of a step with the ids that earlier steps created."""
    change = state.step.change
    request = replace(change.request, params=resolve_ids(change.request.params, ids))
    return replace(change, request=request, after=resolve_ids(change.after, ids))
