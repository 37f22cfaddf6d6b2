"""Plan the undo of an applied recommendation: the values of its objects that Meta changed are put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.write import Change, Plan
from meta_ads_mcp.domain.optimization.running_studies import read_for_change
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.changes.reversal import build_reversal, fields_to_read, require_unchanged, reversal_target
from meta_ads_mcp.tools.optimisation.advice import RESTORABLE, differences, read_objects

EDGE = "recommendations"
STAYS = "Objects that Meta created for the recommendation stay, and the recommendation does not come back."


async def plan_recommendation_undo(call: Call, entry: JournalEntry, *, force: bool) -> Plan:
    """Return the plan that puts back each object. Raises InvalidArguments if nothing can be put back."""
    before = entry.before.get("objects")
    objects = {str(key): row for key, row in before.items()} if isinstance(before, Mapping) else {}
    rows = _recorded(entry)
    if rows is None:
        rows = differences(objects, await read_objects(call, str(entry.account), list(objects)))
    parts = [part for row in rows if (part := _part(entry, row)) is not None]
    if not parts:
        raise InvalidArguments(
            "The journal shows no value of the named objects that Meta changed, so nothing can be put back.",
            "Look at the objects, and at ads_account_get_activity_logs.",
        )
    changes = [await _reverse(call, part, force=force) for part in parts]
    return Plan(changes, f"Undo of {entry.tool} ({entry.change_id}).", [STAYS])


def _recorded(entry: JournalEntry) -> list[Row] | None:
    """Return the differences that the answer showed; None if the call ended before it could."""
    rows = (entry.result or {}).get("changed_objects")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None


def _part(entry: JournalEntry, row: Row) -> JournalEntry | None:
    """Return the change of one object as an entry of its own, with the fields that can be put back."""
    names = RESTORABLE.get(str(row.get("kind")), ())
    changes: Mapping[str, Any] = {name: row["changes"][name] for name in names if name in row.get("changes", {})}
    if not changes:
        return None
    return replace(
        entry,
        node=str(row["kind"]),
        object_id=str(row["id"]),
        name=str(row.get("name") or ""),
        before={name: _as_read(value["before"]) for name, value in changes.items()},
        after={name: _as_read(value["after"]) for name, value in changes.items()},
        edge=None,
    )


def _as_read(value: Any) -> Any:
    """Return a value as Graph shows it: of money, the minor units as text."""
    return str(value["minor"]) if isinstance(value, Mapping) and "minor" in value else value


async def _reverse(call: Call, part: JournalEntry, *, force: bool) -> Change:
    target = reversal_target(part, "pause")
    now = await read_for_change(call, str(part.object_id), part.node, fields_to_read(part, target))
    if not force:
        require_unchanged(part, now)
    return await build_reversal(call, part, target, now)
