"""Write the question that a person answers before a change: every amount, every text in full, every consequence.

Clients with forms, clients that get a confirmation code, and views show the same text. Nothing in it is cut. Texts that
somebody else wrote are quoted and stand last, so that they can look like nothing but a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.feed_addresses import mask_schedules
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS, UnreadableAmount, parse_minor
from meta_ads_mcp.core.values.text import show_hidden
from meta_ads_mcp.core.write import Change, Plan
from meta_ads_mcp.engine.answer.shape import is_factor

# A status, an id or a date: shown without quotes.
_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,60}|[0-9][0-9T:.+_-]{0,40}")
_WALL_CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_TIME_NAME = re.compile(r"(^|_)time(_|$)|(^|_)(since|until)$")
# Unix times from 2001 on; smaller numbers are durations.
_FIRST_TIME = 1_000_000_000
# Longer texts get a block of their own.
MAX_INLINE_CHARS = 120
# A plan with more changes is described by its summary.
MAX_PREVIEW_CHANGES = 3
# Names and earlier values, which other people may have written at any length.
MAX_EARLIER_CHARS = 400
# Parameters that repeat what `after` says under another name, or that say nothing to a person.
_SILENT = frozenset({"execution_options", "fields"})


class QuestionText:
    """Format the values of an account. `currency` and `zone` are None if Meta does not show them."""

    def __init__(self, currency: str | None, zone: tzinfo | None) -> None:
        self._currency = currency
        self._zone = zone

    def build(self, title: str, plan: Plan, reasons: Iterable[str], notes: Iterable[str] = ()) -> str:
        """Return the whole question: changes, why it is asked, what goes with it, and the objects.

        `notes` are those of the call, such as an automated rule in words; those of the plan are added.
        """
        blocks: list[str] = []
        lines = [line for change in plan.changes for line in self._lines(change, blocks)]
        head = f"{title}: {'; '.join(lines)}." if lines else plan.summary
        objects = ", ".join(dict.fromkeys(describe_object(change) for change in plan.changes))
        parts = [head, f"It needs the user's agreement because {join_reasons(reasons)}."]
        parts += [f"Note: {note}" for note in dict.fromkeys([*notes, *plan.notes])]
        parts.append(f"Object: {objects}.")
        return "\n\n".join([" ".join(show_hidden(part) for part in parts), *(show_hidden(block) for block in blocks)])

    def preview(self, title: str, plan: Plan) -> str:
        """Say in short what a plan would change. The data of the answer has the whole plan."""
        lines = [line for change in plan.changes for line in self._lines(change)]
        if not lines or len(plan.changes) > MAX_PREVIEW_CHANGES or any(change.private for change in plan.changes):
            return f"It would do this: {show_hidden(plan.summary)}"
        return f"{title} would set {show_hidden('; '.join(lines))}."

    def card(self, title: str, plan: Plan, reasons: Iterable[str], notes: Iterable[str] = ()) -> Row:
        """Return the question as data, for a view: what `build` says, with nothing left out.

        A group is `{"edits": [[field, before, after], …], "objects": [{"kind", "id", "name", "parent"}, …]}`.
        """
        groups = [{"edits": self.changes(change), "objects": [_card_object(change)]} for change in plan.changes]
        all_notes = dict.fromkeys([*notes, *plan.notes])
        return card_of(title, groups, reasons, all_notes) | {"summary": show_hidden(plan.summary)}

    def changes(self, change: Change) -> list[tuple[str, str | None, str]]:
        """Return (field, before, after) of everything that the change sets, amounts first and long texts last."""
        sent = {} if change.private else change.request.params
        values = {**{name: value for name, value in sent.items() if name not in _SILENT}, **change.after}
        before = mask_schedules(change.before)
        pairs = [(name, before.get(name), value) for name, value in values.items()]
        changed = [pair for pair in pairs if change.effect is Effect.CREATE or not _is_same(pair[1], pair[2])]
        return [
            (name, None, str(new))
            if is_factor(name, values)
            else (name, None if old is None else abbreviate(self.value(name, old)), self.value(name, new))
            for name, old, new in sorted(changed, key=lambda pair: _weight(pair[0], pair[2]))
        ]

    def _lines(self, change: Change, blocks: list[str] | None = None) -> Iterable[str]:
        """Yield a line for each change. Long texts go to `blocks` in full; without `blocks` they are cut."""
        where = _place(change)
        for name, before, after in self.changes(change):
            text = after
            if len(after) > MAX_INLINE_CHARS:
                if blocks is None:
                    text = f"{after[:MAX_INLINE_CHARS]}… ({len(after)} characters)"
                else:
                    blocks.append(f"{name} of {where}, in full:\n{after}")
                    text = f"see the full text below ({len(after)} characters)"
            yield f"{where} {name}: {before if before is not None else 'none'} → {text}"

    def value(self, name: str, value: Any) -> str:
        """Return a value in words: money with its currency, times with their zone, everything else as it is."""
        if value is None:
            return "none"
        if name in SPEND_FIELDS:
            return self._money(value)
        if _is_time(name, value):
            return self._time(int(value))
        if isinstance(value, Mapping | list | tuple):
            return json.dumps(self._inside(value), ensure_ascii=False)
        if not isinstance(value, str) or _WORD.fullmatch(value):
            return str(value)
        return json.dumps(value, ensure_ascii=False)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                name: self.value(name, item) if name in SPEND_FIELDS or _is_time(name, item) else self._inside(item)
                for name, item in value.items()
            }
        return [self._inside(item) for item in value] if isinstance(value, list | tuple) else value

    def with_times(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return changes (`{field: {"before", "after"}}`) with their times as ISO 8601 with the offset of the zone."""
        return {name: {side: self._moment(name, value) for side, value in row.items()} for name, row in changes.items()}

    def _moment(self, name: str, value: Any) -> Any:
        if _is_time(name, value):
            return self._time(int(value))
        if isinstance(value, str) and self._zone and _TIME_NAME.search(name) and _WALL_CLOCK.fullmatch(value):
            return datetime.fromisoformat(value).replace(tzinfo=self._zone).isoformat()
        if isinstance(value, Mapping):
            return {key: self._moment(key, item) for key, item in value.items()}
        return [self._moment(name, item) for item in value] if isinstance(value, list) else value

    def _money(self, value: Any) -> str:
        try:
            minor = parse_minor(value)
        except UnreadableAmount:
            return str(value)
        if minor is None or self._currency is None:
            return f"{value} (minor units)"
        return format_money(money(minor, self._currency))

    def _time(self, seconds: int) -> str:
        moment = datetime.fromtimestamp(seconds, self._zone or UTC)
        return f"{moment.isoformat(timespec='minutes')} ({moment.tzname() if self._zone else 'UTC'})"


