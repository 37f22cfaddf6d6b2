"""Build the answer of a unit: a row for each object, counts of the outcomes, and the way on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from meta_ads_mcp.core.changes import UnitRecord
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.ports import Exports
from meta_ads_mcp.core.result import Final, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.engine.writes.units.unit_steps import (
    FAILED,
    NOT_SENT,
    OUTCOMES,
    SUCCESS,
    UNKNOWN,
    WAITING,
    StepState,
)
from meta_ads_mcp.errors import AdsError

UNCHANGED = "unchanged"
_OUTCOME_WORDS = {
    SUCCESS: "done",
    FAILED: "failed",
    NOT_SENT: "not sent",
    UNKNOWN: "with an unknown outcome",
}
COLUMNS = ["id", "name", "status", "change_id", "message"]
# The last column, where the objects of a unit are of several kinds.
KIND = "kind"
COPY_COLUMNS = ("kind", "old_id", "new_id")
# Longer names are cut in the rows of an answer.
MAX_NAME_CHARS = 80
# Objects of a unit whose rows are all in the answer. Of a larger one, only those that are not a plain success are.
MAX_WHOLE = 60
MAX_PROBLEMS = 250
# From so many objects on, the rows of plain successes have no names: the plan had them.
MIN_NAMELESS = 20
# More copies are listed in a file.
MAX_COPIES = 25

Item = list[Any]


def build_items(states: Sequence[StepState], unchanged: Sequence[Mapping[str, Any]] = ()) -> list[Item]:
    """Return a row for each object, in the order of the plan."""
    by_key = {state.step.key: state for state in states}
    rows = [_item(state, by_key) for state in states if state.step.item is None]
    return rows + [[row["id"], _short(row.get("name", "")), SUCCESS, None, UNCHANGED, None] for row in unchanged]


def _item(state: StepState, by_key: Mapping[str, StepState]) -> Item:
    status = NOT_SENT if state.status == WAITING else state.status
    object_id = state.object_id or state.step.change.object_id
    new_name = state.step.change.after.get("name") if status == SUCCESS else None
    return [
        object_id,
        _short(str(new_name or state.name)),
        status,
        state.change_id,
        state.message or None,
        node_kind(state.step.change.node).label,
    ]


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARS else f"{name[: MAX_NAME_CHARS - 1]}…"


def count_outcomes(items: Sequence[Item]) -> dict[str, int]:
    """Map each outcome that occurs to the number of its objects."""
    counts = Counter(item[2] for item in items)
    return {status: counts[status] for status in OUTCOMES if counts[status]}


def list_copies(states: Sequence[StepState]) -> list[Item]:
    """Return kind, old id and new id of each object that was copied."""
    return [
        [node_kind(state.step.change.node).label, state.step.copy_of, state.object_id]
        for state in states
        if state.step.copy_of and state.status == SUCCESS
    ]


async def with_copies_file(result: Result, states: Sequence[StepState], exports: Exports, unit_id: str) -> Result:
    """Write the old and new ids of many copies to a private file. Without a folder for it they are in the answer."""
    copies = list_copies(states)
    if len(copies) <= MAX_COPIES or not isinstance(result.data, dict):
        return result
    try:
        export = exports.open(f"copies_{unit_id}", "csv")
        try:
            await export.write([dict(zip(COPY_COLUMNS, row, strict=True)) for row in copies])
            file = await export.finish()
        finally:
            export.discard()
    except AdsError:
        return replace(result, data=Whole({**result.data, "copies": _copies_table(copies)}))
    data = Whole({**result.data, "copies": {"count": len(copies), "path": file.path}})
    return replace(result, data=data, files=(file,))


def _copies_table(copies: Sequence[Item]) -> Row:
    return Final({"columns": list(COPY_COLUMNS), "rows": list(copies)})


def items_table(items: Sequence[Item], most: int | None = None) -> Row:
    """Return the rows as the contract's table: at most `most`, or of a large unit what is not a plain success."""
    rows = _visible_items(items, most)
    if len({kind for *_, kind in items if kind is not None}) > 1:
        return Final({"columns": [*COLUMNS, KIND], "rows": rows})
    return Final({"columns": list(COLUMNS), "rows": [row[:-1] for row in rows]})


def _visible_items(items: Sequence[Item], most: int | None) -> list[Item]:
    if len(items) <= (most or MAX_WHOLE):
        return [_without_name(item) if len(items) > MIN_NAMELESS else item for item in items]
    if most is not None:
        return sorted(items, key=lambda item: item[2] == SUCCESS)[:most]
    return [item for item in items if item[2] != SUCCESS or item[4] not in (None, UNCHANGED)][:MAX_PROBLEMS]


def _without_name(item: Item) -> Item:
    object_id, name, status, change_id, message, kind = item
    is_plain = status == SUCCESS and object_id is not None and message in (None, UNCHANGED)
    return [object_id, "" if is_plain else name, status, change_id, message, kind]


