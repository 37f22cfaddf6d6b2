"""Count the events of a call, and say why some are not sent, without any of their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.signals.event_builder import BuiltEvent

MAX_LISTED = 50
COLUMNS = ["line", "column", "reason"]


@dataclass
class EventCount:
    """Count the events of a call, without any of their values.

    `refused` and `left_out` are (number, column, reason).
    """

    read: int = 0
    ready: int = 0
    made_ids: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    left_out: list[tuple[int, str, str]] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)

    @property
    def refused_events(self) -> int:
        return len({number for number, _, _ in self.refused})

    def add(self, number: int, built: BuiltEvent) -> None:
        """Add an event that can be sent."""
        self.ready += 1
        self.made_ids += built.has_made_id
        self.names[built.event["event_name"]] += 1
        self.sources[built.event["action_source"]] += 1
        self.left_out += [(number, column, reason) for column, reason in built.left_out]

    def public(self) -> Row:
        """Return the numbers, and the first reasons with line and column."""
        return {
            "checked": self.read,
            "ready": self.ready,
            "refused": self.refused_events,
            "by_event": dict(self.names.most_common(20)),
            "by_source": dict(self.sources),
            **({"refusals": reason_table(self.refused)} if self.refused else {}),
            **({"values_left_out": reason_table(self.left_out)} if self.left_out else {}),
        }

    def first_reasons(self) -> str:
        """Return the most frequent reasons with their numbers."""
        reasons = Counter(f"{column}: {reason}" if column else reason for _, column, reason in self.refused)
        return "; ".join(f"{number} x {reason}" for reason, number in reasons.most_common(5))


def reason_table(problems: Sequence[tuple[int, str, str]]) -> Row:
    """Return the first reasons as a table."""
    return {"columns": COLUMNS, "rows": [list(problem) for problem in problems[:MAX_LISTED]]}


def mask_event(event: Row) -> Row:
    """Return an event without its customer information, its address and its ids."""
    user = {
        key: "(hash)" if isinstance(value, list) else "(value)" for key, value in event.get("user_data", {}).items()
    }
    summary = {key: value for key, value in event.items() if key in ("event_name", "event_time", "action_source")}
    custom = {
        key: value
        for key, value in event.get("custom_data", {}).items()
        if key in ("value", "currency", "event_source")
    }
    return {**summary, "user_data": user, **({"custom_data": custom} if custom else {})}
