"""Translate the column names of answers to the fields of Graph that contain them.

Every column that an answer shows is valid in `fields`, `sort` and `filtering`: `purchase` is in `actions`,
`cost_per_purchase` in `cost_per_action_type`, `purchase_7d_click` is `purchase` in an attribution window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from meta_ads_mcp.analysis.actions import event_of, is_known_event
from meta_ads_mcp.analysis.results import EVENT_COLUMNS
from meta_ads_mcp.analysis.table import EVENT_NAMES, Column, Sheet, is_dimension, main_event, missing_value
from meta_ads_mcp.core.values.enums import ATTRIBUTION_WINDOWS
from meta_ads_mcp.domain.insights_query import InsightsParams

# Fields of Graph by the pattern of their columns, the longest pattern first.
_PATTERNS = sorted(
    [
        *((pattern, source) for source, pattern in EVENT_NAMES.items()),
        *((f"{name}_{{}}", name) for name in EVENT_COLUMNS),
    ],
    key=lambda item: -len(item[0]),
)
_OBJECTS = frozenset({"account", "campaign", "adset", "ad"})


# Fields of Graph that are also named like an event of another field.
_AMBIGUOUS = frozenset({"cost_per_conversion_lead"})
# Dimensions that a query reads without being asked to.
_EXTRA_COLUMNS = ("attribution_setting", "account_currency")


class Name(NamedTuple):
    """A column name: the field of Graph, the event in it (empty for the whole field), and the attribution window."""

    source: str
    event: str = ""
    window: str = ""

    @property
    def column(self) -> Column:
        """Return the column. The event of a field with only one event is part of its column."""
        return Column(self.source, self.event or main_event(self.source), self.window)


@lru_cache(maxsize=4096)
def resolve(name: str) -> Name:
    """Return what a column name stands for. An unknown name is a field of Graph."""
    if name in _AMBIGUOUS:
        return Name(name)
    if name in EVENT_COLUMNS.values():
        return Name("objective_results" if name.startswith("objective") else "results")
    whole = _field_and_event(name)
    if whole is not None:
        return whole
    window = next((window for window in ATTRIBUTION_WINDOWS if name.endswith(f"_{window}")), "")
    if not window:
        return Name(name)
    base = name.removesuffix(f"_{window}")
    target = _field_and_event(base) or (Name(base) if base in EVENT_COLUMNS or main_event(base) else None)
    return target._replace(window=window) if target else Name(name)


def _field_and_event(name: str) -> Name | None:
    for pattern, source in _PATTERNS:
        prefix, _, suffix = pattern.partition("{}")
        event = name.removeprefix(prefix).removesuffix(suffix)
        if len(event) + len(prefix) + len(suffix) == len(name) and is_known_event(event):
            return Name(source, event_of(event)[0])
    return None


def graph_fields(names: Iterable[str]) -> list[str]:
    """Return the fields of Graph that contain these columns, each once."""
    return list(dict.fromkeys(resolve(name).source for name in names))


def requested_windows(names: Iterable[str]) -> list[str]:
    """Return the attribution windows that column names contain, such as `purchase_7d_click`."""
    return list(dict.fromkeys(window for name in names if (window := resolve(name).window)))


def only_requested(sheet: Sheet, query: InsightsParams) -> Sheet:
    """Leave out the columns that the query does not name. A query without `fields` has all of them."""
    if not query.fields:
        return sheet
    names = [resolve(name) for name in query.fields]
    extras = set(_EXTRA_COLUMNS).difference(query.fields)
    return sheet.without(
        column
        for column in sheet.columns
        if column.source in extras
        or not (is_dimension(column.source) or column in sheet.splits or _is_requested(column, names))
    )


def _is_requested(column: Column, names: Sequence[Name]) -> bool:
    return any(
        name.source == column.source and name.event in ("", column.event) and name.window in ("", column.window)
        for name in names
    )


def with_requested_counts(sheet: Sheet, query: InsightsParams) -> Sheet:
    """Add the columns of requested counts that no row has: they are 0, because Graph sends no counts of 0."""
    columns = [resolve(name).column for name in query.fields or () if resolve(name).event]
    return sheet.with_columns(column for column in columns if missing_value(column) is not None)


def local_name(name: str) -> str | None:
    """Return the column of a filter or sort if Graph cannot filter by it, and None if Graph can.

    Graph filters by its own figures, such as `spend` or `ad.impressions`, but not by events, results and ROAS.
    """
    scope, dot, rest = name.partition(".")
    column = rest if dot and scope in _OBJECTS else name
    if ":" in column:
        return None
    target = resolve(column)
    local = target.event or target.source in EVENT_COLUMNS or main_event(target.source)
    return column if local else None
