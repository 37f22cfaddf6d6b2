"""Check the plan of a unit before anything is sent: by Graph's own validation, and against what has changed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnchangedObject, UnitStep
from meta_ads_mcp.engine.authority import AuthorizedGraph
from meta_ads_mcp.engine.writes.units.batch_reads import stale_fields
from meta_ads_mcp.engine.writes.units.pending_plans import PlannedObject
from meta_ads_mcp.engine.writes.units.unit_steps import StepState
from meta_ads_mcp.engine.writes.units.unit_text import UnitText, describe_differences, describe_refused
from meta_ads_mcp.errors import AdsError, ConfirmationRequired, Denied, InvalidArguments, UnknownOutcome

_VALIDATE_ONLY = ["validate_only"]
MAX_TEXTS = 20
MAX_REFUSED_TEXTS = 5
_HAS_VALUES = "It has the wanted values already."
_GONE = "It no longer matches, or can no longer be changed so."
_NEW = "It was not in the plan."


async def validate_steps(client: AuthorizedGraph, states: Sequence[StepState]) -> list[RefusedRow]:
    """Let Graph validate the steps that need no other step. Return what it refuses."""
    states = [state for state in states if state.step.change.validate_only and not state.step.needs]
    if not states:
        return []
    requests = [
        replace(
            state.step.change.request,
            params={**state.step.change.request.params, "execution_options": _VALIDATE_ONLY},
            budget_change=False,
            spend_limit_change=False,
        )
        for state in states
    ]
    answers = await client.batch(requests)
    return [
        RefusedRow(answer.message, state.step.row, id=state.step.change.object_id or "", name=state.name)
        for state, answer in zip(states, answers, strict=True)
        if isinstance(answer, AdsError) and not isinstance(answer, UnknownOutcome)
    ]


async def require_valid(client: AuthorizedGraph, states: Sequence[StepState]) -> None:
    """Raise InvalidArguments for steps that Graph would refuse."""
    rows = await validate_steps(client, states)
    if rows:
        raise all_refused_error(rows)


@dataclass(frozen=True)
class StaleObject:
    """An object that is not as the plan had it: its label, id and name, and the fields that differ or the reason."""

    label: str
    id: str | None
    name: str
    fields: Row = field(default_factory=dict)
    reason: str = ""

    def describe(self) -> str:
        """Return the difference in words."""
        return f"{self.label}: {self.reason or describe_differences(self.fields)}"

    def public(self) -> Row:
        """Return the difference as data."""
        values = {"object": self.label, "id": self.id, "name": self.name, "fields": self.fields, "reason": self.reason}
        return {key: value for key, value in values.items() if value}


def stale_object(state: StepState, text: UnitText) -> StaleObject:
    """Return the difference of a step that was read again, or why it could not be read."""
    change = state.step.change
    names = stale_fields(change, state.now) if state.now is not None else []
    fields = text.differences(change.before, state.now or {}, change.after, names)
    return StaleObject(state.label, change.object_id, state.name, fields, "" if fields else state.message)


def compare_plans(
    earlier: Mapping[str, PlannedObject],
    states: Sequence[StepState],
    unchanged: Sequence[UnchangedObject],
    text: UnitText,
) -> list[StaleObject]:
    """Return every object that the user saw otherwise than it is planned now. Nothing without an earlier plan."""
    if not earlier:
        return []
    now = {state.step.key: PlannedObject.of(state) for state in states}
    same = {row.id for row in unchanged}
    stale = [_compare(old, now.get(key), old.id in same, text) for key, old in earlier.items()]
    new = [StaleObject(row.label, row.id, row.name, reason=_NEW) for key, row in now.items() if key not in earlier]
    return [*(row for row in stale if row is not None), *new]


def _compare(old: PlannedObject, now: PlannedObject | None, is_same: bool, text: UnitText) -> StaleObject | None:
    if now is None:
        return StaleObject(old.label, old.id, old.name, reason=_HAS_VALUES if is_same else _GONE)
    names = [name for name in old.before if old.before[name] != now.before.get(name)]
    fields = text.differences(old.before, now.before, old.after, names)
    for name in old.after:
        if name not in names and old.after[name] != now.after.get(name):
            row = text.differences(old.before, now.before, old.after, [name])[name]
            fields[name] = row | {"wanted_now": text.words.value(name, now.after.get(name))}
    return StaleObject(old.label, old.id, old.name, fields) if fields else None


def stale_plan_error(stale: Sequence[StaleObject]) -> ConfirmationRequired:
    """Return the error for a plan of which objects changed."""
    more = f" And {len(stale) - MAX_TEXTS} more." if len(stale) > MAX_TEXTS else ""
    verb = "objects has" if len(stale) == 1 else "objects have"
    return ConfirmationRequired(
        f"This plan is stale: {len(stale)} of its {verb} changed since. Nothing was sent. "
        f"{' '.join(row.describe() for row in stale[:MAX_TEXTS])}{more}",
        "Call again without `confirmation` for a new plan.",
        details={"stale": [row.public() for row in stale]},
    )


def drop_denied(
    states: Sequence[StepState], permit: Callable[[StepState], None]
) -> tuple[list[StepState], list[RefusedRow]]:
    """Return the steps that the policy permits, and a row for each object that it denies.

    A step that needs a denied one is denied with it. A helper, such as a new creative, goes with the last of its users.
    """
    denials: dict[str, str] = {}
    for state in states:
        try:
            permit(state)
        except Denied as refusal:
            denials[state.step.key] = refusal.message
    if not denials:
        return list(states), []
    goes_on = True
    while goes_on:
        size = len(denials)
        for state in states:
            missing = next((key for key in state.step.needs if key in denials), None)
            if missing is not None:
                denials.setdefault(state.step.key, denials[missing])
        goes_on = len(denials) > size
    rest = _without_idle_helpers(states, [state for state in states if state.step.key not in denials])
    objects = [state for state in states if state.step.key in denials and state.step.item is None]
    rows = [RefusedRow(denials[s.step.key], s.step.row, id=s.step.change.object_id or "", name=s.name) for s in objects]
    return rest, rows


def _without_idle_helpers(states: Sequence[StepState], rest: Sequence[StepState]) -> list[StepState]:
    """Return the steps without the helpers of which all users are gone. The others help a user that is left."""
    keys = {state.step.key for state in rest}
    users: defaultdict[str, list[UnitStep]] = defaultdict(list)
    for state in states:
        for key in state.step.needs:
            users[key].append(state.step)
    result: list[StepState] = []
    for state in rest:
        step = state.step
        users_now = [user for user in users[step.key] if user.key in keys]
        if step.item is None or step.item in keys:
            result.append(state)
        elif users_now:
            state.step = replace(step, item=users_now[0].item or users_now[0].key)
            result.append(state)
    return result if len(result) == len(rest) else _without_idle_helpers(states, result)


def denied_error(rows: Sequence[RefusedRow], states: Sequence[StepState]) -> Denied:
    """Return the error for a call that the policy denies, with each object that it forbids to change."""
    labels = {state.step.change.object_id or state.name: state.label for state in states}
    label = labels.get(rows[0].id or rows[0].name) or rows[0].name
    more = f" The same holds for {len(rows) - 1} more of its objects." if len(rows) > 1 else ""
    return Denied(
        f"{label}: {rows[0].reason} Nothing was sent.{more}",
        "Leave these objects out or change them less, or ask the owner of this server, whose policy it is.",
        details={"rows": [row.public() for row in rows]},
    )


def all_refused_error(rows: Sequence[RefusedRow]) -> InvalidArguments:
    """Return the error for a plan without a row that can be carried out."""
    first = "; ".join(describe_refused(row) for row in rows[:MAX_REFUSED_TEXTS])
    return InvalidArguments(
        f"No row of this call can be carried out. {first}.",
        "Correct the rows and call again.",
        details={"rows": [row.public() for row in rows]},
    )
