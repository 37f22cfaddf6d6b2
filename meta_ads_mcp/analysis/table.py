"""Arrange Graph's insights rows as one table: dimensions first, then figures, with a column for each event.

Columns without a value in any row are dropped. A count that a row lacks is 0, because Graph sends no counts of 0; any
other missing figure is null. With action breakdowns, there is a row for each of their values with the events alone, and
one row without a value for what cannot be split, such as spend. Nothing is repeated, so totals stay right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from meta_ads_mcp.analysis.actions import (
    EventFigures,
    Split,
    event_order,
    events,
    figure_of,
    is_action_breakdown,
    is_action_list,
)
from meta_ads_mcp.analysis.numbers import Number, number, round_number, total
from meta_ads_mcp.analysis.results import COUNTS, EVENT_COLUMNS, ResultEntry, is_result_list, result_entries
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.core.values.enums import BREAKDOWNS

# Text fields in the order of columns (SDK class AdsInsights).
DIMENSIONS = tuple(
    """date_start date_stop account_id account_name account_currency campaign_id campaign_name adset_id adset_name ad_id
    ad_name objective optimization_goal buying_type attribution_setting created_time updated_time quality_ranking
    engagement_rate_ranking conversion_rate_ranking adset_start adset_end age_targeting gender_targeting labels location
    place_page_name product_retailer_id product_group_retailer_id creative_media_type user_segment_key result_event
    objective_result_event
    marketing_messages_spend_currency anchor_event_attribution_setting multi_event_conversion_attribution_setting
    result_values_performance_indicator anchor_events_performance_indicator creative_diversity_label""".split()
)
_PLACES = {name: place for place, name in enumerate(DIMENSIONS)}
# Fields that can be added up: amounts, and counts of things that happened. Counts of people, costs, rates and averages
# are not among them.
ADDITIVE = frozenset(
    """
    spend social_spend impressions clicks inline_link_clicks inline_post_engagement full_view_impressions
    actions action_values conversions conversion_values outbound_clicks catalog_segment_actions
    catalog_segment_value ad_click_actions ad_impression_actions video_play_actions video_p25_watched_actions
    video_p50_watched_actions video_p75_watched_actions video_p95_watched_actions video_p100_watched_actions
    video_15_sec_watched_actions video_30_sec_watched_actions video_6_sec_watched_actions
    video_continuous_2_sec_watched_actions video_thruplay_watched_actions video_time_watched_actions
    instagram_profile_visits instagram_profile_follow shop_clicks product_views total_card_view
    instant_experience_outbound_clicks instant_experience_clicks_to_open instant_experience_clicks_to_start
    conversion_leads converted_product_quantity converted_product_value messages_delivered
    marketing_messages_sent marketing_messages_delivered marketing_messages_read
    marketing_messages_link_btn_click marketing_messages_spend
