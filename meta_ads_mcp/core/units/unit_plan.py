"""Define the plan of a unit: many changes with one confirmation, one id in the journal and one undo.

A tool returns a `UnitPlan` from its hook `plan_unit`. The engine does everything else: order, policy, question,
journal, batches of 50, lost answers, read-back, the answer, and going on where an earlier call with the same key
stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.write import Change

MAX_UNIT_OBJECTS = 1000
# A plan with more objects than this is asked for, whatever it does.
MAX_UNASKED_OBJECTS = 10
_REFERENCE = "$id_of_step"


def id_of_step(key: str) -> Row:
    """Return a placeholder for the id that a step creates, for the parameters and `after` of steps that need it.

    The engine replaces it before the step is sent. An image has its hash as id.
    """
    return {_REFERENCE: key}


def resolve_ids(value: Any, ids: Mapping[str, str]) -> Any:
    """Return a value with the ids of created objects in place of the placeholders. Unknown ones stay."""
    if isinstance(value, Mapping):
        key = value.get(_REFERENCE)
        if isinstance(key, str) and len(value) == 1:
            return ids.get(key, value)
        return {name: resolve_ids(item, ids) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve_ids(item, ids) for item in value]
    return value


@dataclass(frozen=True)
class UnitStep:
    """Describe one request of a unit.

    * `key`: names the step within the unit, and has to be the same each time that the same call is planned.
    * `change`: the request with the values before and after, as for a single write. Its request is a write that is not
      repeatable, and names its account. Placeholders of `id_of_step` may be in the parameters and in `after`.
    * `needs`: keys of steps that must have succeeded; otherwise this step is not sent.
    * `item`: the key of the step whose object this one helps to make; it then has no row of its own in the answer. A
      new creative that an ad gets has the ad's step as its item.
    * `row`: the number of the input row, from 1, where the input is rows.
    * `undo_of`: the id of the change that the step puts back.
    * `is_upload`: the tool sends the step by `send_upload`, because its request holds a file or there are several.
    * `copy_of`: the id of the object that the step copies. The answer maps it to the id of the copy.
    """

    key: str
    change: Change
    needs: tuple[str, ...] = ()
    item: str | None = None
    row: int | None = None
    undo_of: str | None = None
    copy_of: str | None = None
    is_upload: bool = False


@dataclass(frozen=True)
class RefusedRow:
    """State why a row of the input, or an object, is not part of the plan. `row` counts from 1."""

    reason: str
    row: int | None = None
    column: str = ""
    id: str = ""
    name: str = ""

    def public(self) -> Row:
        """Return the fields that have a value."""
        values = {"row": self.row, "column": self.column, "id": self.id, "name": self.name, "reason": self.reason}
        return {key: value for key, value in values.items() if value not in (None, "")}


@dataclass(frozen=True)
class UnchangedObject:
    """Name an object that has all the values already. Nothing is sent for it."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class UnitPlan:
    """Hold a whole unit.

    * `account`: the ad account (`act_…`) of all steps.
    * `steps`: in the order of the input. The engine orders them: what cuts and pauses before what raises, then what
      activates; parents before children; a step after those that it needs.
    * `refused`: rows of bad input. If there are any, the user is asked whether the others are carried out. A plan that
      has refused rows only is an error.
    * `reasons`: why a person has to agree, beside the reasons that the engine derives from the requests.
    * `max_unasked`: a plan of more objects is asked for.
    * `stop_on_error`: after a batch with a failure no further batch is sent.
    * `is_whole`: the call is denied if the policy denies one of its objects. Otherwise that object is refused.
    * `keeps_sum`: money only moves, because each raise needs the cuts: the policy measures the difference of the sums.
    * `validate_first`: Graph validates what it can before anybody is asked; anything that it refuses ends the call.
    * `details`: data for the answer before the change.
    * `outcome`: data for the answer after it.
    * `max_items`: rows of the answer and objects per change in the plan. None: all of a usual unit; of a larger one
      only those that are not a plain success. ads_get_changes lists the others.
    * `undo_of`: the unit that this one reverses.
    """

    account: str
    steps: Sequence[UnitStep]
    refused: Sequence[RefusedRow] = ()
    unchanged: Sequence[UnchangedObject] = ()
    notes: Sequence[str] = ()
    details: Row = field(default_factory=dict)
    outcome: Row = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    max_unasked: int = MAX_UNASKED_OBJECTS
    stop_on_error: bool = False
    is_whole: bool = False
    keeps_sum: bool = False
    validate_first: bool = False
    max_items: int | None = None
    undo_of: str | None = None
