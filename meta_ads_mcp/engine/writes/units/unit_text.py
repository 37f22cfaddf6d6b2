"""Show a unit to a person: groups of objects that change alike, sums per currency, and rows that are left out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.result import Final, Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnitPlan
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.core.values.spend_fields import SpendKind
from meta_ads_mcp.core.values.text import show_hidden
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.copying import differences
from meta_ads_mcp.domain.destinations import WEB_KEYS
from meta_ads_mcp.engine.writes.effects import amounts_of
from meta_ads_mcp.engine.writes.question import QuestionText, abbreviate, card_of, join_reasons
from meta_ads_mcp.engine.writes.units.unit_steps import StepState

# (field, before, after) of a change in words.
Edit = tuple[str, str | None, str]
_BUDGETS = ("daily_budget", "lifetime_budget")
_LINK_KEYS = WEB_KEYS | {"url"}
# Longer names are cut: an object has its id, and the name of a new one is among its values.
MAX_NAME_CHARS = 100
# A table of more objects names them by their ids. The question has all names.
MAX_NAMED_OBJECTS = 60


@dataclass(frozen=True)
class AlikeChanges:
    """Hold the objects that get the same values, each as kind, id (None for a new one) and name."""

    edits: tuple[Edit, ...]
    objects: Sequence[tuple[str, str | None, str]]


@dataclass(frozen=True)
class UnitText:
    """Format a unit of an account. `words` formats its values, `currency` is None if Meta does not show it."""

    words: QuestionText
    currency: str | None

    def groups(self, states: Sequence[StepState]) -> list[AlikeChanges]:
        """Return the changes of all objects, those with the same values together, in the order of the plan."""
        by_key = {state.step.key: state for state in states}
        objects: defaultdict[tuple[Edit, ...], list[tuple[str, str | None, str]]] = defaultdict(list)
        for state in states:
            if state.step.item is not None:
                continue
            parts = [by_key[key] for key in state.step.needs if by_key[key].step.item is not None]
            edits = tuple(edit for part in (*parts, state) for edit in self.edits(part.step.change))
            change = state.step.change
            objects[edits].append((node_kind(change.node).label, change.object_id, state.name))
        return [AlikeChanges(edits, rows) for edits, rows in objects.items()]

    def edits(self, change: Change) -> list[Edit]:
        """Return everything that a change sets. Of a copy, only the values in which it differs from the original."""
        if change.effect is Effect.CREATE and change.before:
            return self._differences(change)
        references = {name for name, value in change.after.items() if _is_reference(value)}
        references |= {name for name, value in change.request.params.items() if _is_reference(value)}
        prefix = f"new {node_kind(change.node).label} " if change.effect is Effect.CREATE else ""
        return [(prefix + name, old, new) for name, old, new in self.words.changes(change) if name not in references]

    def _short(self, edit: Edit) -> Edit:
        """Return an edit of addresses for the table: the first earlier one, and how many more there are."""
        name, before, after = edit
        if name != "link" or before is None:
            return edit
        old = [text.strip('"') for text in before.split(", ")]
        more = f" and {len(old) - 1} more" if len(old) > 1 else ""
        return name, f"{old[0]}{more}", after.strip('"')

    def _differences(self, change: Change) -> list[Edit]:
        """Return the values in which a copy differs. Places that get the same value are one edit."""
        places: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for path, row in differences(change.before, change.after).items():
            if "$id_of_step" in str(row["after"]):
                continue
            name = path.rpartition(".")[2]
            places[self.words.value(name, row["after"])][path] = self.words.value(name, row["before"])
        return [
            (_join_paths(list(rows)), ", ".join(dict.fromkeys(map(abbreviate, rows.values()))), after)
            for after, rows in places.items()
        ]

    def question(self, title: str, plan: UnitPlan, states: Sequence[StepState], reasons: Iterable[str]) -> str:
        """Return the whole question: what changes for which objects, why it is asked, sums, and what is left out."""
        lines = [self.head(title, plan, states, reasons)]
        for group in self.groups(states):
            names = ", ".join(_describe(*row) for row in group.objects)
            edits = "; ".join(_edit(edit) for edit in group.edits)
            lines.append(f"{edits or 'no values'}: {names}")
        return "\n\n".join(show_hidden(line) for line in lines)

    def card(self, title: str, plan: UnitPlan, states: Sequence[StepState], reasons: Iterable[str]) -> Row:
        """Return the question as data, for a view: all groups with all objects, sums, and what is left out."""
        groups = [{"edits": group.edits, "objects": _card_objects(group)} for group in self.groups(states)]
        return card_of(title, groups, reasons, plan.notes) | {
            "account": plan.account,
            "totals": self.totals(states),
            "unchanged": len(plan.unchanged),
            "refused": [show_hidden(describe_refused(row)) for row in plan.refused],
        }

    def head(self, title: str, plan: UnitPlan, states: Sequence[StepState], reasons: Iterable[str]) -> str:
        """Return the question without its table of objects."""
        count = sum(state.step.item is None for state in states)
        reasons = list(reasons)
        why = f"It needs the user's agreement because {join_reasons(reasons)}." if reasons else ""
        parts = [f"{title}: {count:,} {plural('object', count)} of {plan.account}.", why, *self.sums(states)]
        parts += [f"Note: {note}" for note in plan.notes]
        if plan.unchanged:
            parts.append(f"{len(plan.unchanged)} already have these values and stay as they are.")
        parts += [f"Not part of it: {describe_refused(row)}." for row in plan.refused]
        return " ".join(part for part in parts if part)

    def table(self, states: Sequence[StepState], most: int | None = None) -> Row:
        """Return the plan as a table of the changes with the objects that get them, at most `most` for each.

        Of many objects, it has the ids alone.
        """
        rows: list[list[Any]] = []
        with_names = sum(state.step.item is None for state in states) <= MAX_NAMED_OBJECTS
        for group in self.groups(states):
            objects = [_reference(*row, with_name=with_names) for row in group.objects[:most]]
            if len(objects) < len(group.objects):
                objects.append(f"and {len(group.objects) - len(objects)} more")
            for index, (name, before, after) in enumerate(map(self._short, group.edits)):
                rows.append([name, before, after, objects if index == 0 else "the same"])
            if not group.edits:
                rows.append([None, None, None, objects])
        return Final({"columns": ["field", "before", "after", "objects"], "rows": rows})

    def sums(self, states: Sequence[StepState]) -> list[str]:
        """Return the sums of the budgets before and after, in words."""
        if self.currency is None:
            return []
        return [
            f"Sum of the {name.replace('_', ' ')}s: {format_money(row['before'])} → {format_money(row['after'])}."
            for name, row in self.totals(states).items()
        ]

    def totals(self, states: Sequence[StepState]) -> dict[str, Row]:
        """Map each kind of budget that the unit changes to its sum before and after, as money."""
        if self.currency is None:
            return {}
        sums: dict[str, list[int]] = {}
        for state in states:
            for amount in amounts_of(state.step.change):
                if amount.kind is SpendKind.BUDGET and amount.field in _BUDGETS and amount.place == amount.field:
                    total = sums.setdefault(amount.field, [0, 0])
                    total[0] += amount.old or 0
                    total[1] += amount.new
        return {
            name: Final({"before": money(old, self.currency), "after": money(new, self.currency)})
            for name, (old, new) in sums.items()
        }

    def describe_stale(self, change: Change, now: Row, names: Sequence[str]) -> str:
        """Say how an object differs from the plan: the values that the plan saw, those of now, and the wanted ones."""
        return f"{describe_differences(self.differences(change.before, now, change.after, names))} Nothing was sent."

    def differences(self, before: Row, now: Row, wanted: Row, names: Sequence[str]) -> Row:
        """Map each field to its value in words: the one that the plan saw, the one of now, and the wanted one."""
        return {
            name: {
                "in_plan": abbreviate(self.words.value(name, _plain(before.get(name)))),
                "now": abbreviate(self.words.value(name, _plain(now.get(name)))),
                **({"wanted": self.words.value(name, _without_references(wanted[name]))} if name in wanted else {}),
            }
            for name in names
        }


def describe_differences(fields: Row) -> str:
    """Return the differences of an object as a sentence."""
    words = {"in_plan": "was", "now": "is", "wanted": "was to be", "wanted_now": "would now be"}
    parts = [
        f"{name} {', '.join(f'{words[key]} {value}' for key, value in row.items())}" for name, row in fields.items()
    ]
    return f"It has changed since the plan: {'; '.join(parts)}."


def _without_references(value: Any) -> Any:
    """Return a value with words in place of the ids of objects that the unit creates."""
    if _is_reference(value) and isinstance(value, Mapping):
        return "new"
    return [_without_references(item) for item in value] if isinstance(value, list) else value


def _is_reference(value: Any) -> bool:
    """Return whether a value is nothing but the id of an object that the unit creates."""
    if isinstance(value, Mapping):
        return bool(value) and ("$id_of_step" in value or all(map(_is_reference, value.values())))
    return isinstance(value, list) and bool(value) and all(map(_is_reference, value))


def _join_paths(paths: Sequence[str]) -> str:
    """Name the places of one value. All web addresses of a creative are its `link`, whatever its shape."""
    if {path.rpartition(".")[2] for path in paths} <= _LINK_KEYS:
        return "link"
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more places"


def _plain(value: Any) -> Any:
    return value.get("id", value) if isinstance(value, dict) else value


def _edit(edit: Edit) -> str:
    name, before, after = edit
    return f"{name}: {before if before is not None else 'none'} → {after}"


def _describe(label: str, object_id: str | None, name: str) -> str:
    title = _short_name(json.dumps(name, ensure_ascii=False)) if name else ""
    if object_id is None:
        return f"new {label} {title}".strip()
    return f"{label} {object_id} ({title})" if title else f"{label} {object_id}"


def _card_objects(group: AlikeChanges) -> list[Row]:
    return [{"kind": kind, "id": object_id, "name": _short_name(name)} for kind, object_id, name in group.objects]


def _reference(label: str, object_id: str | None, name: str, *, with_name: bool) -> str:
    if object_id is not None and not with_name:
        return object_id
    return f"{object_id or f'new {label}'} {_short_name(name)}".strip()


def _short_name(name: str) -> str:
    """Return the name that an object has already, or that is among the values of a new one: to recognize the object."""
    return abbreviate(name, MAX_NAME_CHARS)


def describe_refused(row: RefusedRow) -> str:
    """Return a row of bad input in words."""
    place = [
        f"row {row.row}" if row.row is not None else "",
        row.column,
        row.id,
        f'"{_short_name(row.name)}"' if row.name else "",
    ]
    return f"{', '.join(part for part in place if part)}: {row.reason.removesuffix('.')}"
