"""Count the results of insights rows by event, for experiments."""

from __future__ import annotations

from collections.abc import Iterable

from meta_ads_mcp.analysis.actions import event_of, values
from meta_ads_mcp.analysis.results import indicated_event
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import InvalidArguments

DEFAULT_EVENT = "purchase"


def shared_event(rows: Iterable[Row], action_type: str | None = None) -> str:
    """Return the event to count: that of `action_type`, else the one that Meta names as the result of all rows.

    Raises InvalidArguments if the rows have results of different kinds.
    """
    if action_type is not None:
        return event_of(action_type)[0]
    indicators = (
        entry.get("indicator") for row in rows for entry in row.get("results") or () if isinstance(entry, dict)
    )
    events = dict.fromkeys(indicated_event(str(indicator)) for indicator in indicators if indicator)
    if len(events) > 1:
        names = ", ".join(events)
        raise InvalidArguments(
            f"The objects are optimized for different results ({names}), so they cannot be compared by results.",
            "Name one event that all of them have: metric or action_type.",
            allowed=tuple(events),
        )
    return next(iter(events), DEFAULT_EVENT)


def count_results(row: Row, event: str) -> int:
    """Return how often the event happened in the row."""
    return int(values(row.get("actions")).get(event) or 0)


def sum_values(row: Row, event: str) -> float:
    """Return the value of the events in the row, in the account's currency with decimals."""
    return float(values(row.get("action_values")).get(event) or 0)