def join_reasons(reasons: Iterable[str]) -> str:
    """Join clauses to one sentence: "a", "a and b", "a, b and c"."""
    *most, last = reasons
    return f"{', '.join(most)} and {last}" if most else last


def _place(change: Change) -> str:
    """Name what a line is about: the id of an object, or the kind of one that does not exist yet and its parent."""
    if change.object_id:
        return change.object_id
    label = f"new {node_kind(change.node).label}"
    return f"{label} in {change.parent}" if change.parent else label


def card_of(title: str, groups: Iterable[Row], reasons: Iterable[str], notes: Iterable[str]) -> Row:
    """Return the parts that every card has, with hidden characters shown."""
    return {
        "title": title,
        "groups": [
            {
                "edits": [[_shown(value) for value in edit] for edit in group["edits"]],
                "objects": [{key: _shown(value) for key, value in item.items() if value} for item in group["objects"]],
            }
            for group in groups
        ],
        "reasons": [show_hidden(reason) for reason in reasons],
        "notes": [show_hidden(note) for note in notes],
    }


def _shown(value: str | None) -> str | None:
    return None if value is None else show_hidden(value)


def _card_object(change: Change) -> Row:
    label = node_kind(change.node).label
    return {"kind": label, "id": change.object_id, "name": abbreviate(change.title), "parent": change.parent}


def describe_object(change: Change) -> str:
    """Name the object of a change by its kind, its id and, quoted, its name."""
    label = node_kind(change.node).label
    what = f"{label} {change.object_id}" if change.object_id else f"new {label} in {change.parent}"
    return f"{what} ({abbreviate(json.dumps(change.title, ensure_ascii=False))})" if change.title else what


def object_label(change: Change, object_id: str | None) -> str:
    """Name what a change was about: its kind, the id that it has by now and, quoted, its name by now."""
    label = node_kind(change.node).label
    name = change.after.get("name") or change.title
    quoted = f' "{abbreviate(show_hidden(name))}"' if isinstance(name, str) and name and not change.private else ""
    return " ".join([label, *([object_id] if object_id else [])]) + quoted


def abbreviate(text: str, longest: int = MAX_EARLIER_CHARS) -> str:
    """Shorten what is there already. What will be sent is never shortened."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}…{text[-1]} ({len(text)} characters)"


def _is_time(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str) or not _TIME_NAME.search(name):
        return False
    text = str(value)
    return text.isascii() and text.isdigit() and len(text) <= 12 and int(text) >= _FIRST_TIME


def _is_same(before: Any, after: Any) -> bool:
    return before is not None and str(before) == str(after)


def _weight(name: str, value: Any) -> int:
    if name in SPEND_FIELDS:
        return 0
    return 1 if not isinstance(value, str | Mapping | list) or _WORD.fullmatch(str(value)) else 2