""".split()
)
# The names of columns of events, by field.
EVENT_NAMES = {
    "actions": "{}",
    "action_values": "{}_value",
    "unique_actions": "unique_{}",
    "conversions": "conversions_{}",
    "conversion_values": "conversions_{}_value",
    "cost_per_conversion": "cost_per_conversion_{}",
    "cost_per_action_type": "cost_per_{}",
    "cost_per_unique_action_type": "cost_per_unique_{}",
}
# Fields that count a single event.
_MAIN_EVENTS = (
    (re.compile(r"_roas$"), "purchase"),
    (re.compile(r"outbound_click"), "outbound_click"),
    (re.compile(r"^website_ctr$"), "link_click"),
    (re.compile(r"video|thruplay|aggregated_play_time"), "video_view"),
)
# Fields that are not rounded, because they are not ratios.
_EXACT = ADDITIVE | COUNTS | {"reach"}
Cells = dict["Column", Any]


class Column(NamedTuple):
    """A column: the field of Graph, the event and the attribution window. It is a tuple because rows hold so many."""

    source: str
    event: str = ""
    window: str = ""

    @property
    def additive(self) -> bool:
        """Return whether the rows of the column can be added up."""
        return self.source in ADDITIVE

    @property
    def name(self) -> str:
        """Return the name of the column, which does not depend on the other columns.

        The event is left out if the field counts no other, as `purchase_roas` does.
        """
        has_own_name = bool(self.event) and self.event != main_event(self.source)
        name = EVENT_NAMES.get(self.source, f"{self.source}_{{}}").format(self.event) if has_own_name else self.source
        return f"{name}_{self.window}" if self.window else name


@dataclass(frozen=True)
class Sheet:
    """Columns, a dict of cells per row, the action types of each event, and the columns of action breakdowns."""

    columns: list[Column]
    cells: list[Cells]
    types: dict[str, list[str]] = field(default_factory=dict)
    splits: frozenset[Column] = frozenset()

    def names(self) -> list[str]:
        """Return the names of the columns. A name that two columns have is replaced by field, event and window."""
        counts = Counter(column.name for column in self.columns)
        return [column.name if counts[column.name] == 1 else "_".join(filter(None, column)) for column in self.columns]

    def without(self, dropped: Iterable[Column]) -> Sheet:
        """Return the sheet without these columns."""
        names = set(dropped)
        return Sheet([column for column in self.columns if column not in names], self.cells, self.types, self.splits)

    def with_columns(self, added: Iterable[Column]) -> Sheet:
        """Return the sheet with these columns, too. Their cells are missing."""
        columns = list(dict.fromkeys([*self.columns, *added]))
        return Sheet(columns, self.cells, self.types, self.splits)

    def constant(self, source: str) -> Any:
        """Return the value that all rows have in this dimension, or None."""
        values = {row.get(Column(source)) for row in self.cells}
        return values.pop() if len(values) == 1 else None

    def table(self) -> Table:
        """Return the table with a value in each cell."""
        return Table(self.names(), [self.row(cells) for cells in self.cells])

    def row(self, cells: Cells) -> list[Any]:
        """Return the values of a row, with 0 for counts that it lacks."""
        unsplit = bool(self.splits) and cells.keys().isdisjoint(self.splits)
        return [cells.get(column, None if unsplit else missing_value(column)) for column in self.columns]

    def totals(self) -> dict[str, Number]:
        """Return the sums of the additive columns by name."""
        return {
            name: total(number(row.get(column)) for row in self.cells)
            for name, column in zip(self.names(), self.columns, strict=True)
            if column.additive
        }


@lru_cache(maxsize=4096)
def main_event(source: str) -> str:
    """Return the only event that a field counts, or an empty text."""
    return next((event for pattern, event in _MAIN_EVENTS if pattern.search(source)), "")


def missing_value(column: Column) -> int | None:
    """Return what a missing cell stands for: 0 for a count of events, otherwise None."""
    return 0 if column.event and column.additive else None


def sheet(
    rows: Sequence[Row],
    *,
    breakdowns: Sequence[str] = (),
    fields: Sequence[str] = (),
    windows: Sequence[str] = (),
) -> Sheet:
    """Build a sheet of Graph's rows. `breakdowns`, `fields` and `windows` are those of the query.

    `fields` orders the figures. `windows` are the requested attribution windows.
    """
    reader = _RowReader(frozenset(breakdowns), by_window=bool(windows))
    cells = [part for row in rows for part in reader.read(row)]
    present = dict.fromkeys(
        column
        for row in cells
        for column, value in row.items()
        if value is not None or is_dimension(column.source, reader.breakdowns)
    )
    place = {name: position for position, name in enumerate(fields)}

    def order(column: Column) -> tuple[Any, ...]:
        if column.source in breakdowns:
            return 1, list(breakdowns).index(column.source)
        if is_dimension(column.source) or column in reader.splits:
            return 2 * (column.source not in _PLACES), _PLACES.get(column.source, 0), column.source
        position = place.get(column._replace(window="").name, place.get(column.source, len(place)))
        return 3, position, column.source, event_order(column.event), column.window

    return Sheet(sorted(present, key=order), cells, reader.types, frozenset(reader.splits))


@lru_cache(maxsize=4096)
def is_dimension(name: str, breakdowns: frozenset[str] = frozenset()) -> bool:
    """Return whether a field is a text that describes the row. The others are figures."""
    is_dimension_name = name in _PLACES or name in breakdowns or name in BREAKDOWNS
    return is_dimension_name or name.endswith("_id") or is_action_breakdown(name)


class _RowReader:
    """Read rows of Graph, and collect the action types and the columns of action breakdowns."""

    def __init__(self, breakdowns: frozenset[str], *, by_window: bool) -> None:
        self.breakdowns, self.by_window = breakdowns, by_window
        self.types: dict[str, list[str]] = {}
        self.splits: set[Column] = set()

    def read(self, row: Row) -> list[Cells]:
        """Return the rows of a row of Graph: one, and one for each value of the action breakdowns."""
        dimensions: Cells = {}
        parts: dict[Split, Cells] = {(): {}}
        results: dict[str, list[ResultEntry]] = {}
        for source, value in row.items():
            if is_dimension(source, self.breakdowns):
                dimensions[Column(source)] = _text(value)
            elif is_action_list(value):
                self._read_events(source, value, parts)
            elif is_result_list(value):
                results[source] = result_entries(source, value, by_window=self.by_window)
            else:
                parts[()][Column(source)] = _cell(source, value)
        if results:
            _add_results(results, dimensions, parts[()])
        if len(parts) > 1 and not parts[()]:
            del parts[()]
        self.splits.update(Column(name) for split in parts for name, _ in split)
        return [dimensions | {Column(name): text for name, text in split} | cells for split, cells in parts.items()]

    def _read_events(self, source: str, value: object, parts: dict[Split, Cells]) -> None:
        for event in events(value, additive=source in ADDITIVE):
            self._note_type(event)
            for (window, split), figure in event.figures.items():
                cells = parts[split] if split in parts else parts.setdefault(split, {})
                cells[Column(source, event.event, window)] = _cell(source, figure)

    def _note_type(self, event: EventFigures) -> None:
        events = self.types.setdefault(event.event, [])
        if event.action_type not in events:
            events.append(event.action_type)


def _add_results(results: dict[str, list[ResultEntry]], dimensions: Cells, cells: Cells) -> None:
    """Add the results of a row. If they count several events, each event has columns of its own."""
    indicators: dict[str, dict[str, None]] = {}
    for source, entries in results.items():
        indicators.setdefault(_event_column(source), {}).update(dict.fromkeys(entry.indicator for entry in entries))
    for name, each in indicators.items():
        dimensions[Column(name)] = ", ".join(filter(None, _labels(each).values())) or None
    for source, entries in results.items():
        labels = _labels(indicators[_event_column(source)])
        for entry in entries:
            event = labels[entry.indicator] if len(labels) > 1 else ""
            for window, figure in entry.figures.items():
                cells[Column(source, event, window)] = _cell(source, figure)


def _event_column(source: str) -> str:
    return EVENT_COLUMNS.get(source, f"{source}_event")


def _labels(indicators: Iterable[str]) -> dict[str, str]:
    """Return a label per indicator: its event, or the whole indicator if two indicators have the same event."""
    entries = [ResultEntry(indicator, {}) for indicator in indicators]
    counts = Counter(entry.event for entry in entries)
    return {entry.indicator: entry.event if counts[entry.event] == 1 else entry.indicator for entry in entries}


def _text(value: Any) -> Any:
    return value if isinstance(value, str | list | dict) or value is None else str(value)


def _cell(source: str, value: Any) -> Any:
    """Return a figure as answers show it. Values that are not figures stay as they are."""
    if type(value) is int:
        return value
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return figure_of(value)
    figure = number(value)
    if figure is None:
        return value if value not in ("", []) else None
    return figure if isinstance(figure, int) or source in _EXACT else round_number(figure)