def overall_status(counts: Mapping[str, int]) -> str:
    """Return the status of the whole answer."""
    if set(counts) <= {SUCCESS}:
        return "success"
    return "unknown_outcome" if set(counts) == {UNKNOWN} else "partial"


def next_step(
    unit: UnitRecord, states: Sequence[StepState], counts: Mapping[str, int], retry_after_s: int | None
) -> str:
    """Return what to do next: go on, plan anew, or how to take it back."""
    unit_id, key = unit.unit_id, unit.key
    is_left = any(state.status in (NOT_SENT, UNKNOWN) and not state.is_final for state in states)
    undo = _undo_step(unit_id, states) if counts.get(SUCCESS) else ""
    if is_left:
        wait = f" after {retry_after_s} seconds" if retry_after_s else ""
        again = f"The same call with this idempotency_key{wait} goes on with what is left and repeats nothing."
        if key is None:
            again = f"Call again{wait} for the objects that are left."
            if counts.get(UNKNOWN):
                again = "Look at each object whose outcome is unknown before you call again for what is left."
        return f"{again} {undo}".strip()
    if counts.get(FAILED) or counts.get(NOT_SENT):
        anew = "Correct the reason of each object that is not done, and plan these anew with another idempotency_key."
        return f"{anew} {undo}".strip()
    if counts.get(UNKNOWN):
        return f"Do for each unknown outcome what its message says. {undo}".strip()
    return undo


def _undo_step(unit_id: str, states: Sequence[StepState]) -> str:
    """Say how to take a unit back. What it created is paused by default, and not removed, where it has a status."""
    done = [state.step.change for state in states if state.status == SUCCESS]
    created = [change for change in done if change.effect is Effect.CREATE]
    effects = ["puts the earlier values back"] if len(created) < len(done) else []
    if any(node_kind(change.node).has_status for change in created):
        effects.append("pauses what was created, or deletes it with created=delete")
    elif created:
        effects.append("removes what was created")
    return f"ads_undo_change unit_id={unit_id} {' and '.join(effects)}." if effects else ""


def summary(title: str, unit_id: str, counts: Mapping[str, int]) -> str:
    """Return the sentence for people."""
    words = ", ".join(f"{number} {_OUTCOME_WORDS.get(status, status)}" for status, number in counts.items())
    undo = f" Undo: ads_undo_change unit_id={unit_id}." if counts.get(SUCCESS) else f" Unit {unit_id}."
    return f"{title}: {words or 'nothing to do'}.{undo}"


def nothing_to_do(title: str, plan: UnitPlan) -> Result:
    """Return the answer to a plan without a step."""
    items = build_items((), [asdict(row) for row in plan.unchanged])
    data: Row = {"status": "success", "counts": count_outcomes(items)}
    if plan.refused:
        data["refused"] = [row.public() for row in plan.refused]
    data |= {"items": items_table(items), **plan.details}
    return Result(f"{title}: nothing to change.", Whole(data), notes=list(plan.notes))


def build_answer(
    title: str, unit: UnitRecord, states: Sequence[StepState], totals: Row, retry_after_s: int | None
) -> Result:
    """Return the answer to a unit that was carried out, as far as it came. `totals` are the sums of its budgets."""
    items = build_items(states, unit.plan.get("unchanged") or ())
    counts = count_outcomes(items)
    data: Row = {"status": overall_status(counts), "unit_id": unit.unit_id, "counts": counts}
    if totals:
        data["totals"] = totals
    if unit.plan.get("refused"):
        data["refused"] = unit.plan["refused"]
    copies = list_copies(states)
    if copies and len(copies) <= MAX_COPIES:
        data["copies"] = _copies_table(copies)
    most = unit.plan.get("max_items")
    data["items"] = items_table(items, most)
    data |= unit.plan.get("outcome") or {}
    data["next_step"] = next_step(unit, states, counts, retry_after_s)
    if retry_after_s is not None:
        data["retry_after_seconds"] = retry_after_s
    notes: list[str] = [*(unit.plan.get("notes") or ())]
    left_out = len(items) - len(_visible_items(items, most))
    if left_out:
        notes.append(
            f"items has no row for {left_out} of the {len(items)} objects; "
            f"ads_get_changes unit_id={unit.unit_id} lists every change."
        )
    return Result(summary(title, unit.unit_id, counts), Whole(data), notes=notes)


def encode_plan(plan: UnitPlan) -> Row:
    """Return what the journal keeps of a plan beside its steps."""
    return {
        "stop_on_error": plan.stop_on_error,
        "max_items": plan.max_items,
        "unchanged": [asdict(row) for row in plan.unchanged],
        "refused": [row.public() for row in plan.refused],
        "details": dict(plan.details),
        "outcome": dict(plan.outcome),
        "notes": list(plan.notes),
    }
